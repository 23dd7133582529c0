import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { DEFAULT_APOLOGY_FOLDER } from '../../src/apology.js';
import {
  type BridgeProcess,
  FakeMediaService,
  SipPhone,
  type SipPhoneOptions,
  startBridgeProcess,
} from '../../src/index.js';
import { envelopeMatch, rms } from '../support/g711.js';
import { Recorder, until } from '../support/recorder.js';

/** What one test starts, and its end after it: the tests run beside each other. */
function stage({ onTestFinished }: TestContext): {
  bridge(env: Readonly<Record<string, string>>): Promise<BridgeProcess>;
  service(): Promise<FakeMediaService>;
  phone(options?: SipPhoneOptions): Promise<SipPhone>;
} {
  const ends: (() => Promise<unknown>)[] = [];
  onTestFinished(async () => {
    for (const end of ends.reverse()) await end();
  });
  return {
    bridge: async (env) => {
      const bridge = await startBridgeProcess({ env });
      ends.push(() => bridge.stop());
      return bridge;
    },
    service: async () => {
      const service = await FakeMediaService.start();
      ends.push(() => service.kill());
      return service;
    },
    phone: async (options = {}) => {
      const phone = await SipPhone.create(options);
      ends.push(() => phone.close());
      return phone;
    },
  };
}

const recording = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(join(DEFAULT_APOLOGY_FOLDER, `${name}.ulaw`)));

describe('the bridge as a process', () => {
  it.concurrent('apologises in both languages when there is no service, and again for the next caller', async (context) => {
    const on = stage(context);
    const bridge = await on.bridge({ HEARKEN_MEDIA_URL: 'ws://127.0.0.1:9/media' });
    const phone = await on.phone();
    const [first, second] = await Promise.all([phone.call(bridge.uri), phone.call(bridge.uri)]);
    const heard = new Recorder(first);
    expect((await first.ended).by).toBe('them');
    const said = heard.bytes();
    expect(envelopeMatch(said, recording('zh-CN')).score).toBeGreaterThan(0.95);
    expect(envelopeMatch(said, recording('en')).score).toBeGreaterThan(0.95);
    // Speech at about -20 dBFS, which is 3277 of 32768.
    expect(rms(said)).toBeGreaterThan(1500);
    await second.ended;
    expect(await bridge.health()).toMatchObject({ calls: 0, apologies: 2 });
  });

  it.concurrent('lets a live call finish after SIGTERM, refuses new ones, and then ends with 0', async (context) => {
    const on = stage(context);
    const service = await on.service();
    const bridge = await on.bridge({ HEARKEN_MEDIA_URL: service.url });
    const phone = await on.phone();
    const call = await phone.call(bridge.uri);
    await call.answered;
    const stopped = bridge.stop(60_000);
    await until(() => bridge.log.some((line) => line.includes('waiting for live calls')), 'the drain');
    const late = await phone.call(bridge.uri);
    expect(await late.ended).toMatchObject({ status: 503 });
    expect(call.established).toBe(true);
    await call.hangup();
    expect(await stopped).toBe(0);
  });

  it.concurrent('takes over a changed file at once and at SIGHUP, refuses a broken one, and keeps its call', async (context) => {
    const on = stage(context);
    const service = await on.service();
    const folder = mkdtempSync(join(tmpdir(), 'hearken-bridge-'));
    const file = join(folder, 'hearken.yml');
    // Whole or not at all, as editors do it.
    const write = (routes: string): void => {
      writeFileSync(`${file}.new`, `bridge:\n  reload: { watchMs: 50 }\n  routes: ${routes}\n`);
      renameSync(`${file}.new`, file);
    };
    write('[]');
    const bridge = await on.bridge({ HEARKEN_MEDIA_URL: service.url, HEARKEN_CONFIG: file });
    const phone = await on.phone();
    const call = await phone.call(bridge.uri);
    await call.answered;
    const seen =
      (words: string, count = 1) =>
      () =>
        bridge.log.filter((line) => line.includes(words)).length >= count;
    write('[{ callee: "^nobody$" }]');
    await until(seen('was taken over'), 'the change is taken over');
    expect((await (await phone.call(bridge.uri)).ended).status).toBe(404);
    write('[{ callee: "(" }]');
    await until(seen('is refused, the old one goes on'), 'the broken one is refused');
    expect((await (await phone.call(bridge.uri)).ended).status).toBe(404);
    write('[]');
    process.kill(bridge.pid, 'SIGHUP');
    await until(seen('was taken over', 2), 'the signal is heard');
    const again = await phone.call(bridge.uri);
    await again.answered;
    expect(call.established).toBe(true);
    await Promise.all([call.hangup(), again.hangup()]);
    rmSync(folder, { recursive: true });
  });

  it.concurrent('says so when its port is taken, and ends with 69', async () => {
    const squatter = createSocket('udp4');
    await new Promise<void>((resolve) => squatter.bind(0, '127.0.0.1', resolve));
    const { code, output } = await run({ HEARKEN_SIP_PORT: String(squatter.address().port) });
    await new Promise<void>((resolve) => squatter.close(() => resolve()));
    expect(code).toBe(69);
    expect(output).toMatch(/is taken by another process/);
    expect(output).toMatch(/HEARKEN_SIP_PORT/);
  });

  it.concurrent('names a bad setting and ends with 78', async () => {
    const { code, output } = await run({ HEARKEN_SIP_PORT: 'ninety' });
    expect(code).toBe(78);
    expect(output).toMatch(/sip\.port/);
  });

  it.concurrent('shows no caller’s number in its log', async (context) => {
    const on = stage(context);
    const service = await on.service();
    const bridge = await on.bridge({ HEARKEN_MEDIA_URL: service.url, LOG_LEVEL: 'debug' });
    const phone = await on.phone({ user: '13800138000' });
    const call = await phone.call(bridge.uri);
    await call.answered;
    await call.hangup();
    await until(() => bridge.log.some((line) => line.includes('a call is over')), 'the last line');
    expect(bridge.log.join('\n')).toContain('*8000');
    expect(bridge.log.join('\n')).not.toContain('13800138000');
  });
});

async function run(env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { PATH: process.env.PATH, HEARKEN_RTP_PORTS: '0', HEARKEN_BRIDGE_HEALTH: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, output };
}
