import type { PhoneCall, SipPhone, StreamStats } from '@hearken/sip-bridge';
import { HearkenError, messageOf } from '../../errors.js';
import { readAudioFile } from '../../speech/audio-file.js';
import { addressOf, COMMANDS, helpText, numberOf, type PhoneCommand } from './commands.js';
import { Microphone, Speaker } from './devices.js';
import type { Ladder } from './ladder.js';
import { Line } from './line.js';

/** What the phone tells: an event with its facts; `text` is for people. */
export type Tell = (event: string, facts: Readonly<Record<string, unknown>>, text: string) => void;

export interface SoftphoneOptions {
  readonly phone: SipPhone;
  readonly ladder: Ladder;
  /** `host:port` that bare numbers are dialled at. */
  readonly server: string | undefined;
  readonly tell: Tell;
}

const WAIT_SECONDS = 30;
/** The other side is quiet when nothing was heard for so long. */
const QUIET_MS = 900;
const POLL_MS = 20;

/** A telephone for people at a terminal and for scripts: carries out commands, one call in hand and others on hold. */
export class Softphone {
  readonly #options: SoftphoneOptions;
  readonly #lines: Line[] = [];
  #current: Line | undefined;
  /** The last one that was in hand: its ladder and its quality can be looked at after its end. */
  #last: Line | undefined;
  #microphone: Microphone | undefined;
  #speaker: Speaker | undefined;
  #closed = false;

  constructor(options: SoftphoneOptions) {
    this.#options = options;
    options.phone.on('call', (call) => {
      const from = printable(call.info?.caller ?? '');
      this.#adopt(call, from);
      this.#tell('call', { from, callId: call.callId }, `${from} calls: answer or reject`);
    });
  }

