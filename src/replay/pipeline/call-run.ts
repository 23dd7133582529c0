import type { Logger } from 'pino';
import type { FirstWords } from '../../call/language/first-words.js';
import { CallManager } from '../../call/manager.js';
import type { RecordedEvent } from '../../call/record.js';
import type { Config } from '../../config.js';
import type { Brain } from '../../dialogue/brain.js';
import type { BrainOptions } from '../../dialogue/brain-options.js';
import type { MediaPeer } from '../../media/session.js';
import type { Recognizer } from '../../speech/recognizer.js';
import type { Synthesizer } from '../../speech/synthesizer.js';
import { NO_LOG } from '../../store/conversation-log.js';
import { MemorySessionStore } from '../../store/memory-session-store.js';
import { AnsweringCaller, type Caller, FRAME_MS, RecordedCaller } from './caller.js';
import type { ReplayJob } from './job.js';
import { Pace } from './pace.js';
import { pacedBrain, pacedFirstWords, pacedSynthesizer } from './paced-parts.js';
import { ReplaySession } from './replay-session.js';
import type { ReplayRun } from './scheduler.js';
import { VirtualClock } from './virtual-clock.js';

/** No call is longer; a dialogue that goes round in circles with a patient caller must end. */
const LONGEST_MS = 2 * 3_600_000;

/** What all calls of a process share. */
export interface CallParts {
  readonly config: Config;
  readonly recognizer: Recognizer;
  readonly synthesizer: Synthesizer;
  readonly brain: (own: Partial<Pick<BrainOptions, 'now' | 'clock' | 'sessions' | 'log'>>) => Brain;
  /** Languages there are ears for. */
  readonly heard: readonly string[];
  /** Tells when a caller speaks another one of them. */
  readonly firstWords: Pick<FirstWords, 'doubts' | 'areOther'>;
  readonly logger: Logger;
}

/** One recording through the same call as on a live line: ear, turn-taking, understanding, dialogue and voice, on a clock of its own. */
export class CallRun implements ReplayRun {
  readonly session: ReplaySession;
  readonly caller: Caller;
  readonly events: RecordedEvent[] = [];
  readonly #clock = new VirtualClock();
  readonly #pace: Pace;
  readonly #manager: CallManager;
  #frames = 0;

  constructor(
    parts: CallParts,
    job: ReplayJob,
    audio: ConstructorParameters<typeof RecordedCaller>[0],
    onFree: () => void,
  ) {
    const clock = this.#clock;
    this.#pace = new Pace(clock, onFree);
    this.caller = job.timing === 'recorded' ? new RecordedCaller(audio) : new AnsweringCaller(audio);
    const now = (): number => job.startedAtMs + clock.nowMs();
    const { config } = parts;
    const sessions = new MemorySessionStore({ ttlMs: config.store.sessionTtlMs, now });
    this.#manager = new CallManager({
      config: { ...config, record: { audio: false, events: false, keepDays: 0 } },
      dataFolder: '',
      recognizer: parts.recognizer,
      synthesizer: pacedSynthesizer(parts.synthesizer, this.#pace),
      brain: pacedBrain(parts.brain({ now, clock, sessions, log: NO_LOG }), this.#pace),
      clock,
      logger: parts.logger,
      apology: () => undefined,
      heard: parts.heard,
      ...pacedFirstWords(parts.firstWords, this.#pace, config.app.followFirstSentence),
      watch: () => ({ event: (event) => this.events.push(event), caller() {}, bot() {}, cutBot() {} }),
    });
    this.session = new ReplaySession(clock, peerOf(job), idOf(job.content), audio.sampleRate);
    this.#manager.accept(this.session);
  }

  get streamId(): string {
    return this.session.id;
  }

  get free(): boolean {
    return this.#pace.free;
  }

  get done(): boolean {
    return this.session.ended !== undefined && this.#manager.live === 0 && this.#pace.free;
  }

  get durationMs(): number {
    return this.session.ended?.atMs ?? this.#clock.nowMs();
  }

  /** Real ms that understanding, actions and synthesis took. */
  get partsMs(): number {
    return this.#pace.heldMs;
  }

  step(): void {
    const { session } = this;
    if (session.ended) return;
    // The frame of the first 20 ms is there when they are over.
    const frameMs = (this.#frames + 1) * FRAME_MS;
    if (this.#clock.runNextBy(frameMs)) return;
    this.#clock.moveTo(frameMs);
    const frame = frameMs > LONGEST_MS ? undefined : this.caller.next(this.#frames * FRAME_MS, session);
    this.#frames += 1;
    if (frame === undefined) session.leave('the recording is over');
    else session.say(frame);
  }
}

function peerOf({ labels, file, language }: ReplayJob): MediaPeer {
  return {
    callId: file,
    direction: 'inbound',
    caller: labels.record?.caller ?? '',
    callee: labels.record?.callee ?? '',
    headers: {},
    protocol: 'replay',
    remoteAddress: '',
    ...(language === undefined ? {} : { route: { language } }),
  };
}

/** The same recording is the same conversation, whatever it is replayed with. */
function idOf(content: string): string {
  const hex = content.padEnd(32, '0').slice(0, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
