import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PromptCache, type PromptKey } from '../../../src/speech/prompt-cache.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cache = (memoryBytes = 1_000_000, diskBytes = 1_000_000) =>
  new PromptCache({ memoryBytes, diskBytes, folder, logger: SILENT_LOGGER });
const key = (text: string, other: Partial<PromptKey> = {}): PromptKey => ({
  voice: 'a',
  text,
  speed: 1,
  sampleRate: 8000,
  ...other,
});
const pcm = (value: number, samples = 100) => new Int16Array(samples).fill(value);

describe('prompt cache', () => {
  it('gives back what was made, for exactly that voice, text, speed and rate', async () => {
    const prompts = cache();
    prompts.put(key('您好'), pcm(5));
    expect(await prompts.get(key('您好'))).toEqual(pcm(5));
    for (const other of [{ voice: 'b' }, { speed: 1.1 }, { sampleRate: 16_000 }, { text: '再见' }]) {
      expect(await prompts.get(key('您好', other))).toBeUndefined();
    }
    expect([prompts.hits, prompts.misses]).toEqual([1, 4]);
  });

  it('forgets what was not used longest when memory is full', async () => {
    const prompts = cache(500, 0);
    prompts.put(key('a'), pcm(1));
    prompts.put(key('b'), pcm(2));
    await prompts.get(key('a'));
    prompts.put(key('c'), pcm(3));
    expect(await prompts.get(key('b'))).toBeUndefined();
    expect(await prompts.get(key('a'))).toEqual(pcm(1));
    prompts.put(key('huge'), pcm(9, 1000));
    expect(await prompts.get(key('huge'))).toBeUndefined();
    expect(await prompts.get(key('c'))).toEqual(pcm(3));
  });

  it('keeps fixed prompts over a restart, and never what was said to one caller', async () => {
    const before = cache();
    before.put(key('您好'), pcm(5), { keep: true });
    before.put(key('您的订单号是'), pcm(6));
    await before.settled();
    const after = cache();
    expect(await after.get(key('您好'))).toEqual(pcm(5));
    expect(await after.get(key('您的订单号是'))).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
    // Nobody else on the machine can read along.
    expect(statSync(join(folder, readdirSync(folder)[0] ?? '')).mode & 0o077).toBe(0);
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
    ['changed', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 60), Buffer.from([99]), bytes.subarray(61)])],
    ['something else', () => Buffer.from('hello')],
    ['empty', () => Buffer.alloc(0)],
  ])('makes a prompt again whose file is %s', async (_, damage) => {
    const before = cache();
    before.put(key('您好'), pcm(5), { keep: true });
    await before.settled();
    const file = join(folder, readdirSync(folder)[0] ?? '');
    writeFileSync(file, damage(readFileSync(file)));
    const after = cache();
    expect(await after.get(key('您好'))).toBeUndefined();
    await after.settled();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stays within its share of the disk', async () => {
    const prompts = cache(1_000_000, 1000);
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) prompts.put(key(text), pcm(1), { keep: true });
    await prompts.settled();
    const used = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(used).toBeLessThanOrEqual(1000);
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    expect(await cache().get(key('f'))).toEqual(pcm(1));
    expect(await cache().get(key('a'))).toBeUndefined();
  });

  it('leaves what another process is writing in the same folder, and clears away what one left long ago', async () => {
    const drafts = ['young', 'old'].map((name) => join(folder, `${name}.pcm.1.tmp`)) as [string, string];
    for (const draft of drafts) writeFileSync(draft, '');
    utimesSync(drafts[1], 0, 0);
    const prompts = cache();
    prompts.put(key('您好'), pcm(5), { keep: true });
    await prompts.settled();
    expect(drafts.map((draft) => existsSync(draft))).toEqual([true, false]);
  });

  it('goes on in memory when the disk can not be written', async () => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    const prompts = new PromptCache({ memoryBytes: 1000, diskBytes: 1000, folder: file, logger: SILENT_LOGGER });
    prompts.put(key('您好'), pcm(5), { keep: true });
    await prompts.settled();
    expect(await prompts.get(key('您好'))).toEqual(pcm(5));
  });
});
