import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../../test/support/needs.js';
import { freePorts } from '../../../test/support/processes.js';
import type { FakeSession, ServerMessage } from '../../src/index.js';
import { shortApology } from '../support/apology.js';
import { until } from '../support/recorder.js';
import { playScenario, scenarioNames } from '../support/sipp-scenario.js';
import { World } from '../support/world.js';

/** One bridge for all that can share one; the scenarios run beside each other. */
let world: World;
const played = new Set<string>(['caller-speaks']);
const apology = shortApology();

function play(name: string, options: Partial<Parameters<typeof playScenario>[1]> = {}): Promise<void> {
  played.add(name);
  return playScenario(name, { target: `127.0.0.1:${world.bridge.port}`, service: name, ...options });
}

/** The service's side of the call that dialled `name`. */
async function sessionOf(name: string): Promise<FakeSession> {
  const find = (): FakeSession | undefined =>
    world.service.sessions.find(({ start }) => start.callee.includes(`:${name}@`) && start.purpose !== 'whisper');
  await until(() => find() !== undefined, `the service has the call to ${name}`);
  const session = find();
  if (!session) throw new Error(name);
  return session;
}

function order(session: FakeSession, extra: Partial<Extract<ServerMessage, { type: 'transfer' }>> = {}): void {
  const headers = { 'X-Hearken-Session': 'abc' };
  session.send({
    ...{
      type: 'transfer',
      transferId: 't',
      target: 'sip:agent@127.0.0.1:9',
      mode: 'blind',
      timeoutMs: 20_000,
      headers,
    },
    ...extra,
  });
}

