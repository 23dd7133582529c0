import { connect, type Socket } from 'node:net';
import { bytesToPcm, pcmToBytes } from '../../../src/dsp/wav.js';
import { encodePacket, KIND, PacketReader } from '../../../src/media/platforms/audiosocket.js';
import type { Peer } from './peer.js';

/** Asterisk's AudioSocket: plays each packet when it comes. */
export class AudioSocketPeer implements Peer {
  readonly sampleRate = 8000;
  over = false;
  /** When each packet of sound came. */
  readonly arrivals: number[] = [];
  readonly #pieces: Int16Array[] = [];
  #socket: Socket | undefined;
  readonly #uuid: string;

  constructor(uuid = '0123456789abcdef0123456789abcdef') {
    this.#uuid = uuid;
  }

  /** Without the silence between: only what was said. */
  get heard(): Int16Array {
    const said = this.#pieces.filter((piece) => piece.some((sample) => sample !== 0));
    const out = new Int16Array(said.length * 160);
    said.forEach((piece, index) => {
      out.set(piece, index * 160);
    });
    return out;
  }

  async connect(target: string): Promise<void> {
    const [host = '', port = ''] = target.split(':');
    const socket = connect(Number(port), host);
    this.#socket = socket;
    const reader = new PacketReader();
    socket.on('data', (data: Buffer) => {
      for (const { kind, payload } of reader.push(data)) {
        if (kind === KIND.slin) {
          this.arrivals.push(performance.now());
          this.#pieces.push(bytesToPcm(payload));
        } else if (kind === KIND.hangup) this.over = true;
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.over = true;
    });
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    socket.write(encodePacket(KIND.uuid, Buffer.from(this.#uuid, 'hex')));
    this.speak(new Int16Array(160));
  }

  speak(samples: Int16Array): void {
    this.#socket?.write(encodePacket(KIND.slin, pcmToBytes(samples)));
  }

  press(digit: string): void {
    this.#socket?.write(encodePacket(KIND.dtmf, Buffer.from(digit)));
  }

  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  leave(): void {
    this.#socket?.end(encodePacket(KIND.hangup));
  }

  vanish(): void {
    this.#socket?.resetAndDestroy();
  }
}
