import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { BotAction } from '../../../../src/dialogue/brain.js';
import { FakeBrain, say } from '../../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../../src/testing/fake-clock.js';
import { type ConsoleClient, type ConsoleServer, eventually, startConsole } from '../../../support/console.js';

const transfer: BotAction = {
  type: 'transfer',
  reason: 'asked',
  summary: '手机 13800138000 想要退货',
  slots: { order: '98765432' },
};
let server: ConsoleServer;
let brain: FakeBrain;
/** Nobody lets it ring too long unless the test says so. */
let clock: FakeClock;
const sockets: WebSocket[] = [];

function script(): FakeBrain {
  return new FakeBrain((input) => {
    if (input.type === 'event' && input.name === 'transfer_failed') return [say('现在没有空闲的客服。')];
    return input.type === 'text' && input.text.includes('人工')
      ? [say('好的，为您转人工。'), transfer]
      : [say('我是机器人。')];
  });
}

async function start(): Promise<void> {
  brain = script();
  clock = new FakeClock();
  server = await startConsole(brain, { clock });
}
beforeEach(() => start());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
});

/** biome-ignore lint/suspicious/noExplicitAny: tests look into what they expect */
async function chat(conversationId: string, text: string): Promise<any> {
  const response = await fetch(`${server.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conversationId, text, language: 'zh-CN' }),
  });
  return response.json();
}

async function messages(query: string): Promise<{ seq: number; who: string; text: string }[]> {
  const response = await fetch(`${server.url}/chat/messages?${query}`);
  return ((await response.json()) as { messages: { seq: number; who: string; text: string }[] }).messages;
}

/** A visitor with a socket; what arrives is kept. */
function visitor(conversationId: string) {
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/ws?conversationId=${conversationId}&language=zh-CN`,
  );
  sockets.push(socket);
  const received: Record<string, unknown>[] = [];
  socket.on('message', (data) => received.push(JSON.parse(String(data))));
  return {
    socket,
    received,
    say: (text: string) => socket.send(JSON.stringify({ type: 'message', text })),
    got: (what: string, fits: (message: Record<string, unknown>) => boolean) =>
      eventually(what, () => received.find(fits)),
  };
}

async function available(name: string): Promise<ConsoleClient> {
  const agent = await server.user(name, 'agent');
  await agent.put('/desk/presence', { presence: 'available' });
  return agent;
}

