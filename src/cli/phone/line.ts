import { monotonicMs, type PhoneCall } from '@hearken/sip-bridge';
import { StereoRecorder } from '../../call/stereo-recorder.js';
import { decodeG711, encodeMulaw } from '../../dsp/g711.js';
import { HearkenError } from '../../errors.js';
import { Ear } from '../../replay/ear.js';

const RATE = 8000;
/** Of the microphone, while the line does not take it: half a second. */
const MAX_WAITING = 25;

/** One call of the softphone: what is said, what is heard, and where that goes. All audio is mu-law. */
export class Line {
  readonly call: PhoneCall;
  readonly peer: string;
  /** Of every dialogue it was: a transfer makes a new one. */
  readonly callIds: string[];
  muted = false;
  held = false;
  keys = '';
  #listener: ((mulaw: Uint8Array) => void) | undefined;
  #recorder: StereoRecorder | undefined;
  #recordedFromMs = 0;
  readonly #ear = new Ear();
  readonly #startMs = monotonicMs();
  #waiting: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #live = false;

  constructor(call: PhoneCall, peer: string) {
    this.call = call;
    this.peer = peer;
    this.callIds = [call.callId];
    call.on('audio', ({ payload, arrivalMs }) => {
      this.#listener?.(payload);
      const samples = decodeG711('mulaw', payload);
      this.#ear.hear(samples, arrivalMs - this.#startMs);
      const atMs = arrivalMs - this.#recordedFromMs;
      this.#recorder?.bot(atMs, samples);
      this.#recorder?.flush(atMs);
    });
    call.on('dtmf', (digit) => {
      this.keys = (this.keys + digit).slice(-100);
    });
    call.on('transferred', () => this.callIds.push(call.callId));
    call.on('ended', () => {
      this.#live = false;
      this.#wake?.();
    });
  }

  /** The other side has said something, and nothing for `forMs`. */
  quietFor(forMs: number): boolean {
    const { lastSoundMs } = this.#ear;
    return lastSoundMs !== undefined && monotonicMs() - this.#startMs - lastSoundMs >= forMs;
  }

  /** Where what is heard goes besides the recording. */
  listen(listener: ((mulaw: Uint8Array) => void) | undefined): void {
    this.#listener = listener;
  }

  /** Resolves when it was said, stopped, or the call is over. Throws REQUEST_INVALID while muted. */
  async say(samples: Int16Array): Promise<void> {
    if (this.muted) throw new HearkenError('REQUEST_INVALID', 'We are muted.', { hint: 'Type unmute first.' });
    this.#recorder?.caller(monotonicMs() - this.#recordedFromMs, samples);
    await this.call.sendAudio(encodeMulaw(samples));
  }

  /** A piece of what the microphone hears. */
  speak(mulaw: Uint8Array): void {
    if (this.muted || !this.call.established) return;
    this.#recorder?.caller(monotonicMs() - this.#recordedFromMs, decodeG711('mulaw', mulaw));
    this.#waiting.push(Uint8Array.from(mulaw));
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#wake?.();
    if (!this.#live) this.#feed();
  }

  stop(): void {
    this.#live = false;
    this.#waiting = [];
    this.#wake?.();
    this.call.stopAudio();
  }

  /** Throws what the file system throws. */
  async record(file: string | undefined): Promise<void> {
    const old = this.#recorder;
    this.#recorder = undefined;
    await old?.close(monotonicMs() - this.#recordedFromMs);
    if (file === undefined) return;
    this.#recordedFromMs = monotonicMs();
    this.#recorder = new StereoRecorder(file, RATE);
  }

  #feed(): void {
    this.#live = true;
    this.call.sendAudio(this.#pieces()).then(
      () => {
        this.#live = false;
      },
      () => {
        this.#live = false;
      },
    );
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    while (this.#live) {
      const next = this.#waiting.shift();
      if (next) yield next;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
