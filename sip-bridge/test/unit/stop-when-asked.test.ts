import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const helper = new URL('../../src/stop-when-asked.ts', import.meta.url).href;
const tsx = ['--import', fileURLToPath(import.meta.resolve('tsx'))];
/** Closes when it is told to go on, and says what happens on stdout. */
const SCRIPT = `
import { stopWhenAsked } from ${JSON.stringify(helper)};
stopWhenAsked({ limitMs: 60000, onTrouble: (what) => console.log('trouble: ' + what) }, async ({ by }) => {
  console.log('closing: ' + by);
  await new Promise((resolve) => { process.stdin.once('data', resolve); });
  console.log('closed');
});
console.log('ready');
setInterval(() => {}, 1000);
`;

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** A process of its own that uses the function; its lines so far. */
function start(supervised: boolean): { readonly child: ChildProcess; readonly lines: string[] } {
  const args = [...tsx, '--input-type=module', '-e', SCRIPT];
  const started = supervised
    ? spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
    : spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child = started;
  const lines: string[] = [];
  started.stdout?.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')));
  return { child: started, lines };
}

const soon = { timeout: 45_000 };

describe('a process that is asked to end', () => {
  it('closes once for a signal that arrives twice at once, as from a terminal and from npm', async () => {
    const { child, lines } = start(false);
    await expect.poll(() => lines, soon).toContain('ready');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    // Two that wait at once arrive in any order.
    await expect.poll(() => lines.at(1), soon).toMatch(/^closing: SIG(?:INT|TERM)$/);
    const ended = once(child, 'exit');
    child.stdin?.write('go on\n');
    expect(await ended).toEqual([0, null]);
    expect(lines.slice(2)).toEqual(['closed']);
  });

  it('ends at once when somebody asks again later', async () => {
    const { child, lines } = start(false);
    await expect.poll(() => lines, soon).toContain('ready');
    child.kill('SIGTERM');
    await expect.poll(() => lines, soon).toContain('closing: SIGTERM');
    const ended = once(child, 'exit');
    const impatient = () => {
      child.kill('SIGTERM');
      return lines.some((line) => line.startsWith('trouble: asked a second time'));
    };
    await expect.poll(impatient, soon).toBe(true);
    expect(await ended).toEqual([1, null]);
  });

  it('leaves signals to its supervisor and goes by its word', async () => {
    const { child, lines } = start(true);
    await expect.poll(() => lines, soon).toContain('ready');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    child.kill('SIGHUP');
    child.send('stop');
    await expect.poll(() => lines, soon).toContain('closing: supervisor');
    const ended = once(child, 'exit');
    child.stdin?.write('go on\n');
    expect(await ended).toEqual([0, null]);
  });

  it('ends, too, when its supervisor is gone', async () => {
    const { child, lines } = start(true);
    await expect.poll(() => lines, soon).toContain('ready');
    child.disconnect();
    await expect.poll(() => lines, soon).toContain('closing: supervisor gone');
    const ended = once(child, 'exit');
    child.stdin?.write('go on\n');
    expect(await ended).toEqual([0, null]);
  });
});
