import type { Clock } from '../clock.js';
import { Framer } from '../dsp/framing.js';
import { rmsDbfs } from '../dsp/levels.js';
import { SafeEmitter } from '../emitter.js';
import type { MediaSession, PcmFrame } from '../media/session.js';

/** One sentence of a prompt: what is said, and its sound. */
export interface Segment {
  readonly text: string;
  readonly audio: AsyncIterable<PcmFrame>;
}

export interface PlayoutEvents {
  /** The first frame of a prompt has been made. */
  made: [promptId: number];
  /** The first frame of a prompt has been sent. */
  started: [promptId: number];
  /** The caller has heard the first sound of a prompt. */
  audible: [promptId: number];
  /** The caller has heard it all. */
  finished: [promptId: number, heard: string];
  /** The call ended before it was over; `heard` is what the caller did hear. */
  abandoned: [promptId: number, heard: string];
  /** Its sound could not be made. */
  failed: [promptId: number, error: unknown];
  /** Sound was sent that will be heard at `atMs` (clock time). For the recording. */
  audio: [atMs: number, samples: Int16Array];
  /** What was sent and would have been heard after `atMs` will not be. */
  cut: [atMs: number];
}

export interface PlayoutOptions {
  readonly session: MediaSession;
  readonly clock: Clock;
  /** How far ahead of the ear audio is sent. */
  readonly leadMs: number;
  readonly onListenerError: (error: unknown, event: string) => void;
}

const FRAME_MS = 20;
const TICK_MS = 40;
/** Louder than this is sound: idle noise of G.711 and comfort noise lie below. */
const AUDIBLE_DBFS = -45;
/** Longest prompt; what is beyond is not said. Nobody listens to an IVR for two minutes, and memory has a bound. */
const LONGEST_PROMPT_MS = 120_000;
/** Added to the time a prompt still needs, before its `mark` is given up. */
const MARK_GRACE_MS = 2000;
/** How long `cleared` may take until our own clock is believed instead. */
const CLEARED_LIMIT_MS = 300;

interface PlayingSegment {
  readonly text: string;
  startFrame: number;
  /** Undefined while its sound is still being made. */
  endFrame: number | undefined;
}

interface Playing {
  readonly promptId: number;
  readonly frames: Int16Array[];
  readonly segments: PlayingSegment[];
  /** All sound has been made. */
  made: boolean;
  /** Next frame to send. */
  next: number;
  started: boolean;
  /** Name of the mark behind the first frame that is no silence. */
  audibleMark: string | undefined;
  paused: boolean;
  markSent: string | undefined;
  cancelMarkLimit: (() => void) | undefined;
  cancelled: boolean;
}

/**
 * Plays prompts to one caller: a little ahead of the ear, so that little is lost when the caller interrupts, and with a clock that
 * knows what has been heard.
 */
export class Playout extends SafeEmitter<PlayoutEvents> {
  readonly #session: MediaSession;
  readonly #clock: Clock;
  readonly #leadMs: number;
  #playing: Playing | undefined;
  #cancelTick: (() => void) | undefined;
  /** The ear's clock: frame `#anchorFrame` is heard at `#anchorMs`. */
  #anchorMs = 0;
  #anchorFrame = 0;
  /** Frames sent since the session's last `clear`. */
  #sentInGeneration = 0;
  #closed = false;

  constructor(options: PlayoutOptions) {
    super(options.onListenerError);
    this.#session = options.session;
    this.#clock = options.clock;
    this.#leadMs = options.leadMs;
    this.#session.on('mark', (name) => this.#onMark(name));
    // A socket that came back has forgotten what was queued: say on from what had been heard.
    this.#session.on('resumed', () => this.#onResumed());
    this.#session.on('closed', () => this.close());
  }

  get promptId(): number | undefined {
    return this.#playing?.promptId;
  }

  /** Starts a prompt; one that is still playing is stopped first. */
  play(promptId: number, segments: readonly Segment[]): void {
    if (this.#closed) return;
    if (this.#playing) void this.stop();
    const playing: Playing = {
      promptId,
      frames: [],
      segments: [],
      made: false,
      next: 0,
      started: false,
      audibleMark: undefined,
      paused: false,
      markSent: undefined,
      cancelMarkLimit: undefined,
      cancelled: false,
    };
    this.#playing = playing;
    this.#make(playing, segments).catch((error: unknown) => {
      if (playing.cancelled) return;
      this.#drop(playing);
      this.emit('failed', promptId, error);
    });
  }

