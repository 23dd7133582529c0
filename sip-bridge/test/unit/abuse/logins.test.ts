import type { IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import { afterEach, describe, expect, it } from 'vitest';
import { abuseSchema } from '../../../src/abuse/config.js';
import { Doorkeeper } from '../../../src/abuse/doorkeeper.js';
import { silentLogger } from '../../../src/log.js';
import { DigestGuard, digestResponse, readDigest } from '../../../src/sip/digest.js';
import { headersOf } from '../../../src/sip/text.js';
import { trunkSchema } from '../../../src/trunks/config.js';
import { Trunk } from '../../../src/trunks/trunk.js';
import { RawPhone } from '../../support/raw-phone.js';
import { World } from '../../support/world.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const challengesOf = (guard: DigestGuard): string[] =>
  guard.challenge(false).map((line) => line.replace(/^WWW-Authenticate: /, ''));

/** What a phone says to the first challenge that it got. */
function authorization(challenge: string, user: string, password: string): string {
  const { realm = '', nonce = '', algorithm = 'MD5' } = readDigest(challenge);
  const given = { algorithm, user, password, realm, nonce, method: 'INVITE', uri: 'sip:bot@x', body: '' };
  const response = digestResponse({ ...given, qop: 'auth', cnonce: 'c', nc: '00000001' });
  return `Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="sip:bot@x", response="${response}", algorithm=${algorithm}, qop=auth, cnonce="c", nc=00000001`;
}

describe('two trunks that are known by their passwords', () => {
  const trunk = (name: string, user: string, more: object = {}) => ({
    name,
    users: [{ user, password: `of ${user}` }],
    ...more,
  });

  it.each([
    ['share a realm', [trunk('one', 'alice'), trunk('two', 'bob')]],
    ['have a realm each', [trunk('one', 'alice'), trunk('two', 'bob', { realm: 'other' })]],
    [
      'come from one place',
      ['one', 'two'].map((name, at) => trunk(name, ['alice', 'bob'][at] ?? '', { from: ['127.0.0.1'] })),
    ],
  ])('both let their users in where they %s', async (_how, trunks) => {
    const world = await World.start({ trunks });
    ends.push(() => world.stop());
    for (const [name, user] of [
      ['one', 'alice'],
      ['two', 'bob'],
    ] as const) {
      const phone = await RawPhone.open(world.bridge.port);
      ends.push(() => phone.close());
      phone.send(phone.invite());
      const asked = await phone.heard(/^SIP\/2\.0 401/);
      // Phones answer the first challenge, whoever made it.
      const [first = ''] = headersOf(asked, 'www-authenticate');
      const before = world.bridge.calls.size;
      await phone.dial({ headers: [authorization(first, user, `of ${user}`)] });
      phone.ack();
      expect([...world.bridge.calls].at(before)?.facts.trunk).toBe(name);
    }
    expect(world.bridge.doorkeeper.counts.badLogins).toBe(0);
  });
});

describe('a guard', () => {
  it('takes an answer without qop once, whatever count is written to it', () => {
    const guard = new DigestGuard('hearken', [{ user: 'old', password: 'secret' }]);
    const nonce = readDigest(challengesOf(guard)[1] ?? '').nonce ?? '';
    const given = { algorithm: 'MD5', user: 'old', password: 'secret', realm: 'hearken', nonce, method: 'INVITE' };
    const response = digestResponse({ ...given, uri: 'sip:x', body: '' });
    const header = `Digest username="old", realm="hearken", nonce="${nonce}", uri="sip:x", response="${response}"`;
    expect(guard.check(header, 'INVITE', '').kind).toBe('ok');
    expect(guard.check(`${header}, nc=00000009`, 'INVITE', '').kind).toBe('challenge');
  });

  it('reads the name of an algorithm in any case', () => {
    const guard = new DigestGuard('hearken', [{ user: 'old', password: 'secret' }]);
    const [, challenge = ''] = challengesOf(guard);
    const header = authorization(challenge, 'old', 'secret').replace(/^Authorization: /, '');
    expect(guard.check(header.replace('algorithm=MD5', 'algorithm=md5'), 'INVITE', '').kind).toBe('ok');
  });
});

it('a crowd of strangers does not use up the calls that a trunk may begin in a second', () => {
  const pbx = new Trunk(trunkSchema.parse({ name: 'pbx', from: ['192.0.2.1'] }));
  const doorkeeper = new Doorkeeper({
    config: abuseSchema.parse({ callsPerSecond: 2 }),
    trunks: () => [pbx],
    callsOf: () => 0,
    retryAfterSeconds: 10,
    logger: silentLogger(),
    nowMs: () => 1_000_000,
  });
  const invite = { method: 'INVITE', body: '', getHeaders: () => [] } as unknown as IncomingRequestMessage;
  const from = (address: string) => doorkeeper.judge(invite, { address, port: 5060, flow: '' });
  for (let stranger = 1; stranger <= 50; stranger++) {
    expect(from(`198.51.100.${stranger}`)).toMatchObject({ kind: 'refuse', status: 403 });
  }
  expect(from('192.0.2.1')).toMatchObject({ kind: 'pass', trunk: 'pbx' });
  expect(from('192.0.2.1')).toMatchObject({ kind: 'pass', trunk: 'pbx' });
  expect(from('192.0.2.1')).toMatchObject({ kind: 'refuse', status: 503 });
});
