import { monotonicMs, type PhoneCall, SipPhone } from '@hearken/sip-bridge';
import { StereoRecorder } from '../call/stereo-recorder.js';
import { samplesIn } from '../dsp/framing.js';
import { decodeG711, encodeMulaw } from '../dsp/g711.js';
import { HearkenError, messageOf } from '../errors.js';
import { Ear } from './ear.js';
import { endOfSpeechMs, type RecordedUtterance } from './utterances.js';

const SAMPLE_RATE = 8000;
/** Who talks over the other side does it so long after it began. */
const BARGE_IN_AFTER_MS = 1000;

export interface PhoneCallerOptions {
  /** SIP URI to dial. */
  readonly to: string;
  /** What the caller says: PCM16, 8 kHz. */
  readonly speech: Int16Array;
  readonly utterances: readonly RecordedUtterance[];
  /** The first is said as soon as the call is answered, over the greeting. */
  readonly atOnce?: boolean;
  /** Pressed so long after the call was answered, whatever else goes on. */
  readonly keys?: readonly { readonly atMs: number; readonly key: string }[];
  /** Stereo WAV to write: left what was said, right what was heard. Must not exist. */
  readonly recording: string | undefined;
  /** User part of the caller's address. */
  readonly from: string;
  /** Local address; the one that reaches `to`. */
  readonly host: string;
  /** The other side is silent for so long: it is the caller's turn. */
  readonly turnSilenceMs: number;
  /** After the last utterance the caller waits so long for the other side to end the call. */
  readonly lingerMs: number;
  /** After a transfer the caller talks to the new party for so long. */
  readonly afterTransferMs: number;
  readonly longestMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export interface SpokenUtterance extends RecordedUtterance {
  /** When it was said, ms since the call was answered. */
  readonly saidFromMs: number;
  readonly saidToMs: number;
  /** From the end of what was said to the first sound of the answer; null when none came. */
  readonly endOfSpeechToFirstAudioMs: number | null;
}

export interface PhoneCallReport {
  readonly callId: string;
  readonly utterances: readonly SpokenUtterance[];
  readonly transfer: { readonly target: string; readonly status: number } | null;
  /** Ms of sound heard after the transfer, from whoever answered it. */
  readonly heardAfterTransferMs: number;
  readonly durationMs: number;
  readonly endedBy: 'them' | 'us';
  /** Epoch ms. */
  readonly answeredAtMs: number;
  /** When the other side was heard, ms since the call was answered. */
  readonly heard: Ear['spans'];
}

/**
 * Places one call as a person would: waits until the other side has finished, says the next thing, follows a transfer, hangs up. Throws
 * CALL_FAILED when nobody answers.
 */
export async function placeCall(options: PhoneCallerOptions): Promise<PhoneCallReport> {
  const phone = await SipPhone.create({ host: options.host, user: options.from, fillSilence: true });
  let recorder: StereoRecorder | undefined;
  let abort: () => void = () => undefined;
  try {
    options.onProgress(`calling ${options.to}`);
    const call = await phone.call(options.to);
    abort = () => void call.hangup();
    options.signal.addEventListener('abort', abort, { once: true });
    // It may have come before there was a call to hang up.
    if (options.signal.aborted) abort();
    await call.answered.catch((error: unknown) => {
      throw new HearkenError('CALL_FAILED', `${options.to} did not take the call: ${messageOf(error)}`, {
        hint: 'Is Hearken running (npm start), and is the address right (--to)?',
      });
    });
    recorder = options.recording === undefined ? undefined : new StereoRecorder(options.recording, SAMPLE_RATE);
    const conversation = new Conversation(call, options, recorder);
    return await conversation.run();
  } finally {
    options.signal.removeEventListener('abort', abort);
    await phone.close();
    await recorder?.close(0);
  }
}

class Conversation {
  readonly #call: PhoneCall;
  /** Of the leg that was dialled: a transfer changes `call.callId`. */
  readonly #callId: string;
  readonly #options: PhoneCallerOptions;
  readonly #recorder: StereoRecorder | undefined;
  readonly #startMs = monotonicMs();
  readonly #answeredAtMs = Date.now();
  readonly #ear = new Ear();
  readonly #spoken: (RecordedUtterance & { readonly saidFromMs: number; readonly saidToMs: number })[] = [];
  #transfer: { target: string; status: number } | null = null;
  #transferredAtMs: number | undefined;
  #heardAfterTransferMs = 0;
  #over = false;