  /** Silence at once; `resume()` goes on where the ear was. */
  pause(): void {
    const playing = this.#playing;
    if (!playing || playing.paused) return;
    playing.paused = true;
    void this.#rewindToEar(playing);
  }

  resume(): void {
    const playing = this.#playing;
    if (!playing?.paused) return;
    playing.paused = false;
    this.#anchor(playing.next);
    this.#pump();
  }

  /** Silence for good. Resolves with the words the caller did hear. */
  async stop(): Promise<string> {
    const playing = this.#playing;
    if (!playing) return '';
    this.#drop(playing);
    if (!playing.paused) await this.#rewindToEar(playing);
    return heardText(playing);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const playing = this.#playing;
    if (playing) {
      this.#drop(playing);
      if (!playing.paused) {
        const heardFrames = this.#anchorFrame + Math.floor((this.#clock.nowMs() - this.#anchorMs) / FRAME_MS);
        playing.next = Math.max(0, Math.min(playing.next, heardFrames));
      }
      this.emit('abandoned', playing.promptId, heardText(playing));
    }
    this.removeAllListeners();
  }

  async #make(playing: Playing, segments: readonly Segment[]): Promise<void> {
    const frameSamples = (this.#session.sampleRate * FRAME_MS) / 1000;
    const framer = new Framer(frameSamples);
    const limit = LONGEST_PROMPT_MS / FRAME_MS;
    for (const segment of segments) {
      const entry: PlayingSegment = { text: segment.text, startFrame: playing.frames.length, endFrame: undefined };
      playing.segments.push(entry);
      for await (const piece of segment.audio) {
        if (playing.cancelled) return;
        const first = playing.frames.length === 0;
        playing.frames.push(...framer.push(piece.samples));
        if (first && playing.frames.length > 0) this.emit('made', playing.promptId);
        if (playing.frames.length > limit) break;
        this.#pump();
      }
      if (playing.cancelled) return;
      const rest = framer.flush();
      if (rest) playing.frames.push(rest);
      entry.endFrame = playing.frames.length;
      if (playing.frames.length > limit) break;
    }
    playing.made = true;
    this.#pump();
  }

  /** Sends what may be sent now and comes back while there is more. */
  #pump(): void {
    const playing = this.#playing;
    if (!playing || playing.paused || this.#closed) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    const nowMs = this.#clock.nowMs();
    // The ear has caught up (the start, or sound was made too slowly): what is sent now is heard now.
    if (this.#earMs(playing.next) <= nowMs) this.#anchor(playing.next);
    while (playing.next < playing.frames.length && this.#earMs(playing.next) - nowMs < this.#leadMs) {
      const samples = playing.frames[playing.next] as Int16Array;
      const sent = this.#session.play({
        samples,
        sampleRate: this.#session.sampleRate,
        generation: this.#session.generation,
      });
      // The socket is away or full: wait, say on when it is back.
      if (!sent) break;
      this.emit('audio', this.#earMs(playing.next), samples);
      playing.next += 1;
      this.#sentInGeneration += 1;
      if (!playing.started) {
        playing.started = true;
        this.emit('started', playing.promptId);
      }
      if (playing.audibleMark === undefined && rmsDbfs(samples) > AUDIBLE_DBFS) {
        playing.audibleMark = `a${playing.promptId}.${this.#session.generation}`;
        this.#session.mark(playing.audibleMark);
      }
    }
    if (playing.made && playing.next === playing.frames.length) this.#markEnd(playing);
    else this.#cancelTick = this.#clock.after(TICK_MS, () => this.#pump());
  }

