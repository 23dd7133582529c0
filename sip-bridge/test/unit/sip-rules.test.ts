import { createConnection } from 'node:net';
import { Timers } from 'sip.js/lib/core/index.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headerOf, startLineOf } from '../../src/sip/text.js';
import { offer, RawPhone } from '../support/raw-phone.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World;
let phone: RawPhone;

beforeEach(async () => {
  world = await World.start();
  phone = await RawPhone.open(world.bridge.port);
});

afterEach(async () => {
  await world.stop();
  await phone.close();
});

const OK_INVITE = /^SIP\/2\.0 200 OK[\s\S]*CSeq: \d+ INVITE/;

describe('an INVITE', () => {
  it('is rung, then answered with what was offered, in its payload numbers', async () => {
    const ok = await phone.dial({
      sdp: offer(40_000, {
        formats: '18 8 0 97',
        lines: ['a=rtpmap:18 G729/8000', 'a=rtpmap:97 telephone-event/8000', 'a=ptime:20'],
      }),
    });
    phone.ack();
    expect(phone.received.map(startLineOf).slice(0, 3)).toEqual([
      'SIP/2.0 100 Trying',
      'SIP/2.0 180 Ringing',
      'SIP/2.0 200 OK',
    ]);
    expect(ok).toMatch(/m=audio \d+ RTP\/AVP 8 97\r\n/);
    expect(ok).toContain('a=rtpmap:97 telephone-event/8000');
    expect(headerOf(ok, 'contact')).toContain(`127.0.0.1:${world.bridge.port}`);
    expect(headerOf(ok, 'allow')).toMatch(/PRACK,UPDATE/);
    const session = await world.service.session(0);
    expect(session.start.media.encoding).toBe('pcma');
  });

  it('that comes twice is one call, and the first answer is repeated', async () => {
    const invite = phone.invite();
    phone.send(invite);
    phone.send(invite);
    phone.send(invite);
    await phone.heard(OK_INVITE);
    expect(world.bridge.calls.size).toBe(1);
    const tags = phone.received
      .filter((message) => !message.startsWith('SIP/2.0 100'))
      .map((message) => /;tag=([^;\s]+)/.exec(headerOf(message, 'to') ?? '')?.[1]);
    expect(new Set(tags).size).toBe(1);
  });

  it('is answered again and again until the ACK comes, and a hang-up waits for it', async () => {
    await phone.dial();
    const session = await world.service.session(0);
    session.hangup();
    await until(() => phone.count(OK_INVITE) >= 3, 'the 200 comes three times');
    expect(phone.count(/^BYE/)).toBe(0);
    phone.ack();
    const bye = await phone.heard(/^BYE/);
    phone.ok(bye);
    await until(() => world.bridge.calls.size === 0, 'the call is over');
  });

  it('whose answer is never acknowledged is ended', async () => {
    const before = Timers.TIMER_L;
    Timers.TIMER_L = 700;
    try {
      await phone.dial();
      await phone.heard(/^BYE/);
      await until(() => world.bridge.calls.size === 0, 'the call is over');
    } finally {
      Timers.TIMER_L = before;
    }
  });

  it('can be cancelled: 200 for the CANCEL, 487 for the INVITE until that is acknowledged', async () => {
    await world.stop();
    world = await World.start({}, { readyAfterMs: 5000 });
    await phone.close();
    phone = await RawPhone.open(world.bridge.port);
    const branch = phone.branch();
    phone.send(phone.invite({ branch }));
    await phone.heard(/^SIP\/2\.0 180/);
    phone.send(phone.request('CANCEL', { branch }));
    await phone.heard(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ CANCEL/);
    await phone.heard(/^SIP\/2\.0 487/);
    await until(() => phone.count(/^SIP\/2\.0 487/) >= 2, '487 is repeated');
    phone.send(phone.request('ACK', { branch }));
    await until(() => world.bridge.calls.size === 0, 'the call is over');
    const session = world.service.sessions[0];
    if (session) await until(() => !session.connected, 'the service is let go');
  });

  it('without an offer is answered with ours, and the ACK brings the answer', async () => {
    const ok = await phone.dial({ sdp: null });
    expect(ok).toMatch(/m=audio \d+ RTP\/AVP 0 8 9 107 101 110/);
    phone.ack({ body: offer(40_000, { formats: '8', lines: ['a=rtpmap:8 PCMA/8000'] }) });
    const session = await world.service.session(0);
    expect(session.start.media.encoding).toBe('pcma');
  });

  it.each([
    ['nothing that we speak', offer(40_000, { formats: '18', lines: ['a=rtpmap:18 G729/8000'] }), 488],
    ['only video', offer(40_000).replace('m=audio', 'm=video'), 488],
    ['encrypted audio', offer(40_000).replace('RTP/AVP', 'RTP/SAVP'), 488],
    ['a disabled stream', offer(0), 488],
    ['no SDP at all in its body', 'hello there, this is no description', 400],
    ['an enormous description', `v=0\r\n${'a=x\r\n'.repeat(3000)}`, 400],
  ])('with %s is refused', async (_what, sdp, status) => {
    phone.send(phone.invite({ sdp }));
    const refused = await phone.heard(new RegExp(`^SIP/2\\.0 ${status}`));
    expect(headerOf(refused, 'to')).toContain(';tag=');
    await until(() => world.bridge.calls.size === 0, 'nothing is left');
    expect(world.service.sessions).toHaveLength(0);
  });

  it('that asks for a session timer gets one, with Require, and a short one is refused', async () => {
    const ok = await phone.dial({
      headers: ['Supported: timer', 'Require: timer', 'Session-Expires: 1800', 'Min-SE: 90'],
    });
    expect(headerOf(ok, 'session-expires')).toBe('1800;refresher=uac');
    expect(headerOf(ok, 'require')).toBe('timer');
    const other = await RawPhone.open(world.bridge.port);
    other.send(other.invite({ headers: ['Supported: timer', 'Session-Expires: 30'] }));
    const refused = await other.heard(/^SIP\/2\.0 422/);
    expect(headerOf(refused, 'min-se')).toBe('90');
    await other.close();
  });

  it('that requires what we do not have is told so', async () => {
    phone.send(phone.invite({ headers: ['Require: precondition, timer'] }));
    const refused = await phone.heard(/^SIP\/2\.0 420/);
    expect(headerOf(refused, 'unsupported')).toBe('precondition');
  });

  it('beyond the limit gets 503 with Retry-After', async () => {
    await world.stop();
    world = await World.start({ maxCalls: 1 });
    await phone.close();
    phone = await RawPhone.open(world.bridge.port);
    await phone.dial();
    phone.ack();
    const other = await RawPhone.open(world.bridge.port);
    other.send(other.invite());
    expect(headerOf(await other.heard(/^SIP\/2\.0 503/), 'retry-after')).toBe('10');
    await other.close();
  });
});

