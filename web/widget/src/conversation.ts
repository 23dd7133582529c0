import { MicrophoneError, type MicrophoneProblem, Sound, soundProblem } from './audio/sound.js';
import type { PlaybackReport } from './audio/worklet-messages.js';
import { DoorError, type Pass, validPass } from './door.js';
import {
  type CallState,
  type CallTicket,
  MediaClient,
  type MediaListener,
  type TransferRequest,
} from './media-client.js';
import { type Line, MAX_LINES, Memory } from './memory.js';
import { Pace, saidUnits } from './spoken.js';
import { TextClient } from './text-client.js';

export type Phase = 'idle' | 'connecting' | 'live' | 'reconnecting';
/** What people are told of: i18n has words for each. */
export type Notice =
  | MicrophoneProblem
  | 'closed'
  | 'busy'
  | 'away'
  | 'lost'
  | 'taken'
  | 'unanswered'
  | 'microphoneLost'
  | 'clickToGoOn'
  | 'handedOver';

export interface ShownLine extends Line {
  /** For the view: which node it is. */
  readonly id: number;
  /** Still being said: how much of it so far. */
  readonly said?: number;
}

export interface Model {
  readonly phase: Phase;
  readonly state: CallState;
  readonly lines: readonly ShownLine[];
  /** What the caller is saying right now. */
  readonly partial: string;
  readonly muted: boolean;
  /** There was a call on this page. */
  readonly talked: boolean;
  readonly notice: Notice | undefined;
  /** Nothing can be said here, only typed. */
  readonly textOnly: boolean;
  /** A typed message waits for its answer. */
  readonly waiting: boolean;
  readonly handover: { readonly target: string } | undefined;
}

export interface ConversationOptions {
  readonly server: string;
  /** Address that gives tokens: Hearken's own, or the site's server. */
  readonly tokens: string;
  readonly script: string;
  readonly rate: number;
  readonly language: () => string;
  readonly onChange: () => void;
  /** 0..1, often. */
  readonly onLevels: (levels: { readonly microphone?: number; readonly bot?: number }) => void;
  /** Something new for those who can't see it. */
  readonly onAnnounce: (line: Line) => void;
  /** Whether the page takes this caller over; it then calls one of the two. */
  readonly onTransfer: (
    request: { readonly target: string; readonly headers: Readonly<Record<string, string>> },
    done: (completed: boolean) => void,
  ) => boolean;
  readonly onCall: (event: 'start' | 'end', detail: object) => void;
}

/** A caller who is referred hears of it, and this is what the service is told when the page has nobody either: a browser has no telephone (RFC 3261: 501 Not Implemented). */
const NO_PHONE = 501;

