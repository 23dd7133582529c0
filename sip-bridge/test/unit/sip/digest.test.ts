import { afterEach, describe, expect, it } from 'vitest';
import { DigestGuard, digestResponse, readDigest } from '../../../src/sip/digest.js';
import { headerOf } from '../../../src/sip/text.js';
import { RawPhone } from '../../support/raw-phone.js';
import { World } from '../../support/world.js';

describe('a digest', () => {
  // RFC 7616 §3.9.1, the same request with both algorithms.
  const example = {
    ...{ user: 'Mufasa', realm: 'http-auth@example.org', password: 'Circle of Life', method: 'GET', body: '' },
    ...{ nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', uri: '/dir/index.html', qop: 'auth' as const },
    ...{ nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
  };

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('%s is what RFC 7616 says', (algorithm, response) => {
    expect(digestResponse({ ...example, algorithm })).toBe(response);
  });

  it('of an algorithm that we do not have is none', () => {
    expect(digestResponse({ ...example, algorithm: 'SHA-3' })).toBeUndefined();
  });

  it('header is read with quotes, escapes and bare words', () => {
    expect(readDigest('Digest username="a\\"b", realm=x , nc=00000001,qop=auth')).toEqual({
      ...{ username: 'a"b', realm: 'x', nc: '00000001', qop: 'auth' },
    });
    expect(readDigest('Basic abc=d')).toEqual({});
  });
});

describe('the guard', () => {
  let nowMs = 1_000_000;
  const guard = new DigestGuard('hearken', [{ user: 'guest', password: 'secret' }], undefined, () => nowMs);

  function answer(algorithm: string, nonce: string, password = 'secret', nc = '00000001'): string {
    const base = {
      algorithm,
      user: 'guest',
      password,
      realm: 'hearken',
      nonce,
      method: 'INVITE',
      uri: 'sip:bot@x',
      body: '',
    };
    const response = digestResponse({ ...base, qop: 'auth', cnonce: 'c', nc });
    return `Digest username="guest", realm="hearken", nonce="${nonce}", uri="sip:bot@x", response="${response}", algorithm=${algorithm}, qop=auth, cnonce="c", nc=${nc}`;
  }
  const nonceOf = (): string => /nonce="([^"]+)"/.exec(guard.challenge(false)[0] ?? '')?.[1] ?? '';

  it('offers SHA-256 before MD5, and takes either', () => {
    expect(guard.challenge(false).map((line) => /algorithm=([^,]+)/.exec(line)?.[1])).toEqual(['SHA-256', 'MD5']);
    for (const algorithm of ['SHA-256', 'MD5']) {
      expect(guard.check(answer(algorithm, nonceOf()), 'INVITE', '')).toEqual({ kind: 'ok', user: 'guest' });
    }
  });

  it('knows a wrong password, a wrong method and no header at all', () => {
    expect(guard.check(answer('MD5', nonceOf(), 'wrong'), 'INVITE', '').kind).toBe('wrong');
    expect(guard.check(answer('MD5', nonceOf()), 'BYE', '').kind).toBe('wrong');
    expect(guard.check(undefined, 'INVITE', '')).toEqual({ kind: 'challenge', stale: false });
  });

  it('asks again when a nonce is old, used before, or not its own', () => {
    const nonce = nonceOf();
    expect(guard.check(answer('MD5', nonce), 'INVITE', '').kind).toBe('ok');
    expect(guard.check(answer('MD5', nonce), 'INVITE', '')).toEqual({ kind: 'challenge', stale: true });
    expect(guard.check(answer('MD5', nonce, 'secret', '00000002'), 'INVITE', '').kind).toBe('ok');
    nowMs += 200_000;
    expect(guard.check(answer('MD5', nonce, 'secret', '00000003'), 'INVITE', '')).toEqual({
      kind: 'challenge',
      stale: true,
    });
    expect(guard.check(answer('MD5', 'forged.nonce.000000000000000000000000'), 'INVITE', '')).toEqual({
      kind: 'challenge',
      stale: false,
    });
  });
});

describe('a challenged registration', () => {
  let world: World | undefined;
  afterEach(async () => world?.stop());

  it('prefers SHA-256 of several, and skips an algorithm that it does not have', async () => {
    const registrar = await RawPhone.open(1);
    const challenge = (algorithm: string): string =>
      `WWW-Authenticate: Digest realm="r", nonce="n${algorithm}", algorithm=${algorithm}, qop="auth"`;
    registrar.answerWith('REGISTER', 401, ['SHA-9', 'SHA-256', 'MD5'].map(challenge));
    world = await World.start({
      registration: { registrar: `sip:127.0.0.1:${registrar.port}`, user: 'line', password: 'pw' },
    });
    const second = await registrar.heard(/^REGISTER[\s\S]*\r\nAuthorization: /);
    const given = readDigest(headerOf(second, 'authorization') ?? '');
    expect(given).toMatchObject({ algorithm: 'SHA-256', nonce: 'nSHA-256', username: 'line' });
    const { uri = '', nonce = '', cnonce = '', nc = '' } = given;
    expect(given.response).toBe(
      digestResponse({
        algorithm: 'SHA-256',
        user: 'line',
        password: 'pw',
        realm: 'r',
        nonce,
        method: 'REGISTER',
        uri,
        body: '',
        qop: 'auth',
        cnonce,
        nc,
      }),
    );
    await registrar.close();
  });
});
