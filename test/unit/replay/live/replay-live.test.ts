import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError } from '../../../../src/errors.js';
import { type ReplayLiveOptions, replayLive } from '../../../../src/replay/live/replay-live.js';
import type { ReplayJob } from '../../../../src/replay/pipeline/job.js';
import type { ReplayedCall } from '../../../../src/replay/result.js';
import { Journal } from '../../../../src/replay/run/journal.js';

let folder: string;
/** Calls that were placed, in their order. */
let placed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-replay-live-'));
  mkdirSync(join(folder, 'calls'));
  placed = [];
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, 'calls', `${name}.wav`), name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function callOf({ file, content }: ReplayJob): ReplayedCall {
  return {
    ...{ kind: 'call', file, content, language: 'zh-CN', audioMs: 1000, source: '', speaker: null, task: null },
    ...{ trainedOn: false, reference: null, heard: '', timing: 'answer', durationMs: 2000, turns: [], bargeIns: [] },
    ...{ outcome: 'contained', endedBy: 'us', transferReason: null, problems: [], said: [] },
    channel: { index: 0, of: 1, because: 'the only channel' },
  } as const;
}

/** A run over the four recordings; `act` is asked before each call is placed. */
function run(
  act: (name: string) => void = () => undefined,
  changes: Partial<Pick<ReplayLiveOptions, 'fresh' | 'setup'>> & { readonly signal?: AbortSignal } = {},
) {
  const { setup = 'service one', fresh = false, signal = new AbortController().signal } = changes;
  return replayLive({
    paths: [join(folder, 'calls')],
    plan: { mode: 'auto', timing: 'auto', band: 'auto', graph: 'general', nowMs: 0, trainedOn: [] },
    line: { to: 'sip:nobody@127.0.0.1', serviceUrl: 'http://127.0.0.1:9', signal },
    lines: 1,
    setup,
    journal: new Journal(join(folder, 'journal'), setup),
    fresh,
    onProgress: () => undefined,
    place: async (job) => {
      const name = basename(job.file);
      act(name);
      placed.push(name);
      return callOf(job);
    },
  });
}

/** Stops when the call with this name is about to be placed, as Ctrl+C does. */
async function stoppedAt(stopped: string) {
  const stop = new AbortController();
  return run(
    (name) => {
      if (name !== stopped) return;
      stop.abort();
      throw new HearkenError('CALL_FAILED', 'it was stopped');
    },
    { signal: stop.signal },
  );
}

describe('a replay at real speed', () => {
  it('that was stopped goes on with the calls that are missing', async () => {
    const first = await stoppedAt('c.wav');
    expect(first).toMatchObject({ planned: 4, resumed: 0, freshAudioMs: 2000, finished: false });
    expect(first.results.map(({ file }) => basename(file))).toEqual(['a.wav', 'b.wav']);
    const second = await run();
    expect(placed).toEqual(['a.wav', 'b.wav', 'c.wav', 'd.wav']);
    expect(second).toMatchObject({ planned: 4, resumed: 2, freshAudioMs: 2000, finished: true });
    expect(second.results.map(({ file }) => basename(file))).toEqual(['a.wav', 'b.wav', 'c.wav', 'd.wav']);
    expect([...second.measured.keys()]).toHaveLength(4);
  });

  it('that came to its end begins anew: real calls are never twice the same', async () => {
    (await run()).forget();
    const again = await run();
    expect(again.resumed).toBe(0);
    expect(placed).toHaveLength(8);
  });

  it('does not forget calls while some are missing because the line failed them', async () => {
    const first = await run((name) => {
      if (name > 'b.wav') throw new HearkenError('CALL_FAILED', 'nobody answers');
    });
    expect(first.finished).toBe(false);
    expect(first.results.filter(({ kind }) => kind === 'failed')).toHaveLength(2);
    const second = await run();
    expect(second).toMatchObject({ resumed: 2, finished: true });
    expect(placed).toEqual(['a.wav', 'b.wav', 'c.wav', 'd.wav']);
  });

  it('is at its end though a recording can not be read, whoever is called', async () => {
    const set = await run((name) => {
      if (name === 'b.wav') throw new HearkenError('AUDIO_UNREADABLE', 'it holds only silence');
    });
    expect(set.finished).toBe(true);
    expect(set.results.filter(({ kind }) => kind === 'failed')).toHaveLength(1);
  });

  it('goes on with nothing of another service, of another recording, or when everything is wanted anew', async () => {
    await stoppedAt('c.wav');
    writeFileSync(join(folder, 'calls/a.wav'), 'another');
    expect((await run(undefined, { setup: 'service two' })).resumed).toBe(0);
    expect((await run()).resumed).toBe(1);
    expect((await run(undefined, { fresh: true })).resumed).toBe(0);
  });
});
