import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileConversationLog } from '../../../src/store/file-conversation-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const event = (conversationId: string, n: number) => ({
  conversationId,
  atMs: n,
  type: 'turn',
  data: { n, text: '行\n' },
});

describe('the conversation log', () => {
  it('gives back the last events of one conversation in order', async () => {
    const log = new FileConversationLog({ folder });
    for (let n = 0; n < 10; n++) {
      log.append(event('a', n));
      log.append(event('b', n));
    }
    expect((await log.history('a', 3)).map((e) => e.data.n)).toEqual([7, 8, 9]);
    expect(await log.history('b', 100)).toHaveLength(10);
    expect(await log.history('nobody', 5)).toEqual([]);
    await log.close();
  });

  it('tells why nothing can be written, until it can again', async () => {
    const place = join(folder, 'log');
    await writeFile(place, 'a file where the folder should be');
    const log = new FileConversationLog({ folder: place });
    log.append(event('a', 1));
    await expect(log.flush()).rejects.toThrow();
    expect(log.problem).toContain(place);
    await rm(place);
    await log.flush();
    expect([log.problem, log.waiting]).toEqual([undefined, 0]);
    await log.close();
  });

  it('goes on trying after a reader met the fault, and tells of it once', async () => {
    const place = join(folder, 'log');
    await writeFile(place, 'a file where the folder should be');
    const told: unknown[] = [];
    const log = new FileConversationLog({ folder: place, onError: (error) => told.push(error) });
    log.append(event('a', 1));
    await expect(log.history('a', 1)).rejects.toThrow();
    await expect(log.history('a', 1)).rejects.toThrow();
    expect(told).toHaveLength(1);
    await rm(place);
    // Nothing else is said and nobody asks: it must get to the disk by itself.
    await expect.poll(() => log.waiting, { timeout: 10_000 }).toBe(0);
    expect(await log.history('a', 1)).toHaveLength(1);
    await log.close();
  });

  it('finds what an earlier process wrote, and skips a line that was cut', async () => {
    const first = new FileConversationLog({ folder });
    first.append(event('a', 1));
    await first.close();
    const [name] = await readdir(folder);
    await appendFile(join(folder, name ?? ''), '{"conversationId":"a","cut\n');
    const second = new FileConversationLog({ folder });
    second.append(event('a', 2));
    expect((await second.history('a', 10)).map((e) => e.data.n)).toEqual([1, 2]);
    await second.close();
  });

  it('finds lines wherever they lie in a large file, and passes over a stretch that is no lines at all', async () => {
    const file = join(folder, 'conversations-2026-11-30.jsonl');
    const line = (id: string, n: number): string => `${JSON.stringify(event(id, n))}\n`;
    // Each of the lines wanted comes after others of another length: some lie across what is read in one go.
    const others = (n: number): string => line(`other-${'行'.repeat(n % 97)}`, n).repeat(40 + (n % 7));
    for (let n = 0; n < 300; n++) await appendFile(file, others(n) + line('a', n));
    await appendFile(file, Buffer.alloc(9 * 1024 * 1024, '"a"'));
    await appendFile(file, `\n${line('a', 300)}${line('other', 301)}`);
    // The last line has no end: a process wrote it and died.
    await appendFile(file, line('a', 302).trimEnd());
    const log = new FileConversationLog({ folder });
    const numbers = (await log.history('a', 1000)).map((e) => e.data.n);
    expect(numbers).toEqual([...Array.from({ length: 301 }, (_, n) => n), 302]);
    await log.close();
  });

  it('keeps events while the disk refuses, up to its bound, and writes them when it can', async () => {
    const blocked = join(folder, 'log');
    await writeFile(blocked, 'a file where the folder should be');
    const log = new FileConversationLog({ folder: blocked, maxQueue: 5, flushMs: 1 });
    for (let n = 0; n < 8; n++) log.append(event('a', n));
    await expect(log.flush()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(log.dropped).toBe(3);
    await rm(blocked);
    expect((await log.history('a', 10)).map((e) => e.data.n)).toEqual([3, 4, 5, 6, 7]);
    await log.close();
  });
});
