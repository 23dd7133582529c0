import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BridgeConfigInput } from '../../../src/index.js';
import { silentLogger } from '../../../src/log.js';
import type { CallDetailRecord } from '../../../src/ops/cdr.js';
import { hepPacket } from '../../../src/ops/hep.js';
import { Reloader } from '../../../src/ops/reload.js';
import { CallTraces } from '../../../src/ops/trace.js';
import { tone } from '../../support/g711.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World | undefined;
const TOKEN = 'a-token-of-the-test';

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function start(config: BridgeConfigInput = {}): Promise<World> {
  world = await World.start({ health: { enabled: true, port: 0 }, control: { token: TOKEN }, ...config });
  return world;
}

async function ask(path: string, method = 'GET', token = TOKEN): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${world?.bridge.healthPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, text: await response.text() };
}

describe('a call detail record', () => {
  it('is one line a call: who, when, how long, why it ended, and how it sounded', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hearken-cdr-')), 'sub', 'calls.jsonl');
    const { bridge } = await start({
      cdr: { file },
      trunks: [{ name: 'pbx', from: ['127.0.0.1'] }],
      routes: [{ application: 'retail' }],
    });
    const { call } = await (world as World).call({ fillSilence: true });
    await call.sendAudio(tone(500, 400));
    const over = bridge.next('over', 30_000);
    await call.hangup();
    await over;
    const raw = await RawPhone.open(bridge.port);
    const second = bridge.next('over', 30_000);
    raw.send(raw.invite({ sdp: 'nonsense' }));
    await raw.heard(/^SIP\/2\.0 400/);
    await second;
    const lines = await until2(() => readFileSync(file, 'utf8').trim().split('\n'), 2);
    const [first, refused] = lines.map((line) => JSON.parse(line) as CallDetailRecord);
    expect(first).toMatchObject({
      ...{
        direction: 'inbound',
        trunk: 'pbx',
        application: 'retail',
        cause: 'normal',
        status: 200,
        endedBy: 'them',
        codec: 'pcmu',
      },
      quality: { lossPercent: 0, concealedFrames: 0 },
      transfers: [],
    });
    expect(first?.talkMs).toBeGreaterThan(300);
    expect(first?.quality?.receivedPackets).toBeGreaterThan(15);
    expect(refused).toMatchObject({ status: 400, answeredAt: null, talkMs: 0 });
    await raw.close();
  });
});

async function until2(read: () => string[], count: number): Promise<string[]> {
  let lines: string[] = [];
  await until(() => {
    try {
      lines = read();
    } catch {
      return false;
    }
    return lines.length >= count;
  }, `${count} lines`);
  return lines;
}

