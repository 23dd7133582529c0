import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../dsp/g711.js';
import { pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import { objectAt, parseObject, textAt, tidy } from './bounded-json.js';
import { callFacts } from './call-facts.js';
import { checkLength, linear } from './linear.js';
import type { PlatformSession } from './platform-session.js';
import type { Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

/**
 * Asterisk's channel driver chan_websocket (20.16, 21.11, 22.6, 23 and later): audio of the channel's codec in binary frames, commands and events in text frames, either plain
 * (`MARK_MEDIA m1`) or JSON (`{"command":"MARK_MEDIA","correlation_id":"m1"}`, from 20.18, 22.8, 23.2); we answer in the form that MEDIA_START came in. Asterisk queues and paces
 * what we send. https://docs.asterisk.org/Configuration/Channel-Drivers/WebSocket/
 */
export const asteriskProtocol: WebSocketProtocol = {
  name: 'asterisk',
  subprotocols: ['media'],
  accept: (line) => new AsteriskWire(line),
};

interface Codec {
  readonly sampleRate: number;
  readonly bytesPerSample: 1 | 2;
  readonly decode: (bytes: Buffer, sampleRate: number) => Int16Array;
  readonly encode: (samples: Int16Array) => Uint8Array;
}

const g711 = (decode: Codec['decode'], encode: Codec['encode']): Codec => ({
  sampleRate: 8000,
  bytesPerSample: 1,
  decode,
  encode,
});
const slin = (sampleRate: number): Codec => ({ sampleRate, bytesPerSample: 2, decode: linear, encode: pcmToBytes });

/** By Asterisk's own names. Others would need their own decoder; Asterisk transcodes to these by itself. */
const CODECS: Readonly<Record<string, Codec>> = {
  ulaw: g711(
    (bytes) => decodeMulaw(bytes),
    (samples) => encodeMulaw(samples),
  ),
  alaw: g711(
    (bytes) => decodeAlaw(bytes),
    (samples) => encodeAlaw(samples),
  ),
  slin: slin(8000),
  slin16: slin(16_000),
  slin24: slin(24_000),
  slin48: slin(48_000),
};

/** Asterisk's websocket code closes the connection on larger messages; 20 ms at 48 kHz are 1,920. */
const LONGEST_AUDIO_BYTES = 60_000;

class AsteriskWire implements Receiver, Wire {
  readonly answersMarks = true;
  readonly #line: Line;
  #session: PlatformSession | undefined;
  #codec: Codec | undefined;
  #json = false;
  /** Asterisk's queue is over its limit; what is sent now would be dropped there. */
  #full = false;

  constructor(line: Line) {
    this.#line = line;
  }

  text(text: string): void {
    this.#json = text.trimStart().startsWith('{');
    const event = this.#json ? parseObject(text) : parsePlain(text);
    switch (textAt(event, 'event')) {
      case 'MEDIA_START':
        this.#start(event);
        return;
      case 'DTMF_END':
        this.#session?.pressed(textAt(event, 'digit') ?? '', Number(textAt(event, 'duration_ms') ?? 0));
        return;
      case 'MEDIA_MARK_PROCESSED':
        this.#session?.markPlayed(textAt(event, 'correlation_id') ?? '');
        return;
      case 'MEDIA_XOFF':
        this.#full = true;
        return;
      case 'MEDIA_XON':
        this.#full = false;
        return;
      default:
        // STATUS, QUEUE_DRAINED, MEDIA_BUFFERING_COMPLETED, ERROR and what later versions add: nothing of ours depends on them.
        return;
    }
  }

  binary(bytes: Buffer): void {
    // Under load audio can come before MEDIA_START; without a format it is noise.
    if (!this.#codec) return;
    checkLength(bytes.length, this.#codec.sampleRate * this.#codec.bytesPerSample);
    this.#session?.heard(this.#codec.decode(bytes, this.#codec.sampleRate));
  }

  play(samples: Int16Array): boolean {
    if (!this.#codec || this.#full || samples.length * this.#codec.bytesPerSample > LONGEST_AUDIO_BYTES) return false;
    return this.#line.send(this.#codec.encode(samples));
  }

  clear(): void {
    // Also ends a queue that was full: XON may not come after a flush (Asterisk before 22.6).
    this.#full = false;
    this.#command('FLUSH_MEDIA');
  }

  mark(id: string): void {
    this.#command('MARK_MEDIA', id);
  }

  hangup(_cause: unknown, reason: string): void {
    this.#command('HANGUP');
    this.#line.end(reason);
  }

  #start(event: Readonly<Record<string, unknown>>): void {
    if (this.#session) throw new HearkenError('PROTOCOL_STATE', 'A second MEDIA_START on the same connection.');
    const format = textAt(event, 'format') ?? '';
    const codec = Object.hasOwn(CODECS, format) ? CODECS[format] : undefined;
    if (!codec || Number(textAt(event, 'optimal_frame_size')) === 0) {
      throw new HearkenError('PROTOCOL_MESSAGE', `The channel's codec "${format.slice(0, 32)}" is not spoken here.`, {
        hint: 'Dial with c(slin16), c(slin), c(ulaw) or c(alaw): Asterisk transcodes.',
      });
    }
    this.#codec = codec;
    const variables = objectAt(event, 'channel_variables');
    const facts = callFacts(
      // The dialplan's own id, where it gave one: by that it asks later what comes next.
      textAt(variables, '__HEARKEN_CALL') ??
        this.#line.query.get('call') ??
        textAt(event, 'channel_id') ??
        textAt(event, 'connection_id'),
      undefined,
      // Before the URL's: Asterisk 22 keeps what a dial string's v() once said for later calls of the same client.
      inherited(variables),
      this.#line.query,
      { asterisk_channel: textAt(event, 'channel'), asterisk_connection: textAt(event, 'connection_id') },
    );
    this.#session = this.#line.open(facts, codec.sampleRate, this);
  }

  #command(command: string, id?: string): void {
    if (this.#json) {
      this.#line.send(JSON.stringify(id === undefined ? { command } : { command, correlation_id: id }));
    } else this.#line.send(id === undefined ? command : `${command} ${id}`);
  }
}

/** `MEDIA_START connection_id:… format:ulaw`, `MEDIA_MARK_PROCESSED m1`: the same object as the JSON form. */
function parsePlain(text: string): Readonly<Record<string, unknown>> {
  if (text.length > 4096) throw new HearkenError('PROTOCOL_MESSAGE', 'A plain control message was too long.');
  const [event = '', ...words] = text.trim().split(/\s+/, 64);
  const fields: Record<string, unknown> = { event };
  for (const word of words) {
    const colon = word.indexOf(':');
    if (colon > 0) fields[word.slice(0, colon)] = tidy(word.slice(colon + 1), 256);
    // Plain events tell an id as `correlation_id:m1` or as a bare word, as the version likes.
    else fields.correlation_id ??= tidy(word, 256);
  }
  return fields;
}

/** `__HEARKEN_CALLER`, set before `Dial`, comes with its underscores (seen with 22.10); here it is `caller`, as in a URL. Asterisk's own variables are left out. */
function inherited(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(variables)
      .map(([name, value]): [string, unknown] => [name.replace(/^_+/, ''), value])
      .filter(([name]) => /^(HEARKEN_|X-)/.test(name))
      .map(([name, value]) => [
        name.startsWith('HEARKEN_') ? name.slice('HEARKEN_'.length).toLowerCase() : name,
        value,
      ]),
  );
}
