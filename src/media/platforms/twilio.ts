import { decodeMulaw, encodeMulaw } from '../../dsp/g711.js';
import { HearkenError } from '../../errors.js';
import { objectAt, parseObject, textAt } from './bounded-json.js';
import { callFacts } from './call-facts.js';
import { checkLength } from './linear.js';
import type { PlatformSession } from './platform-session.js';
import type { Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

/**
 * Twilio Media Streams, bidirectional (`<Connect><Stream>`): JSON in text frames, audio as base64 of 8 kHz µ-law in it. Twilio queues and paces what we send; `clear` makes it
 * send the marks back that wait in its queue. https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */
export const twilioProtocol: WebSocketProtocol = {
  name: 'twilio',
  subprotocols: [],
  accept: (line) => new TwilioWire(line),
};

const RATE = 8000;

class TwilioWire implements Receiver, Wire {
  readonly answersMarks = true;
  readonly #line: Line;
  #session: PlatformSession | undefined;
  #streamSid = '';

  constructor(line: Line) {
    this.#line = line;
  }

  text(text: string): void {
    const message = parseObject(text);
    switch (textAt(message, 'event')) {
      case 'start':
        this.#start(message);
        return;
      case 'media':
        this.#media(objectAt(message, 'media'));
        return;
      case 'dtmf':
        this.#session?.pressed(textAt(objectAt(message, 'dtmf'), 'digit') ?? '');
        return;
      case 'mark':
        this.#session?.markPlayed(textAt(objectAt(message, 'mark'), 'name') ?? '');
        return;
      case 'stop':
        this.#session?.ended('normal', 'the stream has stopped');
        this.#line.end('stopped');
        return;
      default:
        return;
    }
  }

  binary(): void {
    throw new HearkenError('PROTOCOL_FRAME', 'Twilio sends its audio as text; this was a binary frame.');
  }

  play(samples: Int16Array): boolean {
    const payload = Buffer.from(encodeMulaw(samples)).toString('base64');
    return this.#send({ event: 'media', streamSid: this.#streamSid, media: { payload } });
  }

  clear(): void {
    this.#send({ event: 'clear', streamSid: this.#streamSid });
  }

  mark(id: string): void {
    this.#send({ event: 'mark', streamSid: this.#streamSid, mark: { name: id } });
  }

  /** There is no message for it: once the stream is closed Twilio goes on with the TwiML behind it, and ends the call when there is none. */
  hangup(_cause: unknown, reason: string): void {
    this.#line.end(reason);
  }

  #start(message: Readonly<Record<string, unknown>>): void {
    if (this.#session) throw new HearkenError('PROTOCOL_STATE', 'A second "start" on the same connection.');
    const start = objectAt(message, 'start');
    const format = objectAt(start, 'mediaFormat');
    const encoding = textAt(format, 'encoding');
    if (encoding !== 'audio/x-mulaw' || textAt(format, 'sampleRate') !== String(RATE)) {
      throw new HearkenError('PROTOCOL_MESSAGE', `The stream's format is not audio/x-mulaw at ${RATE} Hz.`);
    }
    this.#streamSid = textAt(message, 'streamSid') ?? textAt(start, 'streamSid') ?? '';
    const facts = callFacts(
      textAt(start, 'callSid'),
      textAt(objectAt(start, 'customParameters'), 'direction'),
      objectAt(start, 'customParameters'),
      this.#line.query,
      { twilio_account: textAt(start, 'accountSid'), twilio_stream: this.#streamSid },
    );
    this.#session = this.#line.open(facts, RATE, this);
  }

  #media(media: Readonly<Record<string, unknown>>): void {
    // With `track="both_tracks"` our own voice would come back as well.
    if (!this.#session || textAt(media, 'track') === 'outbound') return;
    const payload = media.payload;
    if (typeof payload !== 'string') throw new HearkenError('PROTOCOL_MESSAGE', 'A "media" message had no payload.');
    checkLength(Math.floor((payload.length * 3) / 4), RATE);
    this.#session.heard(decodeMulaw(Buffer.from(payload, 'base64')));
  }

  #send(message: object): boolean {
    return this.#line.send(JSON.stringify(message));
  }
}
