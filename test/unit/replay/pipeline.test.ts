import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffRecordings } from '../../../src/replay/compare/diff-turns.js';
import { ReplayStage } from '../../../src/replay/pipeline/stage.js';
import { readSidecars } from '../../../src/replay/recordings/labels.js';
import type { ReplayedCall, ReplayedRecording } from '../../../src/replay/result.js';
import { replayJob } from '../../../src/testing/replay-job.js';
import { type ShortCall, stageSettings, writeShortCalls } from './short-calls.js';

let folder: string;
let calls: readonly ShortCall[];
let first: readonly ReplayedRecording[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-replay-'));
  calls = writeShortCalls(join(folder, 'calls'), 50);
  first = await replayAll(calls, {}, 25);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function replayAll(
  chosen: readonly ShortCall[],
  changes: object,
  atOnce: number,
): Promise<readonly ReplayedRecording[]> {
  const stage = await ReplayStage.open(stageSettings(join(folder, 'data'), changes, atOnce));
  try {
    const outcomes = await Promise.all(
      chosen.map(({ file }) => stage.replay(replayJob(file, { labels: readSidecars(file) }))),
    );
    return outcomes.map(({ result }) => result);
  } finally {
    await stage.close();
  }
}

const callOf = (result: ReplayedRecording | undefined): ReplayedCall => {
  if (result?.kind !== 'call') throw new Error(`not a replayed call: ${JSON.stringify(result)}`);
  return result;
};

describe('50 recordings through the pipeline', () => {
  it('are heard, understood and answered', () => {
    const understood = first.map((result) => callOf(result).turns.some(({ input }) => input === 'text'));
    expect(understood.filter(Boolean).length).toBeGreaterThan(45);
    const human = first.filter((_, index) => calls[index]?.text === '转人工').map((result) => callOf(result).outcome);
    expect(human.filter((outcome) => outcome === 'transferred').length).toBeGreaterThanOrEqual(4);
  });

  it('give the same bytes again, in another order, with others beside them or alone', async () => {
    const again = await replayAll([...calls].reverse(), {}, 7);
    expect(JSON.stringify([...again].reverse())).toBe(JSON.stringify(first));
  }, 240_000);

  it('show exactly the turns that a changed threshold affects', async () => {
    const chosen = calls.slice(0, 12);
    const patient = await replayAll(chosen, { turn: { endSilenceCompleteMs: 450 } }, 12);
    const waited: string[] = [];
    for (const [index, result] of patient.entries()) {
      const before = callOf(first[index]);
      const changes = diffRecordings(before, result);
      const complete = before.turns.filter(({ end }) => end?.reason === 'complete answer').map(({ turnId }) => turnId);
      // Only what ended as a complete answer ends later now, and nothing else is told.
      for (const { turn, what } of changes) {
        expect(what).toBe('end of turn');
        expect(complete).toContain(turn);
        waited.push(before.file);
      }
      expect(changes.length).toBe(complete.length);
    }
    expect(waited.length).toBeGreaterThan(3);
  }, 240_000);
});
