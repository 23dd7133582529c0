import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BridgeConfigInput } from '../../../src/index.js';
import { silentLogger } from '../../../src/log.js';
import { DoNotCall } from '../../../src/outbound/do-not-call.js';
import { callRequestSchema } from '../../../src/outbound/requests.js';
import { headerOf } from '../../../src/sip/text.js';
import { offer, RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World | undefined;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await world?.stop();
  world = undefined;
  for (const end of ends.splice(0)) await end();
});

/** A bridge with one trunk, and what is at the other end of it. */
async function start(
  outbound: BridgeConfigInput['outbound'] = {},
  config: BridgeConfigInput = {},
): Promise<{ world: World; called: RawPhone }> {
  const called = await RawPhone.open(1);
  ends.push(() => called.close());
  world = await World.start({
    trunks: [{ name: 'carrier', targets: [`sip:127.0.0.1:${called.port}`], login: { user: 'us', password: 'pw' } }],
    outbound: {
      allowedTargets: ['^(tel:)?\\+?\\d'],
      hours: { from: '00:00', to: '00:00' },
      answerDetection: { enabled: false },
      ...outbound,
    },
    ...config,
  });
  return { world, called };
}

/** An answer to a request, made by hand. */
function answer(request: string, status: number, headers: readonly string[] = []): string {
  const keep = (name: string): string => `${name}: ${headerOf(request, name.toLowerCase()) ?? ''}`;
  return `${[
    `SIP/2.0 ${status} Said by the test`,
    ...[keep('Via'), keep('From'), `${keep('To')};tag=t`, keep('Call-ID'), keep('CSeq')],
    'Contact: <sip:raw@127.0.0.1>',
    ...headers,
    'Content-Length: 0',
  ].join('\r\n')}\r\n\r\n`;
}

