import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { nluCommand } from '../../../src/cli/nlu.js';
import { trainCommand } from '../../../src/cli/train.js';

const app = fileURLToPath(new URL('../../../apps/retail', import.meta.url));
const fixture = fileURLToPath(new URL('../../fixtures/nlu/retail-en.tsv', import.meta.url));
const runner = fileURLToPath(new URL('../../../src/cli/run.ts', import.meta.url));
let root: string;
let printed: string[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-cli-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

function capture(): void {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(words.join(' ')));
}

describe('hearken train and hearken nlu', () => {
  it('one command trains an application and says how well it will do', async () => {
    capture();
    await trainCommand().parseAsync([app, '--out', join(root, 'model')], { from: 'user' });
    const text = printed.join('\n');
    expect(text).toMatch(/order_status/);
    expect(text).toMatch(/Confusions that hurt most/);
    expect(text).toMatch(/held out: \d+\.\d % right/);
  }, 180_000);

  it('eval measures the model on other data, as JSON too', async () => {
    capture();
    await nluCommand().parseAsync(['eval', '--model', join(root, 'model'), fixture, '--json'], { from: 'user' });
    const result = JSON.parse(printed[0] ?? '') as { accuracy: number; utterances: number; latency: { p50Ms: number } };
    expect(result.accuracy).toBeGreaterThan(0.85);
    expect(result.utterances).toBeGreaterThan(30);
    expect(result.latency.p50Ms).toBeLessThan(200);
    printed.length = 0;
    await nluCommand().parseAsync(['eval', '--model', join(root, 'model'), fixture], { from: 'user' });
    expect(printed[0]).toContain('macro F1');
  }, 180_000);

  it('parse shows what is understood of one sentence', async () => {
    capture();
    await nluCommand().parseAsync(['parse', 'where is my order', '--model', join(root, 'model')], { from: 'user' });
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ intent: { name: 'order_status' } });
  });

  it('any table trains, and data that cannot be read is told by its name', async () => {
    capture();
    const data = join(root, 'data.tsv');
    await writeFile(data, 'yes please\tyes\nyes\tyes\nyeah\tyes\nno thanks\tno\nno\tno\nnope\tno\n');
    await trainCommand().parseAsync(['--data', data, '--out', join(root, 'small'), '--json'], { from: 'user' });
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ report: { examples: 6 } });
    await expect(trainCommand().parseAsync(['--data', join(root, 'none.tsv')], { from: 'user' })).rejects.toMatchObject(
      {
        code: 'FILE_UNREADABLE',
      },
    );
  });

  it('--watch trains again when the data changes, and a broken edit leaves the old model', async () => {
    const data = join(root, 'watched.tsv');
    const out = join(root, 'watched');
    const rows = 'yes please\tyes\nyes\tyes\nyeah\tyes\nno thanks\tno\nno\tno\nnope\tno\n';
    await writeFile(data, rows);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', runner, 'train', '--data', data, '--out', out, '--watch', '--json'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      const until = (test: () => unknown) =>
        vi.waitFor(async () => expect(await test()).toBeTruthy(), { timeout: 100_000 });
      await until(() => said.includes('watching'));
      await writeFile(data, 'no tab here\n');
      await until(() => said.includes('not trained, the old model stays'));
      await writeFile(data, `${rows}perhaps\tmaybe\nmaybe so\tmaybe\nmaybe\tmaybe\n`);
      await until(async () => (await readFile(join(out, 'model.json'), 'utf8')).includes('"maybe"'));
    } finally {
      child.kill('SIGTERM');
      await exited;
    }
  }, 320_000);
});
