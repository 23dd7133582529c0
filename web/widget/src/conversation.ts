import { MicrophoneError } from './audio/microphone.js';
import { Call, type CallListener } from './call.js';
import type { ConversationOptions, Referral } from './conversation-options.js';
import { DoorError, PassKeeper, socketUrl } from './door.js';
import type { CallTicket, TransferRequest } from './media-client.js';
import { type Choice, choicesOf, type Line, Memory } from './memory.js';
import { choosable, type Model, noticeOfEnd } from './model.js';
import { TextClient, type TextListener } from './text-client.js';
import { Transcript } from './transcript.js';

/** What may be typed at once, in UTF-16 units. */
const MAX_TYPED = 2000;

/** The conversation: speech, typing, what was said. It knows nothing of how it looks. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #memory: Memory;
  readonly #pass: PassKeeper;
  readonly #transcript: Transcript;
  readonly #text: TextClient;
  readonly #channel: BroadcastChannel | undefined;
  #call: Call | undefined;
  #open = false;
  /** Of the last call. */
  #gaps = 0;
  /** A person has the conversation, or it waits for one. */
  #person = false;
  #forgotten = false;
  #model: Model;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#memory = new Memory(options.server);
    const { pass, lines, open, muted, call, person } = this.#memory.read();
    this.#pass = new PassKeeper(options.tokens, pass);
    this.#transcript = new Transcript(lines);
    this.#open = open;
    this.#model = {
      phase: 'idle',
      state: 'ended',
      lines: this.#transcript.lines,
      partial: '',
      muted,
      talked: call !== undefined,
      notice: undefined,
      textOnly: options.platform.soundProblem() !== undefined,
      waiting: false,
      handover: undefined,
    };
    this.#text = new TextClient({
      platform: options.platform,
      url: (language) =>
        `${socketUrl(options.server, this.#pass.last?.textPath ?? '/ws')}?language=${encodeURIComponent(language)}`,
      language: options.language,
      token: async () => (await this.#pass.valid()).token,
      listener: this.#textListener(),
    });
    this.#channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('hearken-call') : undefined;
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // A copy of this tab has taken the call over; two would take it from each other for ever.
      const sessionId = this.#call?.ticket?.sessionId;
      if (sessionId === undefined || data !== sessionId) return;
      this.#call?.release();
      this.#over('taken');
    });
    if (person === true) this.#awaitPerson(true);
    if (call !== undefined && Date.now() - call.atMs < call.ticket.resumeWindowMs) void this.talk(call.ticket);
  }

  get model(): Model {
    return this.#model;
  }

  /** Whether the panel was open on the page before. */
  get wasOpen(): boolean {
    return this.#open;
  }

  /** For measuring: times that the bot's words broke off in this call, or the last one, because audio came late. */
  get gaps(): number {
    return this.#call?.gaps ?? this.#gaps;
  }

  /** For the next page: whether the panel is open. */
  rememberOpen(open: boolean): void {
    this.#open = open;
    this.#remember();
  }

  /** Begins a call (from a click), or goes on with the one of the page before. What keeps it from happening is told as a notice. */
  async talk(ticket?: CallTicket): Promise<void> {
    if (this.#model.phase !== 'idle') return;
    this.#update({
      phase: ticket === undefined ? 'connecting' : 'reconnecting',
      notice: undefined,
      partial: '',
      handover: undefined,
    });
    const { platform, server, rate, language } = this.#options;
    this.#call = new Call({
      platform,
      server,
      rate,
      language,
      pass: () => this.#pass.valid(),
      muted: () => this.#model.muted,
      listener: this.#callListener(),
    });
    try {
      await this.#call.begin(ticket);
    } catch (error) {
      this.#call = undefined;
      const notice =
        error instanceof MicrophoneError || error instanceof DoorError ? error.problem : ('unsupported' as const);
      const noSound = error instanceof MicrophoneError;
      this.#update({
        phase: 'idle',
        notice,
        textOnly: this.#model.textOnly || (noSound && notice !== 'inUse' && notice !== 'refused'),
      });
      this.#remember();
    }
  }

  /** After a page change some browsers want a click before they play. */
  async goOn(): Promise<void> {
    await this.#call?.playAfterClick();
    if (this.#model.notice === 'clickToGoOn') this.#update({ notice: undefined });
  }

  hangUp(): void {
    this.#call?.hangUp();
  }

  mute(muted: boolean): void {
    this.#call?.mute(muted);
    this.#update({ muted });
    this.#remember();
  }

  /** A key that was pressed, on the screen or the keyboard: those of a telephone go into the call, others nowhere. */
  key(key: string): void {
    if (/^[0-9*#]$/.test(key)) this.#call?.sendKey(key);
  }

  /** The visitor changed the language. One that has begun is asked in `words` to change over; one that has not begins in it. */
  changeLanguage(words: string): void {
    if (this.#model.lines.length > 0) this.type(words);
  }

  /** A typed message: into the call when there is one. */
  type(text: string): void {
    const clean = text.trim().slice(0, MAX_TYPED);
    if (clean === '') return;
    if (this.#call?.connected) {
      // It comes back as a transcript when the call has taken it.
      this.#call.sendText(clean);
      return;
    }
    this.#send(clean, clean);
  }

  /** One of the choices of the last reply: its payload goes to the service, its title is what was said. None while an answer is on its way, or in a call. */
  choose({ title, payload }: Choice): void {
    if (!choosable(this.#model)) return;
    this.#send(payload, title);
  }

  #send(text: string, said: string): void {
    if (!this.#text.send(text)) {
      this.#update({ notice: 'busy' });
      return;
    }
    this.#say({ who: 'caller', text: said });
    this.#update({ waiting: true, notice: undefined, handover: undefined });
  }

  dismiss(): void {
    this.#update({ notice: undefined });
  }

  /** The element leaves the page, or the page goes: the call waits a while for the next page. */
  close(): void {
    this.#remember();
    this.#call?.release();
    this.#call = undefined;
    this.#text.close();
    this.#channel?.close();
  }

  /** Whoever was here has gone: the call ends, and the next page knows of nothing. This object is of no more use. */
  forget(): void {
    this.hangUp();
    this.close();
    this.#forgotten = true;
    this.#memory.forget();
  }

  #textListener(): TextListener {
    return {
      reply: ({ replies, transfer, person }) => {
        this.#awaitPerson(person !== undefined);
        this.#transcript.withdrawChoices();
        const lines = replies.map(({ text, buttons }): Line => {
          const choices = choicesOf(buttons);
          return { who: 'bot', text, ...(choices === undefined ? {} : { choices }) };
        });
        for (const line of lines) this.#say(line);
        // At once: what is announced one by one is read out only from the last on.
        if (lines.length > 0)
          this.#options.onAnnounce({
            who: 'bot',
            text: lines.map(({ text }) => text).join(' '),
            ...choicesAmong(lines),
          });
        if (transfer) this.#referred({ target: transfer.target ?? '', headers: {} }, () => undefined);
        this.#update({
          waiting: this.#text.waiting > 0,
          ...(this.#model.notice === 'away' ? { notice: undefined } : {}),
        });
      },
      person: ({ who, name, text, over }) => {
        const line: Line = { who, text, ...(name === undefined ? {} : { name }) };
        this.#transcript.withdrawChoices();
        this.#say(line);
        this.#options.onAnnounce(line);
        if (over === true) this.#awaitPerson(false);
      },
      failed: () => this.#update({ waiting: this.#text.waiting > 0, notice: 'unanswered' }),
      connection: (state) => this.#update({ notice: state === 'lost' ? 'away' : undefined }),
    };
  }

  #callListener(): CallListener {
    return {
      ready: ({ sessionId }, resumed, waits) => {
        this.#channel?.postMessage(sessionId);
        this.#transcript.withdrawChoices();
        this.#showLines();
        this.#update({ phase: 'live', talked: true, notice: waits ? 'clickToGoOn' : undefined });
        this.#remember();
        if (!resumed) this.#options.onCall('start', { conversationId: this.#pass.last?.conversationId });
      },
      levels: (levels) => this.#options.onLevels(levels),
      heard: (playedMs) => {
        if (this.#transcript.heard(playedMs)) this.#showLines();
      },
      generationBegins: () => this.#transcript.beginGeneration(),
      promptHeard: () => this.#finishPrompt(true),
      transcript: (who, text, final) => (who === 'caller' ? this.#callerSays(text, final) : this.#botSays(text)),
      state: (state) => {
        if (state === 'listening' || state === 'thinking') this.#finishPrompt(false);
        this.#update({ state, ...(state === 'thinking' ? { partial: '' } : {}) });
      },
      transfer: (request) => this.#transfer(request),
      interrupted: () => this.#update({ phase: 'reconnecting' }),
      microphoneLost: () => this.#update({ notice: 'microphoneLost' }),
      ended: (cause) => this.#over(cause),
    };
  }

  #callerSays(text: string, final: boolean): void {
    // A partial alone ends nothing: the service may take it for a sign of listening and go on.
    if (final) {
      this.#finishPrompt(false);
      this.#say({ who: 'caller', text });
    }
    this.#update({ partial: final ? '' : text });
  }

  #botSays(text: string): void {
    this.#transcript.addSpoken(text);
    this.#showLines();
    this.#remember();
  }

  #finishPrompt(whole: boolean): void {
    if (!this.#transcript.finishPrompt(whole)) return;
    this.#showLines();
    this.#remember();
  }

  #say(line: Line): void {
    this.#transcript.add(line);
    this.#showLines();
    this.#remember();
  }

  #transfer(request: TransferRequest): void {
    const call = this.#call;
    const taken = this.#referred(request, (completed) => {
      call?.transferDone(request, completed);
      if (!completed) this.#update({ handover: undefined });
    });
    if (taken) call?.transferTaken(request);
    else call?.transferImpossible(request);
  }

  #referred(referral: Referral, done: (completed: boolean) => void): boolean {
    this.#update({ handover: { target: referral.target } });
    return this.#options.onTransfer(referral, done);
  }

  /** What a person writes may come at any time, on the next page too. */
  #awaitPerson(person: boolean): void {
    if (person === this.#person) return;
    this.#person = person;
    this.#text.hold(person);
    this.#remember();
  }

  #over(cause: string): void {
    this.#finishPrompt(false);
    // No page took the caller over: then somebody at the desk has, and goes on in writing.
    if (cause === 'transferred' && this.#model.handover === undefined) this.#awaitPerson(true);
    this.#gaps = this.#call?.gaps ?? this.#gaps;
    this.#call = undefined;
    this.#update({ phase: 'idle', state: 'ended', partial: '', notice: noticeOfEnd(cause), handover: undefined });
    this.#options.onLevels({ microphone: 0, bot: 0 });
    this.#remember();
    this.#options.onCall('end', { cause });
  }

  #showLines(): void {
    this.#update({ lines: this.#transcript.lines });
  }

  #update(change: Partial<Model>): void {
    this.#model = { ...this.#model, ...change };
    this.#options.onChange();
  }

  #remember(): void {
    if (this.#forgotten) return;
    const { last } = this.#pass;
    const ticket = this.#call?.ticket;
    this.#memory.write({
      ...(last === undefined ? {} : { pass: last }),
      lines: this.#transcript.remembered,
      open: this.#open,
      muted: this.#model.muted,
      ...(this.#person ? { person: true } : {}),
      ...(ticket === undefined ? {} : { call: { ticket, atMs: Date.now() } }),
    });
  }
}

/** All that is offered by several lines. */
function choicesAmong(lines: readonly Line[]): Pick<Line, 'choices'> {
  const choices = lines.flatMap((line) => line.choices ?? []);
  return choices.length === 0 ? {} : { choices };
}
