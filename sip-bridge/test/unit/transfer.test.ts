import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../src/index.js';
import { headerOf } from '../../src/sip/text.js';
import { share, tone } from '../support/g711.js';
import { RawPhone } from '../support/raw-phone.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;

afterEach(async () => {
  await world?.stop();
  expect(world?.service.problems).toEqual([]);
  world = undefined;
});

function transferTo(target: string, extra: Partial<Extract<ServerMessage, { type: 'transfer' }>> = {}): ServerMessage {
  return { type: 'transfer', transferId: 't1', target, mode: 'blind', timeoutMs: 20_000, ...extra };
}

describe('a blind transfer', () => {
  it('brings the caller to the agent, who hears the headers, and ends our leg', async () => {
    world = await World.start();
    const agent = await world.phone({ user: 'agent', autoAnswerMs: 50, greeting: () => tone(700, 1500) });
    const { call, session, heard } = await world.call();
    const arrived = agent.next('call', 30_000);
    session.send(transferTo(agent.uri, { headers: { 'X-Summary': 'wants a refund' } }));

    const [incoming] = await arrived;
    expect(incoming.info?.headers['X-Summary']).toBe('wants a refund');
    expect(incoming.info?.headers['Referred-By']).toContain('sip:');
    const progress = await session.waitFor('transfer.progress');
    expect(progress.transferId).toBe('t1');
    const result = await session.waitFor('transfer.result');
    expect(result).toMatchObject({ transferId: 't1', outcome: 'completed', status: 200 });
    expect((await session.waitFor('stop')).cause).toBe('transferred');
    await until(() => share(heard.bytes(1), 700) > 0.3, 'the caller hears the agent');
    await until(() => world?.bridge.calls.size === 0, 'the bridge is out of it');
    expect(call.established).toBe(true);
    await call.hangup();
    await incoming.ended;
  });

  it('goes in whole over TCP', async () => {
    world = await World.start();
    const agent = await world.phone({ user: 'agent', autoAnswerMs: 0 });
    const phone = await world.phone({ user: 'caller' });
    const call = await phone.call(`${world.bridge.uri};transport=tcp`);
    await call.answered;
    const session = await world.service.session(0);
    const headers = { 'X-Hearken-Summary': encodeURIComponent('退款'.repeat(55)), 'X-Hearken-Slots': 's'.repeat(1000) };
    const arrived = agent.next('call', 30_000);
    session.send(transferTo(agent.uri, { headers }));
    const [incoming] = await arrived;
    expect(incoming.info?.headers).toMatchObject(headers);
    await session.waitFor('transfer.result');
  });

  it('is one datagram of at most 1300 bytes, whatever the summary', async () => {
    world = await World.start();
    const raw = await RawPhone.open(world.bridge.port);
    await raw.dial();
    raw.ack();
    const session = await world.service.session(0);
    const headers = {
      'X-Hearken-Session': 'abc',
      'X-Hearken-Summary': encodeURIComponent('退款'.repeat(55)),
      'X-Hearken-Slots': encodeURIComponent(JSON.stringify({ order: '12345', note: '退'.repeat(100) })),
    };
    session.send(transferTo('sip:agent@127.0.0.1:5060', { headers }));
    const refer = await raw.heard(/^REFER /);
    expect(Buffer.byteLength(refer)).toBeLessThanOrEqual(1300);
    expect(Buffer.byteLength(refer)).toBeGreaterThan(1250);
    expect(headerOf(refer, 'x-hearken-session')).toBe('abc');
    expect(decodeURIComponent(headerOf(refer, 'x-hearken-summary') ?? '')).toMatch(/^(退款)+退?$/);
    expect(JSON.parse(decodeURIComponent(headerOf(refer, 'x-hearken-slots') ?? ''))).toEqual({ order: '12345' });
    await raw.close();
  });

  it('keeps the caller when nobody is at the target', async () => {
    world = await World.start();
    const { call, session, heard } = await world.call();
    const busy = await world.phone({ user: 'agent', maxCalls: 0 });
    session.send(transferTo(busy.uri));
    const result = await session.waitFor('transfer.result');
    expect(result).toMatchObject({ outcome: 'failed', status: 486 });
    expect(call.established).toBe(true);
    session.play(tone(500, 500));
    await until(() => share(heard.bytes(0).subarray(-8000), 500) > 0.3, 'the bot speaks on');
    session.send(transferTo(busy.uri, { transferId: 't2' }));
    await session.waitFor('transfer.result', 30_000, (message) => message.transferId === 't2');
  });

  it('tells of a phone that refuses REFER, where joining the media is switched off', async () => {
    world = await World.start({ transfer: { bridgeWhenRefused: false } });
    const { call, session } = await world.call({ obeyRefer: false });
    session.send(transferTo('sip:agent@127.0.0.1:9'));
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed', status: 603 });
    expect(call.established).toBe(true);
  });

  it('ends our leg after the time-out when the agent only rings', async () => {
    world = await World.start();
    const agent = await world.phone({ user: 'agent' });
    const { call, session } = await world.call();
    session.send(transferTo(agent.uri, { timeoutMs: 2500 }));
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'timeout', status: 180 });
    expect((await session.waitFor('stop')).cause).toBe('transferred');
    // The caller's phone rings on at the agent's.
    for (const incoming of agent.calls) incoming.answer();
    await call.next('transferred', 30_000);
  });

  it('keeps the caller when the time-out comes before anything rang', async () => {
    world = await World.start();
    const { call, session } = await world.call();
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const target = `sip:agent@127.0.0.1:${silent.address().port}`;
    session.send(transferTo(target, { timeoutMs: 1000 }));
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'timeout', status: 100 });
    expect(call.established).toBe(true);
    expect(session.stopped).toBeUndefined();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });

  it('reports a failure when the caller leaves in the middle of it', async () => {
    world = await World.start();
    const agent = await world.phone({ user: 'agent' });
    const { call, session } = await world.call();
    session.send(transferTo(agent.uri));
    await session.waitFor('transfer.progress', 30_000, (message) => message.status === 180);
    await call.hangup();
    const result = await session.waitFor('transfer.result');
    expect(result.outcome).toBe('failed');
    expect((await session.waitFor('stop')).cause).toBe('normal');
  });

  it('is refused for a target outside the allow-list, or with a header outside it', async () => {
    world = await World.start({ transfer: { allowedTargets: ['^sip:agent@127\\.0\\.0\\.1(:\\d+)?$'] } });
    const { call, session } = await world.call();
    const refusals: [Partial<Extract<ServerMessage, { type: 'transfer' }>>, number][] = [
      [{ target: 'sip:00881234567@premium.example' }, 403],
      [{ headers: { Route: '<sip:evil>' } }, 400],
      [{ target: 'sip:agent@127.0.0.1:5060>;x=<sip:a' }, 400],
      [{ target: 'sip:00881234567@premium.example', mode: 'attended' }, 403],
    ];
    for (const [index, [extra, status]] of refusals.entries()) {
      const transferId = `r${index}`;
      session.send(transferTo('sip:agent@127.0.0.1:5060', { ...extra, transferId }));
      const result = await session.waitFor('transfer.result', 30_000, (message) => message.transferId === transferId);
      expect(result).toMatchObject({ outcome: 'failed', status });
    }
    expect(call.established).toBe(true);
  });
});

