import { expect, it, type TestContext } from 'vitest';
import { Linphone, type LinphoneOptions } from '../../../test/support/linphone.js';
import { describeWith } from '../../../test/support/needs.js';
import type { BridgeConfigInput, FakeSession, ServerMessage } from '../../src/index.js';
import { samplesOf } from '../../src/rtp/line.js';
import { share, shareOf, tone } from '../support/g711.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

const note = (hz: number, rate: number, seconds: number): Int16Array =>
  Int16Array.from({ length: rate * seconds }, (_, index) => 6000 * Math.sin((2 * Math.PI * hz * index) / rate));

/** What a test starts, and its end after it; the tests run beside each other. */
class Scene {
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor({ onTestFinished }: TestContext) {
    onTestFinished(async () => {
      for (const end of this.#ends.splice(0).reverse()) await end();
    });
  }

  async phone(options: Partial<LinphoneOptions> = {}): Promise<Linphone> {
    const phone = await Linphone.start({ name: 'caller', speech: note(440, 8000, 60), ...options });
    this.#ends.push(() => phone.stop());
    return phone;
  }

  async world(config: BridgeConfigInput = {}): Promise<World> {
    const world = await World.start(config);
    this.#ends.push(() => world.stop());
    return world;
  }

  /** A call from linphone to the bot, once the service hears it. */
  async call(
    config: BridgeConfigInput = {},
    options: Partial<LinphoneOptions> = {},
    transport = '',
  ): Promise<{ caller: Linphone; session: FakeSession; world: World }> {
    const [world, caller] = await Promise.all([this.world(config), this.phone(options)]);
    await caller.dial(`${world.bridge.uri}${transport}`);
    const session = await world.service.session(0);
    await until(() => session.receivedFrames > 25, 'the bot hears the phone', 30_000);
    return { caller, session, world };
  }
}

/** Whether a quarter of a second of what the phone heard is that note. It writes at its codec's rate, and the header last. */
function hears(linphone: Linphone, hz: number, rate: number): boolean {
  const samples = linphone.heard();
  const step = rate / 4;
  return Array.from({ length: Math.floor(samples.length / step) }, (_, index) =>
    shareOf(samples.subarray(index * step, (index + 1) * step), hz, rate),
  ).some((share) => share > 0.8);
}

function transfer(target: string, mode: 'blind' | 'attended'): ServerMessage {
  return { type: 'transfer', transferId: 't', target, mode, timeoutMs: 25_000 };
}

describeWith(['linphonec'], 'linphone', () => {
  it.concurrent('calls in Opus, hears and is heard, presses a key, holds and comes back, and hangs up', async (context) => {
    const scene = new Scene(context);
    const { caller, session, world } = await scene.call();
    expect(session.start.headers?.['User-Agent']).toContain('Linphonec');
    const [call] = [...world.bridge.calls];
    expect(call?.leg.codec).toBe('opus');
    const frames: Uint8Array[] = [];
    session.on('audio', (frame) => {
      frames.push(Uint8Array.from(frame));
      if (frames.length > 25) frames.shift();
    });
    await until(
      () => shareOf(samplesOf(Buffer.concat(frames)), 440, 16_000) > 0.8,
      'the service hears the note',
      30_000,
    );
    session.play(new Uint8Array(note(1000, 16_000, 4).buffer));
    await until(() => hears(caller, 1000, 48_000), 'the phone hears the service', 30_000);

    caller.press('5');
    expect(await session.waitFor('dtmf')).toMatchObject({ digit: '5' });
    const held: boolean[] = [];
    call?.leg.on('hold', (on) => held.push(on));
    await caller.hold();
    await until(() => held.length === 1, 'on hold');
    await caller.resume();
    await until(() => held.length === 2, 'taken back');
    expect(held).toEqual([true, false]);
    const before = session.receivedFrames;
    await until(() => session.receivedFrames > before + 25, 'the line goes on');
    caller.hangup();
    expect(await session.waitFor('stop')).toMatchObject({ cause: 'normal' });
    expect(session.messages.filter(({ type }) => type === 'dtmf')).toHaveLength(1);
  });

  it.concurrent('calls over TCP and goes where the bot refers it to', async (context) => {
    const scene = new Scene(context);
    const { caller, session, world } = await scene.call({}, {}, ';transport=tcp');
    const agent = await world.phone({ user: 'agent', autoAnswerMs: 0, greeting: () => tone(700, 8000) });
    session.send(transfer(agent.uri, 'blind'));
    expect(await session.waitFor('transfer.result', 30_000)).toMatchObject({ outcome: 'completed' });
    await until(() => hears(caller, 700, 8000), 'the caller hears the agent', 30_000);
    const trace = world.bridge.traces.messages(session.start.callId) ?? [];
    expect(trace.some(({ text }) => text.startsWith('REFER'))).toBe(true);
    expect(trace.every(({ protocol }) => protocol === 'TCP')).toBe(true);
  });

  it.concurrent('as the agent, is asked first and hears what it is about, and the caller takes our place', async (context) => {
    const scene = new Scene(context);
    const agent = await scene.phone({ name: 'agent', autoAnswer: true });
    const world = await scene.world();
    const { call, session, heard } = await world.call();
    session.send(transfer(agent.uri, 'attended'));
    await until(() => world.service.sessions.length === 2, 'the service is asked to whisper', 30_000);
    const whisper = await world.service.session(1);
    expect(whisper.start.purpose).toBe('whisper');
    // As the caller is in G.711, so is the agent: nothing has to be translated once they are together.
    expect(whisper.start.media.encoding).toBe('pcmu');
    whisper.play(tone(900, 2000));
    await until(() => hears(agent, 900, 8000), 'the agent hears what it is about', 30_000);
    whisper.hangup();
    await call.next('transferred', 30_000);
    expect(await session.waitFor('transfer.result', 30_000)).toMatchObject({ outcome: 'completed', status: 200 });
    await until(() => share(heard.bytes(1).subarray(-2000), 440) > 0.8, 'the caller hears the agent', 30_000);
    await call.hangup();
  });

  it.concurrent('speaks SRTP with short tags', async (context) => {
    const scene = new Scene(context);
    const suite = 'AES_CM_128_HMAC_SHA1_32';
    const { caller, session, world } = await scene.call(
      { rtp: { portMin: 0, portMax: 0, srtp: 'required', srtpWithoutTls: true } },
      { srtpSuites: [suite] },
    );
    const [call] = [...world.bridge.calls];
    expect(call?.leg.media?.encrypted).toBe(true);
    const { sampleRate } = session.start.media;
    session.play(sampleRate === 16_000 ? new Uint8Array(note(1000, 16_000, 4).buffer) : tone(1000, 4000));
    await until(() => hears(caller, 1000, 48_000), 'the phone hears the service', 30_000);
    const trace = world.bridge.traces.messages(session.start.callId) ?? [];
    expect(trace.find(({ text }) => text.includes('200 OK'))?.text).toContain(` ${suite} `);
    const over = world.bridge.next('over', 30_000);
    caller.hangup();
    const [, summary] = await over;
    expect(summary.rtp).toMatchObject({ encrypted: true, refusedPackets: 0 });
  });
});
