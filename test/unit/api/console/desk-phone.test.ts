import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ringsAt } from '../../../../src/handoff/desk-phone.js';
import type { TransferOutcome, TransferRequest } from '../../../../src/media/session.js';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../../src/testing/fake-media-session.js';
import { type ConsoleServer, startConsole } from '../../../support/console.js';

/** A caller by telephone; the test says what comes of a transfer. */
class Caller extends FakeMediaSession {
  settle: (outcome: 'completed' | 'failed', status?: number) => void = () => undefined;

  override transfer(request: TransferRequest): Promise<TransferOutcome> {
    this.transfers.push(request);
    return new Promise((resolve) => {
      this.settle = (outcome, status = 200) => resolve({ transferId: request.transferId, outcome, status, reason: '' });
    });
  }
}

const clock = new FakeClock();
let server: ConsoleServer;
beforeEach(async () => {
  server = await startConsole(new FakeBrain(() => []), { clock });
});
afterEach(() => server.close());

/** Somebody at the desk, with a page open. */
async function atDesk(name: string, extension?: string) {
  const client = await server.user(name, 'agent');
  if (extension !== undefined) await server.parts.users.change(name, { extension });
  const live = await client.live();
  await live.wait('snapshot');
  return { client, live };
}

/** A call of which something has been said, on its way to `target`. */
function putThrough(id: string, target: string) {
  const caller = new Caller(clock, { caller: 'sip:13800138000@example.com' }, id);
  const watcher = server.parts.watch(caller, 'zh-CN');
  watcher.event({ atMs: 100, type: 'partial', text: '我要退货' });
  watcher.event({ atMs: 900, type: 'final', text: '我要退货' });
  watcher.event({
    ...{ atMs: 950, type: 'turn', turnId: 1, input: { type: 'text', text: '我要退货' } },
    ...{ intent: { name: 'return_goods', confidence: 0.97 }, slots: { order: '98765432', lookups: 3 }, actions: [] },
  });
  server.parts.options.calls.felt(id, -0.7);
  const outcome = server.parts.withDesk(caller).transfer({
    ...{ transferId: `t-${id}`, target, mode: 'blind', timeoutMs: 30_000 },
    headers: {
      'X-Hearken-Reason': encodeURIComponent('asked'),
      'X-Hearken-Summary': encodeURIComponent('手机 13800138000 想要退货'),
      'X-Hearken-Slots': encodeURIComponent('{"order":"98765432"}'),
    },
  });
  return { caller, outcome, watcher };
}

