import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type BridgeConfigInput, type PhoneCall, SipPhone } from '../../../src/index.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World;
const TOKEN = 'a-token-of-the-test';

afterEach(async () => {
  await world.stop();
});

async function start(port: number, outbound: BridgeConfigInput['outbound'] = {}): Promise<void> {
  world = await World.start({
    health: { enabled: true, port: 0 },
    control: { token: TOKEN },
    trunks: [
      {
        name: 'carrier',
        targets: [`sip:127.0.0.1:${port}`],
        callerId: '4000',
        rewrite: [{ pattern: '^\\+86', replacement: '0' }],
      },
    ],
    outbound: {
      allowedTargets: ['^\\+86\\d{5,11}$'],
      hours: { from: '00:00', to: '00:00' },
      callsPerSecond: 50,
      ...outbound,
    },
  });
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  token = TOKEN,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${world.bridge.healthPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const job = () => world.bridge.dialler.jobs[0];

describe('POST /calls', () => {
  it('dials through the trunk, hears that a person answered, and connects them with the service', async () => {
    const called = await freshPhone();
    const calls: PhoneCall[] = [];
    called.on('call', (call) => {
      calls.push(call);
      call.once('answered', () => void call.sendAudio(greetingOf(600)));
    });
    const asked = await ask('POST', '/calls', { to: '+8613800138000', language: 'zh-CN', headers: { 'X-Order': '7' } });
    expect(asked.status).toBe(202);
    const session = await world.service.session(0);
    expect(session.start).toMatchObject({
      direction: 'outbound',
      callee: '+8613800138000',
      route: { language: 'zh-CN' },
    });
    expect(session.start.headers).toMatchObject({
      'X-Hearken-Answered-By': 'person',
      'X-Order': '7',
      'X-Hearken-Job': asked.body.id,
    });
    expect(calls[0]?.info).toMatchObject({
      callee: expect.stringContaining('sip:013800138000@'),
      caller: expect.stringContaining('sip:4000@'),
    });
    session.hangup();
    await until(() => job()?.state === 'done', 'the job is done');
    expect(job()?.attempts).toMatchObject([{ result: 'person', status: 200 }]);
  });

  async function freshPhone() {
    const phone = await SipPhone.create({ user: 'called', autoAnswerMs: 0, fillSilence: true });
    await start(phone.port);
    extra = phone;
    return phone;
  }

  let extra: { close(): Promise<void> } | undefined;
  afterEach(async () => {
    await extra?.close();
    extra = undefined;
  });

  it('hangs up on a machine and tries again later', async () => {
    const phone = await freshPhone();
    phone.on('call', (call) => call.once('answered', () => void call.sendAudio(greetingOf(5000))));
    await ask('POST', '/calls', { to: '+8613800138000' });
    await until(() => (job()?.attempts.length ?? 0) === 1, 'one attempt', 30_000);
    expect(job()).toMatchObject({
      state: 'waiting',
      attempts: [{ result: 'machine', detection: { why: 'long greeting' } }],
    });
    expect((job()?.dueMs ?? 0) - Date.now()).toBeGreaterThan(3_000_000);
    expect(world.service.sessions).toHaveLength(0);
  });

  it('tries a busy number as often as the rules say, and tells why it gave up', async () => {
    const phone = await SipPhone.create({ user: 'called', maxCalls: 0 });
    extra = phone;
    await start(phone.port, { retry: { attempts: 2, busyWaitMs: 100 } });
    const { body } = await ask('POST', '/calls', { to: '+8613800138000' });
    await until(() => job()?.state === 'given-up', 'given up', 30_000);
    expect(await ask('GET', `/calls/${String(body.id)}`)).toMatchObject({
      body: { why: '2 attempts, the last: busy', attempts: [{ status: 486 }, { status: 486 }] },
    });
  });

  it('knows that nobody answered', async () => {
    const phone = await SipPhone.create({ user: 'called' });
    extra = phone;
    await start(phone.port, { retry: { attempts: 1 } });
    await ask('POST', '/calls', { to: '+8613800138000', ringTimeoutMs: 400 });
    await until(() => job()?.state === 'given-up', 'given up', 30_000);
    expect(job()?.attempts).toMatchObject([{ result: 'no-answer' }]);
  });

  it.each([
    ['a target that is not allowed', { to: '0088123' }, 403],
    ['a number that is not to be called', { to: '+8613800138009' }, 403],
    ['no number', {}, 400],
    ['a header that is none of ours', { to: '+8613800138000', headers: { Route: 'x' } }, 400],
    ['a time that is over before the hours begin', { to: '+8613800138000', latestMs: 1 }, 409],
  ])('refuses %s', async (_what, body, status) => {
    await start(9);
    await ask('PUT', '/do-not-call/+8613800138009');
    expect((await ask('POST', '/calls', body)).status).toBe(status);
    expect(world.bridge.dialler.jobs).toHaveLength(0);
  });

  it('wants the token, and waits for the calling hours; a waiting call can be called off', async () => {
    const now = new Date();
    const later = new Date(now.getTime() + 2 * 3_600_000).getUTCHours();
    const clock = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`;
    await start(9, { hours: { timeZone: 'UTC', from: clock(later), to: clock(later + 1) } });
    expect((await ask('POST', '/calls', { to: '+8613800138000' }, 'wrong-token-of-somebody')).status).toBe(401);
    const { body } = await ask('POST', '/calls', { to: '+8613800138000' });
    expect(body.state).toBe('waiting');
    expect(Number(body.dueMs)).toBeGreaterThan(now.getTime() + 3_000_000);
    expect((await ask('DELETE', `/calls/${String(body.id)}`)).status).toBe(200);
    expect(job()?.state).toBe('cancelled');
  });
});

describe('calls that wait', () => {
  it('are still there after a restart, and are not placed if they are not allowed any longer', async () => {
    const queueFile = join(mkdtempSync(join(tmpdir(), 'hearken-queue-')), 'outbound.json');
    const closed = new Date(Date.now() + 12 * 3_600_000).getUTCHours();
    const clock = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`;
    const hours = { timeZone: 'UTC', from: clock(closed), to: clock(closed + 1) };
    await start(9, { hours, queueFile });
    const { body } = await ask('POST', '/calls', { to: '+8613800138000', headers: { 'X-Order': '7' } });
    const { body: off } = await ask('POST', '/calls', { to: '+8613800138001' });
    await ask('DELETE', `/calls/${String(off.id)}`);
    await world.stop();
    expect(statSync(queueFile).mode & 0o777).toBe(0o600);

    await start(9, { hours, queueFile });
    expect(world.bridge.dialler.jobs).toMatchObject([
      {
        id: body.id,
        state: 'waiting',
        dueMs: body.dueMs,
        request: { to: '+8613800138000', headers: { 'X-Order': '7' } },
      },
    ]);
    await world.stop();

    // Its hour has come, but the rules have changed.
    const kept = JSON.parse(readFileSync(queueFile, 'utf8')) as { dueMs: number }[];
    writeFileSync(queueFile, JSON.stringify(kept.map((entry) => ({ ...entry, dueMs: 0 }))));
    await start(9, { queueFile, allowedTargets: ['^\\+861\\d{4}$'] });
    await until(() => job()?.state === 'given-up', 'given up');
    expect(job()?.why).toContain('allowedTargets');
    expect(job()?.attempts).toEqual([]);
  });

  it('in a file that can not be read stop the start, with its name', async () => {
    const queueFile = join(mkdtempSync(join(tmpdir(), 'hearken-queue-')), 'outbound.json');
    await start(9);
    writeFileSync(queueFile, '[{');
    await expect(World.start({ outbound: { queueFile } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(queueFile),
    });
  });
});

/** Something that talks on and on, not at one frequency. */
function greetingOf(ms: number): Uint8Array {
  return Uint8Array.from({ length: ms * 8 }, (_, index) => ((index * 2_654_435_761) >>> 13) & 0xff);
}
