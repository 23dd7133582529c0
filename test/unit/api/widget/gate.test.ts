import { describe, expect, it } from 'vitest';
import { WidgetGate } from '../../../../src/api/widget/gate.js';
import { configSchema } from '../../../../src/config.js';
import type { StartMessage } from '../../../../src/media/hearken-v1/messages.js';

const SHOP = 'https://shop.example.com';
const start = (token: string, extra: Partial<StartMessage> = {}): StartMessage => ({
  type: 'start',
  callId: 'whatever',
  direction: 'outbound',
  caller: 'sip:boss@example.com',
  callee: 'sip:expensive@example.com',
  headers: { 'X-Hearken-Summary': 'say this' },
  purpose: 'whisper',
  media: { encoding: 'pcm16', sampleRate: 16_000 },
  token,
  ...extra,
});

function gate(options: { nowMs?: () => number; callsPerAddress?: number; secret?: string } = {}): WidgetGate {
  const { nowMs, ...widget } = options;
  return new WidgetGate(configSchema.parse({ widget: { origins: [SHOP], ...widget } }).widget, nowMs ? { nowMs } : {});
}

describe('the door of the widget', () => {
  it('lets a page in with its token and believes nothing else that it says', () => {
    const door = gate();
    const { token, conversationId } = door.issue({ origin: SHOP, address: '203.0.113.7' });
    const call = door.admit(
      start(token, { route: { language: 'en', greeting: 'Buy now', application: 'other' } }),
      SHOP,
    );
    expect(call.conversationId).toBe(conversationId);
    expect(call.start).toEqual({
      type: 'start',
      callId: `${conversationId}@web`,
      direction: 'inbound',
      caller: '',
      callee: 'web:widget',
      media: { encoding: 'pcm16', sampleRate: 16_000 },
      route: { language: 'en' },
    });
  });

  it('knows the visitor whom the site’s server vouched for', () => {
    const door = gate();
    const { token } = door.issue({ origin: SHOP, address: 'a', sender: 'user-1042' });
    expect(door.admit(start(token), SHOP).start.caller).toBe('user-1042');
  });

  it('whoever signs in after somebody else, or signs out, does not go on with what was theirs', () => {
    const door = gate();
    const site = { origin: SHOP, address: 'a', vouched: true };
    const nobody = door.issue(site);
    const anna = door.issue({ ...site, token: nobody.token, sender: 'anna' });
    expect(anna.conversationId).toBe(nobody.conversationId);
    expect(door.issue({ ...site, token: anna.token, sender: 'anna' }).conversationId).toBe(anna.conversationId);
    const bo = door.issue({ ...site, token: anna.token, sender: 'bo' });
    expect(bo.conversationId).not.toBe(anna.conversationId);
    const left = door.issue({ ...site, token: anna.token });
    expect(left.conversationId).not.toBe(anna.conversationId);
    expect(door.admit(start(left.token), SHOP).start.caller).toBe('');
  });

  it('takes a site’s long names of its users', () => {
    const door = gate();
    const sender = 'u'.repeat(128);
    const { token } = door.issue({ origin: SHOP, address: sender, sender, vouched: true });
    expect(door.admit(start(token), SHOP).start.caller).toBe(sender);
  });

  it('an IPv6 network is one visitor: its many addresses give no more lines', () => {
    const door = gate({ callsPerAddress: 1 });
    const from = (address: string) => start(door.issue({ origin: SHOP, address }).token);
    door.admit(from('2001:db8:1:2::1'), SHOP);
    expect(() => door.admit(from('2001:db8:1:2::2'), SHOP)).toThrow(/1 calls/);
    door.admit(from('2001:db8:1:3::1'), SHOP);
  });

  it('refuses tokens of another page, of another service, changed ones and nonsense', () => {
    const door = gate();
    const { token } = door.issue({ origin: SHOP, address: 'a' });
    expect(() => door.admit(start(token), 'https://evil.example')).toThrow(/another site/);
    expect(() => door.admit(start(token), undefined)).toThrow(/another site/);
    expect(() => gate().admit(start(token), SHOP)).toThrow(/no token/);
    const [head, body = '', signature] = token.split('.');
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"a":"a"', '"a":"b"')).toString(
      'base64url',
    );
    for (const bad of [
      '',
      'hw1',
      'hw1..',
      `${head}.${forged}.${signature}`,
      `${token}.x`,
      token.slice(0, -2),
      'x'.repeat(100_000),
    ])
      expect(() => door.admit(start(bad), SHOP), bad.slice(0, 60)).toThrow();
  });

  it('tokens run out, and are changed for new ones of the same conversation for a while', () => {
    let nowMs = 1_000_000;
    const door = gate({ nowMs: () => nowMs });
    const first = door.issue({ origin: SHOP, address: 'a' });
    nowMs += 601_000;
    expect(() => door.admit(start(first.token), SHOP)).toThrow(/run out/);
    const second = door.issue({ origin: SHOP, address: 'a', token: first.token });
    expect(second.conversationId).toBe(first.conversationId);
    expect(door.admit(start(second.token), SHOP).conversationId).toBe(first.conversationId);
    expect(() => door.issue({ origin: 'https://other.example', address: 'a', token: first.token })).toThrow(
      /another site/,
    );
    nowMs += 3 * 3_600_000;
    expect(() => door.issue({ origin: SHOP, address: 'a', token: second.token })).toThrow(/run out/);
  });

  it('counts the calls of an address, and gives a line back when one ends', () => {
    const door = gate({ callsPerAddress: 2 });
    const token = (address: string) => door.issue({ origin: SHOP, address }).token;
    const calls = [door.admit(start(token('a')), SHOP), door.admit(start(token('a')), SHOP)];
    expect(() => door.admit(start(token('a')), SHOP)).toThrow(/2 calls/);
    door.admit(start(token('b')), SHOP);
    // Coming back to a call is no new one.
    door.admit(start(token('a'), { resume: { sessionId: 's', resumeToken: 'r' } }), SHOP);
    calls[0]?.ended();
    door.admit(start(token('a')), SHOP);
  });

  it('instances with the same secret take each other’s tokens', () => {
    const secret = 'a secret of more than 24 characters';
    const { token } = gate({ secret }).issue({ origin: SHOP, address: 'a' });
    expect(() => gate({ secret }).admit(start(token), SHOP)).not.toThrow();
  });
});
