import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { HearkenError } from '../../errors.js';
import { type SpeechLogger, WorkerProcess, type WorkerProcessOptions } from '../../speech/worker-process.js';
import { workerEntry } from '../../worker-entry.js';

export type PGliteRequest =
  | { readonly type: 'init'; readonly folder: string }
  | {
      readonly type: 'query';
      readonly requestId: number;
      readonly sql: string;
      readonly parameters: readonly unknown[];
    }
  | { readonly type: 'close'; readonly requestId: number };

/** Making a new database takes 4 s on an idle machine and much more on a busy one. */
const START_LIMIT_MS = 180_000;
const QUERY_LIMIT_MS = 30_000;
const CLOSE_LIMIT_MS = 10_000;

/** PostgreSQL's dialect of Kysely on an embedded database (PGlite) in a process of its own, which is started by the first question and restarted when it dies. */
export class PGliteDialect implements Dialect {
  readonly #driver: PGliteDriver;

  constructor(options: { readonly folder: string; readonly logger: SpeechLogger }) {
    this.#driver = new PGliteDriver({
      name: 'pglite',
      entry: workerEntry(import.meta.url, 'pglite-process'),
      init: { type: 'init', folder: options.folder } satisfies PGliteRequest,
      logger: options.logger,
      startTimeoutMs: START_LIMIT_MS,
    });
  }

  /** Process id of the database, while it runs. */
  get pid(): number | undefined {
    return this.#driver.pid;
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): PostgresIntrospector {
    return new PostgresIntrospector(db);
  }
}

/** One connection, lent to one borrower at a time: transactions must not mix. */
class PGliteDriver implements Driver {
  readonly #options: WorkerProcessOptions;
  #process: WorkerProcess | undefined;
  #tail: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async init(): Promise<void> {
    this.#process ??= new WorkerProcess(this.#options);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#tail;
    let release: () => void = () => {};
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    if (this.#process === undefined) throw new HearkenError('STORE_UNAVAILABLE', 'The embedded database is not open.');
    return new PGliteConnection(this.#process);
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    const process = this.#process;
    if (process?.ready === true) await process.request({ type: 'close' }, CLOSE_LIMIT_MS).catch(() => {});
    await process?.close();
  }
}

class PGliteConnection implements DatabaseConnection {
  readonly #process: WorkerProcess;

  constructor(process: WorkerProcess) {
    this.#process = process;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    await this.#process.whenReady();
    const answer = await this.#process.request({ type: 'query', sql, parameters }, QUERY_LIMIT_MS);
    if (answer.type === 'failed') throw new SqlError(String(answer.message), answer.code);
    return { rows: answer.rows as R[], numAffectedRows: BigInt(Number(answer.affected ?? 0)) };
  }

  // biome-ignore lint/correctness/useYield: nothing is ever streamed from the embedded database
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new HearkenError('INTERNAL', 'The embedded database streams no queries.');
  }
}

/** What PostgreSQL said, with its SQLSTATE, as `pg` throws it. */
class SqlError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code: unknown) {
    super(message);
    this.name = 'SqlError';
    this.code = typeof code === 'string' ? code : undefined;
  }
}
