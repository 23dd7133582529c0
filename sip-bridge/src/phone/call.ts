import { SafeEmitter } from '../emitter.js';
import { BridgeError, messageOf } from '../errors.js';
import { silentLogger } from '../log.js';
import type { AudioCodec, LineFormat } from '../rtp/packet.js';
import type { StreamStats } from '../rtp/wire.js';
import type { HangupCause, LegEnd } from '../sip/cause.js';
import { InboundLeg } from '../sip/inbound-leg.js';
import type { IncomingRefer, Leg } from '../sip/leg.js';
import { OutboundLeg } from '../sip/outbound-leg.js';
import { Transfer, type TransferOutcome } from '../sip/refer.js';
import { AudioOut, type AudioSource } from './audio-out.js';

/** A frame as it came off the wire. */
export interface HeardFrame {
  /** One 20 ms frame in the phone's `line`. */
  readonly payload: Uint8Array;
  readonly codec: LineFormat;
  readonly rtpTimestamp: number;
  /** Milliseconds on the monotonic clock (`monotonicMs()`). */
  readonly arrivalMs: number;
  /** 0 before a transfer, 1 after the first, and so on. */
  readonly leg: number;
}

export interface PhoneCallEvents {
  /** 180 or 183. */
  ringing: [status: number];
  /** Both sides know that the call is up. */
  answered: [];
  audio: [frame: HeardFrame];
  dtmf: [digit: string, durationMs: number];
  /** The peer stopped (or started again) listening to us. */
  hold: [held: boolean];
  /** REFER came: the target, and what it carried besides. */
  referred: [target: string, headers: Readonly<Record<string, string>>];
  referProgress: [status: number, reason: string];
  /** The new leg is up and is the call from here on. */
  transferred: [target: string];
  ended: [end: LegEnd];
}

/** What a call needs of its phone. */
export interface PhoneHooks {
  readonly obeyRefer: boolean;
  /** Places the call that a REFER asks for. */
  place(
    target: string,
    headers: readonly string[],
    onProgress: (status: number, reason: string) => void,
  ): Promise<OutboundLeg>;
}

/** After the transfer the old leg's owner has so long to end it. */
const OLD_LEG_MS = 4000;
const TRANSFER_LIMIT_MS = 60_000;
/** Headers that a Refer-To URI may ask us to send (`?Replaces=…`), and those of the REFER that go on with the call. */
const CARRIED_HEADERS = /^(Replaces|Require|Referred-By|User-to-User|X-[A-Za-z0-9-]+)$/i;

/** One call of a phone, from dialling (or ringing) to its end, over transfers. */
export class PhoneCall extends SafeEmitter<PhoneCallEvents> {
  readonly direction: 'incoming' | 'outgoing';
  /** Resolves when the call is up; rejects with CALL_FAILED when it never is. */
  readonly answered: Promise<void>;
  /** Resolves once the call is over, however it ended. */
  readonly ended: Promise<LegEnd>;
  readonly #hooks: PhoneHooks;
  readonly #out = new AudioOut();
  #leg: Leg;
  #legIndex = 0;
  #pending: OutboundLeg | undefined;
  #placing = false;
  #quality: Promise<StreamStats | undefined> | undefined;
  #end: LegEnd | undefined;
  #resolveAnswered: () => void = () => {};
  #rejectAnswered: (error: BridgeError) => void = () => {};
  #resolveEnded: (end: LegEnd) => void = () => {};

  constructor(leg: Leg, direction: 'incoming' | 'outgoing', hooks: PhoneHooks) {
    super();
    this.#leg = leg;
    this.direction = direction;
    this.#hooks = hooks;
    this.answered = new Promise((resolve, reject) => {
      this.#resolveAnswered = resolve;
      this.#rejectAnswered = reject;
    });
    // Not everybody waits for it, and nobody must for the process to live.
    this.answered.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#adopt(leg);
    leg.on('established', () => {
      this.#resolveAnswered();
      this.emit('answered');
    });
  }

  get callId(): string {
    return this.#leg.callId;
  }

