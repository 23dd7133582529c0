import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MediaSession } from '../../../src/media/session.js';
import { FakeBrain, say } from '../../../src/testing/fake-brain.js';
import { type ConsoleClient, type ConsoleServer, startConsole } from '../../support/console.js';
import { SHOP } from './service.js';
import { Visitor } from './visitor.js';

let server: ConsoleServer;
let shop: Server;
let anna: ConsoleClient;
const calls: MediaSession[] = [];
const visitors: Visitor[] = [];

beforeEach(async () => {
  const brain = new FakeBrain((input) =>
    input.type === 'text' && input.text.includes('人工')
      ? [{ type: 'transfer', reason: 'asked', summary: '要退货', slots: {} }]
      : [say('我是机器人')],
  );
  server = await startConsole(brain, {
    config: { widget: { origins: [SHOP] } },
    onCall: (session) => {
      calls.push(session);
      server.parts.watch(session, 'zh-CN');
    },
  });
  // The site's own server passes tokens on, and says which page it is for.
  shop = createServer(async (request, response) => {
    const answer = await fetch(`${server.url}/api/widget/token`, {
      method: 'POST',
      headers: { origin: SHOP, 'content-type': 'application/json' },
      body: Buffer.concat(await request.toArray()).toString(),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => {
    shop.listen(0, '127.0.0.1', resolve);
  });
  anna = await server.user('anna', 'agent');
  await anna.put('/desk/presence', { presence: 'available' });
});
afterEach(async () => {
  for (const visitor of visitors.splice(0)) {
    visitor.conversation.hangUp();
    visitor.conversation.close();
  }
  calls.length = 0;
  shop.closeAllConnections();
  await new Promise((resolve) => {
    shop.close(resolve);
  });
  await server.close();
});

function visit(): Visitor {
  const tokens = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
  const visitor = new Visitor({ url: server.url, tokens } as ConstructorParameters<typeof Visitor>[0]);
  visitors.push(visitor);
  return visitor;
}

async function accepted(): Promise<string> {
  const live = await anna.live();
  const { offer } = await live
    .wait('snapshot')
    .then(({ offers }) => (offers[0] === undefined ? live.wait('offer') : { offer: offers[0] }));
  const { body, status } = await anna.post(`/desk/offers/${offer.id}/accept`);
  expect(status).toBe(200);
  return body.id;
}

describe('somebody at the desk, seen from the widget', () => {
  it('writes to a visitor who typed, without being asked each time, until they leave', async () => {
    const visitor = visit();
    visitor.conversation.type('人工');
    const chat = await accepted();
    await anna.post(`/desk/chats/${chat}/messages`, { text: '您好，请讲' });
    await visitor.until(({ lines }) => lines.some(({ text }) => text === '您好，请讲'));
    visitor.conversation.type('要退货');
    await anna.post(`/desk/chats/${chat}/messages`, { text: '好的' });
    await visitor.until(({ lines, waiting }) => !waiting && lines.some(({ text }) => text === '好的'));
    expect(visitor.conversation.model.lines).toContainEqual(
      expect.objectContaining({ who: 'agent', name: 'ANNA', text: '好的' }),
    );
    expect(visitor.conversation.model.lines.filter(({ text }) => text === '我是机器人')).toHaveLength(0);
    await anna.post(`/desk/chats/${chat}/hand-back`);
    await visitor.until(({ lines }) => lines.some(({ text }) => text.includes('智能助手')));
    visitor.conversation.type('你好');
    await visitor.until(({ lines }) => lines.some(({ text }) => text === '我是机器人'));
  });

  it('takes over from a spoken call: the call ends, and they go on in writing', async () => {
    const visitor = visit();
    await visitor.conversation.talk();
    await visitor.until(({ phase }) => phase === 'live');
    const [session] = calls;
    if (session === undefined) throw new Error('no call came');
    const outcome = session.transfer({
      ...{ transferId: 't1', target: 'sip:agent@example.com', mode: 'blind', timeoutMs: 10_000 },
      headers: { 'X-Hearken-Reason': 'asked', 'X-Hearken-Summary': encodeURIComponent('要退货') },
    });
    const chat = await accepted();
    expect(await outcome).toMatchObject({ transferId: 't1', outcome: 'completed' });
    await anna.post(`/desk/chats/${chat}/messages`, { text: '我接着帮您' });
    session.hangup('transferred', 'handed over');
    await visitor.until(({ phase, lines }) => phase === 'idle' && lines.some(({ text }) => text === '我接着帮您'));
    visitor.conversation.type('谢谢');
    const live = await anna.live();
    const { chats } = await live.wait('snapshot');
    expect(chats[0]).toMatchObject({ kind: 'widget', context: { reason: 'asked', summary: '要退货' } });
    expect((await anna.get(`/desk/chats/${chat}`)).body.visitorConnected).toBe(true);
  });

  it('without anybody there the page is asked, as before; a caller who hangs up leaves the queue', async () => {
    await anna.put('/desk/presence', { presence: 'away' });
    const visitor = visit();
    await visitor.conversation.talk();
    await visitor.until(({ phase }) => phase === 'live');
    const request = { transferId: 't2', target: 'sip:agent@example.com', mode: 'blind' as const, timeoutMs: 10_000 };
    expect(await calls[0]?.transfer(request)).toMatchObject({ outcome: 'failed', status: 501 });
    await anna.put('/desk/presence', { presence: 'available' });
    const second = calls[0]?.transfer({ ...request, transferId: 't3' });
    const refused = expect(second).rejects.toThrow(/ended while it waited/);
    visitor.conversation.hangUp();
    await refused;
    expect((await anna.get('/desk')).body).toMatchObject({ queue: [], offers: [] });
  });
});
