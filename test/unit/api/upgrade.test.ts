import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { UpgradeRouter } from '../../../src/api/upgrade.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function start(router: UpgradeRouter): Promise<string> {
  const started = createServer();
  server = started;
  router.attach(started);
  started.listen(0, '127.0.0.1');
  await once(started, 'listening');
  return `ws://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

function echo(prefix: string): (router: UpgradeRouter, path: string) => void {
  return (router, path) => {
    const sockets = new WebSocketServer({ noServer: true });
    router.register(path, (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) =>
        client.on('message', (data) => client.send(`${prefix}${String(data)}`)),
      ),
    );
  };
}

describe('the upgrade router', () => {
  it('lets two WebSocket endpoints live on one port', async () => {
    const router = new UpgradeRouter();
    echo('a:')(router, '/ws');
    echo('b:')(router, '/media');
    const base = await start(router);
    for (const [path, expected] of [
      ['/ws?x=1', 'a:hi'],
      ['/media', 'b:hi'],
    ]) {
      const client = new WebSocket(`${base}${path}`);
      await once(client, 'open');
      client.send('hi');
      const [data] = await once(client, 'message');
      expect(String(data)).toBe(expected);
      client.terminate();
    }
  });

  it('answers 404 where nobody registered', async () => {
    const base = await start(new UpgradeRouter());
    const client = new WebSocket(`${base}/nowhere`);
    const [error] = await once(client, 'error');
    expect(String(error)).toContain('404');
  });

  it('answers 500 for a handler that throws, and goes on with the others', async () => {
    const router = new UpgradeRouter();
    router.register('/broken', () => {
      throw new Error('broken');
    });
    echo('a:')(router, '/ws');
    const base = await start(router);
    const [error] = await once(new WebSocket(`${base}/broken`), 'error');
    expect(String(error)).toContain('500');
    const client = new WebSocket(`${base}/ws`);
    await once(client, 'open');
    client.terminate();
  });

  it('refuses a second handler for the same path', () => {
    const router = new UpgradeRouter();
    router.register('/ws', () => {});
    expect(() => router.register('/ws', () => {})).toThrow(/registered already/);
  });
});
