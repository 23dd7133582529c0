import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport, withoutTiming } from '../../../src/replay/report/report.js';
import type { PlanOptions } from '../../../src/replay/run/plan.js';
import { replayRecordings } from '../../../src/replay/run/replay-recordings.js';
import { stageSettings, writeShortCalls } from './short-calls.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-replay-run-'));
  writeShortCalls(join(folder, 'calls'), 6);
  writeFileSync(join(folder, 'calls', 'broken.wav'), 'RIFF this is no recording');
  writeFileSync(join(folder, 'calls', 'empty.mp3'), '');
  writeFileSync(join(folder, 'calls', 'odd.json'), '{"utterances": 5}');
  writeFileSync(join(folder, 'calls', 'odd.wav'), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

const plan: PlanOptions = {
  mode: 'recognition',
  timing: 'auto',
  band: 'auto',
  graph: 'general',
  nowMs: 0,
  trainedOn: [],
};

function run(
  changes: {
    readonly fresh?: boolean;
    readonly signal?: AbortSignal;
    readonly config?: object;
    readonly onDone?: (done: number) => void;
  } = {},
) {
  const { dialogue: _, ...settings } = stageSettings(join(folder, 'data'), changes.config, 2);
  return replayRecordings({
    paths: [join(folder, 'calls')],
    plan,
    settings,
    workers: 1,
    fresh: changes.fresh ?? false,
    signal: changes.signal ?? new AbortController().signal,
    onProgress: (done) => changes.onDone?.(done),
  });
}

describe('a replay of a folder', () => {
  it('is stopped, goes on where it was, and comes to the same as one in one go', async () => {
    const stop = new AbortController();
    // Three of them can't be read and are done at once.
    const part = await run({
      signal: stop.signal,
      onDone: (done) => {
        if (done >= 5) stop.abort();
      },
    });
    const { config, root } = stageSettings(join(folder, 'data'));
    const facts = { config, root, startedAt: new Date(0) };
    expect(part.results.length).toBeLessThan(9);
    expect(buildReport(part, facts).complete).toBe(false);
    const rest = await run();
    // Somebody who edits the program while this runs gets another setup, and rightly nothing resumed.
    if (rest.setup === part.setup) expect(rest.resumed).toBeGreaterThan(0);
    expect(rest.resumed).toBeLessThan(6);
    expect(rest.results).toHaveLength(9);
    const whole = await run({ fresh: true });
    expect(whole.resumed).toBe(0);
    expect(JSON.stringify(withoutTiming(buildReport(rest, facts)))).toBe(
      JSON.stringify(withoutTiming(buildReport(whole, facts))),
    );
    expect(whole.results.filter(({ kind }) => kind === 'recognition')).toHaveLength(6);
  }, 180_000);

  it('tells which files can not be read and why, and goes on', async () => {
    const { results } = await run();
    const failed = results.flatMap((result) => (result.kind === 'failed' ? [result] : []));
    expect(failed.map(({ file }) => file.slice(join(folder, 'calls/').length))).toEqual([
      'broken.wav',
      'empty.mp3',
      'odd.wav',
    ]);
    for (const { file, reason } of failed) expect(reason).toContain(file.replace('odd.wav', 'odd.json'));
  }, 120_000);

  it('begins anew when the configuration is another', async () => {
    // Stopped once it is known what there is already.
    const known = (config?: object) => {
      const stop = new AbortController();
      return run({ signal: stop.signal, onDone: () => stop.abort(), ...(config === undefined ? {} : { config }) });
    };
    const same = [await run(), await known()];
    if (same[0]?.setup === same[1]?.setup) expect(same[1]?.resumed).toBe(6);
    const other = await known({ turn: { endSilenceMs: 900 } });
    expect(other.resumed).toBe(0);
    expect(other.setup).not.toBe(same[1]?.setup);
  }, 120_000);
});
