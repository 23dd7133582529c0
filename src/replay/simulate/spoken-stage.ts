import { monotonicMs, type PhoneCall, SipPhone } from '@hearken/sip-bridge';
import { concat } from '../../dsp/framing.js';
import { decodeG711, encodeMulaw } from '../../dsp/g711.js';
import { HearkenError, messageOf } from '../../errors.js';
import type { Synthesizer } from '../../speech/synthesizer.js';
import { addNoise } from '../degrade/noise.js';
import { Ear } from '../ear.js';
import { endOfSpeechMs } from '../utterances.js';
import type { CallDriver } from './drivers.js';
import type { TurnView } from './persona.js';
import type { PersonaSpec } from './scenario.js';
import { fetchSimulatedTurns } from './spoken-record.js';
import { atSpeed } from './voice.js';

const SAMPLE_RATE = 8000;
/** The other side has been quiet for so long: it is the caller's turn. Longer than pauses between its sentences. */
const TURN_SILENCE_MS = 900;
const ANSWER_LIMIT_MS = 20_000;
/** A person who says nothing: longer than the service waits before it asks again (5 s). */
const SILENCE_LIMIT_MS = 9000;
const LOOK_MS = 100;

export interface SpokenLine {
  /** SIP URI to dial. */
  readonly to: string;
  readonly serviceUrl: string;
  /** The callers' voices. */
  readonly synthesizer: Synthesizer;
  readonly signal: AbortSignal;
}

/** A caller at a telephone: speaks with a synthesised voice over SIP, and learns what was asked from the service's record of the call. */
export class PhoneDriver implements CallDriver {
  readonly #line: SpokenLine;
  readonly #spec: PersonaSpec;
  readonly #seed: number;
  readonly #phone: SipPhone;
  readonly #call: PhoneCall;
  readonly #ear = new Ear();
  #startMs = monotonicMs();
  #conversationId = '';
  #turnsSeen = 0;
  #saidToMs = 0;
  #over = false;
  #transferred = false;

  private constructor(line: SpokenLine, spec: PersonaSpec, seed: number, phone: SipPhone, call: PhoneCall) {
    this.#line = line;
    this.#spec = spec;
    this.#seed = seed;
    this.#phone = phone;
    this.#call = call;
    call.on('audio', ({ arrivalMs, codec, payload }) => {
      this.#ear.hear(decodeG711(codec === 'pcmu' ? 'mulaw' : 'alaw', payload), arrivalMs - this.#startMs);
    });
    call.on('referred', () => {
      this.#transferred = true;
    });
    call.on('ended', () => {
      this.#over = true;
    });
  }

  /** Rings; resolves when somebody has taken the call. Throws CALL_FAILED. */
  static async dial(line: SpokenLine, spec: PersonaSpec, seed: number): Promise<PhoneDriver> {
    const phone = await SipPhone.create({ host: '127.0.0.1', user: 'simulated', fillSilence: true });
    try {
      const call = await phone.call(line.to);
      const driver = new PhoneDriver(line, spec, seed, phone, call);
      await call.answered;
      driver.#startMs = monotonicMs();
      return driver;
    } catch (error) {
      await phone.close();
      throw new HearkenError('CALL_FAILED', `${line.to} did not take the call: ${messageOf(error)}`);
    }
  }

  get conversationId(): string {
    return this.#conversationId;
  }

  begin(): Promise<TurnView> {
    return this.#listen(ANSWER_LIMIT_MS);
  }

  async say(text: string): Promise<TurnView> {
    const { synthesizer, signal } = this.#line;
    const { language, speed, pitch, noiseDb } = this.#spec;
    const pieces: Int16Array[] = [];
    const options = { language, sampleRate: SAMPLE_RATE, speed: speed / pitch, signal };
    for await (const { samples } of synthesizer.speak(text, options)) pieces.push(samples);
    const voice = atSpeed(concat(pieces), pitch);
    const heard = noiseDb === undefined ? voice : addNoise(voice, noiseDb, 'street', this.#seed + this.#turnsSeen);
    const fromMs = this.#nowMs();
    this.#saidToMs = fromMs + endOfSpeechMs(voice, SAMPLE_RATE);
    await this.#call.sendAudio(encodeMulaw(heard));
    return this.#listen(ANSWER_LIMIT_MS);
  }

  silence(): Promise<TurnView> {
    this.#saidToMs = this.#nowMs();
    return this.#listen(SILENCE_LIMIT_MS);
  }

  async end(): Promise<void> {
    if (!this.#over) await this.#call.hangup();
    await this.#phone.close();
  }

  /** Waits until the other side has answered and is quiet again, or is gone, and reads in the record what it said. */
  async #listen(limitMs: number): Promise<TurnView> {
    const sinceMs = this.#saidToMs;
    const endMs = this.#nowMs() + limitMs;
    const answered = (): boolean => {
      const { lastSoundMs } = this.#ear;
      return (
        this.#ear.onsetAfter(sinceMs) !== undefined &&
        lastSoundMs !== undefined &&
        this.#nowMs() - lastSoundMs >= TURN_SILENCE_MS
      );
    };
    for (;;) {
      // "One moment" is an answer to the ear and none in the record: then the wait goes on.
      if (answered() || this.#over || this.#transferred) {
        const view = await this.#read();
        if (view.texts.length > 0 || view.ended !== undefined || this.#over) return view;
      }
      if (this.#nowMs() >= endMs || this.#line.signal.aborted) return this.#read();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #read(): Promise<TurnView> {
    const record = await fetchSimulatedTurns(this.#line.serviceUrl, this.#call.callId);
    this.#conversationId = record.id;
    const turns = record.turns.slice(this.#turnsSeen);
    this.#turnsSeen = record.turns.length;
    const last = turns.at(-1);
    const onsetMs = this.#ear.onsetAfter(this.#saidToMs);
    const ended = turns.find(({ ended: how }) => how !== undefined)?.ended;
    return {
      texts: turns.flatMap(({ texts }) => texts),
      slot: last?.slot,
      confirms: last?.confirms ?? false,
      noMatch: turns.some(({ noMatch }) => noMatch),
      intent: turns.find(({ intent }) => intent !== undefined)?.intent,
      heard: turns.find(({ heard }) => heard !== undefined)?.heard,
      ended: ended ?? (this.#over ? 'hangup' : undefined),
      responseMs: onsetMs === undefined || this.#saidToMs === 0 ? undefined : Math.max(0, onsetMs - this.#saidToMs),
    };
  }

  #nowMs(): number {
    return monotonicMs() - this.#startMs;
  }
}
