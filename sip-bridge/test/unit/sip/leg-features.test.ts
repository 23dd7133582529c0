import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionTimer } from '../../../src/sip/session-timer.js';
import { headerOf, startLineOf } from '../../../src/sip/text.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World;
let phone: RawPhone;

beforeEach(async () => {
  world = await World.start();
  phone = await RawPhone.open(world.bridge.port);
});

afterEach(async () => {
  vi.useRealTimers();
  await phone.close();
  await world.stop();
});

describe('a call', () => {
  it('of which we are the refresher is refreshed at half its interval, and one that nobody refreshes ends before it runs out', () => {
    vi.useFakeTimers();
    const happened: string[] = [];
    const timer = new SessionTimer({
      refresh: () => happened.push('refresh'),
      expired: () => happened.push('expired'),
    });
    timer.restart({ seconds: 90, refresher: 'us' });
    vi.advanceTimersByTime(45_000);
    expect(happened).toEqual(['refresh']);
    timer.restart({ seconds: 90, refresher: 'them' });
    vi.advanceTimersByTime(59_000);
    expect(happened).toEqual(['refresh']);
    vi.advanceTimersByTime(2_000);
    expect(happened).toEqual(['refresh', 'expired']);
  });

  it('is refreshed with UPDATE where the peer has it, with a CSeq that goes on', async () => {
    await phone.dial({ headers: ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 90'] });
    phone.ack();
    const [call] = [...world.bridge.calls];
    await until(() => call?.leg.established === true, 'it is up');
    // As its timer would in 45 seconds.
    call?.leg.refreshSession();
    const update = await phone.heard(/^UPDATE /);
    expect(headerOf(update, 'session-expires')).toBe('90;refresher=uac');
    expect(update).not.toContain('m=audio');
    phone.ok(update);
    call?.leg.refreshSession();
    // The first one may have been repeated.
    const sequence = (text: string): number => Number(headerOf(text, 'cseq')?.split(' ')[0]);
    const next = (): string | undefined =>
      phone.received.find((text) => text.startsWith('UPDATE ') && sequence(text) !== sequence(update));
    await until(() => next() !== undefined, 'the second');
    expect(sequence(next() ?? '')).toBeGreaterThan(sequence(update));
    phone.ok(next() ?? '');
  });

  it('without RFC 4733 gets keys as INFO', async () => {
    await phone.dial();
    phone.ack();
    const [call] = [...world.bridge.calls];
    await until(() => call?.leg.established === true, 'it is up');
    vi.spyOn(call?.leg.media as object as { hasEvents: boolean }, 'hasEvents', 'get').mockReturnValue(false);
    phone.answerWith('INFO', 200);
    await call?.leg.sendDigits('4#', 20);
    // Each once, however often UDP has it repeated.
    const infos = (): string[] => {
      const all = phone.received.filter((text) => text.startsWith('INFO '));
      return [...new Map(all.map((text) => [headerOf(text, 'cseq'), text])).values()];
    };
    await until(() => infos().length >= 2, 'two of them');
    expect(infos()[0]).toMatch(/Content-Type: application\/dtmf-relay[\s\S]*Signal=4\r\nDuration=20/);
    expect(infos()[1]).toContain('Signal=#');
  });

  it('gets a REFER that is too long for a datagram over TCP, with nothing left out', async () => {
    const { call, session } = await world.call();
    const headers = { 'X-Hearken-Session': 'abc', 'X-Hearken-Summary': encodeURIComponent('退款'.repeat(80)) };
    const referred = call.next('referred', 30_000);
    session.send({
      type: 'transfer',
      transferId: 't',
      target: 'sip:agent@127.0.0.1:9',
      mode: 'blind',
      timeoutMs: 5000,
      headers,
    });
    const [, given] = await referred;
    expect(given['X-Hearken-Summary']).toBe(headers['X-Hearken-Summary']);
    const messages = world.bridge.traces.messages(session.start.callId) ?? [];
    const refer = messages.find(({ text }) => text.startsWith('REFER '));
    expect(refer?.protocol).toBe('TCP');
    expect(refer?.text).toMatch(/\r\nVia: SIP\/2\.0\/TCP /);
    expect(messages.filter(({ text }) => text.startsWith('REFER ')).map(({ text }) => startLineOf(text))).toHaveLength(
      1,
    );
    await session.waitFor('transfer.result', 30_000);
  });
});
