import { monotonicMs, type PhoneCall, SipPhone } from '@hearken/sip-bridge';
import { decodeG711, encodeMulaw } from '../../src/dsp/g711.js';
import { rmsDbfs } from '../../src/dsp/levels.js';
import { Ear } from '../../src/replay/ear.js';
import { endOfSpeechMs } from '../../src/replay/utterances.js';

/** What one caller says, 8 kHz. */
export interface Script {
  /** Said into the greeting. */
  readonly wish: Int16Array;
  readonly number: Int16Array;
  readonly farewell: Int16Array;
}

export interface CallOutcome {
  readonly callId: string;
  readonly answered: boolean;
  /** SIP's reason when it was not. */
  readonly refused?: string;
  /** Frames with sound that came while the caller interrupted the greeting: ms since the interruption's first sample. */
  readonly soundMs: readonly number[];
  readonly turnsAnswered: number;
}

const RATE = 8000;
/** As `Ear` has it. */
const SOUND_DBFS = -45;
/** The greeting is interrupted this long after it began. */
const INTERRUPT_AFTER_MS = 1200;
const TURN_SILENCE_MS = 700;

/** One caller's phone; it calls again and again, one call at a time. */
export class Caller {
  readonly #phone: SipPhone;
  readonly #script: Script;

  private constructor(phone: SipPhone, script: Script) {
    this.#phone = phone;
    this.#script = script;
  }

  static async open(name: string, script: Script): Promise<Caller> {
    return new Caller(await SipPhone.create({ host: '127.0.0.1', user: name, fillSilence: true }), script);
  }

  async call(to: string, signal: AbortSignal): Promise<CallOutcome> {
    const call = await this.#phone.call(to);
    const hangup = (): void => void call.hangup();
    signal.addEventListener('abort', hangup, { once: true });
    try {
      await call.answered;
      return await converse(call, this.#script, signal);
    } catch (error) {
      const refused = error instanceof Error ? error.message : String(error);
      return { callId: call.callId, answered: false, refused, soundMs: [], turnsAnswered: 0 };
    } finally {
      signal.removeEventListener('abort', hangup);
      if (!call.end) await call.hangup();
    }
  }

  close(): Promise<void> {
    return this.#phone.close();
  }
}

async function converse(call: PhoneCall, script: Script, signal: AbortSignal): Promise<CallOutcome> {
  const ear = new Ear();
  const loud: number[] = [];
  // On the RTP clock, set by the frame that took least time: a moment in which this process could not read is not held against who sent.
  let leastMs = Number.POSITIVE_INFINITY;
  call.on('audio', ({ codec, payload, arrivalMs, rtpTimestamp }) => {
    leastMs = Math.min(leastMs, arrivalMs - rtpTimestamp / 8);
    const samples = decodeG711(codec === 'pcmu' ? 'mulaw' : 'alaw', payload);
    ear.hear(samples, arrivalMs);
    if (rmsDbfs(samples) >= SOUND_DBFS) loud.push(rtpTimestamp / 8);
  });
  const over = (): boolean => call.end !== undefined || signal.aborted;
  const until = (done: () => boolean, limitMs: number): Promise<boolean> => {
    const limit = monotonicMs() + limitMs;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const ok = done();
        if (!ok && !over() && monotonicMs() < limit) return;
        clearInterval(timer);
        resolve(ok && !over());
      }, 20);
    });
  };
  const say = async (samples: Int16Array): Promise<{ readonly fromMs: number; readonly toMs: number }> => {
    const fromMs = monotonicMs();
    await call.sendAudio(encodeMulaw(samples));
    // To the end of the words: the answer may begin in the silence behind them.
    return { fromMs, toMs: fromMs + endOfSpeechMs(samples, RATE) };
  };
  const answeredSince = (sinceMs: number): Promise<boolean> =>
    until(
      () => ear.onsetAfter(sinceMs) !== undefined && monotonicMs() - (ear.lastSoundMs ?? 0) > TURN_SILENCE_MS,
      20_000,
    );

  const beganMs = monotonicMs();
  await until(
    () => ear.heardSomething && monotonicMs() - (ear.onsetAfter(beganMs - 1) ?? Infinity) > INTERRUPT_AFTER_MS,
    15_000,
  );
  const interruption = await say(script.wish);
  const { fromMs, toMs } = interruption;
  const soundMs = loud
    .map((rtpMs) => rtpMs + leastMs)
    .filter((atMs) => atMs >= fromMs && atMs <= toMs)
    .map((atMs) => Math.round(atMs - fromMs));
  let turnsAnswered = Number(await answeredSince(interruption.toMs));
  if (!over()) {
    const said = await say(script.number);
    turnsAnswered += Number(await answeredSince(said.toMs));
  }
  if (!over()) {
    await say(script.farewell);
    await until(() => false, 3000);
  }
  return { callId: call.callId, answered: true, turnsAnswered, soundMs };
}
