import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchableLog } from '../../../src/store/conversation-log.js';
import { type OpenLogOptions, openConversationLog } from '../../../src/store/log/open.js';
import { postgresMissing, TestPostgres } from '../../../src/testing/postgres-server.js';

const missing = postgresMissing();
const logger = pino({ level: 'silent' });
let root: string;
let postgres: TestPostgres | undefined;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-log-'));
  if (missing === undefined) postgres = await TestPostgres.start();
}, 180_000);
afterAll(async () => {
  await postgres?.stop();
  await rm(root, { recursive: true, force: true });
});

type Kind = 'files' | 'pglite' | 'postgres';
const open = async (
  kind: Kind,
  folder: string,
  config: Partial<OpenLogOptions['config']> = {},
): Promise<SearchableLog> => {
  const { log, start } = await openConversationLog({
    config: {
      conversations: kind === 'files' ? 'files' : 'auto',
      databaseUrl: kind === 'postgres' ? postgres?.url : undefined,
      keepDays: 0,
      mask: [],
      ...config,
    },
    folder: join(root, folder),
    // Making a database takes seconds: one for the whole suite.
    databaseFolder: join(root, 'pglite'),
    logger,
    embeddedAfterMs: 0,
  });
  start();
  return log;
};
const stored = async (log: SearchableLog): Promise<void> => {
  const until = performance.now() + 100_000;
  while (log.waiting > 0) {
    if (performance.now() > until) throw new Error(`${log.waiting} events still wait`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
/** What does not depend on the database is tried with the one that starts fast. */
const quick = missing === undefined ? 'postgres' : 'pglite';

const turn = (conversationId: string, atMs: number, text: string, more: Record<string, unknown> = {}) => ({
  conversationId,
  atMs,
  type: 'turn',
  data: { messageId: 'm', channel: 'text', input: { type: 'text', text }, replies: ['好的'], ...more },
});

for (const kind of ['files', 'pglite', 'postgres'] as const) {
  const why = kind === 'postgres' ? missing : undefined;
  describe.skipIf(why !== undefined)(`the conversation log: ${kind}${why ? ` (skipped: ${why})` : ''}`, () => {
    let log: SearchableLog;
    beforeAll(async () => {
      log = await open(kind, kind);
      log.append(turn('warm', 1, 'up'));
      await stored(log);
    }, 240_000);
    afterAll(() => log.close());

    it('gives back the last events of one conversation, oldest first, as they were', async () => {
      const [a, b] = [randomUUID(), randomUUID()];
      for (let n = 0; n < 10; n++) {
        log.append(turn(a, 1000, `${n} "行"\n`));
        log.append(turn(b, 1000 + n, `${n}`));
      }
      const events = await log.history(a, 3);
      expect(events.map((event) => (event.data.input as { text: string }).text)).toEqual([
        '7 "行"\n',
        '8 "行"\n',
        '9 "行"\n',
      ]);
      expect(events[0]).toEqual(turn(a, 1000, '7 "行"\n'));
      expect(await log.history(b, 100)).toHaveLength(10);
      expect(await log.history(randomUUID(), 5)).toEqual([]);
    });

    it('finds by words, intent, channel, type and time, letters of any case, wildcards as they are', async () => {
      const id = randomUUID();
      const began = Date.now();
      log.append(turn(id, began + 1, 'Where is MY order 100%?', { intent: 'order_status' }));
      log.append(turn(id, began + 2, '我要退货', { intent: 'return_request', channel: 'voice' }));
      log.append({ conversationId: id, atMs: began + 3, type: 'transfer', data: { summary: 'wants a person' } });
      const found = async (query: object) =>
        (await log.search({ conversationId: id, limit: 10, ...query })).events.map((event) => event.atMs);
      expect(await found({})).toEqual([began + 3, began + 2, began + 1]);
      expect(await found({ text: 'my ORDER' })).toEqual([began + 1]);
      expect(await found({ text: '退货' })).toEqual([began + 2]);
      expect(await found({ text: '好的' })).toEqual([began + 2, began + 1]);
      expect(await found({ text: '0%?' })).toEqual([began + 1]);
      expect(await found({ text: '_' })).toEqual([]);
      expect(await found({ text: "'; drop table conversation_events; --" })).toEqual([]);
      expect(await found({ intent: 'return_request' })).toEqual([began + 2]);
      expect(await found({ channel: 'voice' })).toEqual([began + 2]);
      expect(await found({ type: 'transfer' })).toEqual([began + 3]);
      expect(await found({ fromMs: began + 2, toMs: began + 3 })).toEqual([began + 2]);
    });

    it('is read in pages that miss and repeat nothing, also among events of one moment', async () => {
      const id = randomUUID();
      for (let n = 0; n < 25; n++) log.append(turn(id, 5000 + (n >> 3), `${n}`));
      const seen: string[] = [];
      for (let after: string | undefined, page = 0; page < 10; page++) {
        const { events, next } = await log.search({ conversationId: id, limit: 7, after });
        seen.push(...events.map((event) => (event.data.input as { text: string }).text));
        if (next === undefined) break;
        after = next;
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `${24 - n}`));
      await expect(log.search({ limit: 5, after: 'nonsense' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it.runIf(kind === 'pglite')(
      'belongs to one process: a second one is refused, and its events wait',
      async () => {
        const two = await open('pglite', 'two');
        two.append(turn('two', 1, 'waits'));
        await expect(two.history('two', 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await two.close();
        expect(await readdir(join(root, 'two'))).toHaveLength(1);
        expect(await log.history('warm', 1)).toHaveLength(1);
      },
      180_000,
    );

    it('takes whatever people type', async () => {
      const id = randomUUID();
      const hostile = ['\u0000', '\ud800', '😀'.repeat(500), 'x'.repeat(100_000), '\\u0000', '{"a":', '%s$1'];
      for (const [n, text] of hostile.entries())
        log.append(turn(id, n, text, { [`k${text}`.slice(0, 50)]: { deep: [text] } }));
      log.append(turn(id, 100, 'after'));
      const events = await log.history(id, 50);
      expect(events).toHaveLength(hostile.length + 1);
      expect(events.at(-1)?.data.input).toEqual({ type: 'text', text: 'after' });
    });
  });
}

describe('what waits on disk', () => {
  it('is stored by the next process, once, with what an earlier version had kept and without half a line', async () => {
    const id = randomUUID();
    const folder = join(root, 'left');
    const first = await open(quick, 'left');
    first.append(turn(id, 1, 'first'));
    await first.flush();
    const [name] = (await readdir(folder)).filter((file) => file.startsWith('spool-'));
    const lines = await readFile(join(folder, name ?? ''), 'utf8');
    await stored(first);
    await first.close();
    expect((await readdir(folder)).filter((file) => file.endsWith('.jsonl'))).toEqual([]);
    // A crash between storing and removing: the same line is read again.
    await writeFile(join(folder, 'spool-1-0000-elsewhere-4000000-00000000.jsonl'), `${lines}{"conversationId":"${id}`);
    await writeFile(join(folder, 'conversations-2026-01-05.jsonl'), `${JSON.stringify(turn(id, 2, 'old form'))}\n`);
    const second = await open(quick, 'left');
    await stored(second);
    const words = (await second.history(id, 10)).map((event) => (event.data.input as { text: string }).text);
    expect(words).toEqual(['first', 'old form']);
    await second.close();
  }, 180_000);

  it('keeps an event that the database refuses apart from all others', async () => {
    const id = randomUUID();
    const folder = join(root, 'refused');
    await mkdir(folder, { recursive: true });
    // A time that is no bigint can come only from a damaged file.
    await writeFile(
      join(folder, 'conversations-2026-01-05.jsonl'),
      `${JSON.stringify(turn(id, 1, 'good'))}\n${JSON.stringify(turn(id, 1e300, 'bad'))}\n${JSON.stringify(turn(id, 2, 'good too'))}\n`,
    );
    const log = await open(quick, 'refused');
    await stored(log);
    expect(await log.history(id, 10)).toHaveLength(2);
    expect(await readFile(join(folder, 'refused.jsonl'), 'utf8')).toContain('bad');
    await log.close();
  }, 180_000);
});

describe('what is stored', () => {
  it('forgets what is older than it shall keep', async () => {
    const id = randomUUID();
    const before = await open(quick, 'keep');
    before.append(turn(id, Date.now() - 3 * 86_400_000, 'old'));
    before.append(turn(id, Date.now(), 'new'));
    await stored(before);
    await before.close();
    const log = await open(quick, 'keep', { keepDays: 2 });
    await expect
      .poll(
        () =>
          log.history(id, 10).then(
            ({ length }) => length,
            () => -1,
          ),
        { timeout: 100_000 },
      )
      .toBe(1);
    await log.close();
  }, 180_000);

  it('keeps no personal data when it is told so', async () => {
    const id = randomUUID();
    const log = await open(quick, 'mask', { mask: ['phone', 'email', 'id_card', 'bank_card'] });
    log.append(turn(id, 1, '我的电话是13812345678，邮箱 li.lei@example.com', { slots: { phone: 13812345678 } }));
    const [event] = await log.history(id, 1);
    expect(JSON.stringify(event)).not.toMatch(/13812345678|li\.lei/);
    expect(JSON.stringify(event)).toContain('138****5678');
    await log.close();
  }, 180_000);
});

it('a log whose database has never answered tells so', async () => {
  const { log, start } = await openConversationLog({
    config: { databaseUrl: 'postgres://u:p@127.0.0.1:1/x', conversations: 'auto', keepDays: 0, mask: [] },
    folder: join(root, 'never'),
    databaseFolder: join(root, 'never-pglite'),
    logger: pino({ level: 'silent' }),
  });
  log.append(turn(randomUUID(), 1, 'waits'));
  await log.flush();
  expect([log.problem, log.dropped]).toEqual([undefined, 0]);
  start();
  await expect.poll(() => log.problem, { timeout: 30_000 }).toContain('ECONNREFUSED');
  expect(log.waiting).toBeGreaterThan(0);
  await log.close();
});

describe.skipIf(missing !== undefined)(`PostgreSQL away${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('loses and doubles nothing, also when the service is started while it is away', async () => {
    const id = randomUUID();
    const log = await open('postgres', 'away');
    log.append(turn(id, 1, 'before'));
    await stored(log);
    expect(log.problem).toBeUndefined();
    await postgres?.kill();
    for (let n = 2; n < 50; n++) log.append(turn(id, n, 'meanwhile'));
    await expect(log.history(id, 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
    expect(log.waiting).toBeGreaterThan(0);
    // Who looks at the health page must not read that all is well.
    await expect.poll(() => log.problem, { timeout: 30_000 }).toBeTypeOf('string');
    await log.close();
    const next = await open('postgres', 'away');
    next.append(turn(id, 50, 'after'));
    await postgres?.resume();
    await stored(next);
    expect(next.problem).toBeUndefined();
    expect((await next.history(id, 200)).map((event) => event.atMs)).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
    await next.close();
  }, 180_000);
});
