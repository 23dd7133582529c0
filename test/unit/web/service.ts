import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createApi } from '../../../src/api/app.js';
import { UpgradeRouter } from '../../../src/api/upgrade.js';
import { WidgetGate } from '../../../src/api/widget/gate.js';
import { configSchema } from '../../../src/config.js';
import { HearkenV1Server } from '../../../src/media/hearken-v1/server.js';
import type { MediaSession } from '../../../src/media/session.js';
import { FakeBrain } from '../../../src/testing/fake-brain.js';

/** The page that visitors are on. */
export const SHOP = 'https://shop.example.com';

/** What the widget talks to: the real door, the real sockets; only the dialogue goes by a script. */
export interface TestService {
  readonly url: string;
  /** A site's server that gets tokens for its pages. */
  readonly tokens: string;
  readonly brain: FakeBrain;
  /** Calls that came, each with what its caller did. */
  readonly calls: readonly TestCall[];
  stop(): Promise<void>;
}

export interface TestCall {
  readonly session: MediaSession;
  readonly events: string[];
}

/** `resumeWindowMs`: how long a call waits for a caller whose socket is gone. `maxSessions`: lines. */
export async function startService({ resumeWindowMs = 10_000, maxSessions = 50 } = {}): Promise<TestService> {
  const logger = pino({ level: 'silent' });
  const config = configSchema.parse({
    widget: { origins: [SHOP], tokensPerMinute: 1000, callsPerAddress: 20 },
    media: { token: 'of the bridge', resumeWindowMs, maxSessions },
  });
  const gate = new WidgetGate(config.widget);
  const brain = new FakeBrain((input) => {
    const text = `您说的是${'text' in input ? input.text : ''}`;
    return [{ type: 'say', text, speech: text, bargeIn: true }];
  });
  const api = await createApi({
    brain,
    logger,
    config: config.http,
    widget: { gate, config: config.widget, mediaPath: '/media' },
    health: () => ({}),
    ping: async () => {},
  });
  const calls: TestCall[] = [];
  const media = new HearkenV1Server({
    config: config.media,
    logger,
    admitBrowser: gate.admit,
    onSession: (session) => {
      const events: string[] = [];
      calls.push({ session, events });
      session.on('dtmf', (digit) => events.push(`key ${digit}`));
      session.on('text', (text) => events.push(`text ${text}`));
      session.on('detached', () => events.push('detached'));
      session.on('resumed', () => events.push('resumed'));
      session.on('closed', (cause) => events.push(`closed ${cause}`));
    },
  });
  const router = new UpgradeRouter();
  router.register('/media', media.upgrade);
  api.registerUpgrades(router);
  router.attach(api.app.server);
  await api.app.listen({ host: '127.0.0.1', port: 0 });

  const shop = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { statusCode, payload } = await api.app.inject({
      method: 'POST',
      url: '/api/widget/token',
      headers: { origin: SHOP, 'content-type': 'application/json' },
      payload: body,
    });
    response.writeHead(statusCode, { 'content-type': 'application/json' }).end(payload);
  });
  await new Promise<void>((resolve) => {
    shop.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`,
    tokens: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/token`,
    brain,
    calls,
    stop: async () => {
      shop.closeAllConnections();
      await new Promise((resolve) => {
        shop.close(resolve);
      });
      await media.close();
      await api.app.close();
    },
  };
}
