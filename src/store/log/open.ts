import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import type { SearchableLog } from '../conversation-log.js';
import { FileConversationLog } from '../file-conversation-log.js';
import { PGliteDialect } from './pglite-dialect.js';
import type { LogDatabase } from './schema.js';
import { EventSpool } from './spool.js';
import { SqlConversationLog } from './sql-conversation-log.js';

export interface OpenLogOptions {
  readonly config: Pick<Config['store'], 'databaseUrl' | 'conversations' | 'keepDays' | 'mask'>;
  /** Where events wait, or lie for good when there is no database. */
  readonly folder: string;
  /** Of the embedded database. */
  readonly databaseFolder: string;
  readonly logger: Logger;
  /** The embedded database is started this long after the service, or when somebody reads. Default 10 s. */
  readonly embeddedAfterMs?: number;
}

/** Whoever starts a service calls it first. */
const EMBEDDED_AFTER_MS = 10_000;

const POOL_SIZE = 4;
const CONNECT_LIMIT_MS = 5000;
const STATEMENT_LIMIT_MS = 15_000;

/** The conversation log that the configuration names. Takes events at once; `start` begins the work with the database, which may be away. */
export async function openConversationLog(
  options: OpenLogOptions,
): Promise<{ readonly log: SearchableLog; readonly start: () => void }> {
  const { config, folder, logger } = options;
  const onError = (err: unknown): void =>
    logger.error({ err }, 'the conversation log can not be written; events wait in memory');
  if (config.databaseUrl === undefined && config.conversations === 'files') {
    const log = new FileConversationLog({ folder, onError, mask: config.mask, keepDays: config.keepDays });
    return { log, start: () => {} };
  }
  const log = new SqlConversationLog({
    kind: config.databaseUrl === undefined ? 'pglite' : 'postgres',
    db: openDatabase(options),
    spool: await EventSpool.open({ folder, onError }),
    folder,
    mask: config.mask,
    keepDays: config.keepDays,
    firstShipMs: config.databaseUrl === undefined ? (options.embeddedAfterMs ?? EMBEDDED_AFTER_MS) : 0,
    onState: (state, reason) => {
      if (state === 'ready') logger.info("the conversation log's database is back");
      else logger.error({ reason }, "the conversation log's database is away; events wait on disk");
    },
  });
  return { log, start: () => log.start() };
}

function openDatabase({ config, databaseFolder, logger }: OpenLogOptions): Kysely<LogDatabase> {
  if (config.databaseUrl === undefined) {
    return new Kysely({ dialect: new PGliteDialect({ folder: databaseFolder, logger }) });
  }
  const pool = new pg.Pool({
    connectionString: config.databaseUrl,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    query_timeout: STATEMENT_LIMIT_MS,
    application_name: 'hearken',
  });
  // A server that goes away breaks idle connections; without a listener that would end this process.
  pool.on('error', (error) => logger.debug({ err: error }, 'an idle database connection broke'));
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}
