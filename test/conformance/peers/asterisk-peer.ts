import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { bytesToPcm, pcmToBytes } from '../../../src/dsp/wav.js';
import { WebSocketPeer } from './peer.js';

/** Longest text command that chan_websocket reads. */
const LONGEST_COMMAND = 128;

/** Asterisk's chan_websocket, with plain or JSON control messages. */
export class AsteriskPeer extends WebSocketPeer {
  readonly sampleRate: number;
  protected readonly path: string;
  protected override readonly subprotocols = ['media'];
  readonly #json: boolean;
  readonly #format: 'ulaw' | 'slin16';

  readonly #variables: Readonly<Record<string, string>>;

  constructor(control: 'plain' | 'json', format: 'ulaw' | 'slin16', variables: Readonly<Record<string, string>> = {}) {
    super();
    this.#variables = variables;
    this.#json = control === 'json';
    this.#format = format;
    this.sampleRate = format === 'ulaw' ? 8000 : 16_000;
    // The dial string's v(), without which plain messages tell nothing of the caller; Asterisk 22 sends the last call's along when there is none.
    this.path = control === 'json' ? '/asterisk?caller=999&callee=999' : '/asterisk?caller=13800138000&callee=100';
  }

  protected onOpen(): void {
    // Under load the first audio overtakes MEDIA_START.
    this.speak(new Int16Array(this.sampleRate / 50));
    const frame = this.#format === 'ulaw' ? 160 : 640;
    if (this.#json) {
      this.send({
        event: 'MEDIA_START',
        connection_id: '32966726-4388-456b-a333-fdf5dbecc60d',
        channel: 'WebSocket/hearken/0x5140001a0040',
        channel_id: '1761245643.1',
        format: this.#format,
        optimal_frame_size: frame,
        ptime: 20,
        channel_variables: {
          DIALEDPEERNUMBER: 'hearken/c(slin16)f(json)',
          MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE: String(frame),
          __HEARKEN_LANGUAGE: 'en',
          __HEARKEN_CALLER: '13800138000',
          __HEARKEN_CALLEE: '100',
          ...this.#variables,
        },
      });
    } else {
      this.send(
        `MEDIA_START connection_id:32966726-4388 channel:WebSocket/hearken/0x514 channel_id:1761245643.1 format:${this.#format} optimal_frame_size:${frame} ptime:20`,
      );
    }
  }

  speak(samples: Int16Array): void {
    this.send(this.#format === 'ulaw' ? encodeMulaw(samples) : pcmToBytes(samples));
  }

  press(digit: string): void {
    if (this.#json) this.send({ event: 'DTMF_END', channel_id: '1761245643.1', digit });
    else this.send(`DTMF_END digit:${digit} channel_id:1761245643.1`);
  }

  protected override onBinary(bytes: Buffer): void {
    this.queue?.audio(this.#format === 'ulaw' ? decodeMulaw(bytes) : bytesToPcm(bytes));
  }

  protected onText(text: string): void {
    if (text.length > LONGEST_COMMAND) return;
    const { command, id } = this.#json ? fromJson(text) : fromPlain(text);
    if (command === 'MARK_MEDIA') this.queue?.mark(id);
    // The marks in the queue go without an answer.
    else if (command === 'FLUSH_MEDIA') this.queue?.flush();
    else if (command === 'HANGUP') this.leave();
    else throw new Error(`Asterisk does not know ${text}`);
  }

  protected onMarkPlayed(id: string): void {
    if (this.#json) this.send({ event: 'MEDIA_MARK_PROCESSED', channel_id: '1761245643.1', correlation_id: id });
    else this.send(`MEDIA_MARK_PROCESSED ${id}`);
  }
}

function fromJson(text: string): { command: string; id: string } {
  const { command, correlation_id } = JSON.parse(text) as { command: string; correlation_id?: string };
  return { command, id: correlation_id ?? '' };
}

function fromPlain(text: string): { command: string; id: string } {
  const [command = '', id = ''] = text.split(' ');
  return { command, id };
}
