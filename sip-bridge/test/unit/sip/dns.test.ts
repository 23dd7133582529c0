import { afterEach, describe, expect, it } from 'vitest';
import { Locator } from '../../../src/sip/dns.js';
import { parseUri, startLineOf } from '../../../src/sip/text.js';
import { FakeDns, type FakeRecord } from '../../support/fake-dns.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let dns: FakeDns;
afterEach(() => dns.close());

const a = (address: string): FakeRecord => ({ type: 'A', address });
const srv = (priority: number, port: number, target: string, weight = 10): FakeRecord => ({
  type: 'SRV',
  priority,
  weight,
  port,
  target,
});

async function locator(zone: Record<string, readonly FakeRecord[]>, nowMs?: () => number): Promise<Locator> {
  dns = await FakeDns.start(zone);
  return new Locator({ servers: [dns.address], srv: true, family: 4, ...(nowMs ? { nowMs } : {}) });
}

function uri(text: string): NonNullable<ReturnType<typeof parseUri>> {
  const parts = parseUri(text);
  if (!parts) throw new Error(text);
  return parts;
}

describe('a name in a SIP address', () => {
  it('leads to its SRV hosts in the order of their priority', async () => {
    const found = await (
      await locator({
        '_sip._udp.carrier.example': [srv(20, 5080, 'b.carrier.example'), srv(10, 5070, 'a.carrier.example')],
        'a.carrier.example': [a('192.0.2.1')],
        'b.carrier.example': [a('192.0.2.2')],
      })
    ).find(uri('sip:carrier.example'), 'UDP');
    expect(found).toEqual([
      { address: '192.0.2.1', port: 5070, host: 'carrier.example' },
      { address: '192.0.2.2', port: 5080, host: 'carrier.example' },
    ]);
  });

  it('with a port, or without SRV records, is just a host', async () => {
    const zone = { 'pbx.example': [a('192.0.2.9')] };
    const place = await locator(zone);
    expect(await place.find(uri('sip:pbx.example:5090'), 'TCP')).toMatchObject([{ address: '192.0.2.9', port: 5090 }]);
    expect(dns.asked).toEqual(['A pbx.example']);
    expect(await place.find(uri('sips:pbx.example'), 'TLS')).toMatchObject([{ address: '192.0.2.9', port: 5061 }]);
    expect(dns.asked).toContain('SRV _sips._tcp.pbx.example');
  });

  it('that does not exist is said to', async () => {
    await expect((await locator({})).find(uri('sip:nowhere.example'), 'UDP')).rejects.toThrow(/nowhere\.example/);
  });

  it('is asked for once while its answer is fresh, and the host that failed goes to the end', async () => {
    let nowMs = 0;
    const place = await locator(
      {
        '_sip._udp.x.example': [srv(1, 1, 'a.x.example'), srv(2, 2, 'b.x.example')],
        'a.x.example': [a('192.0.2.1')],
        'b.x.example': [a('192.0.2.2')],
      },
      () => nowMs,
    );
    const [first] = await place.find(uri('sip:x.example'), 'UDP');
    if (first) place.markDown(first);
    const asked = dns.asked.length;
    expect((await place.find(uri('sip:x.example'), 'UDP'))[0]?.address).toBe('192.0.2.2');
    expect(dns.asked.length).toBe(asked);
    nowMs += 31_000;
    expect((await place.find(uri('sip:x.example'), 'UDP'))[0]?.address).toBe('192.0.2.1');
  });

  it('may prefer another protocol in its NAPTR records', async () => {
    const naptr = (order: number, service: string): FakeRecord => ({
      type: 'NAPTR',
      order,
      preference: 10,
      flags: 's',
      service,
      replacement: 'x',
    });
    const place = await locator({ 'n.example': [naptr(20, 'SIP+D2U'), naptr(10, 'SIPS+D2T'), naptr(15, 'SIP+D2T')] });
    expect(await place.protocolOf(uri('sip:n.example'), ['UDP', 'TCP', 'TLS'])).toBe('TLS');
    expect(await place.protocolOf(uri('sip:n.example'), ['UDP', 'TCP'])).toBe('TCP');
    expect(await place.protocolOf(uri('sip:n.example:5060'), ['UDP', 'TCP'])).toBeUndefined();
  });
});

it('a call goes to the second SRV host when the first is silent', async () => {
  const silent = await RawPhone.open(1);
  const busy = await RawPhone.open(1);
  busy.answerWith('INVITE', 486);
  dns = await FakeDns.start({
    '_sip._udp.carrier.example': [srv(1, silent.port, 'a.carrier.example'), srv(2, busy.port, 'a.carrier.example')],
    'a.carrier.example': [a('127.0.0.1')],
  });
  const world = await World.start({
    sip: { dnsServers: [dns.address] },
    trunks: [{ name: 'carrier', targets: ['sip:carrier.example'], failoverMs: 1000 }],
    outbound: { allowedTargets: ['^\\d+$'], hours: { from: '00:00', to: '00:00' } },
  });
  world.bridge.dialler.add({ to: '4711', attempts: 1 });
  await until(() => world.bridge.dialler.jobs[0]?.state === 'given-up', 'the call was tried', 30_000);
  expect(world.bridge.dialler.jobs[0]?.attempts).toMatchObject([{ result: 'busy', status: 486 }]);
  expect(startLineOf(await silent.heard(/^INVITE/))).toBe('INVITE sip:4711@carrier.example SIP/2.0');
  await world.stop();
  await Promise.all([silent.close(), busy.close()]);
});
