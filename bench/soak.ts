import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { distance } from 'fastest-levenshtein';
import { findRecord, type RecordedEvent } from '../src/call/record.js';
import { configSchema } from '../src/config.js';
import { concat } from '../src/dsp/framing.js';
import { createSpeech } from '../src/speech/index.js';
import { SILENT_LOGGER } from '../src/speech/worker-process.js';
import { Caller, type CallOutcome, type Script } from './soak/caller.js';
import { DIGIT_CHARACTERS, distinctNumbers, numberIn } from './soak/digits.js';
import { theilSen } from './soak/slope.js';
import { openStage, type Stage } from './turns/stage.js';

/**
 * The claim: at 70 % of what this machine can take, over the real bridge with RTP, memory stays flat, no frame of a prompt comes after it was interrupted, and no caller's words reach another
 * call. Every caller speaks a number of its own (our voice, made beforehand), interrupts the greeting, and calls again and again; what each call's record holds is compared with
 * what its caller said and with what all the others said. Capacity is measured first: the CPU a call costs in each process, against what each can have.
 *
 * `npm run -s bench:soak -- --json` prints one JSON document; `--minutes <n>` (default 30), `--calls <n>` instead of 70 % of the capacity. Progress goes to stderr. Everything started is stopped, also on Ctrl+C.
 */

const root = resolve(import.meta.dirname, '..');
const minutes = Number(option('--minutes') ?? 30);
const fixedCalls = option('--calls') === undefined ? undefined : Number(option('--calls'));
if (!(minutes > 0 && minutes <= 24 * 60)) throw new Error('--minutes takes a number up to 1440');
if (fixedCalls !== undefined && !(Number.isInteger(fixedCalls) && fixedCalls >= 1 && fixedCalls <= 200))
  throw new Error('--calls takes a whole number from 1 to 200');
const SHARE = 0.7;
const CALIBRATION_CALLERS = 8;
const CALIBRATION_MS = 45_000;
const SAMPLE_MS = 5000;
/** Callers do not ring all in the same instant. */
const STAGGER_MS = 300;
/** Memory of the first minutes is what caches and pools fill up to; at least this and a fifth of the run are left out. */
const SETTLE_MS = 60_000;
/** The service refuses calls above its own limit of load; CPU beyond that is of no use. */
const HIGHEST_LOAD = 0.8;
const MOST_CALLERS = 100;
/** From the service to the phone: the channel to the bridge, one frame of its pacing, the phone's own tick; and the voice's first soft sound, which counts as its beginning. */
const TRANSPORT_MS = 150;

