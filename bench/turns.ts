import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findRecord } from '../src/call/record.js';
import { type TracedTurn, traceOf } from '../src/call/trace.js';
import { HearkenError } from '../src/errors.js';
import { type PhoneCallReport, placeCall } from '../src/replay/phone-caller.js';
import { readScript, splitUtterances } from '../src/replay/utterances.js';
import { readAudioFile } from '../src/speech/audio-file.js';
import { openStage, type Stage } from './turns/stage.js';

/**
 * The claim: from the end of the caller's speech to the first audible sample of the answer at the caller's phone, at most 350 ms at the median and 600 ms at p95, alone and with 20
 * calls on the line, over the real bridge with RTP. The callers are the sample calls, each spoken turn by turn by a phone in this process; its CPU use is told. What the phone measures
 * is the response; the stages are what the service recorded of the same turns. `npm run -s bench:turns -- --json`; `--calls <n>` (default 20);
 * `--slowest <n>`: so many of the slowest turns are told with their stages (default 5).
 */

const RATE = 8000;
const root = resolve(import.meta.dirname, '..');
const crowd = Number(option('--calls') ?? 20);
const shown = Number(option('--slowest') ?? 5);
const folder = join(root, 'audio/calls');
const recordings = readdirSync(folder)
  .filter((file) => file.endsWith('.wav'))
  .sort()
  .map((file) => join(folder, file));

interface Measured {
  readonly turns: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Turns with no answer at the phone. */
  readonly unanswered: number;
  /** Calls that the service would not take because it had all it can do; their turns are missing. */
  readonly refused: number;
  readonly stages: Readonly<Record<string, { readonly p50Ms: number; readonly p95Ms: number }>>;
  /** Share of one core. */
  readonly cpu: { readonly loadGenerator: number; readonly service: number; readonly bridge: number };
  /** The same turns by why the caller's turn was taken to be over: who pauses inside a number is waited for by design. */
  readonly byEnd: Readonly<Record<string, { readonly turns: number; readonly p50Ms: number; readonly p95Ms: number }>>;
  /** The slowest turns and why. */
  readonly slowest: readonly SlowTurn[];
}

interface SlowTurn {
  readonly said: string;
  readonly heard: string | null;
  readonly ms: number;
  readonly why: string | null;
  readonly foreseen: boolean;
  readonly stages: string;
}

interface Turn {
  readonly said: string;
  readonly ms: number | null;
  readonly traced: TracedTurn | undefined;
}

const built = (await import(join(root, 'scripts/bootstrap.mjs'))) as {
  ensureReady(options: { quiet: boolean }): Promise<unknown>;
};
await built.ensureReady({ quiet: true });
const stage = await openStage();
try {
  // The first call pays for what is loaded late; it is not counted.
  await converse(stage, recordings[0] ?? '');
  const alone = await measure(stage, recordings, 1);
  // A run takes ten minutes: what is known is told at once.
  process.stderr.write(`one call: ${alone.p50Ms} ms, p95 ${alone.p95Ms} ms\n`);
  const many = Array.from({ length: crowd * 2 }, (_, index) => recordings[index % recordings.length] ?? '');
  const result = { calls1: alone, [`calls${crowd}`]: await measure(stage, many, crowd) };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
  else console.dir(result, { depth: 6 });
} finally {
  await stage.stop();
}

