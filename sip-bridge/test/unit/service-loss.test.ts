import { afterEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../../test/support/processes.js';
import { FakeMediaService, monotonicMs, type PhoneCall, SipPhone } from '../../src/index.js';
import { shortApology } from '../support/apology.js';
import { envelopeMatch, share, tone } from '../support/g711.js';
import { Recorder, until } from '../support/recorder.js';
import { World } from '../support/world.js';

const { folder, languages, words: APOLOGY } = shortApology();
const SHORT = { folder, languages };

let world: World | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

describe('when the service is lost in mid-call', () => {
  it('the caller hears the apology, the call ends, and the next call works', async () => {
    // Not one that the system hands out by itself: another test could have it by the time the service is back.
    const port = await freePorts();
    world = await World.start({ apology: SHORT, media: { resumeLimitMs: 800 } }, { port });
    const { call, heard } = await world.call();
    await world.killService();
    const end = await call.ended;
    expect(end.by).toBe('them');
    const match = envelopeMatch(heard.bytes(), APOLOGY);
    expect(match.score).toBeGreaterThan(0.98);

    const again = await FakeMediaService.start({ port });
    try {
      const phone = await world.phone();
      const next = await phone.call(world.bridge.uri);
      await next.answered;
      await again.session(0);
      await next.hangup();
    } finally {
      await again.kill();
    }
  });

  it('a socket that comes back in time goes on with the same call, after a soft tone', async () => {
    world = await World.start({ media: { holdToneAfterMs: 100 } });
    const { call, session, heard } = await world.call();
    const resumed = session.next('resumed', 30_000);
    session.cut();
    await resumed;
    const cutAt = heard.bytes().length;
    session.play(tone(600, 600));
    session.mark('back');
    await session.waitFor('mark', 30_000, (message) => message.name === 'back');
    await until(() => share(heard.bytes().subarray(cutAt), 600) > 0.3, 'the bot is heard again');
    expect(world.service.sessions).toHaveLength(1);
    expect(call.established).toBe(true);
  });

  it('a key pressed meanwhile is not lost', async () => {
    world = await World.start();
    const { call, session } = await world.call();
    session.cut();
    await call.sendDigits('7', 60);
    expect((await session.waitFor('dtmf', 30_000)).digit).toBe('7');
  });

  it('a call that the service hung up meanwhile ends without an apology', async () => {
    world = await World.start({ apology: SHORT, media: { holdToneAfterMs: 0 } });
    const over = world.bridge.next('over', 30_000);
    const { call, session } = await world.call();
    session.onResume = async () => 'hangup';
    session.cut();
    expect(await call.ended).toMatchObject({ by: 'them', status: 200 });
    const [, summary] = await over;
    expect(summary).toMatchObject({ apologised: false, end: { by: 'us', cause: 'normal' } });
  });

  it('a hangup right after `ready` is a hangup as any other', async () => {
    world = await World.start({ apology: SHORT });
    const over = world.bridge.next('over', 30_000);
    const { call, session } = await world.call();
    session.on('resumed', () => session.hangup());
    session.cut();
    await call.ended;
    const [, summary] = await over;
    expect(summary).toMatchObject({ apologised: false, end: { by: 'us', cause: 'normal' } });
  });

  it('a session the service no longer knows means the apology at once', async () => {
    world = await World.start({ apology: SHORT });
    const { call, session } = await world.call();
    world.service.sessions.splice(0);
    const startedMs = monotonicMs();
    session.cut();
    await call.ended;
    // Waiting for the resume window would take 10 s.
    expect(monotonicMs() - startedMs).toBeLessThan(8000);
  });
});

describe('when the service is not there at all', () => {
  it('the caller hears the apology and then BYE', async () => {
    world = await World.start({ apology: SHORT, media: { connectTimeoutMs: 500 } });
    await world.killService();
    const phone = await world.phone();
    const call = await phone.call(world.bridge.uri);
    const heard = new Recorder(call);
    await call.answered;
    const end = await call.ended;
    expect(end).toMatchObject({ by: 'them', status: 200 });
    expect(envelopeMatch(heard.bytes(), APOLOGY).score).toBeGreaterThan(0.98);
  });

  it('in early mode the apology comes before the answer and the call ends with 503', async () => {
    world = await World.start({ apology: { ...SHORT, mode: 'early' }, media: { connectTimeoutMs: 500 } });
    await world.killService();
    const phone = await world.phone();
    const call = await phone.call(world.bridge.uri);
    const heard = new Recorder(call);
    const end = await call.ended;
    expect(end).toMatchObject({ by: 'them', status: 503 });
    expect(envelopeMatch(heard.bytes(), APOLOGY).score).toBeGreaterThan(0.98);
    await expect(call.answered).rejects.toMatchObject({ code: 'CALL_FAILED' });
  });

  it('a caller who gives up while the apology plays is simply gone', async () => {
    world = await World.start({ apology: SHORT, media: { connectTimeoutMs: 300 } });
    await world.killService();
    const phone = await SipPhone.create();
    const call = await phone.call(world.bridge.uri);
    await call.answered;
    await call.hangup();
    await until(() => world?.bridge.calls.size === 0, 'the bridge forgets the call');
    await phone.close();
  });
});

describe('a service that refuses', () => {
  const refusing = async (code: string): Promise<PhoneCall> => {
    world = await World.start(
      { apology: SHORT, media: { connectTimeoutMs: 60_000 } },
      { refuse: { code, message: 'not now' } },
    );
    const phone = await world.phone();
    return phone.call(world.bridge.uri);
  };

  it('means the apology, without waiting for the time-out', async () => {
    const call = await refusing('UNAUTHORIZED');
    await call.answered;
    await call.ended;
  });

  it('because it is full means 503, so that another one is tried', async () => {
    const call = await refusing('OVERLOADED');
    await expect(call.answered).rejects.toThrow(/503/);
  });
});

describe('a service that sends rubbish', () => {
  it('is ignored for a while, then given up with the apology', async () => {
    world = await World.start({ apology: SHORT });
    const { call, session, heard } = await world.call();
    session.sendRaw('{"type":"mark"}');
    session.sendRaw('not json');
    session.sendRaw(new Uint8Array(7));
    session.play(tone(440, 300));
    await until(() => share(heard.bytes().subarray(-4000), 440) > 0.3, 'audio still flows');
    for (let index = 0; index < 20; index++) session.sendRaw('{}');
    await call.ended;
  });
});

describe('when the RTP thread dies', () => {
  it('its calls end, and the next call works', async () => {
    world = await World.start();
    const { call, session } = await world.call();
    const { engine } = world.bridge;
    await engine.crash();
    await call.ended;
    expect((await session.waitFor('stop')).cause).toBe('error');
    await until(() => world?.bridge.engine !== engine, 'a new thread', 30_000);
    const next = await world.call();
    await next.call.hangup();
  });
});