interface Sample {
  readonly atMs: number;
  readonly service: number;
  readonly workers: number;
  readonly bridge: number;
  /** Each worker, by what it runs. */
  readonly each: Readonly<Record<string, number>>;
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());
const built = (await import(join(root, 'scripts/bootstrap.mjs'))) as {
  ensureReady(options: { quiet: boolean }): Promise<unknown>;
};
await built.ensureReady({ quiet: true });
const numbers = distinctNumbers(fixedCalls ?? MOST_CALLERS);
const scripts = await makeScripts(numbers);
const stage = await openStage();
const callers: Caller[] = [];
try {
  const loadBefore = loadavg()[0];
  const capacity = fixedCalls === undefined ? await measureCapacity(stage) : undefined;
  const calls = fixedCalls ?? Math.max(1, Math.min(MOST_CALLERS, Math.floor((capacity?.calls ?? 1) * SHARE)));
  note(`${calls} callers for ${minutes} minutes`);
  const samples: Sample[] = [];
  const began = performance.now();
  const watch = setInterval(() => samples.push(memory(stage, performance.now() - began)), SAMPLE_MS);
  const outcomes = await crowd(stage, calls, minutes * 60_000).finally(() => clearInterval(watch));
  const compared = await compare(stage, outcomes);
  const settled = samples.filter(({ atMs }) => atMs >= Math.max(SETTLE_MS, minutes * 60_000 * 0.2));
  const slope = (of: (sample: Sample) => number): number =>
    Math.round(theilSen(settled.map((sample) => [sample.atMs / 3_600_000, of(sample)])) * 10) / 10;
  const answered = outcomes.filter(({ outcome }) => outcome.answered);
  const result = {
    minutes,
    calls,
    ...(capacity ? { capacity } : {}),
    placed: outcomes.length,
    answered: answered.length,
    refused: tally(outcomes.flatMap(({ outcome }) => outcome.refused ?? [])),
    memory: {
      unit: 'MB an hour, Theil-Sen over samples of 5 s after the first minutes',
      service: slope(({ service }) => service),
      workers: slope(({ workers }) => workers),
      bridge: slope(({ bridge }) => bridge),
      eachWorker: Object.fromEntries(
        Object.keys(samples.at(-1)?.each ?? {}).map((name) => [name, slope(({ each }) => each[name] ?? 0)]),
      ),
      samples: settled.length,
      atEndMb: samples.at(-1) ?? null,
    },
    ...compared,
    load: { before: loadBefore, after: loadavg()[0] },
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  await Promise.allSettled(callers.map((caller) => caller.close()));
  await stage.stop();
}

interface Placed {
  readonly index: number;
  readonly outcome: CallOutcome;
}

/** So many callers who ring again and again until the time is over; calls that are under way then are ended properly. */
async function crowd(on: Stage, count: number, forMs: number): Promise<readonly Placed[]> {
  const outcomes: Placed[] = [];
  const until = performance.now() + forMs;
  const one = async (index: number): Promise<void> => {
    await sleep(index * STAGGER_MS, undefined, { signal: stop.signal }).catch(() => {});
    const script = scripts[index];
    if (!script || stop.signal.aborted) return;
    const caller = callers[index] ?? (await Caller.open(`soak-${index}`, script));
    callers[index] = caller;
    while (performance.now() < until && !stop.signal.aborted) {
      const outcome = await caller.call(on.sip, AbortSignal.any([stop.signal, AbortSignal.timeout(120_000)]));
      outcomes.push({ index, outcome });
      if (outcomes.length % 50 === 0) note(`${outcomes.length} calls`);
      // Who is refused tries again a little later, as people do.
      if (!outcome.answered) await sleep(2000);
    }
  };
  await Promise.all(Array.from({ length: count }, (_, index) => one(index)));
  return outcomes;
}

/** What a call costs each process, and how many of them fit: a process has one core, the recognisers 80 % of one, all together (and the callers) nine tenths of the machine. */
async function measureCapacity(on: Stage) {
  note('measuring what a call costs');
  // The first calls pay for what is loaded late.
  await crowd(on, 2, 1);
  const before = costs(on);
  const atMs = performance.now();
  await crowd(on, CALIBRATION_CALLERS, CALIBRATION_MS);
  const seconds = (performance.now() - atMs) / 1000;
  const after = costs(on);
  const share = (from: number, to: number): number => (to - from) / seconds / CALIBRATION_CALLERS;
  const perCall = {
    service: share(before.service, after.service),
    bridge: share(before.bridge, after.bridge),
    busiestWorker: Math.max(0, ...[...after.workers].map(([pid, cpu]) => share(before.workers.get(pid) ?? 0, cpu))),
    callers: share(before.own, after.own),
  };
  const all = share(before.all, after.all);
  const limits = {
    service: 0.9 / perCall.service,
    bridge: 0.9 / perCall.bridge,
    busiestWorker: HIGHEST_LOAD / perCall.busiestWorker,
    machine: (availableParallelism() * 0.9) / all,
  };
  const [limit, calls] = Object.entries(limits).reduce((least, each) => (each[1] < least[1] ? each : least));
  const rounded = Object.fromEntries(Object.entries(perCall).map(([name, value]) => [name, Number(value.toFixed(4))]));
  return { calls: Math.floor(calls), limit, coresPerCall: rounded, coresPerCallInAll: Number(all.toFixed(4)) };
}

function costs(on: Stage) {
  const { service, workers, bridge } = on.processes();
  const own = process.cpuUsage();
  const each = new Map(workers.map((pid) => [pid, cpuSeconds(pid)]));
  const values = { service: cpuSeconds(service), bridge: on.cpuSeconds().bridge, own: (own.user + own.system) / 1e6 };
  const ofWorkers = [...each.values()].reduce((sum, cpu) => sum + cpu, 0);
  return { ...values, bridgePid: bridge, workers: each, all: values.service + values.bridge + values.own + ofWorkers };
}

/** What every call's record says was heard, beside what its caller said and what all others said. */
async function compare(on: Stage, outcomes: readonly Placed[]) {
  let heard = 0;
  let whole = 0;
  let digitsWrong = 0;
  let notHeard = 0;
  const stops: number[] = [];
  let resumed = 0;
  let lateFrames = 0;
  let answeredEarly = 0;
  const lateCalls: { readonly callId: string; readonly stoppedMs: number; readonly lateMs: readonly number[] }[] = [];
  const crossed: { readonly said: string; readonly heard: string; readonly like: string }[] = [];
  for (const { index, outcome } of outcomes) {
    const own = numbers[index] ?? '';
    const record = outcome.answered ? await findRecord(on.dataFolder, outcome.callId) : undefined;
    const stopped = stopOf(record?.events ?? []);
    if (stopped === 'resumed') resumed++;
    else if (stopped !== undefined) {
      const { stoppedMs, answeredMs } = stopped;
      stops.push(outcome.soundMs.filter((ms) => ms <= stoppedMs + TRANSPORT_MS).at(-1) ?? 0);
      const after = outcome.soundMs.filter((ms) => ms > stoppedMs + TRANSPORT_MS);
      const late = after.filter((ms) => ms < answeredMs);
      lateFrames += late.length;
      answeredEarly += Number(after.length > late.length);
      if (late.length > 0) lateCalls.push({ callId: outcome.callId, stoppedMs: Math.round(stoppedMs), lateMs: late });
    }
    const texts = record?.events.flatMap((event) => {
      const input = event.type === 'turn' ? (event.input as { text?: string } | undefined) : undefined;
      return input?.text === undefined ? [] : [numberIn(input.text)];
    });
    const found = texts?.filter((each) => each !== '') ?? [];
    if (outcome.answered && found.length === 0) notHeard++;
    for (const number of found) {
      heard++;
      const errors = distance(number, own);
      if (errors === 0) whole++;
      digitsWrong += errors;
      const like = numbers.find((other) => other !== own && distance(number, other) < errors);
      if (like !== undefined) crossed.push({ said: own, heard: number, like });
    }
  }
  return {
    bargeIn: {
      stopped: stops.length,
      resumed,
      lastFrameP50Ms: percentile(stops, 0.5),
      lastFrameP95Ms: percentile(stops, 0.95),
      /** Came more than a jitter buffer after the service had told the bridge to drop the prompt. */
      lateFrames,
      lateCalls: lateCalls.length,
      /** Calls in which the answer began before the caller had said everything: sound of it is not of the dropped prompt. */
      answeredEarly,
      examples: lateCalls.slice(0, 5),
    },
    numbers: {
      heard,
      whole,
      digitsWrong,
      notHeard,
      /** Heard in one call and nearer to what another caller said. */
      crossTalk: crossed.length,
      examples: crossed.slice(0, 5),
    },
  };
}

/**
 * How long after the first sound of the interruption the service dropped the prompt, and when it took the turn that the interruption became, by its own record; 'resumed' when it took the
 * interruption for nothing, undefined when there was no prompt to drop.
 */
function stopOf(
  events: readonly RecordedEvent[],
): { readonly stoppedMs: number; readonly answeredMs: number } | 'resumed' | undefined {
  const pause = events.find(({ type, name }) => type === 'decision' && name === 'bargeInPause');
  if (!pause) return undefined;
  const next = events.find(
    ({ type, name, atMs }) =>
      type === 'decision' && atMs >= pause.atMs && /^bargeIn(?:Stop|Resume)$/.test(String(name)),
  );
  if (next?.name === 'bargeInResume') return 'resumed';
  const voice = events.findLast(({ type, active, atMs }) => type === 'voice' && active === true && atMs <= pause.atMs);
  if (!voice) return undefined;
  const turn = events.find(({ type, atMs }) => type === 'turn' && atMs > pause.atMs);
  const sinceMs = Number(voice.sinceMs);
  return { stoppedMs: pause.atMs - sinceMs, answeredMs: (turn?.atMs ?? Number.POSITIVE_INFINITY) - sinceMs };
}

function memory(on: Stage, atMs: number): Sample {
  const { service, workers, bridge } = on.processes();
  const each = Object.fromEntries(workers.map((pid) => [`${programOf(pid)} ${pid}`, residentMb(pid)]));
  const sum = Object.values(each).reduce((total, mb) => total + mb, 0);
  return { atMs: Math.round(atMs), service: residentMb(service), workers: sum, bridge: residentMb(bridge), each };
}

/** Everything is said by our own voice, ahead of time. */
async function makeScripts(of: readonly string[]): Promise<readonly Script[]> {
  const speech = await createSpeech(configSchema.parse({}).speech, root, SILENT_LOGGER);
  try {
    const say = async (text: string): Promise<Int16Array> => {
      const pieces: Int16Array[] = [];
      const options = { language: 'zh-CN', sampleRate: 8000 } as const;
      for await (const { samples } of speech.synthesizer.speak(text, options)) pieces.push(samples);
      return concat(pieces);
    };
    const wish = await say('我要查一下我的订单');
    const farewell = await say('没有了谢谢再见');
    const out: Script[] = [];
    for (const number of of) {
      const spoken = number.replace(/\d/g, (digit) => DIGIT_CHARACTERS[Number(digit)] ?? '');
      out.push({ wish, farewell, number: await say(spoken) });
    }
    return out;
  } finally {
    await speech.close();
  }
}

function programOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(words.find((word) => /worker|wasi|action/.test(word)) ?? words[0] ?? '');
  } catch {
    return 'gone';
  }
}

function residentMb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const out: Record<string, number> = {};
  for (const name of names) out[name] = (out[name] ?? 0) + 1;
  return out;
}

function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
