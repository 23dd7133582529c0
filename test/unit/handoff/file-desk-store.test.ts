import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewDeskItem } from '../../../src/handoff/desk-store.js';
import { FileDeskStore } from '../../../src/handoff/file-desk-store.js';

let folder: string;
let path: string;
const opened: FileDeskStore[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-desk-'));
  path = join(folder, 'desk.jsonl');
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<FileDeskStore> {
  const store = await FileDeskStore.open(path);
  opened.push(store);
  return store;
}

const ticket = (key: string): NewDeskItem => ({
  kind: 'ticket',
  key,
  conversationId: 'c',
  channel: 'voice',
  language: 'zh-CN',
  subject: 's',
  text: 't',
  priority: 'normal',
  summary: '',
  slots: {},
});

describe('promises to callers', () => {
  it('of the same key are one, also when they come at once and after a restart', async () => {
    const store = await open();
    const added = await Promise.all([1, 2, 3].map(() => store.add(ticket('k'))));
    expect(new Set(added.map((item) => item.number)).size).toBe(1);
    await store.close();
    expect((await (await open()).add(ticket('k'))).number).toBe(added[0]?.number);
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
  });

  it('have numbers of eight digits, each its own', async () => {
    const store = await open();
    const items = await Promise.all(Array.from({ length: 50 }, (_, at) => store.add(ticket(`k${at}`))));
    expect(new Set(items.map((item) => item.number)).size).toBe(50);
    for (const item of items) expect(item.number).toMatch(/^[1-9]\d{7}$/);
  });

  it('survive a line that was cut short, and what follows it', async () => {
    const first = await (await open()).add(ticket('a'));
    await appendFile(path, '{"number":"1234');
    const again = await open();
    const second = await again.add(ticket('b'));
    const third = await open();
    expect((await third.list()).map((item) => item.number)).toEqual([second.number, first.number]);
  });

  it('are settled with a note, and unknown ones are refused', async () => {
    const store = await open();
    const { number } = await store.add(ticket('a'));
    await store.update(number, { status: 'done', by: 'Li', note: '已解决' });
    expect(await (await open()).get(number)).toMatchObject({ status: 'done', notes: [{ by: 'Li', text: '已解决' }] });
    await expect(store.update('1', { status: 'done', by: 'Li' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('can be looked at while the service has the file, and not changed', async () => {
    const store = await open();
    await store.add(ticket('a'));
    const reader = await FileDeskStore.read(path);
    expect(await reader.list({ status: 'open' })).toHaveLength(1);
    await expect(reader.add(ticket('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
