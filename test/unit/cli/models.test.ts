import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../support/speech.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command line as a process of its own; nothing of it may reach the network. */
function hearken(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/run.ts', 'models', ...args], {
      cwd: projectRoot,
      env: { ...process.env, HEARKEN_MODELS: folder, HTTPS_PROXY: 'http://127.0.0.1:9' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

// Each runs the whole command line from TypeScript, two to four times: seconds on a busy machine.
describe('hearken models', { timeout: 180_000 }, () => {
  it('lists every model, what is there, what is in use and why', async () => {
    const { code, out } = await hearken('list', '--json');
    expect(code).toBe(0);
    const { models, inUse } = JSON.parse(out);
    const byName = Object.fromEntries(models.map((model: { name: string }) => [model.name, model]));
    expect(byName['asr-zh-phone']).toMatchObject({ installed: true, builtIn: true, checksums: 'known' });
    expect(byName['tts-zh-matcha-baker']).toMatchObject({ checksums: expect.stringContaining('first pull') });
    expect(inUse.map(({ role }: { role: string }) => role)).toContain('voice zh-CN');
    for (const { reason } of inUse) expect(reason).not.toBe('');
    const table = await hearken('list');
    expect(table.out).toContain('asr-zh-multi-hans');
    expect(table.out).toContain('built-in');
  });

  it('verifies with an exit code', async () => {
    expect(await hearken('verify', 'asr-zh-phone', 'tts-zh-yue')).toMatchObject({ code: 0 });
    // A damaged copy in a folder that is searched first.
    cpSync(join(projectRoot, 'models/tts-zh-yue'), join(folder, 'tts-zh-yue'), { recursive: true });
    const tokens = join(folder, 'tts-zh-yue/tokens.txt');
    // As long as it was: a file of another size counts as missing.
    writeFileSync(tokens, Buffer.alloc(statSync(tokens).size, 1));
    const { code, out, err } = await hearken('verify', 'tts-zh-yue', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out).models[0]).toMatchObject({ name: 'tts-zh-yue', state: 'damaged' });
    expect(err).toContain('Damaged or missing: tts-zh-yue');
    expect(await hearken('verify', 'asr-zh-14m')).toMatchObject({ code: 1 });
  });

  it('says what to do when a model can not be pulled', async () => {
    expect(await hearken('pull', 'nope')).toMatchObject({ code: 1, err: expect.stringContaining('Known models') });
    expect(await hearken('pull', 'asr-zh-phone')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing to pull'),
    });
  });
});
