import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { asHearkenError, HearkenError } from '../../errors.js';
import { sameOrigin } from '../same-origin.js';
import { refuseUpgrade, type UpgradeHandler } from '../upgrade.js';
import type { Audit } from './audit.js';
import type { ConsoleGuard } from './guard.js';
import type { Playgrounds } from './playgrounds.js';

export interface TalkOptions {
  readonly guard: ConsoleGuard;
  readonly playgrounds: Playgrounds;
  readonly audit: Audit;
  /** The client's, also behind a proxy. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** Whoever is signed out talks no more. */
const CHECK_MS = 15_000;
export const TALK_PATH = /^\/console\/api\/playground\/[0-9a-f-]{36}\/talk$/;

/** `WebSocket /console/api/playground/<id>/talk`: a call to an application that is not live, for whoever has opened it. The protocol is `hearken.media.v1`. */
export class TalkEndpoint {
  readonly #options: TalkOptions;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#admit(request).then(
      (take) => {
        if (socket.destroyed) return;
        // A program that shows the cookie has no page; the media protocol asks for one.
        request.headers.origin ??= `http://${request.headers.host ?? 'localhost'}`;
        const { guard } = this.#options;
        const timer = setInterval(() => {
          guard.admit(request.headers, ['supervisor']).catch(() => socket.destroy());
        }, CHECK_MS);
        socket.once('close', () => clearInterval(timer));
        take(request, socket, head);
      },
      (thrown: unknown) => {
        const error = asHearkenError(thrown);
        refuseUpgrade(socket, error.status, error.code === 'INTERNAL' ? 'Something went wrong inside.' : error.message);
      },
    );
  };

  async #admit(request: IncomingMessage): Promise<UpgradeHandler> {
    const { guard, playgrounds, audit, addressOf } = this.#options;
    const { name } = await guard.admit(request.headers, ['supervisor']);
    const id = /\/playground\/([0-9a-f-]{36})\/talk/.exec(request.url ?? '')?.[1];
    if (!sameOrigin(request.headers) || id === undefined)
      throw new HearkenError('FORBIDDEN', 'This did not come from a page of the console.');
    const upgrade = await playgrounds.talk(name, id).ready();
    audit.add({ who: name, what: 'talkPlayground', about: id, address: addressOf(request) });
    return upgrade;
  }
}
