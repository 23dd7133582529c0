import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { bytesToPcm, pcmToBytes } from '../../../src/dsp/wav.js';
import { WebSocketPeer } from './peer.js';

type Json = { readonly [key: string]: unknown };

/** Twilio Media Streams, bidirectional. */
export class TwilioPeer extends WebSocketPeer {
  readonly sampleRate = 8000;
  protected readonly path = '/twilio';
  #sequence = 1;
  #chunk = 1;
  readonly #parameters: Json;

  constructor(parameters: Json = {}) {
    super();
    this.#parameters = parameters;
  }

  protected onOpen(): void {
    this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    this.#send('start', {
      start: {
        streamSid: 'MZ1',
        accountSid: 'AC1',
        callSid: 'CA1',
        tracks: ['inbound'],
        customParameters: { caller: '13800138000', callee: '100', language: 'en', ...this.#parameters },
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      },
    });
  }

  speak(samples: Int16Array): void {
    const payload = Buffer.from(encodeMulaw(samples)).toString('base64');
    const chunk = this.#chunk++;
    this.#send('media', { media: { track: 'inbound', chunk: String(chunk), timestamp: String(chunk * 20), payload } });
  }

  press(digit: string): void {
    this.#send('dtmf', { dtmf: { track: 'inbound_track', digit } });
  }

  override leave(): void {
    this.#send('stop', { stop: { accountSid: 'AC1', callSid: 'CA1' } });
    super.leave();
  }

  protected onText(text: string): void {
    const message = JSON.parse(text) as Json & { readonly mark?: { readonly name: string } };
    if (message.streamSid !== 'MZ1') throw new Error(`Twilio drops a message without its streamSid: ${text}`);
    if (message.event === 'media') {
      const { payload } = message.media as { readonly payload: string };
      this.queue?.audio(decodeMulaw(Buffer.from(payload, 'base64')));
    } else if (message.event === 'mark') this.queue?.mark(message.mark?.name ?? '');
    // What was waiting comes back at once.
    else if (message.event === 'clear') for (const name of this.queue?.flush() ?? []) this.onMarkPlayed(name);
    else throw new Error(`Twilio does not know ${text}`);
  }

  protected onMarkPlayed(name: string): void {
    this.#send('mark', { mark: { name } });
  }

  #send(event: string, rest: Json): void {
    this.send({ event, sequenceNumber: String(this.#sequence++), ...rest, streamSid: 'MZ1' });
  }
}

/** Vonage's Voice API, NCCO `connect` to a WebSocket. */
export class VonagePeer extends WebSocketPeer {
  readonly sampleRate = 16_000;
  protected readonly path = '/vonage';
  readonly #parameters: Json;

  constructor(parameters: Json = {}) {
    super();
    this.#parameters = parameters;
  }

  protected onOpen(): void {
    this.send({
      event: 'websocket:connected',
      'content-type': 'audio/l16;rate=16000',
      caller: '13800138000',
      callee: '100',
      ...this.#parameters,
    });
  }

  speak(samples: Int16Array): void {
    this.send(pcmToBytes(samples));
  }

  press(digit: string): void {
    this.send({ event: 'websocket:dtmf', digit, duration: 260 });
  }

  protected override onBinary(bytes: Buffer): void {
    if (bytes.length !== 640) throw new Error(`Vonage wants 640 bytes, not ${bytes.length}`);
    this.queue?.audio(bytesToPcm(bytes));
  }

  protected onText(text: string): void {
    const message = JSON.parse(text) as { readonly action: string; readonly payload?: { readonly mark: string } };
    if (message.action === 'notify') this.queue?.mark(message.payload?.mark ?? '');
    else if (message.action === 'clear') {
      this.queue?.flush();
      this.send({ event: 'websocket:cleared' });
    } else throw new Error(`Vonage does not know ${text}`);
  }

  protected onMarkPlayed(mark: string): void {
    this.send({ event: 'websocket:notify', payload: { mark } });
  }
}

/** jambonz's `listen` with bidirectional streaming. */
export class JambonzPeer extends WebSocketPeer {
  readonly sampleRate = 16_000;
  protected readonly path = '/jambonz';
  protected override readonly subprotocols = ['audio.jambonz.org'];
  /** What comes within this time after `killAudio` is swept away too. */
  #deafUntilMs = 0;
  readonly #parameters: Json;

  constructor(parameters: Json = {}) {
    super();
    this.#parameters = parameters;
  }

  protected onOpen(): void {
    this.send({
      sampleRate: 16_000,
      mixType: 'mono',
      callSid: 'CS1',
      direction: 'inbound',
      from: '13800138000',
      to: '100',
      callId: 'abc@sbc',
      metadata: { language: 'en', ...this.#parameters },
    });
  }

  speak(samples: Int16Array): void {
    this.send(pcmToBytes(samples));
  }

  press(digit: string): void {
    this.send({ event: 'dtmf', dtmf: digit, duration: '1600' });
  }

  protected override onBinary(bytes: Buffer): void {
    if (performance.now() > this.#deafUntilMs) this.queue?.audio(bytesToPcm(bytes));
  }

  protected onText(text: string): void {
    const message = JSON.parse(text) as { readonly type: string; readonly data?: { readonly name: string } };
    if (message.type === 'mark') this.queue?.mark(message.data?.name ?? '');
    else if (message.type === 'killAudio') {
      this.#deafUntilMs = performance.now() + 50;
      for (const name of this.queue?.flush() ?? []) this.#mark(name, 'cleared');
    } else if (message.type === 'disconnect') this.leave();
    else if (message.type !== 'clearMarks') throw new Error(`jambonz does not know ${text}`);
  }

  protected onMarkPlayed(name: string): void {
    this.#mark(name, 'playout');
  }

  #mark(name: string, event: 'playout' | 'cleared'): void {
    this.send({ type: 'mark', data: { name, event } });
  }
}

/** FreeSWITCH's mod_audio_stream, taking audio back as raw frames or as base64. */
export class FreeswitchPeer extends WebSocketPeer {
  readonly sampleRate = 16_000;
  protected readonly path: string;
  readonly #json: boolean;
  #announced = false;

  constructor(play: 'binary' | 'json') {
    super();
    this.#json = play === 'json';
    this.path = `/freeswitch?play=${play}&rate=16000&caller=13800138000&callee=100`;
  }

  /** No metadata: the first thing is sound. */
  protected onOpen(): void {
    this.speak(new Int16Array(320));
  }

  speak(samples: Int16Array): void {
    this.send(pcmToBytes(samples));
  }

  /** From the dialplan: `uuid_audio_stream <uuid> send_text`. */
  press(digit: string): void {
    this.send({ event: 'dtmf', digit });
  }

  protected override onBinary(bytes: Buffer): void {
    if (this.#json || !this.#announced) throw new Error('the module was not told of raw audio');
    this.queue?.audio(bytesToPcm(bytes));
  }

  protected onText(text: string): void {
    const message = JSON.parse(text) as { readonly type: string; readonly data?: Json };
    if (message.type === 'rawAudio') this.#announced = message.data?.sampleRate === 16_000;
    else if (message.type === 'streamAudio' && this.#json)
      this.queue?.audio(bytesToPcm(Buffer.from(String(message.data?.audioData), 'base64')));
    else if (message.type === 'killAudio') this.queue?.flush();
    else if (message.type !== 'hangup') throw new Error(`unexpected: ${text}`);
  }

  protected onMarkPlayed(): void {}
}