describe('a transfer while the service is away', () => {
  it('that succeeds is reported when the service is back, though the caller is with the agent by then', async () => {
    world = await World.start();
    const { bridge } = world;
    const agent = await world.phone({ user: 'agent' });
    const { session } = await world.call();
    const back = gate();
    session.onResume = () => back.opened.then(() => 'ready');
    session.send(transferTo(agent.uri));
    await session.waitFor('transfer.progress', 30_000, (message) => message.status === 180);
    const gone = session.next('closed', 30_000);
    session.cut();
    await gone;
    for (const incoming of agent.calls) incoming.answer();
    const [ours] = bridge.calls;
    await until(() => ours?.leg.end !== undefined, 'our leg has ended');
    expect(ours?.leg.end?.cause).toBe('transferred');
    expect(session.messages.some((message) => message.type === 'transfer.result')).toBe(false);
    back.open();
    expect(await session.waitFor('transfer.result')).toMatchObject({ transferId: 't1', outcome: 'completed' });
    expect((await session.waitFor('stop')).cause).toBe('transferred');
    await until(() => bridge.calls.size === 0, 'the call is over');
  });

  it('does not keep the bridge from shutting down', async () => {
    world = await World.start();
    const { bridge } = world;
    const agent = await world.phone({ user: 'agent' });
    const { session } = await world.call();
    session.onResume = () => new Promise(() => {});
    session.send(transferTo(agent.uri));
    await session.waitFor('transfer.progress', 30_000, (message) => message.status === 180);
    const gone = session.next('closed', 30_000);
    session.cut();
    await gone;
    for (const incoming of agent.calls) incoming.answer();
    const [ours] = bridge.calls;
    await until(() => ours?.leg.end !== undefined, 'our leg has ended');
    expect(bridge.calls.size).toBe(1);
    await bridge.drain(0);
    expect(bridge.calls.size).toBe(0);
  });

  it('is carried out once, however often it is ordered, and its result is told as often as it is asked for', async () => {
    world = await World.start();
    const raw = await RawPhone.open(world.bridge.port);
    await raw.dial();
    raw.ack();
    const session = await world.service.session(0);
    const order = transferTo('sip:agent@127.0.0.1:5060');
    session.send(order);
    raw.ok(await raw.heard(/^REFER /));
    const sipfrag = (state: string, line: string): void =>
      raw.send(
        raw.request('NOTIFY', {
          headers: ['Event: refer', `Subscription-State: ${state}`],
          body: `SIP/2.0 ${line}\r\n`,
          type: 'message/sipfrag;version=2.0',
        }),
      );
    sipfrag('active', '180 Ringing');
    await session.waitFor('transfer.progress');

    const back = gate();
    session.onResume = () => back.opened.then(() => 'ready');
    const resumed = session.next('resumed', 30_000);
    const gone = session.next('closed', 30_000);
    session.cut();
    await gone;
    back.open();
    await resumed;
    session.send(order);
    session.send(transferTo('sip:agent@127.0.0.1:5060', { transferId: 't2' }));
    // Answered after the repeated order was read.
    await session.waitFor(
      'transfer.result',
      30_000,
      (message) => message.transferId === 't2' && message.status === 491,
    );
    const results = () =>
      session.messages.filter((message) => message.type === 'transfer.result' && message.transferId === 't1');
    expect(results()).toEqual([]);

    const later = gate();
    session.onResume = () => later.opened.then(() => 'ready');
    const goneAgain = session.next('closed', 30_000);
    session.cut();
    await goneAgain;
    sipfrag('terminated;reason=noresource', '486 Busy Here');
    await raw.heard(new RegExp(`^SIP/2\\.0 200[\\s\\S]*CSeq: ${raw.cseq} NOTIFY`, 'i'));
    later.open();
    await until(() => results().length === 1, 'the result that waited');
    session.send(order);
    await until(() => results().length === 2, 'the result again');
    expect(results()).toMatchObject([{ status: 486 }, { status: 486 }]);
    // It may have been repeated on its way, as UDP wants it.
    const orders = raw.received
      .filter((message) => message.startsWith('REFER '))
      .map((refer) => headerOf(refer, 'cseq'));
    expect(new Set(orders).size).toBe(1);
    await raw.close();
  });
});

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