  /** Clock time at which a frame is (to be) heard. */
  #earMs(frame: number): number {
    return this.#anchorMs + (frame - this.#anchorFrame) * FRAME_MS;
  }

  #anchor(frame: number): void {
    this.#anchorFrame = frame;
    this.#anchorMs = this.#clock.nowMs();
  }

  #markEnd(playing: Playing): void {
    if (playing.markSent !== undefined) return;
    playing.markSent = `p${playing.promptId}.${this.#session.generation}`;
    this.#session.mark(playing.markSent);
    const remainingMs = Math.max(0, this.#earMs(playing.next) - this.#clock.nowMs());
    playing.cancelMarkLimit = this.#clock.after(remainingMs + MARK_GRACE_MS, () => this.#finish(playing));
  }

  #onMark(name: string): void {
    const playing = this.#playing;
    if (playing?.audibleMark === name) this.emit('audible', playing.promptId);
    if (playing && playing.markSent === name && !playing.paused) this.#finish(playing);
  }

  #finish(playing: Playing): void {
    if (playing !== this.#playing) return;
    this.#drop(playing);
    this.emit('finished', playing.promptId, heardText(playing));
  }

  #drop(playing: Playing): void {
    playing.cancelled = true;
    playing.cancelMarkLimit?.();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    if (this.#playing === playing) this.#playing = undefined;
  }

  #onResumed(): void {
    const playing = this.#playing;
    this.#sentInGeneration = 0;
    if (!playing) return;
    const nowMs = this.#clock.nowMs();
    playing.next = Math.min(
      playing.next,
      Math.max(0, this.#anchorFrame + Math.floor((nowMs - this.#anchorMs) / FRAME_MS)),
    );
    playing.markSent = undefined;
    playing.cancelMarkLimit?.();
    this.#anchor(playing.next);
    this.#pump();
  }

  /** Clears what was sent and not heard, and moves `next` back to where the ear was: first by our clock, then as the other side says. */
  async #rewindToEar(playing: Playing): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    playing.cancelMarkLimit?.();
    playing.markSent = undefined;
    const nowMs = this.#clock.nowMs();
    const sentUpTo = playing.next;
    const sentInGeneration = this.#sentInGeneration;
    const byClock = this.#anchorFrame + Math.floor((nowMs - this.#anchorMs) / FRAME_MS);
    playing.next = Math.max(0, Math.min(sentUpTo, byClock));
    this.#sentInGeneration = 0;
    this.emit('cut', nowMs);
    const cleared = this.#clearedEvent();
    const generation = this.#session.clear();
    const playedMs = await cleared(generation);
    if (playedMs === undefined || !(playing.paused || playing.cancelled)) return;
    const unheard = sentInGeneration - Math.round(playedMs / FRAME_MS);
    playing.next = Math.max(0, Math.min(sentUpTo, sentUpTo - unheard));
  }

  /** Listens before the question is asked, so that an answer that comes at once isn't missed. */
  #clearedEvent(): (generation: number) => Promise<number | undefined> {
    const answers = new Map<number, number>();
    let settle: (() => void) | undefined;
    const listener = (generation: number, playedMs: number): void => {
      answers.set(generation, playedMs);
      settle?.();
    };
    this.#session.on('cleared', listener);
    return (generation) =>
      new Promise((resolve) => {
        const done = (): void => {
          cancel();
          this.#session.off('cleared', listener);
          resolve(answers.get(generation));
        };
        const cancel = this.#clock.after(CLEARED_LIMIT_MS, done);
        settle = () => {
          if (answers.has(generation)) done();
        };
        settle();
      });
  }
}

/** About 5 syllables a second: a guess for a sentence whose sound is not made yet. */
const GUESS_MS_PER_CHARACTER = 200;

/** The words of a prompt up to where the ear is; inside a sentence by its share of time, whole words where words have spaces. */
function heardText(playing: Playing): string {
  const parts: string[] = [];
  for (const segment of playing.segments) {
    if (playing.next <= segment.startFrame) break;
    const guess = Math.ceil((segment.text.length * GUESS_MS_PER_CHARACTER) / FRAME_MS);
    const end = segment.endFrame ?? segment.startFrame + Math.max(guess, playing.frames.length - segment.startFrame);
    const share = (playing.next - segment.startFrame) / Math.max(1, end - segment.startFrame);
    if (share >= 1) {
      parts.push(segment.text);
      continue;
    }
    let cut = Math.floor(segment.text.length * share);
    if (/\p{Script=Latin}/u.test(segment.text[cut] ?? '')) {
      while (cut > 0 && /\p{Script=Latin}/u.test(segment.text[cut - 1] ?? '')) cut -= 1;
    }
    parts.push(segment.text.slice(0, cut));
  }
  return parts.join('').trim();
}
