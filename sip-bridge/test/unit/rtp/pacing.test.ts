import { describe, expect, it } from 'vitest';
import { freePorts } from '../../../../test/support/processes.js';
import { DeadlineSchedule } from '../../../src/rtp/deadline.js';
import { RtpEngine, type RtpStream } from '../../../src/rtp/engine.js';
import { PlayoutQueue } from '../../../src/rtp/playout.js';
import { buildRtcp, parseRtcp } from '../../../src/rtp/rtcp.js';
import { until } from '../../support/recorder.js';

describe('the schedule', () => {
  it('does not drift when every wake-up is late', () => {
    const schedule = new DeadlineSchedule(0, 20, 5);
    let frames = 0;
    for (let now = 0; now < 60_000; now = Math.max(now + 1, schedule.nextMs + 7.3)) frames += schedule.due(now).frames;
    expect(Math.abs(frames - 3000)).toBeLessThanOrEqual(1);
  });

  it('catches up a short stall and re-bases after a long one', () => {
    const schedule = new DeadlineSchedule(0, 20, 5);
    expect(schedule.due(0)).toMatchObject({ frames: 1, skipped: 0 });
    expect(schedule.due(85)).toMatchObject({ frames: 4, skipped: 0, lateMs: 65 });
    expect(schedule.due(1085)).toMatchObject({ frames: 5, skipped: 45 });
    expect(schedule.due(1090).frames).toBe(0);
    expect(schedule.nextMs).toBe(1100);
  });
});

describe('the playout queue', () => {
  const frames = (count: number): Uint8Array => new Uint8Array(160 * count).fill(1);

  it('reaches a mark only after the audio before it', () => {
    const queue = new PlayoutQueue(100);
    const reached: string[] = [];
    const note = (name: string): number => reached.push(name);
    queue.push(frames(2));
    queue.mark('a');
    queue.push(frames(1));
    queue.mark('b');
    expect(queue.next(note)).toBeDefined();
    expect(queue.next(note)).toBeDefined();
    expect(reached).toEqual([]);
    expect(queue.next(note)).toBeDefined();
    expect(reached).toEqual(['a']);
    expect(queue.next(note)).toBeUndefined();
    expect(reached).toEqual(['a', 'b']);
  });

  it('forgets audio and marks when cleared, and says what of that generation was played', () => {
    const queue = new PlayoutQueue(100);
    queue.push(frames(10));
    queue.mark('never');
    for (let index = 0; index < 4; index++) queue.next(() => {});
    expect(queue.clear(1)).toBe(80);
    expect(queue.generation).toBe(1);
    const reached: string[] = [];
    expect(queue.next((name) => reached.push(name))).toBeUndefined();
    expect(reached).toEqual([]);
    expect(queue.clear(2)).toBe(0);
  });

  it('is bounded in audio and in marks', () => {
    const queue = new PlayoutQueue(10);
    expect(queue.push(frames(15))).toBe(5);
    expect(queue.dropped).toBe(5);
    expect(queue.queuedMs).toBe(200);
    let marks = 0;
    while (queue.mark('m')) marks++;
    expect(marks).toBeLessThanOrEqual(256);
  });

  it('fills a short last frame with silence', () => {
    const queue = new PlayoutQueue(10);
    queue.push(new Uint8Array(100).fill(7));
    const frame = queue.next(() => {});
    expect(frame?.length).toBe(160);
    expect(frame?.[99]).toBe(7);
    expect(frame?.[100]).toBe(0xff);
  });
});

describe('the pacer thread', () => {
  it('sends one packet each 20 ms in the long run, and counts what it received', async () => {
    const engine = await RtpEngine.start({ host: '127.0.0.1', portMin: 0, portMax: 0 });
    const options = { fill: false, maxQueueMs: 60_000, mediaTimeoutMs: 0, cname: 'test' };
    const [a, b] = await Promise.all([engine.open(options), engine.open(options)]);
    const arrivals: number[] = [];
    const timestamps: number[] = [];
    b.on('frame', (frame) => {
      arrivals.push(frame.arrivalMs);
      timestamps.push(frame.rtpTimestamp);
    });
    const settings = (port: number) => ({
      format: { codec: 'pcmu' as const, payloadType: 0 },
      line: 'pcmu' as const,
      rtcpPort: port + 1,
      remote: { address: '127.0.0.1', port },
      send: true,
      receive: true,
    });
    a.configure(settings(b.port));
    b.configure(settings(a.port));
    await until(() => arrivals.length >= 100, '100 frames', 30_000);
    // The machine may stall, and then frames come late or are passed over; the schedule must not: time and timestamps go at one pace.
    const lateMs = arrivals.map((atMs, index) => atMs - ((timestamps[index] ?? 0) - (timestamps[0] ?? 0)) / 8);
    const [early, later] = [lateMs.slice(0, 30), lateMs.slice(-30)].map((some) => Math.min(...some)) as [
      number,
      number,
    ];
    expect(Math.abs(later - early)).toBeLessThan(60);
    const steps = timestamps.slice(1).map((value, index) => value - (timestamps[index] ?? 0));
    expect(steps.every((step) => step > 0 && step % 160 === 0)).toBe(true);
    expect(steps.filter((step) => step === 160).length).toBeGreaterThan(0.9 * steps.length);
    const stats = await a.close();
    expect(stats?.sentPackets).toBeGreaterThanOrEqual(100);
    expect(stats?.receivedPackets).toBeGreaterThan(80);
    await engine.close();
    await expect(engine.open(options)).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  it('says which range is full', async () => {
    const portMin = await freePorts(4);
    const engine = await RtpEngine.start({ host: '127.0.0.1', portMin, portMax: portMin + 3 });
    const options = { fill: false, maxQueueMs: 1000, mediaTimeoutMs: 0, cname: 'test' };
    const streams = [await engine.open(options), await engine.open(options)];
    await expect(engine.open(options)).rejects.toMatchObject({ code: 'RTP_PORTS_EXHAUSTED' });
    await streams[0]?.close();
    let again: RtpStream | undefined;
    while (!again) again = await engine.open(options).catch(() => undefined);
    expect(again.port).toBe(streams[0]?.port);
    await engine.close();
  });
});

describe('RTCP', () => {
  it('is read as it was built', () => {
    const report = {
      ssrc: 7,
      fractionLost: 12,
      cumulativeLost: -3,
      highestSequence: 70_000,
      jitter: 40,
      lastSr: 5,
      delaySinceLastSr: 6,
    };
    const packet = buildRtcp(9, { timestamp: 1, packets: 2, octets: 3 }, report, 'bridge', true, 1_700_000_000_000);
    expect(packet.length % 4).toBe(0);
    expect(parseRtcp(packet)).toMatchObject({ reports: [report], bye: true });
    expect(parseRtcp(packet)?.srNtpMiddle).toBeGreaterThan(0);
  });

  it('never throws on rubbish', () => {
    for (let length = 0; length < 200; length++) {
      parseRtcp(Buffer.from(Array.from({ length }, (_, index) => (index * 167 + length * 31) & 0xff)));
      parseRtcp(Buffer.concat([Buffer.of(0x81, 200, 0, 1), Buffer.alloc(length, 0x80)]));
    }
  });
});
