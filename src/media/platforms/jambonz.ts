import { pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import { objectAt, parseObject, textAt } from './bounded-json.js';
import { callFacts } from './call-facts.js';
import { checkedRate, linear } from './linear.js';
import type { PlatformSession } from './platform-session.js';
import type { Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

/**
 * jambonz's `listen` verb with `bidirectionalAudio.streaming`: one text frame with the call's attributes, then PCM16 in binary frames both ways; JSON messages for marks, keys and
 * interruption. jambonz queues and paces what we send. https://docs.jambonz.org/verbs/verbs/listen
 */
export const jambonzProtocol: WebSocketProtocol = {
  name: 'jambonz',
  subprotocols: ['audio.jambonz.org'],
  accept: (line) => new JambonzWire(line),
};

/** Audio that follows `killAudio` at once can be swept away with what was killed: it is held back this long. */
const AFTER_KILL_MS = 80;
/** Held back at most: 1 s of 20 ms frames with a mark each. */
const MOST_HELD = 100;

class JambonzWire implements Receiver, Wire {
  readonly answersMarks = true;
  readonly #line: Line;
  #session: PlatformSession | undefined;
  #sampleRate = 8000;
  #held: (string | Uint8Array)[] | undefined;
  #cancelHold: (() => void) | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  text(text: string): void {
    const message = parseObject(text);
    if (!this.#session) this.#start(message);
    else if (textAt(message, 'event') === 'dtmf') {
      this.#session.pressed(textAt(message, 'dtmf') ?? '', Number(textAt(message, 'duration') ?? 0));
    } else if (textAt(message, 'type') === 'mark') {
      const data = objectAt(message, 'data');
      // `cleared` marks were thrown away, not played.
      if (textAt(data, 'event') === 'playout') this.#session.markPlayed(textAt(data, 'name') ?? '');
    }
  }

  binary(bytes: Buffer): void {
    this.#session?.heard(linear(bytes, this.#sampleRate));
  }

  play(samples: Int16Array): boolean {
    return this.#send(pcmToBytes(samples));
  }

  clear(): void {
    this.#cancelHold?.();
    this.#held = undefined;
    this.#line.send(JSON.stringify({ type: 'killAudio' }));
    this.#line.send(JSON.stringify({ type: 'clearMarks' }));
    this.#held = [];
    this.#cancelHold = this.#line.clock.after(AFTER_KILL_MS, () => this.#release());
  }

  mark(id: string): void {
    this.#send(JSON.stringify({ type: 'mark', data: { name: id } }));
  }

  hangup(_cause: unknown, reason: string): void {
    this.#release();
    this.#line.send(JSON.stringify({ type: 'disconnect' }));
    this.#line.end(reason);
  }

  #start(message: Readonly<Record<string, unknown>>): void {
    const mix = textAt(message, 'mixType') ?? 'mono';
    if (mix !== 'mono') {
      throw new HearkenError('PROTOCOL_MESSAGE', `mixType "${mix.slice(0, 32)}" would mix our own voice in.`, {
        hint: 'Set "mixType": "mono" in the listen verb.',
      });
    }
    this.#sampleRate = checkedRate(Number(textAt(message, 'sampleRate') ?? 8000));
    const facts = callFacts(
      textAt(message, 'callSid') ?? textAt(message, 'callId'),
      textAt(message, 'direction'),
      { caller: textAt(message, 'from'), callee: textAt(message, 'to') },
      objectAt(message, 'metadata'),
      message,
      this.#line.query,
    );
    this.#session = this.#line.open(facts, this.#sampleRate, this);
  }

  #send(data: string | Uint8Array): boolean {
    if (!this.#held) return this.#line.send(data);
    if (this.#held.length >= MOST_HELD) return false;
    this.#held.push(data);
    return true;
  }

  #release(): void {
    this.#cancelHold?.();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const data of held) this.#line.send(data);
  }
}
