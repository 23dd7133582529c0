import { afterEach, describe, expect, it } from 'vitest';
import type { MediaClient } from '../../src/media/client.js';
import { QualityReports } from '../../src/quality.js';
import type { Leg } from '../../src/sip/leg.js';
import { tone } from '../support/g711.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

describe('how the line was', () => {
  it('is told to a service that wants to know, while the call goes on and right before it ends', async () => {
    world = await World.start({}, { accepts: ['quality'] });
    const { call, session } = await world.call({ codecs: ['pcma'] });
    expect(session.start.headers?.['X-Hearken-Offers']).toBe('quality');
    const saying = call.sendAudio(tone(500, 20_000)).catch(() => undefined);
    const first = await session.waitFor('quality', 30_000);
    expect(first).toMatchObject({ final: false, codec: 'pcma', encrypted: false, lossPercent: 0 });
    const before = session.receivedFrames;
    await until(() => session.receivedFrames > before + 10, 'the call goes on');
    await call.hangup();
    await saying;
    await session.waitFor('stop');
    const [last, stop] = session.messages.slice(-2);
    expect(stop?.type).toBe('stop');
    expect(last).toMatchObject({ type: 'quality', final: true });
    if (last?.type !== 'quality') throw new Error('no quality');
    expect(last.receivedPackets).toBeGreaterThan(first.receivedPackets);
    expect(last.sentPackets).toBeGreaterThan(50);
    expect(world.service.problems).toEqual([]);
  });

  it('does not hold up the end of a call when it can not be told', async () => {
    const client = { once: () => undefined, live: true, accepts: () => true, send: () => true };
    const leg = { media: { stream: { stats: () => new Promise(() => undefined) } } };
    const reports = new QualityReports(leg as unknown as Leg, client as unknown as MediaClient);
    await reports.last();
  }, 30_000);

  it('is not told to a service that knows nothing of it', async () => {
    world = await World.start();
    const { call, session } = await world.call();
    await until(() => session.receivedFrames > 10, 'the line is up');
    await call.hangup();
    await session.waitFor('stop');
    expect(session.messages.map(({ type }) => type)).toEqual(['stop']);
  });

  it('is not announced in the name of a caller', async () => {
    world = await World.start();
    const phone = await world.phone({ user: 'caller' });
    const call = await phone.call(world.bridge.uri, { headers: { 'X-Hearken-Offers': 'everything' } });
    await call.answered;
    const { start } = await world.service.session(0);
    expect(start.headers?.['X-Hearken-Offers']).toBe('quality');
    await call.hangup();
  });
});
