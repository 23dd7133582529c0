import { describe, expect, it } from 'vitest';
import { inboundFacts } from '../../../src/call-options.js';
import { trustedHeaders } from '../../../src/routing/headers.js';
import { Routes } from '../../../src/routing/routes.js';
import { trunkSchema } from '../../../src/trunks/config.js';
import { Trunk } from '../../../src/trunks/trunk.js';

const routes = new Routes([
  { trunk: 'carrier', callee: '^\\+?862155550001$', application: 'retail', language: 'zh-CN', greeting: '您好' },
  { callee: '^0900', refuse: 603 },
  { caller: '^anonymous$', refuse: 433 },
  { trunk: 'pbx', language: 'en' },
]);

describe('a route', () => {
  it.each([
    [
      'carrier',
      'sip:1@x',
      'sip:+862155550001@x',
      { kind: 'take', route: { trunk: 'carrier', application: 'retail', language: 'zh-CN', greeting: '您好' } },
    ],
    [
      'carrier',
      'sip:1@x',
      'sip:%2B862155550001;phone-context=x@x',
      { kind: 'take', route: { trunk: 'carrier', application: 'retail', language: 'zh-CN', greeting: '您好' } },
    ],
    ['pbx', 'sip:1@x', 'sip:+862155550001@x', { kind: 'take', route: { trunk: 'pbx', language: 'en' } }],
    ['pbx', 'sip:1@x', 'sip:0900123@x', { kind: 'refuse', status: 603 }],
    ['pbx', 'sip:anonymous@x', 'sip:5@x', { kind: 'refuse', status: 433 }],
    ['carrier', 'sip:1@x', 'sip:5@x', { kind: 'refuse', status: 404 }],
    [undefined, 'sip:1@x', 'tel:0900', { kind: 'refuse', status: 603 }],
  ] as const)('of trunk %s from %s to %s', (trunk, caller, callee, expected) => {
    expect(routes.find({ trunk, caller, callee })).toEqual(expected);
  });

  it('is not needed: without any every call is taken', () => {
    expect(new Routes([]).find({ trunk: undefined, caller: 'sip:a@b', callee: 'sip:c@d' })).toEqual({
      kind: 'take',
      route: {},
    });
  });
});

it('who a caller is said to be is believed of a stranger only while there are no trunks', () => {
  const headers = { 'P-Asserted-Identity': '<sip:1@x>', 'X-Account': '42' };
  const info = {
    callId: 'c',
    caller: 'sip:a@b',
    callee: 'sip:c@d',
    to: 'sip:c@d',
    headers,
    remoteAddress: '192.0.2.1',
  };
  const trusting = new Trunk(trunkSchema.parse({ name: 'carrier', from: ['192.0.2.1'] }));
  const doubting = new Trunk(trunkSchema.parse({ name: 'pbx', from: ['192.0.2.1'], trustIdentity: false }));
  expect(inboundFacts(info, undefined, true).headers).toEqual(headers);
  expect(inboundFacts(info, undefined, false).headers).toEqual({ 'X-Account': '42' });
  expect(inboundFacts(info, trusting, false).headers).toEqual(headers);
  expect(inboundFacts(info, doubting, true).headers).toEqual({ 'X-Account': '42' });
});

it('who a caller is said to be is believed only of those who are trusted', () => {
  const headers = { 'P-Asserted-Identity': '<sip:1@x>', Diversion: '<sip:2@x>', 'X-Account': '42' };
  expect(trustedHeaders(headers, true)).toBe(headers);
  expect(trustedHeaders(headers, false)).toEqual({ 'X-Account': '42' });
});
