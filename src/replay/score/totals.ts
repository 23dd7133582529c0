import type { CallOutcome, ReplayedCall, ReplayedRecording } from '../result.js';
import {
  type BootstrapOptions,
  type Estimate,
  estimatePercentile,
  estimateShare,
  type Share,
} from '../statistics/bootstrap.js';
import { errorShare, type RecordingScore } from './score-recording.js';

export interface Scored {
  readonly result: ReplayedRecording;
  readonly score: RecordingScore | undefined;
}

/** Figures of many recordings, each with a 95 % interval by bootstrap; undefined where there is nothing to count. */
export interface Totals {
  readonly recordings: number;
  readonly failed: number;
  readonly audioMs: number;
  readonly calls: number;
  readonly turns: number;
  /** Character and word errors of what was said, without recordings of speakers that the recogniser was trained on. */
  readonly cer?: Estimate | undefined;
  readonly wer?: Estimate | undefined;
  /** Recordings whose every word is right. */
  readonly exact?: Estimate | undefined;
  readonly unscored: number;
  readonly intentAccuracy?: Estimate | undefined;
  readonly slotAccuracy?: Estimate | undefined;
  readonly cutRate?: Estimate | undefined;
  readonly lateRate?: Estimate | undefined;
  readonly unheardRate?: Estimate | undefined;
  /** Of what was said over the bot and is labelled. */
  readonly bargeInAccuracy?: Estimate | undefined;
  /** From the begin of what was said over it until the bot stopped. */
  readonly bargeInP50Ms?: Estimate | undefined;
  readonly noMatchRate?: Estimate | undefined;
  readonly endDelayP50Ms?: Estimate | undefined;
  readonly endDelayP95Ms?: Estimate | undefined;
  readonly responseP50Ms?: Estimate | undefined;
  readonly responseP95Ms?: Estimate | undefined;
  readonly outcomes: Readonly<Record<CallOutcome, number>>;
  readonly contained?: Estimate | undefined;
  readonly transferred?: Estimate | undefined;
  readonly abandoned?: Estimate | undefined;
  readonly bargeIns: Readonly<Record<'pause' | 'stop' | 'resume' | 'echo', number>>;
  readonly turnsPerCall?: number | undefined;
}

/** Sums up. `seed`: of the bootstrap. */
export function totalsOf(all: readonly Scored[], bootstrap: BootstrapOptions = {}): Totals {
  const done = all.flatMap(({ result, score }) => (result.kind === 'failed' || !score ? [] : [{ result, score }]));
  const strangers = done.filter(({ result }) => !result.trainedOn);
  const calls = done.flatMap(({ result }) => (result.kind === 'call' ? [result] : []));
  const rate = (of: (score: RecordingScore) => Share): Estimate | undefined =>
    estimateShare(
      done.map(({ score }) => of(score)),
      bootstrap,
    );
  const errors = (units: 'characters' | 'words'): Estimate | undefined =>
    estimateShare(
      strangers.map(({ score }) => errorShare(score, units)),
      bootstrap,
    );
  const ended = (outcome: CallOutcome): Estimate | undefined =>
    estimateShare(
      calls.map((call) => ({ part: call.outcome === outcome ? 1 : 0, of: 1 })),
      bootstrap,
    );
  const delays = calls.map((call) => call.turns.flatMap(({ end }) => (end?.delayMs == null ? [] : [end.delayMs])));
  const responses = calls.map((call) =>
    call.turns.flatMap(({ responseMs }) => (responseMs === null ? [] : [responseMs])),
  );
  const spoken = calls.reduce((sum, call) => sum + callerTurns(call), 0);
  return {
    recordings: all.length,
    failed: all.length - done.length,
    audioMs: done.reduce((sum, { result }) => sum + result.audioMs, 0),
    calls: calls.length,
    turns: spoken,
    cer: errors('characters'),
    wer: errors('words'),
    exact: estimateShare(
      strangers.flatMap(({ score }) =>
        score.recognition ? [{ part: errorShare(score, 'words').part === 0 ? 1 : 0, of: 1 }] : [],
      ),
      bootstrap,
    ),
    unscored: done.filter(({ score }) => score.recognition === null).length,
    intentAccuracy: rate(({ intents }) => intents),
    slotAccuracy: rate(({ slots }) => slots),
    cutRate: rate(({ cuts }) => cuts),
    lateRate: rate(({ late }) => late),
    unheardRate: rate(({ unheard }) => unheard),
    bargeInAccuracy: rate(({ bargeIns }) => bargeIns),
    bargeInP50Ms: estimatePercentile(
      calls.map(({ said }) => said.flatMap(({ overBot }) => (overBot?.afterMs == null ? [] : [overBot.afterMs]))),
      0.5,
      bootstrap,
    ),
    noMatchRate: rate(({ noMatches }) => noMatches),
    endDelayP50Ms: estimatePercentile(delays, 0.5, bootstrap),
    endDelayP95Ms: estimatePercentile(delays, 0.95, bootstrap),
    responseP50Ms: estimatePercentile(responses, 0.5, bootstrap),
    responseP95Ms: estimatePercentile(responses, 0.95, bootstrap),
    outcomes: {
      contained: count(calls, 'contained'),
      transferred: count(calls, 'transferred'),
      abandoned: count(calls, 'abandoned'),
      failed: count(calls, 'failed'),
    },
    contained: ended('contained'),
    transferred: ended('transferred'),
    abandoned: ended('abandoned'),
    bargeIns: {
      pause: decided(calls, 'pause'),
      stop: decided(calls, 'stop'),
      resume: decided(calls, 'resume'),
      echo: decided(calls, 'echo'),
    },
    turnsPerCall: calls.length === 0 ? undefined : Math.round((spoken / calls.length) * 100) / 100,
  };
}

function callerTurns({ turns }: ReplayedCall): number {
  return turns.filter(({ input }) => input === 'text' || input === 'dtmf').length;
}

function count(calls: readonly ReplayedCall[], outcome: CallOutcome): number {
  return calls.filter((call) => call.outcome === outcome).length;
}

function decided(calls: readonly ReplayedCall[], decision: string): number {
  return calls.reduce((sum, { bargeIns }) => sum + bargeIns.filter((each) => each.decision === decision).length, 0);
}
