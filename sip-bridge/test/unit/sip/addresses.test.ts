import { afterEach, describe, expect, it } from 'vitest';
import { requireUri } from '../../../src/sip/core-setup.js';
import { headerOf } from '../../../src/sip/text.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World;
let phone: RawPhone;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(): Promise<void> {
  world = await World.start();
  phone = await RawPhone.open(world.bridge.port);
  ends.push(
    () => phone.close(),
    () => world.stop(),
  );
}

const OK_INVITE = /^SIP\/2\.0 200 OK[\s\S]*CSeq: \d+ INVITE/;

/** A whole call in which everything the phone says is changed a little; our BYE. */
async function call(change: (text: string) => string): Promise<{ ok: string; bye: string }> {
  await start();
  phone.send(change(phone.invite()));
  const ok = await phone.heard(OK_INVITE);
  phone.toTag = /;tag=([^;\s]+)/.exec(headerOf(ok, 'to') ?? '')?.[1] ?? '';
  phone.send(change(phone.request('ACK')));
  const session = await world.service.session(0);
  session.hangup();
  const bye = await phone.heard(/^BYE/);
  phone.ok(bye);
  return { ok, bye };
}

describe('a call of a network that writes tel:', () => {
  it('is taken with its numbers, and answered in its own words', async () => {
    const { ok, bye } = await call((text) =>
      text
        .replace(/^INVITE sip:\S+/, 'INVITE tel:+862155550001')
        .replace(/From: <[^>]*>/, 'From: "Zhang, \\"San\\"" <tel:+86-138-0013-8000>')
        .replace(/To: <[^>]*>/, 'To: <tel:+862155550001;phone-context=x>'),
    );
    const { start } = await world.service.session(0);
    expect(start).toMatchObject({ caller: 'tel:+86-138-0013-8000', callee: 'tel:+862155550001' });
    expect(headerOf(ok, 'from')).toMatch(/^"Zhang, \\"San\\"" <tel:\+86-138-0013-8000>;tag=/);
    expect(headerOf(ok, 'to')).toMatch(/^<tel:\+862155550001;phone-context=x>;tag=/);
    expect(headerOf(bye, 'to')).toMatch(/^<tel:\+86-138-0013-8000>;tag=/);
    expect(headerOf(bye, 'from')).toMatch(/^<tel:\+862155550001;phone-context=x>;tag=/);
    // Its answer has those names too, and is understood: nothing is sent again.
    await expect.poll(async () => (await world.bridge.health()).held.repeated, { timeout: 20_000 }).toBe(0);
  });

  it('may leave the brackets out', async () => {
    const { bye } = await call((text) => text.replace(/From: <[^>]*>/, 'From: tel:+8613800138000'));
    expect(headerOf(bye, 'to')).toMatch(/^<tel:\+8613800138000>;tag=/);
  });

  it('and is broken gets 400', async () => {
    await start();
    for (const from of ['From: tel:', 'From: <tel:+861', 'From: "a <tel:1>', 'From: :', 'From: <:::>']) {
      const before = phone.received.length;
      phone.send(phone.invite().replace(/From: <[^>]*>/, from));
      await phone.heard(/^SIP\/2\.0 400/, 4000, before);
    }
  });
});

describe('the user part of an address', () => {
  it.each([
    'sip:+15551234;tgrp=TG1;trunk-context=gw.example@192.0.2.1',
    'sip:a&b=c$d,e@192.0.2.1',
    'sip:100%25@192.0.2.1',
    'sip:%252B8613800138000@192.0.2.1',
    'sip:user%40domain@192.0.2.1',
  ])('is written as it was read: %s', (address) => {
    expect(requireUri(address).toString()).toBe(address);
  });

  it('of a Contact is where our requests go', async () => {
    const { bye } = await call((text) =>
      text.replace(/Contact: <sip:raw@/, 'Contact: <sip:+15551234;tgrp=TG1;trunk-context=gw.example@'),
    );
    expect(bye).toMatch(/^BYE sip:\+15551234;tgrp=TG1;trunk-context=gw\.example@127\.0\.0\.1:/);
  });
});

it('a target that rings without a Contact is not passed over for the next one', async () => {
  const [rings, next] = [await RawPhone.open(1), await RawPhone.open(1)];
  ends.push(
    () => rings.close(),
    () => next.close(),
  );
  const targets = [rings, next].map(({ port }) => `sip:127.0.0.1:${port}`);
  const bridge = await World.start({
    trunks: [{ name: 'carrier', targets, failoverMs: 300 }],
    outbound: { allowedTargets: ['^\\d+$'], hours: { from: '00:00', to: '00:00' } },
  });
  ends.unshift(() => bridge.stop());
  bridge.bridge.dialler.add({ to: '100', attempts: 1, ringTimeoutMs: 1000 });
  const invite = await rings.heard(/^INVITE/);
  const keep = (name: string): string => `${name}: ${headerOf(invite, name.toLowerCase()) ?? ''}`;
  const head = ['Via', 'From', 'Call-ID', 'CSeq'].map(keep).join('\r\n');
  const back = await RawPhone.open(bridge.bridge.port);
  ends.push(() => back.close());
  back.send(`SIP/2.0 180 Ringing\r\n${head}\r\n${keep('To')};tag=t\r\nContent-Length: 0\r\n\r\n`);
  rings.answerWith('CANCEL', 200);
  await rings.heard(/^CANCEL/, 10_000);
  await until(() => bridge.bridge.dialler.jobs[0]?.state === 'given-up', 'it rang for its time');
  expect(next.count(/^INVITE/)).toBe(0);
});