/** The conversation: speech, typing, what was said. It knows nothing of how it looks. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #memory: Memory;
  readonly #text: TextClient;
  readonly #pace = new Pace();
  readonly #channel: BroadcastChannel | undefined;
  #media: MediaClient | undefined;
  #sound: Sound | undefined;
  #pass: Pass | undefined;
  #passAsked: Promise<Pass> | undefined;
  #ticket: CallTicket | undefined;
  #nextId = 0;
  #open = false;
  /** The bot's words that play now: a prompt may have several lines. */
  #prompt: { readonly first: number; playedMs: number } | undefined;
  #earMs = 0;
  #generation = 0;
  #gaps = 0;
  #model: Model;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#memory = new Memory(options.server);
    const { pass, lines, open, muted, call } = this.#memory.read();
    this.#pass = pass;
    this.#open = open;
    this.#model = {
      phase: 'idle',
      state: 'ended',
      lines: lines.map((line) => ({ ...line, id: this.#nextId++ })),
      partial: '',
      muted,
      talked: call !== undefined,
      notice: undefined,
      textOnly: soundProblem() !== undefined,
      waiting: false,
      handover: undefined,
    };
    this.#text = new TextClient({
      url: (language) =>
        `${socketUrl(this.#options.server, this.#pass?.textPath ?? '/ws')}?language=${encodeURIComponent(language)}`,
      language: options.language,
      token: () => this.#token(),
      listener: {
        reply: ({ replies, transfer }) => {
          for (const { text } of replies) this.#say({ who: 'bot', text }, true);
          if (transfer) this.#referred({ target: transfer.target ?? '', headers: {} }, () => undefined);
          this.#update({
            waiting: this.#text.waiting > 0,
            ...(this.#model.notice === 'away' ? { notice: undefined } : {}),
          });
        },
        failed: () => this.#update({ waiting: this.#text.waiting > 0, notice: 'unanswered' }),
        connection: (state) => this.#update({ notice: state === 'lost' ? 'away' : undefined }),
      },
    });
    this.#channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('hearken-call') : undefined;
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // A copy of this tab has taken the call over; two would take it from each other for ever.
      if (data !== this.#ticket?.sessionId || this.#media === undefined) return;
      this.#media.release();
      this.#over('taken');
    });
    if (call !== undefined && Date.now() - call.atMs < call.ticket.resumeWindowMs) void this.talk(call.ticket);
  }

  get model(): Model {
    return this.#model;
  }

  /** Whether the panel was open on the page before. */
  get wasOpen(): boolean {
    return this.#open;
  }

  get gaps(): number {
    return this.#gaps;
  }

  rememberOpen(open: boolean): void {
    this.#open = open;
    this.#remember();
  }

  /** Begins a call (from a click), or goes on with the one of the page before. */
  async talk(ticket?: CallTicket): Promise<void> {
    if (this.#model.phase !== 'idle') return;
    this.#update({
      phase: ticket === undefined ? 'connecting' : 'reconnecting',
      notice: undefined,
      partial: '',
      handover: undefined,
    });
    try {
      const sound = Sound.open(this.#options.script, this.#options.rate, {
        captured: ({ pcm, peak }) => {
          this.#options.onLevels({ microphone: peak });
          this.#media?.sendAudio(pcm);
        },
        played: (report) => this.#played(report),
        lost: () => this.#microphoneLost(),
      });
      // Token and microphone at the same time: both take a moment.
      const [opened] = await Promise.all([sound, this.#token()]).catch(async (error: unknown) => {
        await sound.then((each) => each.close()).catch(() => undefined);
        throw error;
      });
      this.#sound = opened;
      opened.mute(this.#model.muted);
      const pass = this.#pass as Pass;
      this.#ticket = ticket;
      this.#media = new MediaClient({
        url: socketUrl(this.#options.server, pass.mediaPath),
        rate: this.#options.rate,
        language: this.#options.language(),
        conversationId: pass.conversationId,
        token: () => this.#token(),
        ticket,
        listener: this.#mediaListener(),
      });
    } catch (error) {
      const notice =
        error instanceof MicrophoneError || error instanceof DoorError ? error.problem : ('unsupported' as const);
      const noSound = error instanceof MicrophoneError;
      this.#update({
        phase: 'idle',
        notice,
        textOnly: this.#model.textOnly || (noSound && notice !== 'busy' && notice !== 'refused'),
      });
      this.#remember();
    }
  }

  /** After a page change some browsers want a click before they play. */
  async goOn(): Promise<void> {
    await this.#sound?.resume();
    if (this.#model.notice === 'clickToGoOn') this.#update({ notice: undefined });
  }

  hangUp(): void {
    this.#media?.stop();
  }

  mute(muted: boolean): void {
    this.#sound?.mute(muted);
    this.#update({ muted });
    this.#remember();
  }

  key(digit: string): void {
    this.#media?.sendKey(digit);
  }

  /** A typed message: into the call when there is one. */
  type(text: string): void {
    const clean = text.trim().slice(0, 2000);
    if (clean === '') return;
    if (this.#media?.connected) {
      // It comes back as a transcript when the call has taken it.
      this.#media.sendText(clean);
      return;
    }
    if (!this.#text.send(clean)) {
      this.#update({ notice: 'busy' });
      return;
    }
    this.#say({ who: 'caller', text: clean }, false);
    this.#update({ waiting: true, notice: undefined, handover: undefined });
  }

  dismiss(): void {
    this.#update({ notice: undefined });
  }

  /** The element leaves the page, or the page goes: the call waits a while for the next page. */
  close(): void {
    this.#remember();
    this.#media?.release();
    this.#media = undefined;
    this.#sound?.close();
    this.#sound = undefined;
    this.#text.close();
    this.#channel?.close();
  }

  #mediaListener(): MediaListener {
    return {
      ready: (ticket, generation, resumed) => {
        this.#ticket = ticket;
        this.#channel?.postMessage(ticket.sessionId);
        this.#generation = generation;
        this.#sound?.play({ type: 'begin', generation });
        this.#earMs = 0;
        const waits = this.#sound?.running === false;
        this.#update({ phase: 'live', talked: true, notice: waits ? 'clickToGoOn' : undefined });
        this.#remember();
        if (!resumed) this.#options.onCall('start', { conversationId: this.#pass?.conversationId });
      },
      audio: (pcm) => this.#sound?.play({ type: 'audio', pcm }),
      mark: (name) => this.#sound?.play({ type: 'mark', name }),
      clear: (generation) => {
        this.#generation = generation;
        this.#sound?.play({ type: 'clear', generation });
        this.#options.onLevels({ bot: 0 });
      },
      transcript: (who, text, final) => this.#transcript(who, text, final),
      state: (state) => this.#onState(state),
      transfer: (request) => this.#transfer(request),
      interrupted: () => this.#update({ phase: 'reconnecting' }),
      ended: (cause) => this.#over(cause),
    };
  }

  #transcript(who: 'caller' | 'bot', text: string, final: boolean): void {
    if (who === 'caller') {
      // A partial alone ends nothing: the service may take it for a sign of listening and go on.
      if (final) this.#finishPrompt(false);
      if (final) this.#say({ who, text }, false);
      this.#update({ partial: final ? '' : text });
      return;
    }
    if (this.#prompt !== undefined && this.#prompt.playedMs > 0) this.#finishPrompt(false);
    const id = this.#say({ who, text }, false, 0);
    this.#prompt ??= { first: id, playedMs: 0 };
  }

  #onState(state: CallState): void {
    if (state === 'listening' || state === 'thinking') this.#finishPrompt(false);
    this.#update({ state, ...(state === 'thinking' ? { partial: '' } : {}) });
  }

  #played(report: PlaybackReport): void {
    if (report.type === 'mark') {
      this.#media?.markReached(report.name);
      // docs/protocol has marks at the end of prompts; those that tell of a first sound (a…) end nothing.
      if (report.name.startsWith('p')) this.#finishPrompt(true);
    } else if (report.type === 'cleared') {
      this.#ear(report.playedMs);
      this.#earMs = 0;
      this.#media?.cleared(report.generation, report.playedMs);
    } else {
      if (report.generation !== this.#generation) return;
      this.#options.onLevels({ bot: report.peak });
      this.#gaps = report.gaps;
      this.#ear(report.playedMs);
    }
  }

  /** So much of this generation has been heard. */
  #ear(playedMs: number): void {
    const news = playedMs - this.#earMs;
    this.#earMs = playedMs;
    if (this.#prompt === undefined || news <= 0) return;
    this.#prompt.playedMs += news;
    this.#reveal(this.#prompt.playedMs);
  }

  #reveal(playedMs: number): void {
    const { first } = this.#prompt ?? { first: Number.POSITIVE_INFINITY };
    let before = '';
    const all = this.#model.lines.filter((line) => line.id >= first && line.said !== undefined);
    const joined = all.map((line) => line.text).join('');
    const units = saidUnits(joined, playedMs, this.#pace);
    const lines = this.#model.lines.map((line) => {
      if (line.id < first || line.said === undefined) return line;
      const said = Math.max(line.said, Math.min(line.text.length, Math.max(0, units - before.length)));
      before += line.text;
      return said === line.said ? line : { ...line, said };
    });
    this.#update({ lines });
  }

  /** The prompt is over: heard to its end, or cut off where the ear was. */
  #finishPrompt(whole: boolean): void {
    const prompt = this.#prompt;
    if (prompt === undefined) return;
    this.#prompt = undefined;
    const texts: string[] = [];
    const lines = this.#model.lines.map((line): ShownLine => {
      if (line.id < prompt.first || line.said === undefined) return line;
      texts.push(line.text);
      const { said, ...rest } = line;
      return whole || said >= line.text.length ? rest : { ...rest, heard: said };
    });
    if (whole) this.#pace.learn(texts.join(''), prompt.playedMs);
    this.#update({ lines });
    this.#remember();
  }

  #transfer(request: TransferRequest): void {
    const media = this.#media;
    const taken = this.#referred(request, (completed) => {
      const { transferId } = request;
      if (completed) media?.transferResult(transferId, 'completed', 200, 'the page took over');
      else media?.transferResult(transferId, 'failed', 480, 'nobody at the page was free');
      if (!completed) this.#update({ handover: undefined });
    });
    if (taken) media?.transferProgress(request.transferId, 180);
    else media?.transferResult(request.transferId, 'failed', NO_PHONE, 'a browser has no telephone');
  }

  #referred(
    request: { readonly target: string; readonly headers: Readonly<Record<string, string>> },
    done: (completed: boolean) => void,
  ): boolean {
    this.#update({ handover: { target: request.target } });
    return this.#options.onTransfer(request, done);
  }

  #microphoneLost(): void {
    this.#update({ notice: 'microphoneLost' });
  }

  #over(cause: string): void {
    this.#finishPrompt(false);
    this.#media = undefined;
    this.#ticket = undefined;
    this.#sound?.close();
    this.#sound = undefined;
    const notices: Readonly<Record<string, Notice>> = {
      lost: 'lost',
      error: 'lost',
      overloaded: 'busy',
      unauthorized: 'closed',
      taken: 'taken',
      transferred: 'handedOver',
    };
    this.#update({ phase: 'idle', state: 'ended', partial: '', notice: notices[cause], handover: undefined });
    this.#options.onLevels({ microphone: 0, bot: 0 });
    this.#remember();
    this.#options.onCall('end', { cause });
  }

  #say(line: Line, announce: boolean, said?: number): number {
    const id = this.#nextId++;
    const shown: ShownLine = { ...line, id, ...(said === undefined ? {} : { said }) };
    this.#update({ lines: [...this.#model.lines, shown].slice(-MAX_LINES) });
    if (announce) this.#options.onAnnounce(line);
    this.#remember();
    return id;
  }

  async #token(): Promise<string> {
    this.#passAsked ??= validPass(this.#options.tokens, this.#pass).finally(() => {
      this.#passAsked = undefined;
    });
    this.#pass = await this.#passAsked;
    return this.#pass.token;
  }

  #update(change: Partial<Model>): void {
    this.#model = { ...this.#model, ...change };
    this.#options.onChange();
  }

  #remember(): void {
    const { lines, muted } = this.#model;
    this.#memory.write({
      ...(this.#pass === undefined ? {} : { pass: this.#pass }),
      lines: lines.map(({ who, text, heard, said }) => ({
        who,
        text,
        ...(heard === undefined && said === undefined ? {} : { heard: heard ?? said ?? 0 }),
      })),
      open: this.#open,
      muted,
      ...(this.#ticket === undefined || this.#media === undefined
        ? {}
        : { call: { ticket: this.#ticket, atMs: Date.now() } }),
    });
  }
}

function socketUrl(server: string, path: string): string {
  return new URL(path, server).href.replace(/^http/, 'ws');
}
