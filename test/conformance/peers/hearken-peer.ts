import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { WebSocketPeer } from './peer.js';

/** A client of the project's own hearken.media.v1. */
export class HearkenPeer extends WebSocketPeer {
  readonly sampleRate = 8000;
  protected readonly path = '';
  protected override readonly subprotocols = ['hearken.media.v1'];
  #heardBefore = 0;

  protected onOpen(): void {
    this.send({
      type: 'start',
      callId: 'abc@pbx',
      direction: 'inbound',
      caller: '13800138000',
      callee: '100',
      media: { encoding: 'pcmu', sampleRate: 8000 },
    });
  }

  speak(samples: Int16Array): void {
    this.send(encodeMulaw(samples));
  }

  press(digit: string): void {
    this.send({ type: 'dtmf', digit });
  }

  override leave(): void {
    this.send({ type: 'stop', cause: 'normal' });
    super.leave();
  }

  protected override onBinary(bytes: Buffer): void {
    this.queue?.audio(decodeMulaw(bytes));
  }

  protected onText(text: string): void {
    const message = JSON.parse(text) as { type: string; name?: string; generation?: number; transferId?: string };
    if (message.type === 'mark') this.queue?.mark(message.name ?? '');
    else if (message.type === 'clear') {
      this.queue?.flush();
      const playedMs = Math.round((this.heard.length - this.#heardBefore) / 8);
      this.#heardBefore = this.heard.length;
      this.send({ type: 'cleared', generation: message.generation, playedMs });
    } else if (message.type === 'transfer')
      this.send({ type: 'transfer.result', transferId: message.transferId, outcome: 'failed', status: 404 });
  }

  protected onMarkPlayed(name: string): void {
    this.send({ type: 'mark', name });
  }
}
