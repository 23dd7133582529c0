import { afterEach, describe, expect, it } from 'vitest';
import { Bans, WindowCounter } from '../../../src/abuse/limits.js';
import type { BridgeConfigInput } from '../../../src/index.js';
import { TokenBucket } from '../../../src/token-bucket.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World;
let phone: RawPhone;

async function start(config: BridgeConfigInput): Promise<void> {
  world = await World.start(config);
  phone = await RawPhone.open(world.bridge.port);
}

afterEach(async () => {
  await phone?.close();
  await world?.stop();
  phone = undefined as unknown as RawPhone;
  world = undefined as unknown as World;
});

/** Answers to what a stranger sends, until `count` have come. */
async function statuses(count: number): Promise<string[]> {
  await until(() => phone.received.length >= count, `${count} answers`);
  return phone.received.map((message) => message.slice(8, 11));
}

const elsewhere = { name: 'carrier', from: ['192.0.2.0/24'] };

describe('a caller from nowhere', () => {
  it('is taken while there are no trunks, and gets 403 once there are', async () => {
    await start({});
    await phone.dial();
    phone.ack();
    await phone.close();
    await world.stop();
    await start({ trunks: [elsewhere] });
    phone.send(phone.invite());
    expect(await statuses(1)).toEqual(['403']);
    expect(world.bridge.doorkeeper.counts.unknown).toBe(1);
    expect(world.service.sessions).toHaveLength(0);
  });

  it('hears nothing at all where that is asked for', async () => {
    await start({ trunks: [elsewhere], abuse: { unknownSources: 'silent' } });
    phone.send(phone.invite());
    phone.send(phone.request('OPTIONS'));
    expect(await statuses(1)).toEqual(['200']);
    expect(phone.received[0]).toContain('OPTIONS');
  });

  it('who tries on and on is banned, and a ban can be lifted', async () => {
    await start({ trunks: [elsewhere], abuse: { faultsUntilBan: 3, neverBan: [], banMs: 60_000 } });
    for (let count = 0; count < 3; count++) phone.send(phone.invite());
    await until(() => world.bridge.doorkeeper.counts.banned === 1, 'the ban');
    expect(await statuses(3)).toEqual(['403', '403', '403']);
    phone.send(phone.request('OPTIONS'));
    await until(() => world.bridge.doorkeeper.counts.silenced === 1, 'it is not heard');
    expect(phone.received).toHaveLength(3);
    expect(world.bridge.doorkeeper.bans.list(Date.now())).toMatchObject([{ source: '127.0.0.1' }]);
    expect(world.bridge.doorkeeper.bans.lift('127.0.0.1')).toBe(true);
    phone.send(phone.request('OPTIONS'));
    await phone.heard(/^SIP\/2\.0 200[\s\S]*OPTIONS/);
  });

  it('whose program is known for looking for open exchanges is banned at the first word', async () => {
    await start({ abuse: { neverBan: [] } });
    phone.send(phone.request('OPTIONS', { headers: ['User-Agent: friendly-scanner'] }));
    await until(() => world.bridge.doorkeeper.counts.banned === 1, 'the ban');
    phone.send(phone.invite());
    await until(() => world.bridge.doorkeeper.counts.silenced === 2, 'silence');
    expect(phone.received).toEqual([]);
  });

  it('who is a scanner gets 403 where that is asked for', async () => {
    await start({ abuse: { neverBan: [], answer: 'refuse' } });
    phone.send(phone.request('OPTIONS', { headers: ['User-Agent: sipvicious'] }));
    expect(await statuses(1)).toEqual(['403']);
  });
});

describe('too many calls', () => {
  it('of one source in a minute get 503 with Retry-After', async () => {
    await start({ abuse: { callsPerSourcePerMinute: 1, neverBan: [] } });
    const other = await RawPhone.open(world.bridge.port);
    await other.dial();
    other.ack();
    phone.send(phone.invite());
    expect(await phone.heard(/^SIP\/2\.0 503/)).toMatch(/Retry-After: \d+/);
    expect(world.bridge.doorkeeper.counts.limited).toBe(1);
    await other.close();
  });

  it('of one source at once get 503', async () => {
    await start({ abuse: { maxCallsPerSource: 1, neverBan: [] } });
    const other = await RawPhone.open(world.bridge.port);
    await other.dial();
    other.ack();
    phone.send(phone.invite());
    await phone.heard(/^SIP\/2\.0 503/);
    await other.close();
  });

  it('of a trunk get 503', async () => {
    await start({ trunks: [{ name: 'pbx', from: ['127.0.0.1'], maxCalls: 1 }] });
    const other = await RawPhone.open(world.bridge.port);
    await other.dial();
    other.ack();
    phone.send(phone.invite());
    await phone.heard(/^SIP\/2\.0 503/);
    await other.close();
  });
});

describe('a flood of messages', () => {
  const options = (phone: RawPhone, count: number) => {
    for (let sent = 0; sent < count; sent++) phone.send(phone.request('OPTIONS'));
  };

  it('of one source is read as far as a telephone would go', async () => {
    await start({ abuse: { neverBan: [], messagesPerSourcePerSecond: 2 } });
    options(phone, 200);
    await until(() => world.bridge.doorkeeper.counts.flooded > 150, 'the rest is not read');
    await until(() => phone.received.length >= 20, 'ten seconds’ worth of answers');
    expect(phone.received.length).toBeLessThan(50);
  });

  it('of sources without a call leaves one that has a call its own', async () => {
    await start({ abuse: { neverBan: [], messagesPerSecond: 1 } });
    options(phone, 5);
    await until(() => world.bridge.doorkeeper.counts.flooded >= 2, 'too many for strangers');
    await world.stop();
    await phone.close();
    await start({ abuse: { neverBan: [], messagesPerSecond: 20 } });
    await phone.dial();
    phone.ack();
    const before = phone.received.length;
    options(phone, 60);
    await until(() => phone.received.length >= before + 60, 'all its answers');
    expect(world.bridge.doorkeeper.counts.flooded).toBe(0);
    options(phone, 100);
    await until(() => world.bridge.doorkeeper.counts.flooded > 0, 'an end of that');
  });

  it('of a trunk, or of this machine, is answered', async () => {
    await start({ abuse: { messagesPerSecond: 1, messagesPerSourcePerSecond: 1 } });
    options(phone, 40);
    expect(await statuses(40)).toEqual(Array.from({ length: 40 }, () => '200'));
  });
});

describe('counting', () => {
  it('a bucket gives a second of burst and then its rate', () => {
    const bucket = new TokenBucket(2);
    expect([0, 0, 0, 500, 500, 1500].map((atMs) => bucket.take(atMs))).toEqual([true, true, false, true, false, true]);
  });

  it('a window forgets what is past', () => {
    const counter = new WindowCounter(1000);
    expect([0, 100, 900].map((atMs) => counter.add('a', atMs))).toEqual([1, 2, 3]);
    expect(counter.add('a', 3000)).toBe(1);
    expect(counter.add('b', 3000)).toBe(1);
  });

  it('a ban ends by itself', () => {
    const bans = new Bans();
    bans.ban('a', 1000, 'x');
    expect([bans.has('a', 999), bans.has('a', 1000), bans.has('b', 0)]).toEqual([true, false, false]);
  });
});
