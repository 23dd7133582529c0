import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type SpeechLogger, WorkerProcess, type WorkerProcessOptions } from '../../../src/speech/worker-process.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/workers/${name}`, import.meta.url));
const running: WorkerProcess[] = [];

function start(init: object, options: Partial<WorkerProcessOptions> = {}) {
  const lines: { level: string; data: object }[] = [];
  const log = (level: string) => (data: object) => void lines.push({ level, data });
  const logger: SpeechLogger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const worker = new WorkerProcess({
    name: 'test',
    entry: { path: fixture('echo.mjs'), execArgv: [] },
    init: { type: 'init', ...init },
    logger,
    firstBackoffMs: 20,
    longestBackoffMs: 100,
    ...options,
  });
  running.push(worker);
  return { worker, lines };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.close()));
});

describe('worker process', () => {
  it('answers requests by their id, and passes other messages on', async () => {
    const { worker } = start({});
    await worker.whenReady();
    const answers = await Promise.all([1, 2, 3].map((value) => worker.request({ type: 'echo', value }, 30_000)));
    expect(answers.map(({ value }) => value)).toEqual([1, 2, 3]);
    const told = new Promise((resolve) => worker.on('message', resolve));
    worker.send({ type: 'tell', value: Int16Array.of(5, -5) });
    expect(await told).toEqual({ type: 'told', value: Int16Array.of(5, -5) });
  });

  it('leaves nobody waiting who waits for it when it is closed', async () => {
    const { worker } = start({ silent: true });
    const ready = worker.whenReady();
    const told = expect(ready).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await worker.close();
    await told;
  });

  it('rejects everything under way when the process dies, and starts it again', async () => {
    const { worker } = start({});
    await worker.whenReady();
    const before = worker.pid;
    const pending = worker.request({ type: 'never' }, 60_000);
    worker.send({ type: 'die' });
    await expect(pending).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(worker.ready).toBe(false);
    expect(worker.send({ type: 'tell' })).toBe(false);
    await expect(worker.request({ type: 'echo' }, 1000)).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await vi.waitFor(() => expect(worker.ready).toBe(true), 45_000);
    expect(worker.pid).not.toBe(before);
    expect(worker.restarts).toBe(1);
    expect(await worker.request({ type: 'echo', value: 7 }, 30_000)).toMatchObject({ value: 7 });
  });

  it('waits longer before each restart of a process that can not start, and says what it said', async () => {
    const { worker, lines } = start({ crash: true });
    await expect(worker.whenReady()).rejects.toMatchObject({
      code: 'WORKER_LOST',
      message: expect.stringContaining('the model is broken'),
    });
    await vi.waitFor(() => expect(worker.restarts).toBeGreaterThanOrEqual(3), 45_000);
    const waits = lines
      .filter(({ level }) => level === 'error')
      .map(({ data }) => (data as { restartInMs: number }).restartInMs);
    expect(waits.slice(0, 3)).toEqual([20, 40, 80]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(100);
  });

  it('gives up on a start that takes too long', async () => {
    const { worker } = start({ silent: true }, { startTimeoutMs: 150 });
    await expect(worker.whenReady()).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  it('limits how long a request may take', async () => {
    const { worker } = start({});
    await worker.whenReady();
    await expect(worker.request({ type: 'never' }, 50)).rejects.toMatchObject({ code: 'WORKER_TIMEOUT' });
  });

  it('does not let a talkative library fill the log', async () => {
    const { worker, lines } = start({});
    await worker.whenReady();
    worker.send({ type: 'chatter' });
    await worker.request({ type: 'echo' }, 30_000);
    await vi.waitFor(() => expect(lines.length).toBe(200), 45_000);
    for (const { data } of lines) expect((data as { line: string }).line.length).toBeLessThanOrEqual(400);
  });

  it('ends when it is closed, and rejects what was asked of it', async () => {
    const { worker } = start({});
    await worker.whenReady();
    const { pid = 0 } = worker;
    const pending = worker.request({ type: 'never' }, 60_000);
    const rejected = expect(pending).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await worker.close();
    await rejected;
    expect(isAlive(pid)).toBe(false);
    await worker.close();
  });

  it('ends with its parent, even when that is killed', async () => {
    const parent = spawn(process.execPath, [fixture('parent.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(printed.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 45_000);
  });
});
