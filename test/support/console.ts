import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { createApi } from '../../src/api/app.js';
import type { LiveEvent, LiveEventOf, Role } from '../../src/api/console/contract.js';
import type { ConsoleOptions } from '../../src/api/console/index.js';
import type { OpenLine } from '../../src/api/console/playground-talk.js';
import { UserStore, usersFile } from '../../src/api/console/user-store.js';
import { UpgradeRouter } from '../../src/api/upgrade.js';
import { WidgetGate } from '../../src/api/widget/gate.js';
import type { Clock } from '../../src/clock.js';
import { configSchema } from '../../src/config.js';
import { type ConsoleParts, consoleParts } from '../../src/console-parts.js';
import type { Brain } from '../../src/dialogue/brain.js';
import { FileDeskStore } from '../../src/handoff/file-desk-store.js';
import { HearkenV1Server } from '../../src/media/hearken-v1/server.js';
import type { MediaSession } from '../../src/media/session.js';
import type { SearchableLog } from '../../src/store/conversation-log.js';
import { MemoryConversationLog } from '../../src/testing/memory-conversation-log.js';
import { eventually } from './processes.js';

export { eventually };

export const PASSWORD = 'correct horse battery';
export interface ConsoleServer {
  readonly url: string;
  readonly dataFolder: string;
  readonly parts: ConsoleParts;
  readonly log: MemoryConversationLog;
  user(name: string, ...roles: Role[]): Promise<ConsoleClient>;
  close(): Promise<void>;
}

/** The service's HTTP side with its console on a free port of this machine, around a brain of the test's own. */
export async function startConsole(
  inner: Brain,
  options: {
    readonly config?: Record<string, unknown>;
    readonly console?: Partial<ConsoleOptions>;
    readonly log?: SearchableLog;
    /** What the health page is told. */
    readonly facts?: Parameters<typeof consoleParts>[0]['facts'];
    /** Of the desk. */
    readonly clock?: Clock;
    /** Calls from pages are taken too, each as the desk and the console see it. */
    readonly onCall?: (session: MediaSession) => void;
    /** Takes calls to playgrounds. */
    readonly openLine?: OpenLine;
  } = {},
): Promise<ConsoleServer> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'hearken-console-'));
  const logger = pino({ level: 'silent' });
  const config = configSchema.parse({ console: { bridgeUrl: '' }, ...options.config });
  const log = new MemoryConversationLog();
  const kept = options.log ?? log;
  const tickets = await FileDeskStore.open(join(dataFolder, 'desk.jsonl'));
  const parts = await consoleParts({
    loaded: { config, root: dataFolder, appEnvironment: {}, file: undefined },
    dataFolder,
    appFolder: 'apps/retail',
    tickets,
    log: kept,
    logger,
    facts: options.facts ?? (() => ({ calls: 0, models: [], stores: [], workers: [] })),
    ping: async () => {},
    findFolder: (folder) => folder,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.openLine === undefined ? {} : { openLine: options.openLine }),
    // Passwords of tests are no secrets: they need not take a tenth of a second each.
    users: new UserStore(usersFile(dataFolder), { n: 1024, r: 8, p: 1 }),
  });
  const brain = parts.brain(inner);
  const { onCall } = options;
  const gate = new WidgetGate(config.widget);
  const media = new HearkenV1Server({
    config: config.media,
    logger,
    admitBrowser: gate.admit,
    onSession: (session) => onCall?.(parts.withDesk(session)),
  });
  const api = await createApi({
    brain,
    logger,
    config: config.http,
    health: () => ({}),
    ping: async () => {},
    log: kept,
    visitors: parts.desk.visitors,
    ...(onCall === undefined ? {} : { widget: { gate, config: config.widget, mediaPath: '/media' } }),
    console: { ...parts.options, ...options.console },
  });
  const router = new UpgradeRouter();
  router.register('/media', media.upgrade);
  api.registerUpgrades(router);
  router.attach(api.app.server);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
  const clients: ConsoleClient[] = [];
  return {
    url,
    dataFolder,
    parts,
    log,
    user: async (name, ...roles) => {
      await parts.users.add(name, { displayName: name.toUpperCase(), roles, password: PASSWORD });
      const client = new ConsoleClient(url);
      clients.push(client);
      await client.signIn(name, PASSWORD);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await media.close();
      await api.app.close();
      await parts.close();
      await tickets.close();
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** What the console has written down of who did what so far, of all days: a test may run over midnight. */
export async function auditOf({ dataFolder }: ConsoleServer): Promise<string> {
  const folder = join(dataFolder, 'audit');
  const days = (await readdir(folder).catch(() => [])).sort();
  return (await Promise.all(days.map((day) => readFile(join(folder, day), 'utf8')))).join('');
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what they expect
  readonly body: any;
}

/** A browser as far as the console is concerned: keeps its cookie, says that it is one of our pages. */
export class ConsoleClient {
  readonly #url: string;
  readonly #abort = new AbortController();
  cookie = '';

  constructor(url: string) {
    this.#url = url;
  }

  async signIn(name: string, password: string): Promise<Answer> {
    const answer = await this.post('/sign-in', { name, password });
    const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0];
    if (cookie !== undefined) this.cookie = cookie;
    return answer;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#ask('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#ask('POST', path, body, { 'x-hearken-console': '1', ...headers });
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#ask('PUT', path, body, { 'x-hearken-console': '1' });
  }

  delete(path: string): Promise<Answer> {
    return this.#ask('DELETE', path, undefined, { 'x-hearken-console': '1' });
  }

  async live(lastEventId?: string): Promise<LiveReader> {
    const response = await fetch(`${this.#url}/console/api/live`, {
      headers: { cookie: this.cookie, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      signal: this.#abort.signal,
    });
    return new LiveReader(response);
  }

  listen(callId: string): WebSocket {
    return this.socket(`/calls/${encodeURIComponent(callId)}/listen`);
  }

  socket(path: string, protocol?: string, headers: Record<string, string> = {}): WebSocket {
    return new WebSocket(
      `${this.#url.replace('http', 'ws')}/console/api${path}`,
      protocol === undefined ? [] : [protocol],
      {
        headers: { cookie: this.cookie, ...headers },
      },
    );
  }

  close(): void {
    this.#abort.abort();
  }

  async #ask(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const response = await fetch(`${this.#url}/console/api${path}`, {
      method,
      headers: {
        cookie: this.cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: this.#abort.signal,
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: json ? JSON.parse(bytes.toString('utf8')) : bytes,
    };
  }
}

/** Reads server-sent events and keeps them all. */
export class LiveReader {
  readonly events: LiveEvent[] = [];
  lastId = '';
  over = false;
  comments = 0;

  constructor(response: Response) {
    if (response.status !== 200 || response.body === null) throw new Error(`live: ${response.status}`);
    void this.#read(response.body);
  }

  /** The first event of this type that fits, now or soon. */
  wait<T extends LiveEvent['type']>(
    type: T,
    fits: (event: LiveEventOf<T>) => boolean = () => true,
  ): Promise<LiveEventOf<T>> {
    return eventually(`the live event ${type}`, () =>
      this.events.find((event): event is LiveEventOf<T> => event.type === type && fits(event as LiveEventOf<T>)),
    );
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
    } catch {
      // The test is over, or the server cut it off.
    }
    this.over = true;
  }

  #take(block: string): void {
    if (block.startsWith(':')) this.comments++;
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.lastId = line.slice(4);
      if (line.startsWith('data: ')) this.events.push(JSON.parse(line.slice(6)) as LiveEvent);
    }
  }
}
