import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';

/**
 * The service of `bench/chat.ts`, in a process of its own: what it is asked and what it answers. It is the built one, as it is run: what runs TypeScript as it stands wraps every
 * function, which takes a tenth of the time.
 */

export interface ServiceOptions {
  readonly folder: string;
  readonly redisUrl?: string;
}

export type ToService =
  | { readonly ask: 'cpu' }
  /** How often each of these turns stands in the log: `turns` messages of each of `conversations`. */
  | { readonly ask: 'log'; readonly prefix: string; readonly conversations: number; readonly turns: number }
  | { readonly ask: 'stop' };

export interface CpuMs {
  readonly service: number;
  /** Of that, the thread that does the turns; the rest is the engine's own (garbage collection, compiling) and the model's. */
  readonly thread: number;
  /** The application's actions and the sample shop, which they start beside them. */
  readonly actions: number;
}

export type FromService =
  | { readonly port: number }
  | { readonly cpu: CpuMs }
  | { readonly log: { readonly lost: number; readonly twice: number } }
  | { readonly stopped: true };

/** CPU ms that a process has used; 0 where the system does not tell (it is Linux's way to tell). */
export function cpuMsOf(pid: number): number {
  return cpuMsIn(`/proc/${pid}/stat`);
}

function cpuMsIn(file: string): number {
  try {
    const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // utime and stime, in hundredths of a second (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** A module of the service as it was built. */
async function built(name: string): Promise<unknown> {
  const file = new URL(`../dist/${name}.js`, import.meta.url);
  if (!existsSync(file)) throw new Error(`There is no ${file.pathname}: npm run build`);
  return import(file.href);
}

async function parts() {
  const { createApi } = (await built('api/app')) as typeof import('../src/api/app.js');
  const { configSchema } = (await built('config')) as typeof import('../src/config.js');
  const { createBrain } = (await built('dialogue/create-brain')) as typeof import('../src/dialogue/create-brain.js');
  const { ThreadedModel } = (await built('nlu/index')) as typeof import('../src/nlu/index.js');
  const { createStores } = (await built('store/index')) as typeof import('../src/store/index.js');
  return { createApi, configSchema, createBrain, ThreadedModel, createStores };
}

/** Runs until it is told to stop. */
export async function serve({ folder, redisUrl }: ServiceOptions): Promise<void> {
  const { createApi, configSchema, createBrain, ThreadedModel, createStores } = await parts();
  const logger = pino({ level: redisUrl === undefined ? 'warn' : 'silent' }, pino.destination(2));
  const config = configSchema.parse({
    http: { requestsPerMinute: 100_000_000 },
    // What is said goes to disk, as it does on its way to a database.
    store: { conversations: 'files', ...(redisUrl === undefined ? {} : { redisUrl }) },
  });
  const intentModel = await ThreadedModel.open({ appFolder: 'apps/retail', cacheFolder: join(folder, 'nlu') });
  const dataFolder = join(folder, redisUrl === undefined ? 'memory' : 'redis');
  const stores = await createStores({ config: config.store, dataFolder, logger });
  const brain = await createBrain({
    appFolder: 'apps/retail',
    cacheFolder: join(folder, 'actions'),
    intentModel,
    sessions: stores.sessions,
    log: stores.log,
    logger,
  });
  const { app } = await createApi({ brain, logger, config: config.http, health: () => ({}), ping: async () => {} });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const tell = (message: FromService): void => void process.send?.(message);
  const check = async (prefix: string, conversations: number, turns: number): Promise<void> => {
    let lost = 0;
    let twice = 0;
    for (let index = 0; index < conversations; index++) {
      const events = await stores.log.history(`${prefix}-${index}`, 200);
      const done = events.filter(({ type }) => type === 'turn').map(({ data }) => String(data.messageId));
      lost += turns - new Set(done).size;
      twice += done.length - new Set(done).size;
    }
    tell({ log: { lost, twice } });
  };
  const stop = async (): Promise<void> => {
    await app.close();
    await brain.close();
    await stores.close();
    await intentModel.close();
    process.send?.({ stopped: true } satisfies FromService, () => process.disconnect());
  };
  process.on('message', (message: ToService) => {
    if (message.ask === 'log') void check(message.prefix, message.conversations, message.turns);
    else if (message.ask === 'stop') void stop();
    else {
      const used = process.cpuUsage();
      const actions = childrenOf(process.pid).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
      const thread = cpuMsIn(`/proc/self/task/${process.pid}/stat`);
      tell({ cpu: { service: (used.user + used.system) / 1000, thread, actions } });
    }
  });
  tell({ port: (app.server.address() as AddressInfo).port });
}
