import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { admit, twilioSignature } from '../../../../src/media/platforms/credentials.js';

const TOKEN = 'a-long-random-token';

function request(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  remoteAddress = '203.0.113.7',
): IncomingMessage {
  return { url, headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('the token of a platform', () => {
  it.each([
    ['in the path', request('/media/vonage'), TOKEN],
    ['in the query', request(`/media/vonage?token=${TOKEN}`), ''],
    ['in a header of its own', request('/media/vonage', { 'x-hearken-token': TOKEN }), ''],
    ['as a bearer', request('/media/vonage', { authorization: `Bearer ${TOKEN}` }), ''],
    ['as the password of Basic', request('/media/vonage', { authorization: basic(`asterisk:${TOKEN}`) }), ''],
  ])('is taken %s', (_where, given, path) => {
    expect(() => admit('vonage', given, path, { token: TOKEN })).not.toThrow();
  });

  it.each([
    ['is missing', request('/media/vonage'), ''],
    ['is missing on this machine too', request('/media/vonage', {}, '127.0.0.1'), ''],
    ['is wrong', request('/media/vonage?token=a-long-random-tokem'), ''],
    ['is only a part', request('/media/vonage'), 'a-long-random'],
    ['is the user, not the password', request('/media/vonage', { authorization: basic(`${TOKEN}:x`) }), ''],
  ])('is refused when it %s', (_why, given, path) => {
    expect(() => admit('vonage', given, path, { token: TOKEN })).toThrow(expect.objectContaining({ status: 401 }));
  });
});

describe('without a token', () => {
  it('a program on this machine may connect', () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      expect(() => admit('asterisk', request('/media/asterisk', {}, address), '', {})).not.toThrow();
  });

  it.each([
    ['another machine', request('/media/asterisk')],
    ['what a proxy passes on', request('/media/asterisk', { 'x-forwarded-for': '203.0.113.7' }, '127.0.0.1')],
    ['a page in a browser', request('/media/asterisk', { origin: 'https://evil.example' }, '127.0.0.1')],
  ])('%s may not', (_who, given) => {
    expect(() => admit('asterisk', given, '', {})).toThrow(expect.objectContaining({ status: 403 }));
  });
});

describe('Twilio signs its connections', () => {
  const twilioAuthToken = '12345678901234567890';
  const publicUrl = 'wss://voice.example.com/';
  const signed = (url: string) =>
    request('/media/twilio', { 'x-twilio-signature': twilioSignature(url, twilioAuthToken), host: 'inside:8080' });

  it('reckons it as openssl does', () => {
    // printf %s wss://voice.example.com/media/twilio | openssl dgst -sha1 -hmac 12345 -binary | base64
    expect(twilioSignature('wss://voice.example.com/media/twilio', '12345')).toBe('C6FHkKjYMuvoBVOntnfRi3NjKEA=');
  });

  it('a right signature is let in, with and without a slash at the end', () => {
    for (const url of ['wss://voice.example.com/media/twilio', 'wss://voice.example.com/media/twilio/'])
      expect(() => admit('twilio', signed(url), '', { twilioAuthToken, publicUrl })).not.toThrow();
  });

  it.each([
    ['for another host', signed('wss://evil.example.com/media/twilio')],
    ['for another path', signed('wss://voice.example.com/media/other')],
    [
      'with another secret',
      request('/media/twilio', { 'x-twilio-signature': twilioSignature('wss://voice.example.com/media/twilio', 'x') }),
    ],
    ['not at all, from this machine', request('/media/twilio', {}, '127.0.0.1')],
  ])('signed %s is refused, whatever token it shows', (_how, given) => {
    expect(() => admit('twilio', given, TOKEN, { twilioAuthToken, publicUrl, token: TOKEN })).toThrow(
      expect.objectContaining({ status: 403 }),
    );
  });
});