describe('a call that we place', () => {
  it('and that only rings when the bridge is stopped is called off, and is no attempt', async () => {
    const queueFile = join(mkdtempSync(join(tmpdir(), 'hearken-queue-')), 'outbound.json');
    const { world, called } = await start({ queueFile, retry: { attempts: 1 } });
    called.answerWith('INVITE', 180);
    called.answerWith('CANCEL', 200);
    world.bridge.dialler.add({ to: '+8613800138000' });
    await called.heard(/^INVITE/);
    await until(() => world.bridge.dialler.jobs[0]?.state === 'calling', 'it rings');
    const drained = world.bridge.drain(2000);
    await called.heard(/^CANCEL/);
    await drained;
    const [kept] = JSON.parse(readFileSync(queueFile, 'utf8')) as { state: string; attempts: unknown[] }[];
    expect(kept).toMatchObject({ state: 'waiting', attempts: [] });
  });

  it('and have given up is not placed again when it is challenged late', async () => {
    const { world, called } = await start();
    world.bridge.dialler.add({ to: '+8613800138000', ringTimeoutMs: 100, attempts: 1 });
    const invite = await called.heard(/^INVITE/);
    await until(() => world.bridge.dialler.jobs[0]?.state === 'given-up', 'nobody answered');
    const back = RawPhone.open(world.bridge.port);
    const late = await back;
    ends.push(() => late.close());
    late.send(answer(invite, 401, ['WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']));
    await called.heard(/^ACK/);
    // What was sent after the ACK would be here before the answer to this.
    late.send(late.request('OPTIONS'));
    await late.heard(/^SIP\/2\.0 200/);
    expect(called.count(/^INVITE[\s\S]*\r\nAuthorization:/)).toBe(0);
  });

  it('and that nobody takes has a record all the same, with its trunk', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hearken-cdr-')), 'calls.jsonl');
    const { world, called } = await start({}, { cdr: { file } });
    called.answerWith('INVITE', 486);
    world.bridge.dialler.add({ to: '+8613800138000', attempts: 1 });
    await until(() => world.bridge.dialler.jobs[0]?.state === 'given-up', 'busy');
    await until(() => {
      try {
        return readFileSync(file, 'utf8').endsWith('\n');
      } catch {
        return false;
      }
    }, 'the record');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      ...{ direction: 'outbound', trunk: 'carrier', callee: '+8613800138000', cause: 'busy', status: 486 },
      ...{ answeredAt: null, talkMs: 0 },
    });
  });

  it('belongs to the trunk it went over, named or not', async () => {
    const { world, called } = await start();
    called.answerWith('INVITE', 200, [], offer(40_000));
    world.bridge.dialler.add({ to: '+8613800138000' });
    await until(() => world.bridge.calls.size === 1, 'it is up');
    expect([...world.bridge.calls][0]?.facts.trunk).toBe('carrier');
    expect(world.bridge.book.get('carrier')?.calls).toBe(1);
  });

  it('and that two phones answer goes on with the first, and ends with the second', async () => {
    const { world, called } = await start();
    world.bridge.dialler.add({ to: '+8613800138000' });
    const invite = await called.heard(/^INVITE/);
    const back = await RawPhone.open(world.bridge.port);
    ends.push(() => back.close());
    const other = await RawPhone.open(world.bridge.port);
    ends.push(() => other.close());
    const accepts = (phone: RawPhone, tag: string): string => {
      const keep = (name: string): string => `${name}: ${headerOf(invite, name.toLowerCase()) ?? ''}`;
      const sdp = offer(40_000);
      return `${[
        'SIP/2.0 200 OK',
        ...[keep('Via'), keep('From'), `${keep('To')};tag=${tag}`, keep('Call-ID'), keep('CSeq')],
        `Contact: <sip:raw@127.0.0.1:${phone.port}>`,
        'Content-Type: application/sdp',
        `Content-Length: ${sdp.length}`,
      ].join('\r\n')}\r\n\r\n${sdp}`;
    };
    back.send(accepts(called, 'one'));
    await called.heard(/^ACK/);
    back.send(accepts(other, 'two'));
    await other.heard(/^ACK[\s\S]*;tag=two/);
    other.ok(await other.heard(/^BYE[\s\S]*;tag=two/));
    expect(world.bridge.calls.size).toBe(1);
    // The first answers again: its ACK was lost.
    const acks = called.count(/^ACK/);
    back.send(accepts(called, 'one'));
    await until(() => called.count(/^ACK/) > acks, 'acknowledged again');
    expect(called.count(/^BYE/)).toBe(0);
  });

  it('follows an answer that comes in the ACK to a re-INVITE without an offer', async () => {
    const { world, called } = await start();
    called.answerWith('INVITE', 200, [], offer(40_000));
    world.bridge.dialler.add({ to: '+8613800138000' });
    const invite = await called.heard(/^INVITE/);
    await until(() => world.bridge.calls.size === 1, 'it is up');
    const [call] = [...world.bridge.calls];
    const request = (method: string, body: string): string => {
      const [from = '', to = ''] = [headerOf(invite, 'to'), headerOf(invite, 'from')];
      return `${[
        `${method} sip:hearken@127.0.0.1:${world.bridge.port} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${called.port};branch=${called.branch()}`,
        `From: ${from};tag=to${called.port}`,
        `To: ${to}`,
        `Call-ID: ${headerOf(invite, 'call-id')}`,
        `CSeq: 7 ${method}`,
        `Contact: <sip:raw@127.0.0.1:${called.port}>`,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
        `Content-Length: ${body.length}`,
      ].join('\r\n')}\r\n\r\n${body}`;
    };
    const peer = await RawPhone.open(world.bridge.port);
    ends.push(() => peer.close());
    peer.send(request('INVITE', ''));
    await called.heard(/^SIP\/2\.0 200[\s\S]*CSeq: 7 INVITE/);
    peer.send(request('ACK', offer(40_000).replace('a=sendrecv', 'a=sendonly')));
    await until(() => call?.leg.media?.held === true, 'the answer counts');
  });

  it('to a tel: address dials its number, without what stands behind or between it', async () => {
    const { world, called } = await start();
    called.answerWith('INVITE', 404);
    world.bridge.dialler.add({ to: 'tel:+86-138-0013-8000;ext=5', attempts: 1 });
    await called.heard(/^INVITE sip:\+8613800138000@127\.0\.0\.1/);
    await until(() => world.bridge.dialler.jobs[0]?.state === 'given-up', 'no such number');
  });
});

describe('what is to be dialled', () => {
  it.each(['+8613800138000;x=1', '%2B8613800138000', '+8613800138000@evil.example', '+8613800138000:1', '１３８'])(
    'as a bare number hides nothing behind it: %s',
    (to) => {
      expect(callRequestSchema.safeParse({ to }).success).toBe(false);
    },
  );

  it.each([
    'tel:+86-138-0013-8000;ext=5',
    'tel:%2B8613800138000',
    'sip:+8613800138000;npdi@carrier.example;user=phone',
    'sip:%2B86138%30013%38000@carrier.example',
    'SIP:+8613800138000:pw@carrier.example',
  ])('is found on the do-not-call list however it is written: %s', (to) => {
    const list = new DoNotCall(undefined, silentLogger());
    list.add('+86 138 0013 8000');
    expect(list.has(to)).toBe(true);
  });
});
