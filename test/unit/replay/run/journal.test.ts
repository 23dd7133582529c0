import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReplayOutcome } from '../../../../src/replay/pipeline/stage.js';
import { Journal } from '../../../../src/replay/run/journal.js';
import { replayRecordings } from '../../../../src/replay/run/replay-recordings.js';
import { replayJob } from '../../../../src/testing/replay-job.js';
import { stageSettings, writeShortCalls } from '../short-calls.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const job = replayJob('a.wav');
const outcome = {
  result: { ...job, kind: 'recognition', heard: '查订单' },
  measured: { wallMs: 1, partsMs: 0 },
} as unknown as ReplayOutcome;

describe('a journal', () => {
  it('that can not be written costs the going on, not the replay', async () => {
    writeShortCalls(join(folder, 'calls'), 2);
    // A file where the folder of the journal should be, as a disk that is full or read only.
    mkdirSync(join(folder, 'data/work'), { recursive: true });
    writeFileSync(join(folder, 'data/work/journal'), '');
    const { dialogue: _, ...settings } = stageSettings(join(folder, 'data'));
    const set = await replayRecordings({
      paths: [join(folder, 'calls')],
      plan: { mode: 'recognition', timing: 'auto', band: 'auto', graph: 'general', nowMs: 0, trainedOn: [] },
      settings,
      workers: 1,
      fresh: false,
      signal: new AbortController().signal,
    });
    expect(set.results.map(({ kind }) => kind)).toEqual(['recognition', 'recognition']);
    expect(set.unkept).toMatch(/EEXIST|ENOTDIR/);
  }, 60_000);

  it('gives back what was kept under the same setup, and nothing that was forgotten', () => {
    const journal = new Journal(join(folder, 'journal'), 'one');
    journal.write(job, outcome);
    expect(journal.read(job)).toEqual(outcome);
    expect(new Journal(join(folder, 'journal'), 'two').read(job)).toBeUndefined();
    journal.forget(job);
    expect(journal.read(job)).toBeUndefined();
    expect(journal.problem).toBeUndefined();
  });

  it("keeps callers' words no longer than their calls are kept", () => {
    const journal = new Journal(join(folder, 'journal'), 'one');
    journal.removeOlderThan(30, new Date());
    journal.write(job, outcome);
    const [name = ''] = readdirSync(join(folder, 'journal'));
    const file = join(folder, 'journal', name);
    const day = 86_400;
    utimesSync(file, Date.now() / 1000 - 31 * day, Date.now() / 1000 - 31 * day);
    journal.removeOlderThan(0, new Date());
    journal.removeOlderThan(32, new Date());
    expect(journal.read(job)).toEqual(outcome);
    journal.removeOlderThan(30, new Date());
    expect(journal.read(job)).toBeUndefined();
  });
});
