import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { pcmToBytes } from '../../dsp/wav.js';
import { asHearkenError, HearkenError } from '../../errors.js';
import type { LiveCalls } from '../../insight/live-calls.js';
import { sameOrigin } from '../same-origin.js';
import { refuseUpgrade } from '../upgrade.js';
import type { Audit } from './audit.js';
import type { ListenMessage } from './contract.js';
import type { ConsoleGuard } from './guard.js';

export interface ListenOptions {
  readonly guard: ConsoleGuard;
  readonly calls: LiveCalls;
  readonly audit: Audit;
  /** The client's, also behind a proxy. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly logger: Logger;
}

const MAX_LISTENERS = 100;
/** 2 s of 16 kHz stereo; a listener that is slower than that loses sound. */
const MAX_BUFFERED_BYTES = 128_000;
const PING_MS = 15_000;

/** `WebSocket /console/api/calls/<id>/listen`: what is said in a live call, for supervisors; nothing goes the other way. */
export class ListenEndpoint {
  readonly #options: ListenOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#admit(request).then(
      ({ id, who }) => {
        if (socket.destroyed) return;
        this.#server.handleUpgrade(request, socket, head, (client) => this.#open(client, id, who, request));
      },
      (thrown: unknown) => {
        const error = asHearkenError(thrown);
        refuseUpgrade(socket, error.status, error.code === 'INTERNAL' ? 'Something went wrong inside.' : error.message);
      },
    );
  };

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #admit(request: IncomingMessage): Promise<{ readonly id: string; readonly who: string }> {
    const { guard } = this.#options;
    const viewer = await guard.admit(request.headers, ['supervisor']);
    const id = callOf(request.url ?? '');
    if (!sameOrigin(request.headers) || this.#server.clients.size >= MAX_LISTENERS || id === undefined) throw refused();
    if (this.#options.calls.sound(id) === undefined) throw refused();
    return { id, who: viewer.name };
  }

  #open(client: WebSocket, id: string, who: string, request: IncomingMessage): void {
    const { calls, audit, guard, addressOf } = this.#options;
    const source = calls.sound(id);
    const send = (message: ListenMessage): void => client.send(JSON.stringify(message));
    client.on('error', () => client.terminate());
    // Nobody speaks here.
    client.on('message', () => client.close(1008, 'listen only'));
    if (source === undefined) {
      send({ type: 'ended' });
      client.close(1000);
      return;
    }
    audit.add({ who, what: 'listenIn', about: id, address: addressOf(request) });
    send({ type: 'format', sampleRate: source.sampleRate, channels: 2 });
    const stop = source.listen((pcm) => {
      if (pcm === undefined) {
        send({ type: 'ended' });
        client.close(1000);
      } else if (client.bufferedAmount <= MAX_BUFFERED_BYTES) client.send(pcmToBytes(pcm));
    });
    // Whoever is signed out, or is no supervisor any more, hears no more.
    const pinger = setInterval(() => {
      client.ping();
      guard.admit(request.headers, ['supervisor']).catch(() => client.close(1008, 'signed out'));
    }, PING_MS);
    client.on('close', () => {
      clearInterval(pinger);
      stop();
      audit.add({ who, what: 'listenInOver', about: id });
    });
  }
}

const PATH = /^\/console\/api\/calls\/([^/?#]{1,384})\/listen(?:$|[?#])/;

export function callOf(url: string): string | undefined {
  const encoded = PATH.exec(url)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded).slice(0, 128);
  } catch {
    return undefined;
  }
}

function refused(): HearkenError {
  return new HearkenError('NOT_FOUND', 'There is no such call to listen to.', { hint: 'It may be over, or typed.' });
}