describe('a call by telephone that is handed over', () => {
  it('pops up with everything at the desk of the agent whose telephone rings, and is in their hands once they answer', async () => {
    const { client: anna, live } = await atDesk('anna', '1042');
    const { live: liveBo } = await atDesk('bo', 'sip:1043@pbx.example.com');
    const { caller, outcome } = putThrough('call-1', 'sip:1042@pbx.example.com;transport=tcp');
    const { offer } = await live.wait('offer');
    expect(offer).toMatchObject({ callId: 'call-1', kind: 'phone', caller: 'sip:13800138000@example.com' });
    expect(offer.context).toMatchObject({
      ...{ summary: '手机 13800138000 想要退货', reason: 'asked', sentiment: -0.7, intent: 'return_goods' },
      slots: { order: '98765432' },
    });
    expect(offer.context.lines.map(({ text }) => text)).toEqual(['我要退货']);
    expect(caller.transfers).toHaveLength(1);

    caller.settle('completed');
    expect((await outcome).outcome).toBe('completed');
    const { chat } = await live.wait('chat');
    expect(chat).toMatchObject({ callId: 'call-1', kind: 'phone', agent: 'anna', state: 'open' });
    expect((await live.wait('offerClosed')).outcome).toBe('accepted');
    await live.wait('agent', ({ agent }) => agent.name === 'anna' && agent.presence === 'busy');
    // Nobody else was told what it is about.
    expect(JSON.stringify(liveBo.events)).not.toContain('13800138000');

    expect((await anna.post(`/desk/chats/${chat.id}/messages`, { text: '您好' })).status).toBe(409);
    expect((await anna.post(`/desk/chats/${chat.id}/hand-back`)).status).toBe(409);
    expect((await anna.put(`/desk/chats/${chat.id}/notes`, { notes: '退货已登记' })).status).toBe(200);
    expect((await anna.post(`/desk/chats/${chat.id}/end`)).body.state).toBe('wrapUp');
    expect((await anna.post(`/desk/chats/${chat.id}/wrap-up`, { code: 'solved' })).body.state).toBe('closed');
    await live.wait('agent', ({ agent }) => agent.name === 'anna' && agent.presence === 'away');
    expect(server.log.events.filter(({ type }) => type === 'desk').map(({ data }) => data.event)).toEqual([
      'joined',
      'left',
      'wrapUp',
    ]);
  });

  it("whose answer another platform does not tell is in nobody's hands until its agent opens it", async () => {
    const { client: anna, live } = await atDesk('anna', '1042');
    const { client: bo } = await atDesk('bo', '1043');
    const { caller, outcome } = putThrough('call-7', 'sip:1042@pbx.example.com');
    await live.wait('offer');
    expect((await bo.post('/desk/phone/call-7/open')).status).toBe(403);
    caller.settle('completed', 202);
    await outcome;
    const { phoneCalls } = await live.wait('phoneCalls', ({ phoneCalls: [call] }) => call?.state === 'answered');
    expect(phoneCalls).toMatchObject([{ callId: 'call-7', agents: ['anna'] }]);
    expect(live.events.some(({ type }) => type === 'chat')).toBe(false);
    expect((await bo.post('/desk/phone/call-7/open')).status).toBe(403);
    expect((await anna.post('/desk/phone/call-7/open')).body).toMatchObject({ agent: 'anna', state: 'open' });
  });

  it('keeps other rings away while the telephone rings, and lets them in afterwards', async () => {
    const { client: anna, live } = await atDesk('anna', '1042');
    await anna.put('/desk/presence', { presence: 'available' });
    const { caller, outcome } = putThrough('call-8', 'sip:1042@pbx.example.com');
    await live.wait('offer', ({ offer }) => offer.kind === 'phone');
    const { desk } = server.parts;
    const asked = { kind: 'text', caller: '', language: 'zh-CN', reason: '', summary: '', slots: {} } as const;
    void desk.request({ callId: 'chat-8', ...asked }, 60_000);
    expect((await anna.get('/desk')).body.queue).toMatchObject([{ callId: 'chat-8', ringing: null }]);
    caller.settle('failed');
    await outcome;
    expect((await live.wait('offer', ({ offer }) => offer.kind === 'text')).offer.callId).toBe('chat-8');
  });

  it('disappears from the desk when nobody answers', async () => {
    const { client: anna, live } = await atDesk('anna', '1042');
    const { caller, outcome } = putThrough('call-2', 'tel:1042');
    const { offer } = await live.wait('offer');
    // Opened while it rang: what is known stays to be wrapped up.
    const { body } = await anna.post(`/desk/offers/${offer.id}/accept`);
    expect(body).toMatchObject({ kind: 'phone', state: 'open' });
    caller.settle('failed');
    await outcome;
    await live.wait('chat', ({ chat }) => chat.endReason === 'notPutThrough' && chat.state === 'wrapUp');
    expect((await anna.post('/desk/phone/call-2/open')).status).toBe(404);
  });

  it('that went to a queue of the telephone system is listed without personal data, and opened by whoever answered it, once', async () => {
    const { client: anna, live } = await atDesk('anna');
    const { client: bo } = await atDesk('bo', '1043');
    const { caller, outcome } = putThrough('call-3', 'sip:queue@pbx.example.com');
    const ringing = await live.wait('phoneCalls', ({ phoneCalls }) => phoneCalls.length === 1);
    expect(ringing.phoneCalls[0]).toMatchObject({ callId: 'call-3', state: 'ringing', agents: [] });
    expect(JSON.stringify(ringing)).not.toContain('13800138000');
    expect(live.events.some(({ type }) => type === 'offer')).toBe(false);
    caller.settle('completed');
    await outcome;
    await live.wait('phoneCalls', ({ phoneCalls }) => phoneCalls[0]?.state === 'answered');
    const opened = await anna.post('/desk/phone/call-3/open');
    expect(opened.body).toMatchObject({ agent: 'anna', context: { summary: '手机 13800138000 想要退货' } });
    expect((await anna.post('/desk/phone/call-3/open')).body.id).toBe(opened.body.id);
    expect((await bo.post('/desk/phone/call-3/open')).status).toBe(409);
    expect((await anna.get('/desk')).body.phoneCalls).toEqual([]);
  });
});

describe('whose telephone it is', () => {
  it.each([
    ['sip:1042@pbx.example.com', '1042', true],
    ['sip:1042@pbx.example.com:5070;transport=tls', 'sip:1042@pbx.example.com', true],
    ['sip:1042@other.example.com', 'sip:1042@pbx.example.com', false],
    ['tel:+86-21-5555-0100', '+862155550100', true],
    ['sip:10421@pbx', '1042', false],
    ['SIP:Li@PBX', 'li', true],
    ['', '', false],
  ])('%s at %s: %s', (target, extension, rings) => {
    expect(ringsAt(target, extension)).toBe(rings);
  });
});