describeWith(['sipp'], 'a sipp scenario', () => {
  beforeAll(async () => {
    const { folder, languages } = apology;
    world = await World.start({
      apology: { folder, languages },
      transfer: { whisper: false, ringTimeoutMs: 1500 },
      trunks: [
        {
          name: 'pbx',
          from: ['127.0.0.1'],
          login: { user: 'bot', password: 'secret' },
          rewrite: [{ pattern: '^\\+86', replacement: '0' }],
        },
      ],
      routes: [
        { callee: '^number-has-no-route$', refuse: 404 },
        { callee: '^number-has-its-application$', application: 'shop', language: 'en', greeting: 'This is the shop.' },
        { callee: '^.*$', language: 'zh-CN' },
      ],
    });
  });
  afterAll(async () => {
    await world.stop();
  });

  it.concurrent.each([
    'hold-and-resume',
    'codec-changes-in-mid-call',
    'address-changes-in-mid-call',
    'offer-comes-late',
    'caller-refreshes-the-session',
    'session-interval-is-too-small',
    'ringing-is-reliable',
    'prack-of-nothing-is-refused',
    'update-renegotiates',
    'options-are-answered',
    'caller-behind-nat',
    'number-has-no-route',
    'nothing-in-the-offer-fits',
  ])('%s', async (name) => {
    await play(name);
  });

  it.concurrent('hold-and-resume over TCP', async () => {
    await play('hold-and-resume', { transport: 't1' });
  });

  it.concurrent('keys-come-as-info: the service hears each once', async () => {
    await play('keys-come-as-info');
    const session = await sessionOf('keys-come-as-info');
    const keys = session.messages.flatMap((message) => (message.type === 'dtmf' ? [message.digit] : []));
    expect(keys).toEqual(['5', '#']);
  });

  it.concurrent('identity-and-context-are-passed-on', async () => {
    await play('identity-and-context-are-passed-on');
    const { start } = await sessionOf('identity-and-context-are-passed-on');
    expect(start.route).toEqual({ trunk: 'pbx', language: 'zh-CN' });
    expect(start.headers).toMatchObject({
      'P-Asserted-Identity': expect.stringContaining('+8613800138000'),
      Diversion: expect.stringContaining('reason=no-answer'),
      'History-Info': expect.stringContaining('index=1'),
      'User-To-User': '3132;encoding=hex',
      'X-Account': '42',
    });
  });

  it.concurrent('number-has-its-application', async () => {
    await play('number-has-its-application');
    const { start } = await sessionOf('number-has-its-application');
    expect(start.route).toEqual({
      trunk: 'pbx',
      application: 'shop',
      language: 'en',
      greeting: 'This is the shop.',
    });
  });

  it.concurrent('caller-is-referred', async () => {
    const over = play('caller-is-referred');
    const headers = { 'X-Hearken-Session': 'abc', 'User-to-User': '3132;encoding=hex' };
    order(await sessionOf('caller-is-referred'), { headers });
    await over;
    expect(await (await sessionOf('caller-is-referred')).waitFor('transfer.result')).toMatchObject({
      outcome: 'completed',
    });
  });

  it.concurrent.each([404, 486, 503])('transfer-fails-with-%i: the service is told', async (status) => {
    const name = `transfer-fails-with-${status}`;
    const over = play(name);
    const session = await sessionOf(name);
    order(session);
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed', status });
    await over;
  });

  it.concurrent('transfer-is-never-confirmed', async () => {
    const over = play('transfer-is-never-confirmed');
    const session = await sessionOf('transfer-is-never-confirmed');
    order(session, { timeoutMs: 1000 });
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'timeout', status: 100 });
    await over;
  });

  it.concurrent('refer-is-challenged', async () => {
    const over = play('refer-is-challenged');
    order(await sessionOf('refer-is-challenged'));
    await over;
  });

  it.concurrent('caller-refuses-refer: the agent is called by the bridge', async () => {
    const port = await freePorts();
    const agent = play('agent-answers', { port });
    const over = play('caller-refuses-refer');
    const session = await sessionOf('caller-refuses-refer');
    order(session, { target: `sip:agent@127.0.0.1:${port}` });
    expect(await session.waitFor('transfer.result')).toMatchObject({
      outcome: 'completed',
      reason: 'joined by the bridge',
    });
    await Promise.all([over, agent]);
  });

  it.concurrent('caller-takes-the-agent-over', async () => {
    const port = await freePorts();
    const agent = play('agent-answers', { port });
    const over = play('caller-takes-the-agent-over');
    const session = await sessionOf('caller-takes-the-agent-over');
    order(session, { mode: 'attended', target: `sip:agent@127.0.0.1:${port}` });
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'completed' });
    await Promise.all([over, agent]);
  });

  it.concurrent('registrar-challenges, and where registrar-is-full the registrar-takes-over', async () => {
    const names = ['registrar-challenges', 'registrar-is-full', 'registrar-takes-over'];
    const ports = [await freePorts(), await freePorts(), await freePorts()];
    const [challenges, ...pair] = ports.map((port) => `sip:127.0.0.1:${port}`);
    const over = names.map((name, index) => play(name, { port: ports[index] ?? 0, target: '127.0.0.1:9' }));
    const login = { user: 'line', password: 'secret' };
    const own = await World.start({
      trunks: [
        { name: 'carrier', login, register: { registrars: [challenges ?? ''] } },
        { name: 'pair', login, register: { registrars: pair } },
      ],
    });
    const inUse = (name: string): boolean =>
      own.bridge.book.states().find((trunk) => trunk.name === name)?.registered === true;
    await until(() => inUse('carrier') && inUse('pair'), 'both are registered', 30_000);
    let refreshed = false;
    own.bridge.book.registrarsOf('pair')?.once('registered', () => {
      refreshed = true;
    });
    await until(() => refreshed, 'it is asked again before its six seconds are over', 30_000);
    await own.stop();
    await Promise.all(over);
  });

  it.concurrent.each([
    ['agent-is-busy', 486],
    ['agent-is-unknown', 404],
    ['agent-is-overloaded', 503],
    ['agent-never-answers', 408],
  ] as const)('%s: the caller comes back to the bot', async (name, status) => {
    const port = await freePorts();
    const agent = play(name, { port });
    const caller = await world.phone({ user: 'caller' });
    const call = await caller.call(`sip:${name}@127.0.0.1:${world.bridge.port}`);
    await call.answered;
    const session = await sessionOf(name);
    order(session, { mode: 'attended', target: `sip:agent@127.0.0.1:${port}` });
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed', status });
    expect(call.established).toBe(true);
    await call.hangup();
    await agent;
  });
});