/** All recordings, at most `atOnce` calls at a time. */
async function measure(on: Stage, files: readonly string[], atOnce: number): Promise<Measured> {
  const before = { own: process.cpuUsage(), parts: on.cpuSeconds(), atMs: performance.now() };
  const waiting = [...files];
  const turns: Turn[] = [];
  let refused = 0;
  const caller = async (index: number): Promise<void> => {
    // Callers do not ring all in the same instant.
    await new Promise((done) => setTimeout(done, index * 150));
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      turns.push(
        ...(await converse(on, file).catch((error: unknown) => {
          if (!(error instanceof HearkenError) || error.code !== 'CALL_FAILED') throw error;
          process.stderr.write(`${error.message}\n`);
          refused++;
          return [];
        })),
      );
  };
  await Promise.all(Array.from({ length: atOnce }, (_, index) => caller(index)));
  const seconds = (performance.now() - before.atMs) / 1000;
  const own = process.cpuUsage(before.own);
  const parts = on.cpuSeconds();
  const answered = turns.flatMap(({ ms }) => (ms === null ? [] : [ms]));
  const stages: Record<string, { p50Ms: number; p95Ms: number }> = {};
  for (const name of new Set(turns.flatMap(({ traced }) => traced?.stages.map((each) => each.stage) ?? []))) {
    const values = turns.flatMap(
      ({ traced }) => traced?.stages.filter((each) => each.stage === name).map(({ ms }) => ms) ?? [],
    );
    stages[name] = { p50Ms: percentile(values, 0.5), p95Ms: percentile(values, 0.95) };
  }
  const share = (cpuSeconds: number): number => Number((cpuSeconds / seconds).toFixed(3));
  return {
    turns: turns.length,
    p50Ms: percentile(answered, 0.5),
    p95Ms: percentile(answered, 0.95),
    unanswered: turns.length - answered.length,
    refused,
    stages,
    cpu: {
      loadGenerator: share((own.user + own.system) / 1e6),
      service: share(parts.service - before.parts.service),
      bridge: share(parts.bridge - before.parts.bridge),
    },
    byEnd: byEnd(turns),
    slowest: turns
      .flatMap((turn) => (turn.ms === null ? [] : [told(turn, turn.ms)]))
      .sort((left, right) => right.ms - left.ms)
      .slice(0, shown),
  };
}

function byEnd(turns: readonly Turn[]): Measured['byEnd'] {
  const groups = new Map<string, number[]>();
  for (const { ms, traced } of turns) {
    if (ms === null) continue;
    const reason = traced?.endReason ?? 'not in the record';
    groups.set(reason, [...(groups.get(reason) ?? []), ms]);
  }
  return Object.fromEntries(
    [...groups].map(([reason, values]) => [
      reason,
      { turns: values.length, p50Ms: percentile(values, 0.5), p95Ms: percentile(values, 0.95) },
    ]),
  );
}

function told({ said, traced }: Turn, ms: number): SlowTurn {
  return {
    said,
    heard: traced?.input ?? null,
    ms,
    why: traced?.endReason ?? null,
    foreseen: traced?.foreseen ?? false,
    stages: (traced?.stages ?? []).map((each) => `${each.stage} ${each.ms}`).join(', '),
  };
}

/** One call that says a recording turn by turn. */
async function converse(on: Stage, file: string): Promise<readonly Turn[]> {
  const speech = await readAudioFile(file, { sampleRate: RATE });
  const report = await placeCall({
    to: on.sip,
    from: 'caller',
    host: '127.0.0.1',
    speech,
    utterances: readScript(file)?.utterances ?? splitUtterances(speech, RATE),
    recording: undefined,
    turnSilenceMs: 700,
    lingerMs: 4000,
    afterTransferMs: 500,
    longestMs: 120_000,
    signal: AbortSignal.timeout(180_000),
    onProgress: () => undefined,
  });
  const record = await findRecord(on.dataFolder, report.callId);
  return turnsOf(report, record ? traceOf(record.events) : [], record?.events ?? []);
}

/** What the phone measured beside what the service recorded: both clocks begin when the call is answered. */
function turnsOf(
  report: PhoneCallReport,
  traced: readonly TracedTurn[],
  events: readonly { readonly atMs: number; readonly type: string; readonly [key: string]: unknown }[],
): readonly Turn[] {
  const begun = new Map(
    events.flatMap((event) => (event.type === 'turn' ? [[event.turnId, event.atMs] as const] : [])),
  );
  return report.utterances.map(({ text, saidToMs, endOfSpeechToFirstAudioMs }, index) => {
    const until = report.utterances[index + 1]?.saidFromMs ?? Number.POSITIVE_INFINITY;
    const own = traced.find((turn) => {
      const atMs = begun.get(turn.turnId) ?? -1;
      return atMs >= saidToMs - 200 && atMs < until && turn.endReason !== null;
    });
    return { said: text ?? '', ms: endOfSpeechToFirstAudioMs, traced: own };
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
