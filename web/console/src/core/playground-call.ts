import { MicrophoneError, type MicrophoneProblem } from '../../../widget/src/audio/microphone.js';
import { Call } from '../../../widget/src/call.js';
import type { CallState } from '../../../widget/src/media-client.js';
import type { Levels } from '../../../widget/src/model.js';
import { browserPlatform } from '../../../widget/src/platform.js';
import { api } from '../api/client.js';
import processors from './processors.ts?worker&url';

/** Hz; the recognisers' own. */
const RATE = 16_000;
const MOST_WAITING = 4;

export type CallProblem = MicrophoneProblem | 'microphoneLost' | 'lost' | 'busy';

export interface CallView {
  readonly phase: 'idle' | 'connecting' | 'live' | 'reconnecting';
  readonly state: CallState;
  readonly muted: boolean;
  readonly problem: CallProblem | undefined;
}

export interface PlaygroundCallOptions {
  readonly playgroundId: string;
  readonly language: () => string;
  readonly onChange: () => void;
  /** Often. */
  readonly onLevels: (levels: Levels) => void;
  /** The bot hands over, with this summary. */
  readonly onTransfer: (summary: string) => void;
  /** A call that was up is over. */
  readonly onEnded: () => void;
}

const IDLE: CallView = { phase: 'idle', state: 'ended', muted: false, problem: undefined };

/** Talking to a playground: the widget's call (microphone, worklets, queue, barge-in), with the console's session for a token. What is said comes by the live events. */
export class PlaygroundCall {
  readonly #options: PlaygroundCallOptions;
  #call: Call | undefined;
  #view = IDLE;
  /** Typed before the call was up. */
  #waiting: string[] = [];

  constructor(options: PlaygroundCallOptions) {
    this.#options = options;
  }

  get view(): CallView {
    return this.#view;
  }

  /** To be called from a click. What keeps it from happening is told as a problem. */
  async begin(): Promise<void> {
    if (this.#call !== undefined) return;
    const { playgroundId, language, onLevels, onTransfer, onEnded } = this.#options;
    const call = new Call({
      platform: browserPlatform(new URL(processors, location.href).href),
      server: location.origin,
      rate: RATE,
      language,
      pass: async () => ({
        // The cookie lets in.
        token: '',
        conversationId: playgroundId,
        expiresAtMs: Number.MAX_SAFE_INTEGER,
        mediaPath: api.talkPath(playgroundId),
        textPath: '',
      }),
      muted: () => this.#view.muted,
      listener: {
        ready: () => {
          for (const text of this.#waiting.splice(0)) call.sendText(text);
          this.#set({ phase: 'live', problem: undefined });
        },
        levels: onLevels,
        heard: () => undefined,
        generationBegins: () => undefined,
        promptHeard: () => undefined,
        transcript: () => undefined,
        state: (state) => this.#set({ state }),
        // There is nobody behind a playground: that it would have come to this is what is to be seen.
        transfer: (request) => {
          onTransfer(decoded(request.headers['X-Hearken-Summary']));
          call.transferDone(request, true);
        },
        interrupted: () => this.#set({ phase: 'reconnecting' }),
        microphoneLost: () => this.#set({ problem: 'microphoneLost' }),
        ended: (cause) => {
          this.#call = undefined;
          onLevels({ microphone: 0, bot: 0 });
          if (this.#view.phase !== 'connecting') onEnded();
          this.#set({
            ...{ phase: 'idle', state: 'ended' },
            problem:
              cause === 'overloaded' ? 'busy' : cause === 'normal' || cause === 'transferred' ? undefined : 'lost',
          });
        },
      },
    });
    this.#call = call;
    this.#waiting = [];
    this.#set({ ...IDLE, phase: 'connecting' });
    try {
      await call.begin(undefined);
    } catch (error) {
      this.#call = undefined;
      this.#set({ ...IDLE, problem: error instanceof MicrophoneError ? error.problem : 'unsupported' });
    }
  }

  /** Typed instead of said; what is typed before the call is up waits for it. False when there is no call to type into. */
  type(text: string): boolean {
    if (this.#call === undefined) return false;
    if (this.#call.connected) this.#call.sendText(text);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(text);
    return true;
  }

  key(digit: string): void {
    this.#call?.sendKey(digit);
  }

  mute(muted: boolean): void {
    this.#call?.mute(muted);
    this.#set({ muted });
  }

  hangUp(): void {
    if (this.#call?.ticket === undefined) this.close();
    else this.#call.hangUp();
  }

  /** Nobody is there any more. */
  close(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.hangUp();
    call?.release();
    this.#set(IDLE);
  }

  #set(change: Partial<CallView>): void {
    this.#view = { ...this.#view, ...change };
    this.#options.onChange();
  }
}

function decoded(value: string | undefined): string {
  try {
    return decodeURIComponent(value ?? '');
  } catch {
    return '';
  }
}