describe('the agent desk', () => {
  it('a visitor asks for a person, one accepts with everything known, they write to each other, and the bot goes on afterwards', async () => {
    const anna = await available('anna');
    const live = await anna.live();
    await live.wait('snapshot');
    const lee = visitor('visit-1');
    await lee.got('ready', ({ type }) => type === 'ready');
    lee.say('你好');
    await lee.got('the bot', ({ type }) => type === 'reply');
    lee.say('我要人工');
    const told = await lee.got('the hand-off', ({ type, person }) => type === 'reply' && person !== undefined);
    expect(told).toMatchObject({ person: { state: 'queued' }, replies: [{ text: '好的，为您转人工。' }] });
    expect(told).not.toHaveProperty('transfer');

    const { offer } = await live.wait('offer');
    expect(offer).toMatchObject({
      callId: 'visit-1',
      kind: 'text',
      context: { reason: 'asked', summary: '手机 13800138000 想要退货', slots: { order: '98765432' } },
    });
    expect(offer.context.lines.map(({ text }) => text)).toContain('你好');
    const chatOf = (await anna.post(`/desk/offers/${offer.id}/accept`)).body;
    expect(chatOf).toMatchObject({ state: 'open', agent: 'anna', visitorConnected: true });
    expect((await lee.got('who joined', ({ type, who }) => type === 'person' && who === 'system')).text).toMatch(
      /ANNA/,
    );

    const handled = brain.messages.length;
    lee.say('我的订单坏了');
    expect((await live.wait('chatLine', ({ line }) => line.who === 'caller')).line.text).toBe('我的订单坏了');
    expect(brain.messages.length).toBe(handled);
    await anna.post(`/desk/chats/${chatOf.id}/messages`, { text: '马上为您处理 <b>', messageId: 'm1' });
    await anna.post(`/desk/chats/${chatOf.id}/messages`, { text: '马上为您处理 <b>', messageId: 'm1' });
    expect(await lee.got('the agent', ({ who }) => who === 'agent')).toMatchObject({
      name: 'ANNA',
      text: '马上为您处理 <b>',
    });
    expect(lee.received.filter(({ who }) => who === 'agent')).toHaveLength(1);

    const ticket = (await anna.post('/desk/tickets', { callId: 'visit-1', subject: '坏了' })).body;
    expect((await anna.post(`/desk/chats/${chatOf.id}/hand-back`)).body).toMatchObject({
      state: 'wrapUp',
      tickets: [ticket.number],
    });
    expect((await anna.get('/desk')).body.me.presence).toBe('busy');
    const closed = await anna.post(`/desk/chats/${chatOf.id}/wrap-up`, { code: 'solved', notes: '换货' });
    expect(closed.body).toMatchObject({ state: 'closed', wrapUpCode: 'solved' });
    expect((await anna.get('/desk')).body).toMatchObject({ me: { presence: 'available' }, chats: [] });

    const before = lee.received.filter(({ type }) => type === 'reply').length;
    lee.say('还有一个问题');
    await eventually('the bot again', () => lee.received.filter(({ type }) => type === 'reply').length > before);
    expect(brain.messages.length).toBeGreaterThan(handled);
    const events = server.log.events.filter(({ conversationId }) => conversationId === 'visit-1');
    expect(events.filter(({ type }) => type === 'desk').map(({ data }) => data.event)).toEqual([
      'queued',
      'joined',
      'left',
      'wrapUp',
    ]);
    expect(events.filter(({ type }) => type === 'chat').map(({ data }) => data.text)).toEqual([
      '我的订单坏了',
      '马上为您处理 <b>',
    ]);
  });

  it('without anybody at the desk the hand-off goes where it always went', async () => {
    const reply = await chat('visit-2', '人工');
    expect(reply.transfer).toMatchObject({ reason: 'asked' });
    expect(reply).not.toHaveProperty('person');
  });

  it('who types over plain HTTP gets what a person wrote by asking, or with the next reply', async () => {
    const anna = await available('anna');
    await chat('visit-3', '人工');
    const { offers } = (await anna.get('/desk')).body;
    const { id } = (await anna.post(`/desk/offers/${offers[0].id}/accept`)).body;
    await anna.post(`/desk/chats/${id}/messages`, { text: '您好' });
    const asked = await messages('conversationId=visit-3&waitMs=5000');
    expect(asked.at(-1)?.text).toBe('您好');
    const waiting = messages(`conversationId=visit-3&after=${asked.at(-1)?.seq}&waitMs=10000`);
    await anna.post(`/desk/chats/${id}/messages`, { text: '还在吗' });
    expect(await waiting).toMatchObject([{ who: 'agent', text: '还在吗' }]);
    await anna.post(`/desk/chats/${id}/messages`, { text: '请回复' });
    expect((await chat('visit-3', '在')).replies).toEqual([{ text: '请回复' }]);
  });

  it('rings at the one who is free, passes on when declined, and takes who lets it ring out of the line', async () => {
    const anna = await available('anna');
    const bo = await available('bo');
    const [liveAnna, liveBo] = [await anna.live(), await bo.live()];
    await chat('visit-4', '人工');
    const first = await liveAnna.wait('offer');
    expect((await bo.post(`/desk/offers/${first.offer.id}/accept`)).status).toBe(409);
    await anna.post(`/desk/offers/${first.offer.id}/decline`);
    expect((await liveAnna.wait('offerClosed')).outcome).toBe('declined');
    await liveBo.wait('offer');
    await clock.advance(20_000);
    expect((await liveBo.wait('offerClosed')).outcome).toBe('timeout');
    await liveBo.wait('agent', ({ agent }) => agent.name === 'bo' && agent.presence === 'away');
    const { queue } = (await anna.get('/desk')).body;
    expect(queue).toMatchObject([{ position: 1, ringing: null, summary: '手机 138****8000 想要退货' }]);
    expect((await anna.post(`/desk/queue/${queue[0].id}/take`)).body).toMatchObject({ agent: 'anna', state: 'open' });
    expect((await bo.post(`/desk/queue/${queue[0].id}/take`)).status).toBe(404);
  });

  it('when nobody comes in time the bot says so by itself and goes on', async () => {
    await available('anna');
    const lee = visitor('visit-5');
    await lee.got('ready', ({ type }) => type === 'ready');
    lee.say('人工');
    await lee.got('the hand-off', ({ person }) => person !== undefined);
    await clock.advance(180_000);
    await lee.got('the excuse', ({ type, text }) => type === 'person' && text === '现在没有空闲的客服。');
    lee.say('好吧');
    await lee.got('the bot', ({ type, replies }) => type === 'reply' && JSON.stringify(replies).includes('机器人'));
  });

  it('when no agent is there the visitor is told so at once, and again where the message is sent again', async () => {
    await server.user('anna', 'agent');
    const send = async () => {
      const body = JSON.stringify({ conversationId: 'visit-7', messageId: 'm-1', text: '人工', language: 'zh-CN' });
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${server.url}/chat`, { method: 'POST', headers, body })).json();
    };
    const excuse = [{ text: '好的，为您转人工。' }, { text: '现在没有空闲的客服。' }];
    const first = await send();
    expect(first).toMatchObject({ replies: excuse });
    expect(first).not.toHaveProperty('transfer');
    expect(await send()).toMatchObject({ replies: excuse });
    expect(
      brain.messages.filter(({ input }) => input.type === 'event' && input.name === 'transfer_failed'),
    ).toHaveLength(1);
  });

  it('a desk without agents, or one that shall, leaves the hand-over to the channel', async () => {
    const handedOver = { transfer: { reason: 'asked' }, replies: [{ text: '好的，为您转人工。' }] };
    expect(await chat('visit-8', '人工')).toMatchObject(handedOver);
    await server.close();
    server = await startConsole(brain, { clock, config: { desk: { whenNobody: 'transfer' } } });
    await server.user('anna', 'agent');
    expect(await chat('visit-9', '人工')).toMatchObject(handedOver);
  });

  it('an agent whose pages are gone loses the visitor to the next one', async () => {
    const anna = await available('anna');
    const live = await anna.live();
    await live.wait('snapshot');
    await chat('visit-6', '人工');
    const { offer } = await live.wait('offer');
    await anna.post(`/desk/offers/${offer.id}/accept`);
    const bo = await available('bo');
    const liveBo = await bo.live();
    anna.close();
    await eventually('her page to be gone', async () => {
      await clock.advance(45_000);
      return liveBo.events.some(({ type }) => type === 'offer');
    });
    expect((await liveBo.wait('offer')).offer.callId).toBe('visit-6');
    await liveBo.wait('agent', ({ agent }) => agent.name === 'anna' && agent.presence === 'offline');
  });

  it('whose agent is gone with nobody else there is told so, and the bot goes on', async () => {
    const anna = await available('anna');
    const live = await anna.live();
    await live.wait('snapshot');
    const lee = visitor('visit-10');
    await lee.got('ready', ({ type }) => type === 'ready');
    lee.say('人工');
    const { offer } = await live.wait('offer');
    await anna.post(`/desk/offers/${offer.id}/accept`);
    await lee.got('who joined', ({ type, who }) => type === 'person' && who === 'system');
    anna.close();
    await eventually('the visitor to hear of it', async () => {
      await clock.advance(45_000);
      return lee.received.some(({ type, over }) => type === 'person' && over === true);
    });
    lee.say('还在吗');
    await lee.got('the bot', ({ type, replies }) => type === 'reply' && JSON.stringify(replies).includes('机器人'));
  });

  it('who has gone to sleep with a page open is missed, and is there again when the page wakes', async () => {
    const anna = await available('anna');
    const live = await anna.live();
    await live.wait('snapshot');
    expect((await anna.post('/desk/alive')).status).toBe(204);
    await clock.advance(60_000);
    await anna.post('/desk/alive');
    await clock.advance(60_000);
    expect((await anna.get('/desk')).body.me.presence).toBe('available');
    // The laptop is shut: its socket stays open, and nothing comes any more.
    await clock.advance(31_000);
    expect((await anna.get('/desk')).body.me.presence).toBe('offline');
    expect(await chat('visit-11', '人工')).not.toHaveProperty('person');
    await anna.post('/desk/alive');
    expect((await anna.get('/desk')).body.me.presence).toBe('away');
    // A program that only reads gives no signs and is asked for none.
    const bo = await available('bo');
    const liveBo = await bo.live();
    await liveBo.wait('snapshot');
    await clock.advance(200_000);
    expect((await bo.get('/desk')).body.me.presence).toBe('available');
  });

  it('who is busy sees what they will be afterwards, and can change it', async () => {
    const anna = await available('anna');
    await chat('visit-12', '人工');
    const { offers } = (await anna.get('/desk')).body;
    const { id } = (await anna.post(`/desk/offers/${offers[0].id}/accept`)).body;
    await anna.post(`/desk/chats/${id}/end`);
    expect((await anna.get('/desk')).body.me).toMatchObject({ presence: 'busy', wants: 'available' });
    expect((await anna.put('/desk/presence', { presence: 'away' })).body).toMatchObject({
      presence: 'busy',
      wants: 'away',
    });
    await anna.post(`/desk/chats/${id}/wrap-up`, { code: 'solved' });
    expect((await anna.get('/desk')).body.me).toMatchObject({ presence: 'away', wants: 'away' });
  });

  it('a supervisor is no agent: it does not ring at them and they are on no list, but whom they took over is not left alone', async () => {
    const boss = await server.user('boss', 'supervisor');
    const liveBoss = await boss.live();
    await liveBoss.wait('snapshot');
    const anna = await available('anna');
    const live = await anna.live();
    await live.wait('snapshot');
    const names = async () => (await anna.get('/desk')).body.agents.map(({ name }: { name: string }) => name);
    expect(await names()).toEqual(['anna']);
    await chat('visit-13', '你好');
    await boss.post('/desk/calls/visit-13/join');
    expect((await anna.get('/desk')).body.agents).toMatchObject([
      { name: 'boss', presence: 'busy', chats: 1 },
      { name: 'anna', presence: 'available' },
    ]);
    boss.close();
    await eventually('the visitor to be next in the queue', async () => {
      await clock.advance(45_000);
      return live.events.some(({ type }) => type === 'offer');
    });
    expect((await live.wait('offer')).offer.callId).toBe('visit-13');
  });

  it('nobody files a ticket in a colleague’s name, or reads their facts by doing so', async () => {
    const anna = await available('anna');
    await chat('visit-14', '人工');
    const { offers } = (await anna.get('/desk')).body;
    const { id } = (await anna.post(`/desk/offers/${offers[0].id}/accept`)).body;
    const bo = await available('bo');
    const filed = (await bo.post('/desk/tickets', { callId: 'visit-14', subject: 'x' })).body;
    expect(filed).toMatchObject({ callId: 'visit-14', summary: '' });
    expect((await anna.get(`/desk/chats/${id}`)).body.tickets).toEqual([]);
    const boss = await server.user('boss', 'supervisor');
    const { number } = (await boss.post('/desk/tickets', { callId: 'visit-14', subject: 'y' })).body;
    expect((await anna.get(`/desk/chats/${id}`)).body.tickets).toEqual([number]);
  });

  it('a supervisor joins a conversation unasked and sees everything; an agent neither joins nor reads what is not theirs', async () => {
    const anna = await available('anna');
    const boss = await server.user('boss', 'supervisor');
    const liveBoss = await boss.live();
    const liveAnna = await anna.live();
    await chat('visit-7', '我的号码是 13800138000');
    expect((await liveBoss.wait('line', ({ line }) => line.who === 'caller')).line.text).toContain('13800138000');
    expect((await anna.post('/desk/calls/visit-7/join')).status).toBe(403);
    const joined = (await boss.post('/desk/calls/visit-7/join')).body;
    expect(joined).toMatchObject({ agent: 'boss', state: 'open' });
    expect((await anna.get(`/desk/chats/${joined.id}`)).status).toBe(403);
    expect((await anna.post(`/desk/chats/${joined.id}/messages`, { text: 'x' })).status).toBe(403);
    expect((await chat('visit-7', '你是谁')).person).toMatchObject({ state: 'open', name: 'BOSS' });
    expect(liveAnna.events.some((event) => event.type === 'line' || event.type === 'callStarted')).toBe(false);
  });

  it('refuses nonsense: wrap-up codes that there are not, chats that are over, numbers that nobody has', async () => {
    const anna = await available('anna');
    await chat('visit-8', '人工');
    const { offers } = (await anna.get('/desk')).body;
    const { id } = (await anna.post(`/desk/offers/${offers[0].id}/accept`)).body;
    expect((await anna.post(`/desk/chats/${id}/wrap-up`, { code: 'solved' })).status).toBe(409);
    await anna.post(`/desk/chats/${id}/end`);
    expect((await anna.post(`/desk/chats/${id}/messages`, { text: 'x' })).status).toBe(409);
    expect((await anna.post(`/desk/chats/${id}/wrap-up`, { code: 'no such' })).status).toBe(400);
    expect((await anna.post('/desk/offers/nobody/accept')).status).toBe(404);
    expect((await anna.post('/desk/tickets/00000000', { status: 'done' })).status).toBe(404);
    expect((await anna.put('/desk/presence', { presence: 'busy' })).status).toBe(400);
  });
});
