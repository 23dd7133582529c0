import { afterEach, describe, expect, it } from 'vitest';
import { SupervisedProcess } from '../../../src/cli/supervised-process.js';

const READY = `console.log(JSON.stringify({event:'ready',pid:process.pid}));`;
const STAY = 'setInterval(() => {}, 1000);';
const running: SupervisedProcess[] = [];
afterEach(async () => {
  for (const part of running.splice(0)) await part.stop();
});

function supervise(script: string, options: { readyLimitMs?: number; lines?: string[] } = {}): SupervisedProcess {
  const part = new SupervisedProcess({
    name: 'part',
    args: ['-e', script],
    env: process.env,
    readyLimitMs: options.readyLimitMs ?? 60_000,
    stopLimitMs: 2000,
    onLine: (line) => options.lines?.push(line),
  });
  running.push(part);
  return part;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a process under supervision', () => {
  it('tells its facts when it is ready, passes its lines on, and is gone after stop', async () => {
    const lines: string[] = [];
    const part = supervise(`${READY} console.log('hello'); console.error('from stderr'); ${STAY}`, { lines });
    const facts = await part.start();
    expect(alive(facts.pid as number)).toBe(true);
    await expect.poll(() => lines.sort()).toEqual(['from stderr', 'hello']);
    await part.stop();
    expect(alive(facts.pid as number)).toBe(false);
  });

  it('is started again when it dies, and says so', async () => {
    const part = supervise(`${READY} ${STAY}`);
    const first = await part.start();
    const restarting = new Promise((resolve) => part.on('restarting', (_code, inMs) => resolve(inMs)));
    const again = new Promise<number>((resolve) => part.on('ready', (facts) => resolve(facts.pid as number)));
    process.kill(first.pid as number, 'SIGKILL');
    expect(await restarting).toBe(500);
    const secondPid = await again;
    expect(secondPid).not.toBe(first.pid);
    await part.stop();
    expect(alive(secondPid)).toBe(false);
  });

  it('that somebody else ended while it is to end is not started again', async () => {
    const part = supervise(`${READY} ${STAY}`);
    const { pid } = await part.start();
    let restarts = 0;
    part.on('restarting', () => restarts++);
    part.expectEnd();
    process.kill(pid as number, 'SIGTERM');
    await expect.poll(() => alive(pid as number)).toBe(false);
    await part.stop();
    expect(restarts).toBe(0);
  });

  it('that can not start is told with its own last words', async () => {
    const part = supervise(`console.error('port 5060 is taken'); process.exit(3);`);
    await expect(part.start()).rejects.toThrow(/The part did not start: it ended with code 3\.\nport 5060 is taken/);
  });

  it('that never gets ready is stopped', async () => {
    const part = supervise(STAY, { readyLimitMs: 300 });
    await expect(part.start()).rejects.toThrow(/not ready within/);
    await expect.poll(() => part.pid !== undefined && alive(part.pid)).toBe(false);
  });

  it('that ignores SIGTERM is ended the hard way', async () => {
    const part = supervise(`process.on('SIGTERM', () => {}); ${READY} ${STAY}`);
    const { pid } = await part.start();
    await part.stop();
    expect(alive(pid as number)).toBe(false);
  });
});