describe('the control port', () => {
  it('tells health, readiness and metrics to all, and the rest to those with the token', async () => {
    const { bridge } = await start();
    const { call } = await (world as World).call();
    expect((await ask('/healthz', 'GET', '')).status).toBe(200);
    expect(JSON.parse((await ask('/readyz', 'GET', '')).text)).toEqual({ ready: true, reasons: [] });
    const metrics = (await ask('/metrics', 'GET', '')).text;
    expect(metrics).toContain('hearken_bridge_calls 1\n');
    expect(metrics).toMatch(/^# TYPE hearken_bridge_calls_total|hearken_bridge_setup_seconds/m);
    expect((await ask('/calls', 'GET', 'wrong')).status).toBe(401);
    expect(JSON.parse((await ask('/calls')).text).live).toMatchObject([{ direction: 'inbound', joined: false }]);
    expect((await ask('/nothing')).status).toBe(404);
    expect((await ask(`/calls/${encodeURIComponent(call.callId)}`, 'DELETE')).status).toBe(200);
    await call.ended;
    await until(() => bridge.calls.size === 0, 'it is over');
    expect((await ask('/metrics')).text).toContain(
      'hearken_bridge_calls_total{direction="inbound",trunk="",cause="normal"} 1',
    );
  });

  it('shows the SIP of one call, without its secrets', async () => {
    await start();
    const { call } = await (world as World).call();
    await call.hangup();
    const trace = (await ask(`/calls/${encodeURIComponent(call.callId)}/trace`)).text;
    expect(trace).toMatch(/<-- UDP 127\.0\.0\.1:\d+ {2}INVITE /);
    expect(trace).toMatch(/--> UDP .* {2}SIP\/2\.0 180 Ringing[\s\S]*BYE/);
    const traces = new CallTraces({ calls: 1, messagesPerCall: 10 });
    const message = (id: string): string =>
      `INVITE sip:a SIP/2.0\r\nCall-ID: ${id}\r\nAuthorization: Digest x\r\nCSeq: 1 INVITE\r\n\r\n`;
    traces.add('in', 'UDP', message('one'), { address: '1.2.3.4', port: 1 });
    traces.add('in', 'UDP', message('two'), { address: '1.2.3.4', port: 1 });
    expect(traces.callIds).toEqual(['two']);
    expect(traces.messages('two')?.[0]?.text).toContain('Authorization: (left out)');
  });

  it('drains: new calls get 503, live ones end at the deadline, and it can take calls again', async () => {
    const { bridge } = await start();
    const { call } = await (world as World).call();
    expect((await ask('/drain?seconds=0.3', 'POST')).status).toBe(202);
    expect((await ask('/readyz')).status).toBe(503);
    const raw = await RawPhone.open(bridge.port);
    raw.send(raw.invite());
    expect(await raw.heard(/^SIP\/2\.0 503/)).toContain('Retry-After');
    expect((await call.ended).by).toBe('them');
    expect((await ask('/resume', 'POST')).status).toBe(200);
    expect((await ask('/healthz')).status).toBe(200);
    await raw.close();
  });

  it('is not ready while the service is away', async () => {
    await start();
    await world?.killService();
    expect(JSON.parse((await ask('/readyz')).text).reasons).toEqual(['the service does not answer']);
  });
});

describe('a reload', () => {
  it('takes over trunks and routes while a call goes on, and refuses what is broken', async () => {
    const { bridge } = await start();
    const { call } = await (world as World).call();
    const raw = await RawPhone.open(bridge.port);
    bridge.reload({ ...bridge.config, trunks: [{ name: 'far', from: ['192.0.2.1'] }] });
    raw.send(raw.invite());
    await raw.heard(/^SIP\/2\.0 403/);
    expect(() => bridge.reload({ trunks: [{ name: 'no name with spaces' }] })).toThrow(/trunks/);
    expect(() => bridge.reload({ routes: [{ trunk: 'unknown' }] })).toThrow(/unknown/);
    expect(bridge.book.get('far')).toBeDefined();
    expect(call.established).toBe(true);
    await raw.close();
  });

  it('happens when the file changes, once a change, and at SIGHUP', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hearken-reload-')), 'hearken.yml');
    writeFileSync(file, 'a');
    const runs: string[] = [];
    const reloader = new Reloader({
      file,
      watchMs: 20,
      reload: async () => {
        runs.push(readFileSync(file, 'utf8'));
        if (runs.at(-1) === 'broken') throw new Error('broken');
      },
      logger: silentLogger(),
    });
    reloader.start();
    writeFileSync(file, 'changed');
    await until(() => runs.length === 1, 'the change is seen');
    writeFileSync(file, 'broken');
    await until(() => runs.length === 2, 'the broken one is tried once');
    process.emit('SIGHUP', 'SIGHUP');
    await until(() => runs.length === 3, 'the signal is heard');
    expect(await reloader.now('again')).toBe(false);
    reloader.stop();
  });

  it('reads what changed while the change before was being taken over', async () => {
    let value = 'first';
    const read: string[] = [];
    let goOn: (() => void) | undefined;
    const reloader = new Reloader({
      file: undefined,
      watchMs: 0,
      reload: async () => {
        read.push(value);
        if (read.length === 1) await new Promise<void>((resolve) => (goOn = resolve));
      },
      logger: silentLogger(),
    });
    const first = reloader.now('SIGHUP');
    value = 'second';
    const [second, third] = [reloader.now('SIGHUP'), reloader.now('SIGHUP')];
    goOn?.();
    expect(await Promise.all([first, second, third])).toEqual([true, true, true]);
    expect(read).toEqual(['first', 'second']);
  });

  it('waits until a file is written to its end', async () => {
    vi.useFakeTimers();
    try {
      const file = join(mkdtempSync(join(tmpdir(), 'hearken-reload-')), 'hearken.yml');
      writeFileSync(file, 'whole');
      const runs: string[] = [];
      const reload = async () => void runs.push(readFileSync(file, 'utf8'));
      const reloader = new Reloader({ file, watchMs: 1000, reload, logger: silentLogger() });
      reloader.start();
      writeFileSync(file, '');
      await vi.advanceTimersByTimeAsync(1000);
      writeFileSync(file, 'whole again');
      await vi.advanceTimersByTimeAsync(1000);
      expect(runs).toEqual([]);
      await vi.advanceTimersByTimeAsync(5000);
      expect(runs).toEqual(['whole again']);
      reloader.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('HEP', () => {
  it('wraps a message as Homer reads it', () => {
    const packet = hepPacket(
      {
        protocol: 'TLS',
        from: { address: '2001:db8::1', port: 5061 },
        to: { address: '2001:db8::ffff:2', port: 6000 },
        atMs: 1_700_000_000_250,
        text: 'OPTIONS sip:a SIP/2.0\r\nCall-ID: abc\r\n\r\n',
      },
      { captureId: 7, password: 'pw' },
    );
    expect(packet.toString('ascii', 0, 4)).toBe('HEP3');
    expect(packet.readUInt16BE(4)).toBe(packet.length);
    const chunks = new Map<number, Buffer>();
    for (let at = 6; at < packet.length; at += packet.readUInt16BE(at + 4)) {
      chunks.set(packet.readUInt16BE(at + 2), packet.subarray(at + 6, at + packet.readUInt16BE(at + 4)));
    }
    expect(chunks.get(1)).toEqual(Buffer.of(10));
    expect(chunks.get(2)).toEqual(Buffer.of(6));
    expect(chunks.get(5)?.toString('hex')).toBe('20010db8000000000000000000000001');
    expect(chunks.get(6)?.toString('hex')).toBe('20010db8000000000000' + '0000ffff0002');
    expect(chunks.get(9)?.readUInt32BE()).toBe(1_700_000_000);
    expect(chunks.get(10)?.readUInt32BE()).toBe(250_000);
    expect(chunks.get(12)?.readUInt32BE()).toBe(7);
    expect(chunks.get(14)?.toString()).toBe('pw');
    expect(chunks.get(17)?.toString()).toBe('abc');
    expect(chunks.get(15)?.toString()).toContain('OPTIONS');
  });

  it('gets a copy of every message, in and out', async () => {
    const homer = createSocket('udp4');
    const seen: string[] = [];
    homer.on('message', (packet) => seen.push(packet.toString('latin1')));
    await new Promise<void>((resolve) => homer.bind(0, '127.0.0.1', resolve));
    await start({ hep: { host: '127.0.0.1', port: homer.address().port } });
    const { call } = await (world as World).call();
    await call.hangup();
    await until(() => seen.some((packet) => packet.includes('BYE sip:')), 'the BYE is mirrored');
    expect(seen.some((packet) => packet.includes('INVITE sip:'))).toBe(true);
    expect(seen.some((packet) => packet.includes('SIP/2.0 180'))).toBe(true);
    await new Promise<void>((resolve) => homer.close(() => resolve()));
  });
});
