import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CallReport } from '../../src/replay/call-report.js';
import { endProcess } from '../../src/testing/server-process.js';
import { root } from '../support/processes.js';

/** The demo's output, and only that, on stdout. */
function runDemo(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/demo.mjs', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    onTestFinished(() => endProcess(child, 'SIGTERM'));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

it('the demo prints one JSON document with what was heard, understood and answered, and a hand-off to a second phone', async () => {
  const { code, stdout, stderr } = await runDemo(['audio/calls/human.wav', 'audio/calls/opening-hours.wav', '--json']);
  expect(code, stderr).toBe(0);
  const { calls } = JSON.parse(stdout) as { calls: CallReport[] };
  const [human, hours] = calls;
  expect(calls.map((call) => call.file)).toEqual(['audio/calls/human.wav', 'audio/calls/opening-hours.wav']);

  expect(human?.turns.at(-1)).toMatchObject({ heard: '转人工', intent: 'human' });
  expect(human?.transfer).toMatchObject({ status: 200 });
  expect(human?.transfer?.target).toMatch(/^sip:agent@127\.0\.0\.1:\d+/);
  expect(human?.heardAfterTransferMs).toBeGreaterThan(500);

  const asked = hours?.turns.find((turn) => turn.intent === 'opening_hours');
  expect(asked?.reply).toContain('九点');
  expect(asked?.confidence).toBeGreaterThan(0.5);
  expect(asked?.endOfSpeechToFirstAudioMs).toBeGreaterThan(0);
  expect(hours?.transfer).toBeNull();
  for (const call of calls) expect(call.recording !== null && existsSync(join(root, call.recording))).toBe(true);
  // What a test writes, it takes away again.
  if (human?.recording) rmSync(dirname(join(root, human.recording)), { recursive: true, force: true });
}, 300_000);
