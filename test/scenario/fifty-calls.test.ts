import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseRecord } from '../../src/call/record.js';
import { concat } from '../../src/dsp/framing.js';
import { encodeMulaw } from '../../src/dsp/g711.js';
import { readScript } from '../../src/replay/utterances.js';
import { readAudioFile } from '../../src/speech/audio-file.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { describeWith } from '../support/needs.js';
import { eventually, freePorts, root, Stage, TestProcess } from '../support/processes.js';

const CALLS = 50;
/** The greeting takes about 4 s; then the caller speaks, then the answer is heard. */
const SPEAK_AT_MS = 6000;
const HOLD_MS = 16_000;

let folder: string;
let stage: Stage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-fifty-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  rmSync(folder, { recursive: true, force: true });
});

describeWith(['sipp'], 'fifty callers at once', () => {
  it('are all answered, heard and understood, and none is lost', async () => {
    const service = stage.add(await ServiceProcess.start(folder));
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl));
    const sipp = stage.add(await startSipp(bridge.sipPort));

    const calls = async (): Promise<number> =>
      ((await (await fetch(`${service.url}/health`)).json()) as { calls: number }).calls;
    await eventually(
      'fifty calls at once',
      async () => (await calls()) === CALLS,
      30_000,
      () => sipp.output.slice(-2000),
    );
    await sipp.exited();
    expect(sipp.exitCode, sipp.output.slice(-3000)).toBe(0);
    await eventually('all lines being free again', async () => (await calls()) === 0, 15_000);

    const records = readRecords();
    expect(records).toHaveLength(CALLS);
    for (const events of records) {
      expect(events.some(({ type, text }) => type === 'heard' && text !== '')).toBe(true);
      expect(events.at(-1)).toMatchObject({ type: 'ended', cause: 'normal' });
    }
    const understood = records.filter((events) =>
      events.some(
        (event) => event.type === 'turn' && (event.intent as { name?: string } | undefined)?.name === 'opening_hours',
      ),
    );
    expect(understood.length).toBe(CALLS);
    for (const process of [service, bridge]) {
      expect(process.running).toBe(true);
      expect(process.output).not.toMatch(/unhandled|uncaught|"level":(?:50|60)/i);
    }
  }, 120_000);
});

async function startSipp(sipPort: number): Promise<TestProcess> {
  const file = join(root, 'audio/calls/opening-hours.wav');
  const recording = await readAudioFile(file, { sampleRate: 8000 });
  const first = readScript(file)?.utterances[0] ?? { startMs: 0, endMs: recording.length / 8 };
  const question = recording.subarray(first.startMs * 8, first.endMs * 8);
  const speech = join(folder, 'speech.ulaw');
  // sipp repeats nothing and sends nothing after the file's end: the line's silence is part of it.
  writeFileSync(speech, encodeMulaw(concat([new Int16Array(SPEAK_AT_MS * 8), question, new Int16Array(HOLD_MS * 8)])));
  const scenario = join(folder, 'call.xml');
  writeFileSync(
    scenario,
    readFileSync(join(root, 'test/fixtures/sip/sipp-call.xml'), 'utf8')
      .replace('@SPEECH@', speech)
      .replace('@HOLD@', String(HOLD_MS)),
  );
  const sip = await freePorts(2);
  return new TestProcess({
    command: 'sipp',
    args: [
      `127.0.0.1:${sipPort}`,
      '-sf',
      scenario,
      '-m',
      String(CALLS),
      '-l',
      String(CALLS),
      '-r',
      '25',
      '-i',
      '127.0.0.1',
      '-p',
      String(sip),
      '-mi',
      '127.0.0.1',
      '-min_rtp_port',
      '40000',
      '-max_rtp_port',
      '40999',
      '-nostdin',
      '-timeout',
      '90',
      '-timeout_error',
    ],
    cwd: folder,
    env: { TERM: 'dumb' },
  });
}

function readRecords(): (readonly { readonly type: string; readonly [key: string]: unknown }[])[] {
  const calls = join(folder, 'calls');
  return readdirSync(calls).flatMap((day) =>
    readdirSync(join(calls, day))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => parseRecord(readFileSync(join(calls, day, name), 'utf8'))),
  );
}
