import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { UpgradeHandler } from '../../api/upgrade.js';
import { asteriskProtocol } from './asterisk.js';
import { AudioSocketServer } from './audiosocket-server.js';
import { freeswitchProtocol } from './freeswitch.js';
import { jambonzProtocol } from './jambonz.js';
import { NextSteps } from './next-step.js';
import { type NextStepRouteOptions, registerNextStep } from './next-step-route.js';
import { PlatformCalls, type PlatformCallsOptions } from './platform-calls.js';
import { twilioProtocol } from './twilio.js';
import { vonageProtocol } from './vonage.js';
import { WebSocketEndpoint } from './websocket-endpoint.js';
import type { WebSocketProtocol } from './wire.js';

const WEBSOCKET_PROTOCOLS: readonly WebSocketProtocol[] = [
  asteriskProtocol,
  twilioProtocol,
  jambonzProtocol,
  vonageProtocol,
  freeswitchProtocol,
];

export interface PlatformsOptions extends PlatformCallsOptions {
  readonly refuse: (socket: Duplex, status: number, message: string) => void;
}

/** The media protocols of other platforms that the configuration names: their WebSocket paths and the AudioSocket port. */
export class Platforms {
  readonly calls: PlatformCalls;
  /** To be put on the upgrade router, each with the paths below it. */
  readonly endpoints: readonly { readonly path: string; readonly upgrade: UpgradeHandler }[];
  readonly #websockets: readonly WebSocketEndpoint[];
  readonly #audiosocket: AudioSocketServer | undefined;
  readonly #next: NextStepRouteOptions;
  readonly #enabled: boolean;

  constructor(options: PlatformsOptions) {
    const { config, logger, refuse } = options;
    const steps = new NextSteps(
      undefined,
      config.transferTargets.map((pattern) => new RegExp(pattern)),
    );
    const calls = new PlatformCalls({ transfer: steps.transfer, ...options });
    this.calls = calls;
    const mediaPath = config.path.replace(/\/+$/, '');
    const credentials = {
      token: config.platformToken,
      twilioAuthToken: config.twilioAuthToken,
      publicUrl: config.publicUrl,
    };
    const endpoints = WEBSOCKET_PROTOCOLS.filter(({ name }) => config.platforms.includes(name)).map((protocol) => {
      const path = `${mediaPath}/${protocol.name}`;
      return { path, endpoint: new WebSocketEndpoint({ protocol, path, calls, credentials, config, logger, refuse }) };
    });
    this.#websockets = endpoints.map(({ endpoint }) => endpoint);
    this.endpoints = endpoints.map(({ path, endpoint }) => ({ path, upgrade: endpoint.upgrade }));
    this.#audiosocket = config.platforms.includes('audiosocket')
      ? new AudioSocketServer({ config, calls, logger })
      : undefined;
    this.#next = { path: `${mediaPath}/next`, steps, credentials };
    this.#enabled = config.platforms.length > 0;
  }

  /** Lets the platforms ask what comes next. Before the server listens. */
  registerRoutes(app: FastifyInstance): void {
    if (this.#enabled) registerNextStep(app, this.#next);
  }

  /** Opens the AudioSocket port, where wanted. Resolves with what the banner says: one line a platform. */
  async start(webSocketBase: string): Promise<{ readonly name: string; readonly value: string }[]> {
    const facts = this.endpoints.map(({ path }) => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      value: `${webSocketBase}${path}`,
    }));
    if (this.#audiosocket) facts.push({ name: 'audiosocket', value: `tcp ${await this.#audiosocket.listen()}` });
    return facts;
  }

  /** Refuses new calls; live ones go on. */
  drain(): void {
    this.calls.drain();
  }

  /** Ends every call and closes every connection. */
  async close(): Promise<void> {
    this.calls.close();
    await Promise.all([...this.#websockets.map((endpoint) => endpoint.close()), this.#audiosocket?.close()]);
  }
}
