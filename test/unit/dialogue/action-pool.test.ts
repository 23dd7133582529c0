import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type LoadedActions, loadActions } from '../../../src/dialogue/actions/load.js';
import type { ActionRequest } from '../../../src/dialogue/actions/runner.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
const opened: LoadedActions[] = [];
afterEach(async () => {
  for (const actions of opened.splice(0)) await actions.close();
  await house.close();
});

const request: ActionRequest = {
  conversationId: 'c',
  turn: 1,
  language: 'en',
  channel: 'text',
  sender: undefined,
  slots: { number: '8765' },
  latest: { text: '', intent: '', confidence: 1, entities: [] },
  summary: '',
  activeLoop: null,
  nowMs: 0,
  endpoints: { shop: { url: 'http://shop' } },
};

async function load(
  body: string,
  environment: Record<string, string> = {},
  slots: readonly string[] = [],
): Promise<LoadedActions> {
  const folder = await house.folder({ 'actions/mine.ts': body });
  const actions = await loadActions({
    files: [`${folder}/actions/mine.ts`],
    cacheFolder: `${folder}/cache`,
    endpoints: { shop: { url: 'http://shop' } },
    environment,
    slots,
  });
  opened.push(actions);
  return actions;
}

const MINE = `import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
export default [
  { name: 'action_echo', run: (context) => ({ slots: { ...context.slots, url: context.endpoints.shop.url } }) },
  { name: 'action_mark', async run({ slots }) { appendFileSync(slots.file, slots.mark + '\\n'); return {}; } },
  { name: 'action_spin', timeoutMs: 400, run() { for (;;); } },
  { name: 'action_wait', timeoutMs: 3000, async run({ signal }) { await setTimeout(600, undefined, { signal }); return { say: ['waited'] }; } },
  { name: 'action_deaf', timeoutMs: 200, run: () => new Promise(() => {}) },
  { name: 'action_die', run() { process.exit(3); } },
  { name: 'action_mark_die', run({ slots }) { appendFileSync(slots.file, slots.mark + '\\n'); process.exit(3); } },
  { name: 'action_mark_wait', async run({ slots }) { appendFileSync(slots.file, slots.mark + '\\n'); await setTimeout(2000); return {}; } },
  { name: 'action_pid', run: () => ({ slots: { pid: process.pid } }) },
  { name: 'action_throw', async run() { throw new Error('no stock'); } },
  { name: 'action_forget', run() { Promise.reject(new Error('forgotten')); return { say: ['ok'] }; } },
  { name: 'action_odd', run: () => ({ say: 'not a list' }) },
  { name: 'action_function', run: () => ({ slots: { f() {} } }) },
  { name: 'action_env', run: () => ({ slots: { seen: process.env.APP_KEY, hidden: process.env.HEARKEN_MEDIA_TOKEN ?? null } }) },
  { name: 'action_hoard', timeoutMs: 20000, run() { const kept = []; for (;;) kept.push(new Array(1e7).fill(1.5)); } },
];
let closed = 0;
export const close = () => { closed++; };`;