describeWith(['sipp'], 'a sipp scenario with a bridge of its own', () => {
  let own: World | undefined;
  afterAll(async () => own?.stop());

  async function alone(config: Parameters<typeof World.start>[0], service: Parameters<typeof World.start>[1] = {}) {
    await own?.stop();
    const { folder, languages } = apology;
    own = await World.start({ apology: { folder, languages }, ...config }, service);
    return own;
  }
  const at = (name: string, options: Partial<Parameters<typeof playScenario>[1]> = {}): Promise<void> => {
    played.add(name);
    return playScenario(name, { target: `127.0.0.1:${own?.bridge.port}`, ...options });
  };

  it('caller-logs-in, wrong-password-is-refused', async () => {
    const world = await alone({
      trunks: [{ name: 'homeworkers', users: [{ user: 'guest', password: 'secret' }], algorithms: ['MD5'] }],
    });
    await Promise.all([at('caller-logs-in'), at('wrong-password-is-refused')]);
    expect(world.bridge.doorkeeper.counts.badLogins).toBe(1);
    expect(world.service.sessions[0]?.start.route).toEqual({ trunk: 'homeworkers' });
  });

  it('caller-gives-up-while-it-rings', async () => {
    const world = await alone({}, { readyAfterMs: 1500 });
    await at('caller-gives-up-while-it-rings');
    await until(() => world.bridge.calls.size === 0, 'the call is over');
  });

  it('early-media-then-503', async () => {
    const { folder, languages } = apology;
    const world = await alone({
      apology: { folder, languages, mode: 'early' },
      media: { connectTimeoutMs: 500, url: 'ws://127.0.0.1:9/media' },
    });
    await at('early-media-then-503');
    // The phone is done when it has sent its ACK, the bridge when it has it.
    await until(() => world.bridge.calls.size === 0, 'the call is over');
  });

  it('draining-refuses', async () => {
    const world = await alone({});
    world.bridge.stopTaking();
    await at('draining-refuses');
    expect(world.bridge.takeAgain()).toBe(true);
    await at('options-are-answered');
  });

  it('hold-and-resume over IPv6', async () => {
    const world = await alone({ sip: { host: '::1' } });
    await at('hold-and-resume', { target: `[::1]:${world.bridge.port}`, host: '::1' });
  });

  it('trunk-is-asked-with-options, call-goes-through-the-proxy', async () => {
    const names = ['trunk-is-asked-with-options', 'call-goes-through-the-proxy'];
    const ports = [await freePorts(), await freePorts()];
    const [asked, proxy] = ports.map((port) => `sip:127.0.0.1:${port}`);
    const over = names.map((name, index) => at(name, { port: ports[index] ?? 0, target: '127.0.0.1:9' }));
    const world = await alone({
      trunks: [
        { name: 'asked', targets: [asked ?? ''], keepAliveSeconds: 60 },
        { name: 'far', targets: ['sip:192.0.2.1'], outboundProxy: proxy ?? '' },
      ],
      outbound: {
        allowedTargets: ['^\\d+$'],
        hours: { from: '00:00', to: '00:00' },
        answerDetection: { enabled: false },
      },
    });
    world.bridge.dialler.add({ to: '1001', trunk: 'far' });
    await Promise.all(over);
    await until(() => world.bridge.dialler.jobs[0]?.state === 'given-up', 'there is no such number');
    const up = (): boolean | null | undefined =>
      world.bridge.book.states().find(({ name }) => name === 'asked')?.targets[asked ?? ''];
    await until(() => up() === true, 'the trunk is there');
  });

  it('advertised-address-is-told', async () => {
    await alone({ sip: { advertisedHost: '203.0.113.7', advertisedPort: 5070 } });
    await at('advertised-address-is-told');
  });

  it('called-party-challenges, -rings-reliably, -wants-longer-sessions', async () => {
    const names = ['called-party-challenges', 'called-party-rings-reliably', 'called-party-wants-longer-sessions'];
    const ports = await Promise.all(names.map(() => freePorts()));
    const trunks = names.map((name, index) => ({
      name,
      targets: [`sip:127.0.0.1:${ports[index]}`],
      login: { user: 'line', password: 'secret' },
    }));
    const world = await alone({
      trunks,
      outbound: {
        allowedTargets: ['^\\d+$'],
        callsPerSecond: 50,
        hours: { from: '00:00', to: '00:00' },
        answerDetection: { enabled: false },
      },
    });
    const over = names.map((name, index) => at(name, { port: ports[index] ?? 0, target: '127.0.0.1:9' }));
    for (const name of names) expect(world.bridge.dialler.add({ to: '1001', trunk: name })).toHaveProperty('job');
    await until(() => world.service.sessions.length === 3, 'all three are answered', 30_000);
    for (const session of world.service.sessions) session.hangup();
    await Promise.all(over);
    await until(() => world.bridge.dialler.jobs.every(({ state }) => state === 'done'), 'all three are done');
  });

  it('every scenario in the folder was played', () => {
    expect(scenarioNames().filter((name) => !played.has(name))).toEqual([]);
  });
});