  /** Whether this is the dialog with these tags, as seen from here. */
  isDialog(callId: string, localTag: string | undefined, remoteTag: string | undefined): boolean {
    const { session } = this.#leg;
    return this.callId === callId && session?.localTag === localTag && session?.remoteTag === remoteTag;
  }

  get codec(): AudioCodec | undefined {
    return this.#leg.media?.codec;
  }

  get established(): boolean {
    return this.#leg.established;
  }

  /** Set once the call is over. */
  get end(): LegEnd | undefined {
    return this.#end;
  }

  /** Of an incoming call: who calls, whom, and all headers of the INVITE. */
  get info(): InboundLeg['info'] | undefined {
    return this.#leg instanceof InboundLeg ? this.#leg.info : undefined;
  }

  /** Incoming calls only, when the phone does not answer by itself. */
  answer(): void {
    if (this.#leg instanceof InboundLeg) this.#leg.accept();
  }

  /** Incoming calls only. */
  reject(status: number): void {
    if (this.#leg instanceof InboundLeg) this.#leg.reject(status);
  }

  /** Sends G.711 of the call's codec at 20 ms a frame; resolves when all of it is out. */
  sendAudio(source: AudioSource): Promise<void> {
    return this.#out.send(source);
  }

  stopAudio(): void {
    this.#out.stop();
  }

  /** RFC 4733 keys. */
  async sendDigits(digits: string, durationMs = 120): Promise<void> {
    await this.#leg.media?.stream.sendDigits(digits, durationMs);
  }

  /** Puts the peer on hold, or takes it back. */
  hold(on: boolean): Promise<void> {
    return this.#leg.renegotiate(on ? 'sendonly' : 'sendrecv');
  }

  /** Asks the peer to call `to` instead (REFER): an address, or the party of another call of ours, whose place it takes (Replaces). Never rejects; hanging up afterwards is the caller's. */
  transfer(
    to: string | PhoneCall,
    onProgress: (status: number, reason: string) => void = () => {},
    timeoutMs = TRANSFER_LIMIT_MS,
  ): Promise<TransferOutcome> {
    const target = typeof to === 'string' ? to : to.#remote;
    const replaced = typeof to === 'string' ? undefined : to.#leg.session;
    const query =
      replaced === undefined
        ? ''
        : `?Replaces=${encodeURIComponent(`${replaced.callId};to-tag=${replaced.remoteTag};from-tag=${replaced.localTag}`)}`;
    const order = { target, headers: {}, timeoutMs, referTo: `<${target}${query}>` };
    return new Transfer(this.#leg, order, onProgress, silentLogger()).run();
  }

  /** How the audio goes, or went once the call is over. Undefined when there never was any. */
  quality(): Promise<StreamStats | undefined> {
    return this.#quality ?? this.#leg.media?.stream.stats() ?? Promise.resolve(undefined);
  }

  /** The peer's Contact, or whom we dialled. */
  get #remote(): string {
    const leg = this.#leg;
    const contact = leg.session?.remoteTarget.toString() ?? '';
    return (
      (leg instanceof OutboundLeg && leg.routed ? leg.session?.remoteURI.toString() : contact)?.split('?')[0] ?? ''
    );
  }

  /** Ends it; resolves when it is over. */
  async hangup(cause: HangupCause = 'normal', reason = ''): Promise<void> {
    this.#pending?.hangup(cause, reason);
    this.#leg.hangup(cause, reason);
    await this.ended;
  }

  /** For the phone: a provisional answer came. */
  progress(status: number): void {
    if (status >= 180) this.emit('ringing', status);
  }

  #adopt(leg: Leg): void {
    this.#leg = leg;
    this.#adoptMedia(leg);
    leg.on('key', (digit, durationMs) => this.emit('dtmf', digit, durationMs));
    leg.on('hold', (held) => this.emit('hold', held));
    leg.on('refer', (refer) => this.#onRefer(leg, refer));
    leg.on('ended', (end) => this.#onLegEnded(leg, end));
  }

  /** For the phone: the ports of an incoming call are bound after it is announced. */
  mediaReady(): void {
    this.#adoptMedia(this.#leg);
  }

  #adoptMedia(leg: Leg): void {
    const { media } = leg;
    const index = this.#legIndex;
    this.#out.attach(media?.stream);
    media?.stream.on('frame', ({ payload, rtpTimestamp, arrivalMs }) => {
      if (this.#leg !== leg) return;
      this.emit('audio', { payload, rtpTimestamp, arrivalMs, codec: media.line ?? 'pcmu', leg: index });
    });
  }

  #onRefer(leg: Leg, refer: IncomingRefer): void {
    const { target, headers } = readReferTo(refer);
    if (!this.#hooks.obeyRefer || this.#placing || this.#pending || target === undefined) {
      refer.reject(target === undefined ? 400 : 603);
      return;
    }
    refer.accept();
    this.emit('referred', target, refer.headers);
    leg.notifyRefer(100, 'Trying');
    this.#placing = true;
    const tell = (status: number, reason: string): void => {
      leg.notifyRefer(status, reason);
      this.emit('referProgress', status, reason);
    };
    this.#hooks
      .place(target, headers, (status, reason) => {
        if (status > 100) tell(status, reason || 'Ringing');
      })
      .then(
        (next) => this.#follow(leg, next, target, tell),
        (error: unknown) => {
          this.#placing = false;
          tell(500, messageOf(error).slice(0, 100));
          if (leg.end) this.#over(leg.end);
        },
      );
  }

  #follow(old: Leg, next: OutboundLeg, target: string, tell: (status: number, reason: string) => void): void {
    this.#placing = false;
    this.#pending = next;
    const failed = (end: LegEnd): void => {
      this.#pending = undefined;
      void next.release();
      tell(end.status < 300 ? 500 : end.status, end.reason || 'Failed');
      if (old.end) this.#over(old.end);
    };
    next.on('ended', failed);
    next.on('established', () => {
      next.off('ended', failed);
      this.#pending = undefined;
      tell(200, 'OK');
      this.#legIndex++;
      this.#adopt(next);
      this.emit('transferred', target);
      if (old.end) void old.release();
      else {
        const timer = setTimeout(() => old.hangup('transferred'), OLD_LEG_MS);
        old.on('ended', () => {
          clearTimeout(timer);
          void old.release();
        });
      }
    });
  }

  #onLegEnded(leg: Leg, end: LegEnd): void {
    // The old leg of a transfer, or one whose successor is still ringing.
    if (leg !== this.#leg || this.#pending || this.#placing) return;
    this.#over(end);
  }

  #over(end: LegEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#out.attach(undefined);
    this.#rejectAnswered(new BridgeError('CALL_FAILED', `The call failed with ${end.status} ${end.reason}`.trim()));
    this.#quality = this.#leg.media?.stream.close().catch(() => undefined) ?? Promise.resolve(undefined);
    void this.#leg.release();
    this.emit('ended', end);
    this.#resolveEnded(end);
  }
}

/** The target of a REFER, and header lines for the new call. */
function readReferTo(refer: IncomingRefer): { target: string | undefined; headers: string[] } {
  const uri = /<([^>]+)>/.exec(refer.referTo)?.[1] ?? refer.referTo.split(';')[0]?.trim() ?? '';
  const [target = '', query = ''] = uri.split('?', 2);
  if (!/^sips?:/i.test(target)) return { target: undefined, headers: [] };
  const headers: string[] = [];
  const carry = (name: string, value: string): void => {
    if (CARRIED_HEADERS.test(name)) headers.push(`${name}: ${value.replace(/[\r\n]+/g, ' ')}`);
  };
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name = '', value = ''] = pair.split('=', 2);
    try {
      carry(decodeURIComponent(name), decodeURIComponent(value));
    } catch {
      // Not properly escaped: left out.
    }
  }
  for (const [name, value] of Object.entries(refer.headers)) {
    if (!/^(Require|Replaces)$/i.test(name)) carry(name, value);
  }
  return { target, headers };
}
