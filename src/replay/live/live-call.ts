import type { RecordedEvent } from '../../call/record.js';
import { HearkenError } from '../../errors.js';
import type { PhoneCallReport, SpokenUtterance } from '../phone-caller.js';
import { placeCall } from '../phone-caller.js';
import type { SaidUtterance } from '../pipeline/caller.js';
import type { ReplayJob } from '../pipeline/job.js';
import { readCall } from '../pipeline/read-call.js';
import { keyTimes } from '../recordings/keyed-in.js';
import type { LabelledUtterance } from '../recordings/labels.js';
import { readRecording, utterancesIn } from '../recordings/read-recording.js';
import type { ReplayedCall, ReplayedTurn } from '../result.js';
import { fetchRecord } from './fetch-record.js';

/** Where replayed calls are placed. */
export interface LiveLine {
  /** SIP URI to dial. */
  readonly to: string;
  /** Where the record of a call is asked for. */
  readonly serviceUrl: string;
  readonly signal: AbortSignal;
}

/** As a caller waits who hears the bot through a telephone. */
const TURN_SILENCE_MS = 900;
/** Shorter than the bot waits before it asks again. */
const LINGER_MS = 4000;
const AFTER_TRANSFER_MS = 3000;
const LONGEST_MS = 30 * 60_000;
/** Clocks of two machines that differ by more say nothing about when a call began. */
const CLOCKS_DIFFER_MS = 5000;

/**
 * One recording as a real call: at real speed, through SIP, the bridge and the service. What the service recorded is read as that of a virtual call; response times are
 * those of the telephone. Throws AUDIO_UNREADABLE and CALL_FAILED, also when the service has no record of it.
 */
export async function placeRecordedCall(job: ReplayJob, line: LiveLine): Promise<ReplayedCall> {
  const audio = await readRecording(job.path, {
    channel: job.channel,
    ownRecord: job.labels.record !== undefined,
    band: 'line',
  });
  const { pcm, sampleRate, channel, channels } = audio;
  const utterances = utterancesIn(audio, job.labels);
  if (utterances.length === 0) {
    throw new HearkenError('AUDIO_UNREADABLE', `Nothing is said in ${job.file}: it holds only silence.`, {
      hint: 'Is the caller on another channel? --channel names it.',
    });
  }
  const straight = job.timing === 'recorded';
  const lengthMs = (pcm.length * 1000) / sampleRate;
  const report = await placeCall({
    to: line.to,
    speech: pcm,
    utterances: straight
      ? [{ startMs: 0, endMs: lengthMs }]
      : utterances.map((utterance) => ({ ...utterance, overBot: utterance.bargeIn !== undefined })),
    atOnce: straight,
    keys: straight ? utterances.flatMap(pressesOf) : [],
    recording: undefined,
    from: 'replay',
    host: '127.0.0.1',
    turnSilenceMs: TURN_SILENCE_MS,
    lingerMs: LINGER_MS,
    afterTransferMs: AFTER_TRANSFER_MS,
    longestMs: LONGEST_MS,
    signal: line.signal,
    onProgress: () => undefined,
  });
  if (line.signal.aborted) throw new HearkenError('CALL_FAILED', `The call of ${job.file} was stopped.`);
  const events = await fetchRecord(line.serviceUrl, report.callId);
  const shiftMs = shiftOf(events, report.answeredAtMs);
  const said = (straight ? saidStraight(utterances, report.utterances) : saidInTurn(utterances, report.utterances)).map(
    (each) => ({ ...each, fromMs: each.fromMs + shiftMs, toMs: each.toMs + shiftMs }),
  );
  const botHeard = report.heard.map(({ fromMs, toMs }) => ({ fromMs: fromMs + shiftMs, toMs: toMs + shiftMs }));
  const facts = {
    file: job.file,
    content: job.content,
    audioMs: Math.round(lengthMs),
    channel: { index: channel.index, of: channels, because: channel.because },
    source: job.source,
    speaker: job.speaker ?? null,
    task: job.task ?? null,
    trainedOn: job.trainedOn,
    reference: job.reference ?? null,
  };
  const call = readCall(job, facts, {
    events,
    said,
    botHeard,
    durationMs: report.durationMs,
    transferred: report.transfer?.status === 200,
    ended: endOf(events, report),
  });
  return { ...call, turns: call.turns.map((turn) => ({ ...turn, responseMs: responseAtPhone(turn, call, botHeard) })) };
}

function pressesOf({ keys, startMs, endMs }: LabelledUtterance) {
  return keys === undefined ? [] : keyTimes({ keys, startMs, endMs });
}

function endOf(events: readonly RecordedEvent[], report: PhoneCallReport) {
  const failed = events.some(({ type, cause }) => type === 'ended' && cause === 'error');
  return { by: report.endedBy === 'us' ? ('caller' as const) : ('us' as const), failed };
}

/** The record's clock begins with the media session, the telephone's when it hears of the answer. */
function shiftOf(events: readonly RecordedEvent[], answeredAtMs: number): number {
  const startedAt = events.find(({ type }) => type === 'call')?.startedAt;
  const shiftMs = typeof startedAt === 'string' ? answeredAtMs - Date.parse(startedAt) : Number.NaN;
  return Math.abs(shiftMs) <= CLOCKS_DIFFER_MS ? shiftMs : 0;
}

function saidStraight(
  utterances: readonly LabelledUtterance[],
  [whole]: readonly SpokenUtterance[],
): readonly SaidUtterance[] {
  if (!whole) return [];
  const { saidFromMs } = whole;
  return utterances.map((utterance) => ({
    ...utterance,
    // Keys are pressed by the clock of the call, words come with the sound.
    fromMs: utterance.startMs + (utterance.keys === undefined ? saidFromMs : 0),
    toMs: (utterance.speechEndMs ?? utterance.endMs) + (utterance.keys === undefined ? saidFromMs : 0),
  }));
}

function saidInTurn(
  utterances: readonly LabelledUtterance[],
  spoken: readonly SpokenUtterance[],
): readonly SaidUtterance[] {
  return spoken.flatMap(({ saidFromMs, saidToMs }, index) => {
    const utterance = utterances[index];
    return utterance ? [{ ...utterance, fromMs: saidFromMs, toMs: saidToMs }] : [];
  });
}

/** From the last word of a turn to the first sound of the answer, as the telephone heard it. */
function responseAtPhone(
  { turnId, input }: ReplayedTurn,
  { said }: ReplayedCall,
  botHeard: readonly { readonly fromMs: number }[],
): number | null {
  if (input !== 'text') return null;
  const last = said.findLastIndex(({ understoodInTurn }) => understoodInTurn === turnId);
  const spoken = said[last];
  if (!spoken) return null;
  const nextMs = said[last + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
  const answer = botHeard.find(({ fromMs }) => fromMs >= spoken.toMs);
  return answer && answer.fromMs <= nextMs ? Math.round(answer.fromMs - spoken.toMs) : null;
}
