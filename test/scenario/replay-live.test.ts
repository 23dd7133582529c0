import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rmsDbfs } from '../../src/dsp/levels.js';
import { decodeWav, encodeWav } from '../../src/dsp/wav.js';
import type { ReplayReport } from '../../src/replay/report/report.js';
import type { ReplayedCall } from '../../src/replay/result.js';
import type { SimulationReport } from '../../src/replay/simulate/report.js';
import { removeFolder, root, Stage, TestProcess } from '../support/processes.js';
import { spoken } from '../support/speech.js';

const LIMIT_MS = 300_000;
/** What digital silence measures. */
const SILENCE_DBFS = -120;
const SCENARIO = `version: 1
app: ${JSON.stringify(join(root, 'apps/retail'))}
load: { perMinute: 600, atOnce: 2 }
phrases:
  zh-CN:
    { "yes": [对], "no": [不是], bye: [再见], correct: ["{value}"], filler: [你好], angry: [喂], unsure: [请问], digression: [你好] }
goals:
  human:
    wants: a person
    opens: { zh-CN: [转人工] }
    checks: [{ ends: transfer }]
  hours:
    wants: the opening hours, and the moon
    opens: { zh-CN: [营业时间是几点] }
    answers: { more_help: bye }
    checks: [{ said: { zh-CN: 九点 } }, { said: { zh-CN: 月亮 } }]
personas:
  - { name: 小张, language: zh-CN, goal: human }
  - { name: 小李, language: zh-CN, goal: hours, speed: 1.1, pitch: 0.95, noiseDb: 20 }
`;

let folder: string;
let stage: Stage;
let live: ReplayReport;
let liveCode: number | null;
let simulated: SimulationReport;
let simulatedCode: number | null;
/** The data folder of the service that was started for the replay. */
let data: string;

function hearken(...args: readonly string[]): TestProcess {
  const env = { HEARKEN_CONFIG: join(folder, 'hearken.yml') };
  const command = { command: process.execPath, args: [join(root, 'dist/cli/run.js'), ...args], cwd: folder, env };
  return stage.add(new TestProcess(command));
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-live-'));
  stage = new Stage();
  // The service that is started has this configuration.
  const prompts = JSON.stringify(join(root, 'node_modules/.cache/hearken-test-prompts'));
  const settings = `store: { folder: data }\nspeech: { promptCacheFolder: ${prompts} }\nturn: { endSilenceCompleteMs: 400 }\n`;
  writeFileSync(join(folder, 'hearken.yml'), settings);
  const trained = join(root, 'node_modules/.cache/hearken-test-nlu');
  if (existsSync(trained)) cpSync(trained, join(folder, 'data/nlu'), { recursive: true });
  mkdirSync(join(folder, 'calls'));
  const parts = [spoken('order-last-four', '查快递'), spoken('order-last-four', '八七六五')];
  const [wish, number] = parts as [Int16Array, Int16Array];
  const pcm = new Int16Array(wish.length + 12_000 + number.length);
  pcm.set(wish);
  pcm.set(number, wish.length + 12_000);
  writeFileSync(join(folder, 'calls/number.wav'), encodeWav([pcm], 8000));
  const numberMs = (wish.length + 12_000) / 8;
  const utterances = [
    { startMs: 0, endMs: wish.length / 8, text: '查快递', intent: 'order_status' },
    { startMs: numberMs, endMs: numberMs + number.length / 8, text: '八七六五' },
  ];
  writeFileSync(join(folder, 'calls/number.json'), JSON.stringify({ language: 'zh-CN', utterances }));
  writeFileSync(join(folder, 'scenario.yml'), SCENARIO);
  const replay = hearken('replay', 'calls', '--live', '--out', 'live.json', '--html', 'live.html', '--max-cer', '0.5');
  const simulate = hearken('simulate', 'scenario.yml', '--spoken', '--out', 'simulated.json');
  await Promise.all([replay.exited(), simulate.exited()]);
  liveCode = replay.exitCode;
  simulatedCode = simulate.exitCode;
  live = read('live.json');
  simulated = read('simulated.json');
  const [started = ''] = readdirSync(join(folder, 'data/replay/live'));
  data = join(folder, 'data/replay/live', started);
}, LIMIT_MS);
afterAll(async () => {
  await stage.clear();
  removeFolder(folder);
});

function callOf({ recordings }: ReplayReport): ReplayedCall {
  const [call] = recordings;
  if (call?.kind !== 'call') throw new Error(`no call: ${JSON.stringify(recordings)}`);
  return call;
}