  /** Resolves when the command is done. Throws HearkenError for what can't be done; `quit` is for the caller. */
  async run({ name, argument }: PhoneCommand): Promise<void> {
    switch (name) {
      case 'dial':
        return this.#dial(argument);
      case 'answer':
        return this.#answer();
      case 'reject':
        return this.#ringing().call.reject(argument === '' ? 486 : numberOf(argument, 'the status', 400, 699));
      case 'say':
        return this.#line().say(await readAudioFile(argument, { sampleRate: 8000 }));
      case 'mic':
        return this.#switchMicrophone(onOrOff(argument));
      case 'speaker':
        return this.#switchSpeaker(onOrOff(argument));
      case 'record':
        return this.#record(argument);
      case 'stop':
        return this.#line().stop();
      case 'mute':
        this.#line().muted = true;
        return this.#line().stop();
      case 'unmute':
        this.#line().muted = false;
        return;
      case 'keys':
        if (!/^[0-9*#A-D]{1,64}$/i.test(argument))
          throw new HearkenError('REQUEST_INVALID', `"${argument.slice(0, 40)}" holds something that is no key.`);
        return this.#line().call.sendDigits(argument.toUpperCase());
      case 'hold':
        return this.#hold(this.#line(), true);
      case 'resume':
        return this.#hold(this.#line(), false);
      case 'transfer':
        return this.#transfer(this.#line(), addressOf(argument, this.#options.server));
      case 'consult':
        await this.#hold(this.#line(), true);
        return this.#dial(argument);
      case 'complete':
        return this.#transfer(this.#other(), this.#line().call);
      case 'swap':
        return this.#swap();
      case 'hangup':
        return this.#line().call.hangup();
      case 'calls':
        return this.#calls();
      case 'quality':
        return this.#quality(this.#current ?? this.#last);
      case 'ladder':
        return this.#ladder();
      case 'wait':
        return this.#wait(argument);
      case 'sleep':
        return pause(numberOf(argument, 'the time', 0, 3600) * 1000);
      case 'help':
        return this.#tell('help', { commands: Object.keys(COMMANDS) }, helpText());
      case 'quit':
        return this.close();
    }
  }

  /** Hangs up everything and lets go of the devices. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#microphone?.close();
    this.#speaker?.close();
    await this.#options.phone.close();
    await Promise.all(this.#lines.map((line) => line.record(undefined)));
  }

  get #tell(): Tell {
    return this.#options.tell;
  }

  #line(): Line {
    if (!this.#current) throw new HearkenError('CALL_FAILED', 'There is no call.', { hint: 'dial <uri>' });
    return this.#current;
  }

  #other(): Line {
    const other = this.#lines.findLast((line) => line !== this.#current);
    if (!other) throw new HearkenError('CALL_FAILED', 'There is no second call.', { hint: 'consult <uri>' });
    return other;
  }

  #ringing(): Line {
    const ringing = this.#lines.find(({ call }) => call.direction === 'incoming' && !call.established);
    if (!ringing) throw new HearkenError('CALL_FAILED', 'Nobody calls.');
    return ringing;
  }

  /** Whoever was in hand is held meanwhile. */
  async #answer(): Promise<void> {
    const line = this.#ringing();
    const before = this.#current;
    if (before && before !== line && before.call.established) await this.#hold(before, true);
    this.#take(line);
    line.call.answer();
    await line.call.answered.catch(() => {
      throw new HearkenError('CALL_FAILED', 'The caller has gone.');
    });
  }

  async #dial(argument: string): Promise<void> {
    const to = addressOf(argument, this.#options.server);
    this.#tell('calling', { to }, `calling ${to}`);
    const call = await this.#options.phone.call(to).catch((error: unknown) => {
      throw new HearkenError('CALL_FAILED', `${to} can't be called.`, { cause: error });
    });
    this.#adopt(call, to);
    await call.answered.catch((error: unknown) => {
      throw new HearkenError('CALL_FAILED', error instanceof Error ? error.message : 'The call failed.');
    });
  }

  #adopt(call: PhoneCall, peer: string): void {
    const line = new Line(call, peer);
    const { callId } = call;
    this.#lines.push(line);
    if (call.direction === 'outgoing' || !this.#current) this.#take(line);
    call.on('ringing', (status) => this.#tell('ringing', { callId, status }, `it rings (${status})`));
    call.on('answered', () => this.#tell('answered', { callId, codec: call.codec }, `connected, ${call.codec ?? ''}`));
    call.on('dtmf', (digit, durationMs) => this.#tell('key', { callId, digit, durationMs }, `key ${digit}`));
    call.on('hold', (held) => this.#tell('held', { callId, held }, held ? 'we are on hold' : 'we are back'));
    call.on('referred', (target) =>
      this.#tell('referred', { callId, target }, `we are passed on to ${printable(target)}`),
    );
    call.on('transferred', (target) =>
      this.#tell('transferred', { callId, target, now: call.callId }, `talking to ${printable(target)}`),
    );
    call.on('ended', ({ cause, status, reason, by }) => {
      this.#forget(line);
      const why = printable(reason);
      this.#tell('ended', { callId, cause, status, reason: why, by }, overText(cause, status, why, by));
    });
  }

  #take(line: Line | undefined): void {
    this.#current?.listen(undefined);
    this.#current = line;
    if (line) this.#last = line;
    line?.listen((mulaw) => this.#speaker?.play(mulaw));
  }

  #forget(line: Line): void {
    this.#lines.splice(this.#lines.indexOf(line), 1);
    line.record(undefined).catch(() => undefined);
    if (line === this.#current) this.#take(this.#lines.at(-1));
  }

  async #hold(line: Line, on: boolean): Promise<void> {
    if (line.held === on) return;
    await line.call.hold(on);
    line.held = on;
    this.#tell(on ? 'holding' : 'resumed', { callId: line.call.callId }, on ? 'the other side is on hold' : 'back');
  }

  async #swap(): Promise<void> {
    const other = this.#other();
    await this.#hold(this.#line(), true);
    this.#take(other);
    await this.#hold(other, false);
  }

  /** The transferred party's phone calls the other one; when that is up, our calls are over. */
  async #transfer(line: Line, to: string | PhoneCall): Promise<void> {
    const { call } = line;
    const outcome = await call.transfer(to, (status, reason) =>
      this.#tell('transferProgress', { status, reason: printable(reason) }, `transfer: ${status} ${printable(reason)}`),
    );
    const { status, leaves } = outcome;
    if (outcome.outcome !== 'completed') {
      throw new HearkenError('CALL_FAILED', `The transfer failed: ${status} ${printable(outcome.reason)}`.trim());
    }
    this.#tell('transferDone', { status }, 'passed on');
    if (leaves) await call.hangup('transferred');
    if (typeof to !== 'string') await to.hangup('transferred');
  }

  #calls(): void {
    const calls = this.#lines.map((line) => ({
      callId: line.call.callId,
      peer: line.peer,
      state: line.call.established ? (line.held ? 'held' : 'up') : 'ringing',
      inHand: line === this.#current,
      muted: line.muted,
    }));
    const text = calls.map(({ peer, state, inHand }) => `${inHand ? '*' : ' '} ${peer} (${state})`).join('\n');
    this.#tell('calls', { calls }, text || 'no calls');
  }

  async #quality(line: Line | undefined): Promise<void> {
    const stats = await line?.call.quality();
    if (!stats) throw new HearkenError('CALL_FAILED', 'There was no audio yet.');
    this.#tell('quality', { callId: line?.call.callId, ...stats }, qualityText(stats));
  }

  #ladder(): void {
    const lines = this.#options.ladder.lines();
    this.#tell('ladder', { lines }, lines.join('\n') || 'nothing was sent yet');
  }

  async #wait(argument: string): Promise<void> {
    const [event = '', seconds = String(WAIT_SECONDS)] = argument.split(/\s+/);
    const limitMs = numberOf(seconds, 'the time', 0.1, 3600) * 1000;
    const line = this.#current;
    const keys = line?.keys.length ?? 0;
    const ids = line?.callIds.length ?? 0;
    const conditions: Readonly<Record<string, () => boolean>> = {
      ringing: () => line !== undefined,
      answered: () => line?.call.established ?? false,
      key: () => (line?.keys.length ?? 0) > keys,
      quiet: () => line?.quietFor(QUIET_MS) ?? false,
      transferred: () => (line?.callIds.length ?? 0) > ids || ids > 1,
      call: () => this.#current !== undefined,
      ended: () => line === undefined || line.call.end !== undefined,
    };
    const condition = Object.hasOwn(conditions, event) ? conditions[event] : undefined;
    if (!condition) {
      throw new HearkenError('REQUEST_INVALID', `There is no event "${event.slice(0, 40)}".`, {
        hint: `One of ${Object.keys(conditions).join(', ')}.`,
      });
    }
    const endMs = Date.now() + limitMs;
    while (!condition()) {
      if (Date.now() > endMs) throw new HearkenError('TIMEOUT', `No "${event}" within ${limitMs / 1000} s.`);
      if (line?.call.end && event !== 'ended') throw new HearkenError('CALL_FAILED', 'The call is over.');
      await pause(POLL_MS);
    }
  }

  async #record(argument: string): Promise<void> {
    try {
      await this.#line().record(argument === 'off' ? undefined : argument);
    } catch (error) {
      if (error instanceof HearkenError) throw error;
      throw new HearkenError('REQUEST_INVALID', `${argument} can't be written: ${messageOf(error)}`, {
        hint: 'Name a file that does not exist yet, in a folder that does.',
      });
    }
  }

  async #switchMicrophone(on: boolean): Promise<void> {
    this.#microphone?.close();
    this.#microphone = undefined;
    if (on) this.#microphone = await Microphone.open((mulaw) => this.#current?.speak(mulaw));
  }

  async #switchSpeaker(on: boolean): Promise<void> {
    this.#speaker?.close();
    this.#speaker = undefined;
    if (on) this.#speaker = await Speaker.open();
  }
}