  constructor(call: PhoneCall, options: PhoneCallerOptions, recorder: StereoRecorder | undefined) {
    this.#call = call;
    this.#callId = call.callId;
    this.#options = options;
    this.#recorder = recorder;
    call.on('audio', (frame) => {
      const atMs = frame.arrivalMs - this.#startMs;
      const samples = decodeG711(frame.codec === 'pcmu' ? 'mulaw' : 'alaw', frame.payload);
      const before = this.#ear.lastSoundMs;
      this.#ear.hear(samples, atMs);
      if (this.#transferredAtMs !== undefined && this.#ear.lastSoundMs !== before) this.#heardAfterTransferMs += 20;
      recorder?.bot(atMs, samples);
      recorder?.flush(atMs);
    });
    call.on('referred', (target) => {
      this.#transfer = { target, status: 0 };
      options.onProgress(`referred to ${target}`);
    });
    call.on('referProgress', (status) => {
      if (this.#transfer) this.#transfer.status = status;
    });
    call.on('transferred', (target) => {
      if (this.#transfer) this.#transfer.status = 200;
      this.#transferredAtMs = this.#nowMs();
      options.onProgress(`talking to ${target}`);
    });
    call.on('ended', () => {
      this.#over = true;
    });
  }

  async run(): Promise<PhoneCallReport> {
    const keys = (this.#options.keys ?? []).map(({ atMs, key }) => setTimeout(() => void this.#press(key), atMs));
    try {
      for (const [index, utterance] of this.#options.utterances.entries()) {
        const atOnce = index === 0 && this.#options.atOnce === true;
        if (!atOnce && !(await this.#waitForTurn(utterance))) break;
        await this.#say(utterance);
      }
      await this.#linger();
    } finally {
      for (const key of keys) clearTimeout(key);
    }
    const endedBy = this.#over ? 'them' : 'us';
    const durationMs = this.#nowMs();
    if (!this.#over) await this.#call.hangup();
    await this.#recorder?.close(durationMs);
    return {
      callId: this.#callId,
      utterances: this.#spoken.map((utterance, index) => ({
        ...utterance,
        endOfSpeechToFirstAudioMs: this.#answerDelay(index),
      })),
      transfer: this.#transfer,
      heardAfterTransferMs: this.#heardAfterTransferMs,
      durationMs: Math.round(durationMs),
      endedBy,
      answeredAtMs: this.#answeredAtMs,
      heard: this.#ear.spans,
    };
  }

  /** Waits until the other side has said something and has then been quiet. False when the call is over or nobody will hear the rest. */
  async #waitForTurn({ overBot }: RecordedUtterance): Promise<boolean> {
    const sinceMs = this.#spoken.at(-1)?.saidToMs ?? 0;
    return this.#until(() => {
      const { lastSoundMs } = this.#ear;
      if (this.#transferredAtMs !== undefined) return true;
      const onsetMs = this.#ear.onsetAfter(sinceMs);
      if (lastSoundMs === undefined || onsetMs === undefined) return false;
      if (overBot && this.#nowMs() - onsetMs >= BARGE_IN_AFTER_MS) return true;
      return this.#nowMs() - lastSoundMs >= this.#options.turnSilenceMs;
    }, 20_000);
  }

  async #say(utterance: RecordedUtterance): Promise<void> {
    const samples = this.#options.speech.slice(
      samplesIn(utterance.startMs, SAMPLE_RATE),
      samplesIn(utterance.endMs, SAMPLE_RATE),
    );
    const saidFromMs = this.#nowMs();
    if (utterance.keys !== undefined) {
      this.#options.onProgress(`keying in ${utterance.keys}`);
      await this.#press(utterance.keys);
      this.#spoken.push({ ...utterance, saidFromMs, saidToMs: this.#nowMs() });
      return;
    }
    this.#options.onProgress(
      `saying ${utterance.text ?? `${Math.round(utterance.endMs - utterance.startMs)} ms of the recording`}`,
    );
    await this.#call.sendAudio(encodeMulaw(samples));
    const saidToMs = saidFromMs + endOfSpeechMs(samples, SAMPLE_RATE);
    this.#recorder?.caller(saidFromMs, samples);
    this.#spoken.push({ ...utterance, saidFromMs, saidToMs });
  }

  /** A key that is pressed when the call is over reaches nobody. */
  async #press(keys: string): Promise<void> {
    await this.#call.sendDigits(keys).catch(() => undefined);
  }

  async #linger(): Promise<void> {
    if (this.#over) return;
    await this.#until(
      () =>
        this.#transferredAtMs !== undefined && this.#nowMs() - this.#transferredAtMs >= this.#options.afterTransferMs,
      this.#options.lingerMs,
      () => {
        // While the other side talks, or a transfer is under way, the wait begins anew.
        const { lastSoundMs = 0 } = this.#ear;
        const waitsForAgent =
          this.#transfer !== null && this.#transferredAtMs === undefined && this.#transfer.status < 300;
        return waitsForAgent ? this.#nowMs() : lastSoundMs;
      },
    );
  }

  /** Resolves true when `done`, false when the call is over, aborted, or `limitMs` have passed since `since()`. */
  #until(done: () => boolean, limitMs: number, since?: () => number): Promise<boolean> {
    const beganMs = this.#nowMs();
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const nowMs = this.#nowMs();
        const gone = this.#over || this.#options.signal.aborted || nowMs > this.#options.longestMs;
        const late = nowMs - Math.max(beganMs, since?.() ?? 0) > limitMs;
        if (!gone && !late && !done()) return;
        clearInterval(timer);
        resolve(!gone && !late);
      }, 20);
    });
  }

  #answerDelay(index: number): number | null {
    const utterance = this.#spoken[index];
    if (!utterance) return null;
    const onset = this.#ear.onsetAfter(utterance.saidToMs);
    const next = this.#spoken[index + 1]?.saidFromMs ?? Number.POSITIVE_INFINITY;
    return onset === undefined || onset > next ? null : Math.round(onset - utterance.saidToMs);
  }

  #nowMs(): number {
    return monotonicMs() - this.#startMs;
  }
}