describe('in a call', () => {
  it('a re-INVITE puts on hold and takes back, and the description grows its version only when it changes', async () => {
    const first = await phone.dial();
    phone.ack();
    const held = await reinvite(offer(40_000, { lines: ['a=rtpmap:0 PCMU/8000', 'a=sendonly'] }));
    expect(held).toContain('a=recvonly');
    expect(headerOf(held, 'contact')).toContain('sip:');
    const same = await reinvite(offer(40_000, { lines: ['a=rtpmap:0 PCMU/8000', 'a=sendonly'] }));
    expect(version(same)).toBe(version(held));
    const back = await reinvite(offer(40_000));
    expect(back).toContain('a=sendrecv');
    expect(version(back)).toBe(version(first) + 2);
  });

  it('a re-INVITE that fits nothing is refused and the call goes on', async () => {
    await phone.dial();
    phone.ack();
    phone.send(phone.invite({ sdp: offer(40_000, { formats: '18', lines: ['a=rtpmap:18 G729/8000'] }) }));
    await phone.heard(/^SIP\/2\.0 488/);
    phone.send(phone.request('OPTIONS'));
    await phone.heard(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ OPTIONS/);
    expect(world.bridge.calls.size).toBe(1);
  });

  it('a key by INFO counts once, also when RTP events were promised but never came', async () => {
    await phone.dial();
    phone.ack();
    const session = await world.service.session(0);
    phone.send(phone.request('INFO', { type: 'application/dtmf-relay', body: 'Signal=5\r\nDuration=160\r\n' }));
    await phone.heard(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ INFO/);
    expect(await session.waitFor('dtmf')).toMatchObject({ digit: '5', durationMs: 160 });
    phone.send(phone.request('INFO', { type: 'text/plain', body: 'hello' }));
    await phone.heard(/^SIP\/2\.0 415/);
  });

  it('BYE is answered, a repeated one too, and one for no call gets 481', async () => {
    await phone.dial();
    phone.ack();
    const bye = phone.request('BYE');
    phone.send(bye);
    await phone.heard(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ BYE/);
    phone.send(bye);
    await until(() => phone.count(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ BYE/) === 2, 'the same answer twice');
    phone.send(phone.request('BYE'));
    await phone.heard(/^SIP\/2\.0 481/);
    await until(() => world.bridge.calls.size === 0, 'the call is over');
  });
});