describe('a replay at real speed', () => {
  it('is a call over the bridge with the same report as any replay, and its gates', () => {
    expect(liveCode).toBe(0);
    expect(live).toMatchObject({ complete: true, line: 'started for it', failed: [] });
    expect(live.totals).toMatchObject({ calls: 1, cer: { n: 1 }, intentAccuracy: { value: 1 } });
    const { turns, said } = callOf(live);
    expect(turns.map(({ input }) => input)).toEqual(['start', 'text', 'text']);
    // The configuration that was named is the one of the service that answered: it waits 400 ms, not 250.
    for (const { input, end, responseMs } of turns) {
      if (input !== 'text') continue;
      expect(end?.delayMs).toBeGreaterThan(300);
      expect(responseMs).toBeGreaterThan(300);
    }
    expect(said.map(({ understoodInTurn }) => understoodInTurn)).toEqual(turns.slice(1).map(({ turnId }) => turnId));
    expect(readFileSync(join(folder, 'live.html'), 'utf8')).toContain('number.wav');
  });

  it(
    'leaves a record that replays in virtual time to the same call',
    async () => {
      const again = hearken('replay', join(data, 'calls'), '--out', 'again.json', '--jobs', '1');
      await again.exited();
      const call = callOf(read('again.json'));
      expect(call).toMatchObject({ timing: 'recorded', language: 'zh-CN', channel: { index: 0, of: 2 } });
      // A machine that is late sends with gaps, which a record has and an ear closes: words may differ then, turns don't.
      expect(call.turns.slice(0, 3).map(({ input }) => input)).toEqual(['start', 'text', 'text']);
      expect(call.said.map(({ understoodInTurn }) => understoodInTurn)).not.toContain(null);
    },
    LIMIT_MS,
  );

  it(
    'becomes a regression case that is silent where something personal was said, and nowhere else',
    async () => {
      const regress = hearken(
        'regress',
        'last',
        '--data',
        data,
        '--personal',
        'order_number',
        '--name',
        'shared',
        '--json',
      );
      await regress.exited();
      expect(regress.exitCode, regress.output).toBe(0);
      const { files, personalTurns } = JSON.parse(regress.output) as { files: string[]; personalTurns: number };
      expect(personalTurns).toBe(1);
      for (const file of files.filter((name) => !name.endsWith('.wav')))
        expect(readFileSync(file, 'utf8')).not.toMatch(/八七六五|8765/);
      const day = readdirSync(join(data, 'calls'))[0] ?? '';
      const wav = readdirSync(join(data, 'calls', day)).find((name) => name.endsWith('.wav')) ?? '';
      const [before, after] = [join(data, 'calls', day, wav), join(folder, 'regressions/shared.wav')].map((file) =>
        decodeWav(readFileSync(file)),
      );
      const [wish, number] = callOf(live).said as ReplayedCall['said'];
      const level = (
        sound: typeof before,
        channel: number,
        span?: { readonly fromMs: number; readonly toMs: number },
      ) =>
        rmsDbfs(
          sound?.channels[channel]?.subarray((span?.fromMs ?? 0) * 8, (span?.toMs ?? 0) * 8) ?? new Int16Array(1),
        );
      // It was there, and is gone to the last bit; the wish before it is as it was.
      expect(level(before, 0, number)).toBeGreaterThan(-40);
      expect(level(after, 0, number)).toBe(SILENCE_DBFS);
      expect(level(after, 0, wish)).toBe(level(before, 0, wish));
      // What the bot then says holds the number, too.
      const answer = { fromMs: (number?.toMs ?? 0) + 1500, toMs: (number?.toMs ?? 0) + 3500 };
      expect(level(before, 1, answer)).toBeGreaterThan(-40);
      expect(level(after, 1, answer)).toBe(SILENCE_DBFS);
    },
    LIMIT_MS,
  );
});

describe('simulated callers who speak', () => {
  it('ring over the bridge, get what they want, and tell where they did not', () => {
    expect(simulated.calls).toMatchObject([
      { persona: '小张', reached: true, ended: 'transfer' },
      { persona: '小李', reached: false },
    ]);
    const [served, failed] = simulated.calls;
    expect(served?.transcript.filter(({ who }) => who === 'caller')).toMatchObject([
      { text: '转人工', intent: 'human' },
    ]);
    expect(served?.responseMs[0]).toBeGreaterThan(100);
    expect(failed?.transcript.some(({ who, text }) => who === 'bot' && text.includes('九点'))).toBe(true);
    expect(failed?.wrong?.what).toContain('月亮');
    // One of two is less than all.
    expect(simulatedCode).toBe(1);
  });
});
