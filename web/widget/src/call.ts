import type { CallSound } from './audio/sound.js';
import type { PlaybackReport } from './audio/worklet-messages.js';
import { type Pass, socketUrl } from './door.js';
import {
  type CallState,
  type CallTicket,
  MediaClient,
  type MediaListener,
  type TransferRequest,
} from './media-client.js';
import type { Levels } from './model.js';
import type { Platform } from './platform.js';

export interface CallListener {
  /** The call is up. `waits`: the browser wants a click on this page before it plays. */
  ready(ticket: CallTicket, resumed: boolean, waits: boolean): void;
  levels(levels: Levels): void;
  /** So much of this generation has been heard. */
  heard(playedMs: number): void;
  /** What was playing is gone; the next that is heard is counted from nothing. */
  generationBegins(): void;
  /** A prompt was heard to its end. */
  promptHeard(): void;
  transcript(who: 'caller' | 'bot', text: string, final: boolean): void;
  state(state: CallState): void;
  transfer(request: TransferRequest): void;
  /** The socket is gone; it is tried again. */
  interrupted(): void;
  microphoneLost(): void;
  /** The end, once; everything is closed by then. `cause`: as the media client gives it. */
  ended(cause: string): void;
}

export interface CallOptions {
  readonly platform: Platform;
  readonly server: string;
  /** Hz. */
  readonly rate: number;
  readonly language: () => string;
  /** A pass that is good now. Throws DoorError. */
  readonly pass: () => Promise<Pass>;
  readonly muted: () => boolean;
  readonly listener: CallListener;
}

/** A caller who is referred hears of it, and this is what the service is told when the page has nobody either: a browser has no telephone (RFC 3261: 501 Not Implemented). */
const NO_PHONE = 501;

/** One call with its microphone, its loudspeaker and its line to the service. Whoever makes it releases it, unless it has ended by itself. */
export class Call {
  readonly #options: CallOptions;
  #media: MediaClient | undefined;
  #sound: CallSound | undefined;
  #ticket: CallTicket | undefined;
  #generation = 0;
  #gaps = 0;
  #released = false;

  constructor(options: CallOptions) {
    this.#options = options;
  }

  /** What takes this call up on another page; undefined until there is a call. */
  get ticket(): CallTicket | undefined {
    return this.#ticket;
  }

  /** Whether the service takes what is sent now. */
  get connected(): boolean {
    return this.#media?.connected ?? false;
  }

  /** Times that the bot's words broke off because audio came late. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Opens the sound and the line, unless it is released meanwhile. `ticket`: of a call to go on with. Throws MicrophoneError, DoorError. */
  async begin(ticket: CallTicket | undefined): Promise<void> {
    const { platform, server, rate, language, pass, muted, listener } = this.#options;
    const sound = platform.openSound(rate, {
      captured: ({ pcm, peak }) => {
        listener.levels({ microphone: peak });
        this.#media?.sendAudio(pcm);
      },
      played: (report) => this.#played(report),
      lost: () => listener.microphoneLost(),
    });
    // Token and microphone at the same time: both take a moment.
    const [opened, { mediaPath, conversationId }] = await Promise.all([sound, pass()]).catch(async (error: unknown) => {
      await sound.then((each) => each.close()).catch(() => undefined);
      throw error;
    });
    // The page went while somebody was still being asked for the microphone.
    if (this.#released) {
      opened.close();
      return;
    }
    this.#sound = opened;
    opened.mute(muted());
    this.#ticket = ticket;
    this.#media = new MediaClient({
      platform,
      url: socketUrl(server, mediaPath),
      rate,
      language: language(),
      conversationId,
      token: async () => (await pass()).token,
      ticket,
      listener: this.#mediaListener(),
    });
  }

  /** After a page change some browsers want a click before they play. */
  async playAfterClick(): Promise<void> {
    await this.#sound?.resume();
  }

  mute(muted: boolean): void {
    this.#sound?.mute(muted);
  }

  /** `digit`: 0 to 9, `*` or `#`. */
  sendKey(digit: string): void {
    this.#media?.sendKey(digit);
  }

  sendText(text: string): void {
    this.#media?.sendText(text);
  }

  /** The page has somebody for this caller and tries. */
  transferTaken({ transferId }: TransferRequest): void {
    this.#media?.transferProgress(transferId, 180);
  }

  /** The page has nobody for this caller. */
  transferImpossible({ transferId }: TransferRequest): void {
    this.#media?.transferResult(transferId, 'failed', NO_PHONE, 'a browser has no telephone');
  }

  /** What came of the page's trying. */
  transferDone({ transferId }: TransferRequest, completed: boolean): void {
    if (completed) this.#media?.transferResult(transferId, 'completed', 200, 'the page took over');
    else this.#media?.transferResult(transferId, 'failed', 480, 'nobody at the page was free');
  }

  hangUp(): void {
    this.#media?.stop();
  }

  /** Lets go without a word: the call waits a while for whoever has its ticket. */
  release(): void {
    this.#released = true;
    this.#media?.release();
    this.#closed();
  }

  #closed(): void {
    this.#media = undefined;
    this.#ticket = undefined;
    this.#sound?.close();
    this.#sound = undefined;
  }

  #mediaListener(): MediaListener {
    const { listener } = this.#options;
    return {
      ready: (ticket, generation, resumed) => {
        this.#ticket = ticket;
        this.#generation = generation;
        this.#sound?.play({ type: 'begin', generation });
        listener.generationBegins();
        listener.ready(ticket, resumed, this.#sound?.running === false);
      },
      audio: (pcm) => this.#sound?.play({ type: 'audio', pcm }),
      mark: (name) => this.#sound?.play({ type: 'mark', name }),
      clear: (generation) => {
        this.#generation = generation;
        this.#sound?.play({ type: 'clear', generation });
        listener.levels({ bot: 0 });
      },
      transcript: (who, text, final) => listener.transcript(who, text, final),
      state: (state) => listener.state(state),
      transfer: (request) => listener.transfer(request),
      interrupted: () => listener.interrupted(),
      ended: (cause) => {
        this.#closed();
        listener.ended(cause);
      },
    };
  }

  #played(report: PlaybackReport): void {
    const { listener } = this.#options;
    if (report.type === 'mark') {
      this.#media?.markReached(report.name);
      // docs/protocol has marks at the end of prompts; those that tell of a first sound (a…) end nothing.
      if (report.name.startsWith('p')) listener.promptHeard();
    } else if (report.type === 'cleared') {
      listener.heard(report.playedMs);
      listener.generationBegins();
      this.#media?.cleared(report.generation, report.playedMs);
    } else {
      if (report.generation !== this.#generation) return;
      listener.levels({ bot: report.peak });
      this.#gaps = report.gaps;
      listener.heard(report.playedMs);
    }
  }
}
