import { pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import type { HangupCause } from '../session.js';
import { objectAt, parseObject, textAt } from './bounded-json.js';
import { callFacts } from './call-facts.js';
import { checkedRate, linear } from './linear.js';
import type { PlatformSession } from './platform-session.js';
import type { Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

/**
 * FreeSWITCH's mod_audio_stream: optional metadata in one text frame, then PCM16 in binary frames. Builds differ in how they take audio back, so the URL says it: `play=binary` (announced
 * once with `rawAudio`; 1.0.3 and later, the default) or `play=json` (`streamAudio` with base64). There are no marks: our own clock tells where the ear is. The wire knows no keys
 * either; a dialplan sends them with `uuid_audio_stream <uuid> send_text {"event":"dtmf","digit":"5"}`. https://github.com/amigniter/mod_audio_stream
 */
export const freeswitchProtocol: WebSocketProtocol = {
  name: 'freeswitch',
  subprotocols: ['audio.drachtio.org'],
  accept: (line) => new FreeswitchWire(line),
};

class FreeswitchWire implements Receiver, Wire {
  readonly answersMarks = false;
  readonly #line: Line;
  readonly #json: boolean;
  #sampleRate: number;
  #session: PlatformSession | undefined;
  #announced = false;

  constructor(line: Line) {
    this.#line = line;
    const play = line.query.get('play') ?? 'binary';
    if (play !== 'binary' && play !== 'json') {
      throw new HearkenError('PROTOCOL_MESSAGE', 'The URL\'s "play" must be binary or json.');
    }
    this.#json = play === 'json';
    this.#sampleRate = checkedRate(Number(line.query.get('rate') ?? 8000));
  }

  text(text: string): void {
    const message = parseObject(text);
    const kind = textAt(message, 'event') ?? textAt(message, 'type');
    if (kind === 'dtmf') {
      this.#session?.pressed(textAt(message, 'digit') ?? '', Number(textAt(message, 'duration') ?? 0));
    } else if (kind === 'hangup') {
      this.#session?.ended('normal', 'the caller hung up');
      this.#line.end('hangup');
    } else if (!this.#session) this.#start(message);
  }

  binary(bytes: Buffer): void {
    if (!this.#session) this.#start({});
    this.#session?.heard(linear(bytes, this.#sampleRate));
  }

  play(samples: Int16Array): boolean {
    const pcm = pcmToBytes(samples);
    if (this.#json) {
      const data = {
        audioDataType: 'raw',
        sampleRate: this.#sampleRate,
        audioData: Buffer.from(pcm).toString('base64'),
      };
      return this.#line.send(JSON.stringify({ type: 'streamAudio', data }));
    }
    if (!this.#announced) {
      this.#line.send(JSON.stringify({ type: 'rawAudio', data: { sampleRate: this.#sampleRate } }));
      this.#announced = true;
    }
    return this.#line.send(pcm);
  }

  clear(): void {
    this.#line.send(JSON.stringify({ type: 'killAudio' }));
  }

  mark(): void {}

  /** The module only streams; what it is told comes out as an event (`mod_audio_stream::json`), and the dialplan behind it ends the call. */
  hangup(cause: HangupCause, reason: string): void {
    this.#line.send(JSON.stringify({ type: 'hangup', data: { cause } }));
    this.#line.end(reason);
  }

  #start(message: Readonly<Record<string, unknown>>): void {
    const rate = textAt(message, 'sampleRate');
    if (rate !== undefined) this.#sampleRate = checkedRate(Number(rate));
    const facts = callFacts(
      textAt(message, 'uuid') ?? textAt(message, 'callId') ?? this.#line.query.get('uuid') ?? undefined,
      textAt(message, 'direction'),
      message,
      objectAt(message, 'metadata'),
      this.#line.query,
    );
    this.#session = this.#line.open(facts, this.#sampleRate, this);
  }
}
