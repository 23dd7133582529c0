import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSipp } from '@hearken/sip-bridge';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseRecord, type RecordedEvent } from '../../../src/call/record.js';
import { concat } from '../../../src/dsp/framing.js';
import { encodeMulaw } from '../../../src/dsp/g711.js';
import { readScript, splitUtterances } from '../../../src/replay/utterances.js';
import { readAudioFile } from '../../../src/speech/audio-file.js';
import { BridgeProcess, ServiceProcess } from '../../support/hearken.js';
import { describeWith } from '../../support/needs.js';
import { eventually, removeFolder, root, Stage } from '../../support/processes.js';

const CALLS = 50;
/** The greeting takes about 5 s; then the caller asks, then the answer is heard. */
const SPEAK_AT_MS = 7000;
const HOLD_MS = 18_000;

let folder: string;
let stage: Stage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-fifty-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  removeFolder(folder);
});

describeWith(['sipp'], 'fifty callers at once', () => {
  it('are all answered, heard and understood, and none is lost', { timeout: 400_000 }, async () => {
    const service = stage.add(await ServiceProcess.start(folder));
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl));
    const health = await watchHealth(service.url);
    const result = await runSipp({
      scenario: join(root, 'sip-bridge/test/sipp/caller-speaks.xml'),
      target: `127.0.0.1:${bridge.sipPort}`,
      calls: CALLS,
      rate: 25,
      speech: await question(),
      holdMs: HOLD_MS,
      limitMs: 150_000,
    });
    expect({ successful: result.successful, failed: result.failed }, result.output.slice(-3000)).toEqual({
      successful: CALLS,
      failed: 0,
    });
    await eventually('all lines being free again', async () => (await health.calls()) === 0);
    expect(health.most()).toBe(CALLS);

    const records = readRecords();
    expect(records).toHaveLength(CALLS);
    for (const events of records) {
      const story = events.map((event) => JSON.stringify(event)).join('\n');
      expect(
        events.some(({ type, text }) => type === 'heard' && text !== ''),
        story,
      ).toBe(true);
      expect(events.at(-1), story).toMatchObject({ type: 'ended', cause: 'normal' });
      expect(
        events.some((event) => intentOf(event) === 'opening_hours'),
        story,
      ).toBe(true);
    }
    for (const part of [service, bridge]) {
      expect(part.running).toBe(true);
      expect(part.output).not.toMatch(/unhandled|uncaught|"level":(?:50|60)/i);
    }
  });
});

/** What every caller says: the line's silence, a question, and silence again, as raw mu-law. */
async function question(): Promise<Uint8Array> {
  const file = join(root, 'audio/calls/opening-hours.wav');
  const recording = await readAudioFile(file, { sampleRate: 8000 });
  const first = (readScript(file)?.utterances ?? splitUtterances(recording, 8000))[0];
  if (!first) throw new Error(`${file} holds no speech`);
  const said = recording.subarray(first.startMs * 8, first.endMs * 8);
  return encodeMulaw(concat([new Int16Array(SPEAK_AT_MS * 8), said, new Int16Array(HOLD_MS * 8)]));
}

/** Looks at the service's health all the time and remembers the most calls at once. */
async function watchHealth(url: string): Promise<{ calls(): Promise<number>; most(): number }> {
  let most = 0;
  const calls = async (): Promise<number> => {
    const now = ((await (await fetch(`${url}/health`)).json()) as { calls: number }).calls;
    most = Math.max(most, now);
    return now;
  };
  const timer = setInterval(() => void calls().catch(() => clearInterval(timer)), 250);
  timer.unref();
  return { calls, most: () => most };
}

function intentOf(event: RecordedEvent): string | undefined {
  return event.type === 'turn' ? (event.intent as { name?: string } | undefined)?.name : undefined;
}

function readRecords(): (readonly RecordedEvent[])[] {
  const calls = join(folder, 'calls');
  return readdirSync(calls).flatMap((day) =>
    readdirSync(join(calls, day))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => parseRecord(readFileSync(join(calls, day, name), 'utf8'))),
  );
}
