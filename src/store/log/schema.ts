import { type Kysely, type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import type { ConversationEvent, EventQuery, StoredEvent } from '../conversation-log.js';
import { type Cursor, searchable } from './event-text.js';

/** The conversation log in PostgreSQL. Everything that is asked of it stands in this file. */

export interface LogDatabase {
  readonly conversation_events: {
    readonly id: string;
    readonly conversation_id: string;
    /** Epoch ms. */
    readonly at_ms: number;
    readonly type: string;
    readonly channel: string | null;
    readonly intent: string | null;
    readonly said: string;
    readonly data: unknown;
    readonly schema: number;
  };
}

/** Form of `data`; a reader that meets a newer one shows it as it is. */
const DATA_SCHEMA = 1;
/** Rows removed by one statement: a long delete would make inserts wait. */
const PRUNE_ROWS = 5000;

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_conversation_events': {
    async up(db) {
      await db.schema
        .createTable('conversation_events')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('conversation_id', 'text', (column) => column.notNull())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('channel', 'text')
        .addColumn('intent', 'text')
        .addColumn('said', 'text', (column) => column.notNull())
        .addColumn('data', 'jsonb', (column) => column.notNull())
        .addColumn('schema', 'smallint', (column) => column.notNull())
        .execute();
      const index = (name: string, columns: readonly string[]) =>
        db.schema
          .createIndex(name)
          .on('conversation_events')
          .columns([...columns])
          .execute();
      await index('conversation_events_by_conversation', ['conversation_id', 'at_ms', 'id']);
      await index('conversation_events_by_time', ['at_ms', 'id']);
      await index('conversation_events_by_intent', ['intent', 'at_ms']);
    },
  },
};

const provider: MigrationProvider = { getMigrations: async () => ({ ...MIGRATIONS }) };

/** Brings the database to this version's form; several instances may do so at once. */
export async function migrate(db: Kysely<LogDatabase>): Promise<void> {
  const { error } = await new Migrator({
    db,
    provider,
    migrationTableName: 'hearken_migrations',
    migrationLockTableName: 'hearken_migrations_lock',
  }).migrateToLatest();
  if (error !== undefined) throw error;
}

/** Stores them; those that are stored already stay as they are. */
export async function insertEvents(db: Kysely<LogDatabase>, events: readonly StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => {
    const { channel, intent, text } = searchable(event);
    return {
      id: event.id,
      conversation_id: event.conversationId,
      at_ms: Math.round(event.atMs),
      type: event.type,
      channel,
      intent,
      said: text,
      data: event.data,
      schema: DATA_SCHEMA,
    };
  });
  // One parameter however many rows: building thousands of them would cost the calls' own thread more than the turns do.
  await sql`
    insert into conversation_events (id, conversation_id, at_ms, type, channel, intent, said, data, schema)
    select id, conversation_id, at_ms, type, channel, intent, said, data, schema
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(
      id text, conversation_id text, at_ms bigint, type text, channel text, intent text, said text, data jsonb, schema smallint
    )
    on conflict (id) do nothing`.execute(db);
}

/** Newest first. */
export async function selectEvents(
  db: Kysely<LogDatabase>,
  query: EventQuery,
  after: Cursor | undefined,
): Promise<readonly StoredEvent[]> {
  let select = db
    .selectFrom('conversation_events')
    .select(['id', 'conversation_id', 'at_ms', 'type', 'data'])
    .orderBy('at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.conversationId !== undefined) select = select.where('conversation_id', '=', query.conversationId);
  if (query.type !== undefined) select = select.where('type', '=', query.type);
  if (query.intent !== undefined) select = select.where('intent', '=', query.intent);
  if (query.channel !== undefined) select = select.where('channel', '=', query.channel);
  if (query.fromMs !== undefined) select = select.where('at_ms', '>=', query.fromMs);
  if (query.toMs !== undefined) select = select.where('at_ms', '<', query.toMs);
  if (query.text !== undefined) select = select.where('said', 'ilike', `%${escapeLike(query.text)}%`);
  if (after !== undefined) {
    select = select.where(sql<boolean>`(at_ms, id) < (${after.atMs}::bigint, ${after.id}::text)`);
  }
  const rows = await select.execute();
  return rows.map((row) => ({
    id: row.id,
    conversationId: row.conversation_id,
    // A bigint comes as text from one driver and as a number from the other.
    atMs: Number(row.at_ms),
    type: row.type,
    data: row.data as ConversationEvent['data'],
  }));
}

/** Removes what is older; returns how many events that were. */
export async function deleteEventsBefore(db: Kysely<LogDatabase>, ms: number): Promise<number> {
  for (let removed = 0; ; ) {
    const result = await db
      .deleteFrom('conversation_events')
      .where('id', 'in', (rows) =>
        rows.selectFrom('conversation_events').select('id').where('at_ms', '<', ms).limit(PRUNE_ROWS),
      )
      .executeTakeFirst();
    removed += Number(result.numDeletedRows);
    if (Number(result.numDeletedRows) < PRUNE_ROWS) return removed;
  }
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}