/** An ordinary end needs no number, and a Q.850 cause tells nobody anything. */
function overText(cause: string, status: number, why: string, by: 'us' | 'them'): string {
  if (status >= 300) return `over: ${cause} (${status}${why && ` ${why}`})`;
  const said = why === '' || why.startsWith('Q.850') ? '' : ` (${why})`;
  return `over: ${by === 'us' ? 'we' : 'they'} hung up${cause === 'normal' ? said : `, ${cause}${said}`}`;
}

function qualityText(stats: StreamStats): string {
  const trip = stats.roundTripMs === undefined ? '' : `, round trip ${Math.round(stats.roundTripMs)} ms`;
  const remote = stats.remoteLossPercent === undefined ? '' : `; they lost ${stats.remoteLossPercent.toFixed(1)} %`;
  return (
    `sent ${stats.sentPackets}, received ${stats.receivedPackets}, lost ${stats.lostPackets}, late ${stats.latePackets}, ` +
    `doubled ${stats.duplicatePackets}, made up ${stats.concealedFrames} frames, jitter ${stats.jitterMs.toFixed(1)} ms${trip}${remote}${stats.encrypted ? ', encrypted' : ''}`
  );
}

function onOrOff(argument: string): boolean {
  if (argument === 'on' || argument === 'off') return argument === 'on';
  throw new HearkenError('REQUEST_INVALID', `It is on or off, not "${argument.slice(0, 40)}".`);
}

/** What a peer writes must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 300);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