describe("an application's own actions", () => {
  it('get a copy of what they may know and answer with what shall happen', async () => {
    const actions = await load(MINE);
    expect([...actions.actions.keys()]).toContain('action_echo');
    expect(await actions.run('action_echo', request)).toEqual({ slots: { number: '8765', url: 'http://shop' } });
  });

  it('are stopped at their limit even in an endless loop, and the others go on meanwhile', async () => {
    const actions = await load(MINE);
    const began = performance.now();
    const spinning = actions.run('action_spin', request);
    const others = Promise.all([1, 2, 3].map(() => actions.run('action_echo', request)));
    await expect(spinning).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await others).toHaveLength(3);
    expect(await actions.run('action_echo', request)).toMatchObject({ slots: { number: '8765' } });
  });

  it('that were told to go behind one that never ends are done once each, elsewhere', async () => {
    const actions = await load(MINE);
    // Many that give control back at once: from then on several are told to go at a time.
    for (let count = 0; count < 30; count++) await actions.run('action_echo', request);
    const file = join(await mkdtemp(join(tmpdir(), 'hearken-marks-')), 'marks');
    const spinning = actions.run('action_spin', request);
    const marks = [1, 2, 3, 4, 5].map((mark) => actions.run('action_mark', { ...request, slots: { file, mark } }));
    await expect(spinning).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await Promise.all(marks)).toHaveLength(5);
    expect((await readFile(file, 'utf8')).trim().split('\n').sort()).toEqual(['1', '2', '3', '4', '5']);
    await rm(dirname(file), { recursive: true });
  });

  it('that were told to go together with one that ends their process fail if they had begun and are done elsewhere if not', async () => {
    const actions = await load(MINE);
    for (let count = 0; count < 30; count++) await actions.run('action_echo', request);
    const file = join(await mkdtemp(join(tmpdir(), 'hearken-marks-')), 'marks');
    const run = (name: string, mark: number) => actions.run(name, { ...request, slots: { file, mark } });
    const begun = [run('action_mark_wait', 1), run('action_mark_wait', 2), run('action_mark_die', 3)];
    const behind = [4, 5, 6].map((mark) => run('action_mark', mark));
    for (const each of await Promise.allSettled(begun))
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ACTION_FAILED' } });
    expect(await Promise.all(behind)).toHaveLength(3);
    expect((await readFile(file, 'utf8')).trim().split('\n').sort()).toEqual(['1', '2', '3', '4', '5', '6']);
    await rm(dirname(file), { recursive: true });
  });

  it('whose callers are gone before they are begun do not stand in the way of the next', async () => {
    const actions = await load(MINE);
    for (let count = 0; count < 30; count++) await actions.run('action_echo', request);
    const before = await actions.run('action_pid', request);
    for (let count = 0; count < 20; count++)
      await expect(actions.run('action_echo', request, AbortSignal.abort())).rejects.toMatchObject({
        code: 'ACTION_FAILED',
      });
    // On a machine that stands still for a moment it may be another process's turn, but not for good.
    await expect.poll(() => actions.run('action_pid', request), { timeout: 5000 }).toEqual(before);
  });

  it('that are more than can be told to go at once are all done', async () => {
    const actions = await load(MINE);
    for (let count = 0; count < 30; count++) await actions.run('action_echo', request);
    const file = join(await mkdtemp(join(tmpdir(), 'hearken-marks-')), 'marks');
    const marks = Array.from({ length: 100 }, (_, mark) => mark);
    const gone = new AbortController();
    const left = actions.run('action_mark', { ...request, slots: { file, mark: 'left' } }, gone.signal);
    const done = marks.map((mark) => actions.run('action_mark', { ...request, slots: { file, mark } }));
    const late = actions.run('action_mark', { ...request, slots: { file, mark: 'late' } }, gone.signal);
    gone.abort();
    for (const each of await Promise.allSettled([left, late])) expect(each.status).toBe('rejected');
    expect(await Promise.all(done)).toHaveLength(100);
    const written = (await readFile(file, 'utf8')).trim().split('\n');
    const numbers = written.filter((mark) => /^\d+$/.test(mark)).map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual(marks);
    expect(written).not.toContain('late');
    await rm(dirname(file), { recursive: true });
  });

  it('find all slots of the application, those without a value null', async () => {
    const actions = await load(MINE, {}, ['number', 'empty']);
    expect(await actions.run('action_echo', request)).toEqual({
      slots: { number: '8765', empty: null, url: 'http://shop' },
    });
  });

  it('that wait do not hold each other up', async () => {
    const actions = await load(MINE);
    const began = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => actions.run('action_wait', request)));
    expect(performance.now() - began).toBeLessThan(6000);
  });

  it('that do not listen to their signal are left behind at their limit', async () => {
    const actions = await load(MINE);
    await expect(actions.run('action_deaf', request)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await actions.run('action_echo', request)).toMatchObject({ slots: { number: '8765' } });
  });

  it('stop when the caller is gone', async () => {
    const actions = await load(MINE);
    const gone = new AbortController();
    const waiting = actions.run('action_wait', request, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ACTION_FAILED' });
    await expect(actions.run('action_wait', request, gone.signal)).rejects.toMatchObject({ code: 'ACTION_FAILED' });
  });

  it('can end or fill up their process, and nothing else', async () => {
    const actions = await load(MINE);
    for (const name of ['action_die', 'action_throw', 'action_odd', 'action_function', 'action_hoard']) {
      const outcome = await actions.run(name, request).catch((error: unknown) => error);
      expect(outcome, name).toMatchObject({ code: 'ACTION_FAILED' });
    }
    await expect(actions.run('action_throw', request)).rejects.toThrow('no stock');
    expect(await actions.run('action_forget', request)).toEqual({ say: ['ok'] });
    expect(await actions.run('action_echo', request)).toMatchObject({ slots: { number: '8765' } });
  }, 90_000);

  it('end in good order also when they are closed before they have begun to listen', async () => {
    const worker = fork('src/dialogue/actions/worker/action-worker.ts', [], {
      execArgv: ['--import', 'tsx'],
      silent: true,
    });
    let complaints = '';
    worker.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    worker.send([{ type: 'close' }]);
    expect(await once(worker, 'close')).toEqual([0, null]);
    expect(complaints).toBe('');
  });

  it("see the environment that is meant for them, not the service's", async () => {
    process.env.HEARKEN_MEDIA_TOKEN = 'a secret of the service';
    try {
      const actions = await load(MINE, { APP_KEY: 'k' });
      expect(await actions.run('action_env', request)).toEqual({ slots: { seen: 'k', hidden: null } });
    } finally {
      delete process.env.HEARKEN_MEDIA_TOKEN;
    }
  });

  it.each([
    ['does not build', 'export default {', "can't be built"],
    ['is no action', 'export default 7;', 'is no action'],
    ['throws at once', 'throw new Error("at once"); export default [];', 'at once'],
    ['ends its process', 'process.exit(1); export default [];', 'could not be loaded'],
  ])('with a file that %s are refused with its name', async (_, body, words) => {
    await expect(load(body)).rejects.toMatchObject({ code: 'APP_INVALID', message: expect.stringContaining(words) });
  });
});
