import { pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import { objectAt, parseObject, textAt } from './bounded-json.js';
import { callFacts } from './call-facts.js';
import { checkedRate, linear } from './linear.js';
import type { PlatformSession } from './platform-session.js';
import type { Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

/**
 * Vonage Voice API, NCCO `connect` to a WebSocket: PCM16 in binary frames of 20 ms, events and actions in text frames. Vonage queues (3,072 messages) and paces what we send;
 * a `notify` comes back when what was sent before it has been played. https://developer.vonage.com/en/voice/voice-api/concepts/websockets
 */
export const vonageProtocol: WebSocketProtocol = {
  name: 'vonage',
  subprotocols: [],
  accept: (line) => new VonageWire(line),
};

class VonageWire implements Receiver, Wire {
  readonly answersMarks = true;
  readonly #line: Line;
  #session: PlatformSession | undefined;
  #sampleRate = 16_000;

  constructor(line: Line) {
    this.#line = line;
  }

  text(text: string): void {
    const message = parseObject(text);
    switch (textAt(message, 'event')) {
      case 'websocket:connected':
        this.#start(message);
        return;
      case 'websocket:dtmf':
        this.#dtmf(message);
        return;
      case 'websocket:notify':
        this.#session?.markPlayed(textAt(objectAt(message, 'payload'), 'mark') ?? '');
        return;
      default:
        // `websocket:cleared` only confirms what our clock has reckoned already.
        return;
    }
  }

  binary(bytes: Buffer): void {
    this.#session?.heard(linear(bytes, this.#sampleRate));
  }

  play(samples: Int16Array): boolean {
    return this.#line.send(pcmToBytes(samples));
  }

  clear(): void {
    this.#send({ action: 'clear' });
  }

  mark(id: string): void {
    this.#send({ action: 'notify', payload: { mark: id } });
  }

  /** There is no message for it: once the connection is closed Vonage goes on with the NCCO, and ends the call at its end. */
  hangup(_cause: unknown, reason: string): void {
    this.#line.end(reason);
  }

  #start(message: Readonly<Record<string, unknown>>): void {
    if (this.#session)
      throw new HearkenError('PROTOCOL_STATE', 'A second "websocket:connected" on the same connection.');
    const type = textAt(message, 'content-type') ?? '';
    const rate = /^audio\/l16;\s*rate=(\d{4,5})$/.exec(type)?.[1];
    if (rate === undefined) {
      throw new HearkenError('PROTOCOL_MESSAGE', `The content type "${type.slice(0, 64)}" is not spoken here.`, {
        hint: 'Use "audio/l16;rate=16000" or "audio/l16;rate=8000" in the NCCO.',
      });
    }
    this.#sampleRate = checkedRate(Number(rate));
    const { event: _event, 'content-type': _type, ...parameters } = message;
    const facts = callFacts(
      textAt(message, 'uuid') ?? textAt(message, 'call_uuid') ?? textAt(message, 'conversation_uuid'),
      textAt(message, 'direction'),
      parameters,
      objectAt(message, 'headers'),
      this.#line.query,
    );
    this.#session = this.#line.open(facts, this.#sampleRate, this);
  }

  #dtmf(message: Readonly<Record<string, unknown>>): void {
    // `digit` and `duration` stand at the top; older examples have them inside `dtmf`.
    const digit = textAt(message, 'digit') ?? textAt(objectAt(message, 'dtmf'), 'digit') ?? textAt(message, 'dtmf');
    this.#session?.pressed(digit ?? '', Number(textAt(message, 'duration') ?? 0));
  }

  #send(message: object): void {
    this.#line.send(JSON.stringify(message));
  }
}