describe('other requests', () => {
  it.each([
    ['REGISTER', 405],
    ['SUBSCRIBE', 405],
    ['MESSAGE', 405],
    ['FROBNICATE', 501],
  ])('%s gets %i and the list of what we do', async (method, status) => {
    phone.send(phone.request(method));
    const refused = await phone.heard(new RegExp(`^SIP/2\\.0 ${status}`));
    expect(headerOf(refused, 'allow')).toContain('INVITE');
  });

  it('OPTIONS gets 200, and 503 while draining', async () => {
    phone.send(phone.request('OPTIONS'));
    const ok = await phone.heard(/^SIP\/2\.0 200/);
    expect(headerOf(ok, 'accept')).toBe('application/sdp');
    await phone.dial();
    phone.ack();
    const drained = world.bridge.drain(10_000);
    phone.toTag = '';
    phone.send(phone.request('OPTIONS'));
    await phone.heard(/^SIP\/2\.0 503[\s\S]*CSeq: \d+ OPTIONS/);
    const late = await RawPhone.open(world.bridge.port);
    late.send(late.invite());
    await late.heard(/^SIP\/2\.0 503/);
    expect(world.bridge.calls.size).toBe(1);
    (await world.service.session(0)).hangup();
    phone.ok(await phone.heard(/^BYE/));
    await drained;
    await late.close();
  });

  it('answers go back to where the request came from, whatever its Via says', async () => {
    const request = phone.request('OPTIONS').replace(/Via: SIP\/2\.0\/UDP [^;]+/, 'Via: SIP/2.0/UDP 10.99.99.99:5060');
    phone.send(request);
    const ok = await phone.heard(/^SIP\/2\.0 200/);
    expect(headerOf(ok, 'via')).toContain(`rport=${phone.port};received=127.0.0.1`);
  });
});

describe('over TCP', () => {
  it('messages may come in pieces or together, and a ping gets its pong', async () => {
    const socket = createConnection(world.bridge.port, '127.0.0.1');
    socket.on('error', () => {});
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
    });
    const over = (text: string): string => text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
    const first = over(phone.request('OPTIONS'));
    for (let at = 0; at < first.length; at += 17) socket.write(first.slice(at, at + 17));
    await until(() => count(heard, 'SIP/2.0 200') === 1, 'the pieces are one message');
    socket.write(over(phone.request('OPTIONS')) + over(phone.request('OPTIONS')));
    await until(() => count(heard, 'SIP/2.0 200') === 3, 'both are answered');
    heard = '';
    socket.write('\r\n\r\n');
    await until(() => heard === '\r\n', 'the pong');
    // What can't be SIP ends the connection, and only that.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('x'.repeat(70_000));
    await closed;
    const again = await world.call();
    await again.call.hangup();
  });

  it('a whole call works', async () => {
    const caller = await world.phone({ user: 'caller' });
    const call = await caller.call(`${world.bridge.uri};transport=tcp`);
    await call.answered;
    const session = await world.service.session(0);
    session.hangup();
    await call.ended;
  });
});

async function reinvite(sdp: string): Promise<string> {
  const from = phone.received.length;
  phone.send(phone.invite({ sdp }));
  // Its own answer: the one before may come again, where its ACK was late.
  const ok = await phone.heard(new RegExp(`^SIP/2\\.0 200 OK[\\s\\S]*CSeq: ${phone.cseq} INVITE`));
  phone.ack();
  // The next one would be refused with 500 while this ACK is on its way.
  phone.send(phone.request('OPTIONS'));
  await phone.heard(/CSeq: \d+ OPTIONS/, 30_000, from);
  return ok;
}

function version(message: string): number {
  return Number(/o=- \d+ (\d+) /.exec(message)?.[1]);
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
