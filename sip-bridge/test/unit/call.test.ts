import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMediaService, type FakeSession, type PhoneCall, SipBridge, SipPhone } from '../../src/index.js';
import { rms, share, tone } from '../support/g711.js';
import { Recorder, until } from '../support/recorder.js';

let service: FakeMediaService;
let bridge: SipBridge;
let phone: SipPhone;

beforeEach(async () => {
  service = await FakeMediaService.start();
  bridge = await SipBridge.start({
    sip: { port: 0 },
    rtp: { portMin: 0, portMax: 0 },
    media: { url: service.url },
    health: { enabled: false },
  });
  phone = await SipPhone.create({ user: 'caller' });
});

afterEach(async () => {
  await phone.close();
  await bridge.drain(0);
  await service.kill();
  expect(service.problems).toEqual([]);
});

async function connect(
  headers?: Record<string, string>,
): Promise<{ call: PhoneCall; session: FakeSession; heard: Recorder }> {
  const call = await phone.call(bridge.uri, headers ? { headers } : {});
  const heard = new Recorder(call);
  await call.answered;
  const session = await service.session(0);
  return { call, session, heard };
}

describe('a call through the bridge', () => {
  it('is answered, carries audio both ways, and ends for both when the caller hangs up', async () => {
    const { call, session, heard } = await connect({ 'X-Account': '42' });
    expect(session.start).toMatchObject({ direction: 'inbound', media: { encoding: 'pcmu', sampleRate: 8000 } });
    expect(session.start.caller).toContain('caller');
    expect(session.start.headers?.['X-Account']).toBe('42');

    const said: Uint8Array[] = [];
    session.on('audio', (frame) => said.push(frame));
    session.play(tone(440, 600));
    session.mark('greeting');
    await call.sendAudio(tone(1000, 600));
    await session.waitFor('mark', 30_000, (message) => message.name === 'greeting');
    await until(() => share(heard.bytes().subarray(-8000), 440) > 0.2, 'the caller hears 440 Hz');
    await until(() => said.filter((frame) => share(frame, 1000) > 0.9).length > 25, 'the service hears 1000 Hz');

    await call.hangup();
    const stop = await session.waitFor('stop');
    expect(stop.cause).toBe('normal');
    await until(() => bridge.calls.size === 0, 'the bridge forgets the call');
  });

  it('ends for the caller when the service hangs up', async () => {
    const { call, session } = await connect();
    session.hangup();
    const end = await call.ended;
    expect(end).toMatchObject({ by: 'them', cause: 'normal' });
  });

  it('tells the service each key once', async () => {
    const { call, session } = await connect();
    await call.sendDigits('1#5', 100);
    await session.waitFor('dtmf', 30_000, (message) => message.digit === '5');
    const keys = session.messages.filter((message) => message.type === 'dtmf');
    expect(keys.map((key) => key.digit).join('')).toBe('1#5');
    for (const key of keys) expect(key.durationMs).toBe(100);
  });

  it('falls silent at once when the service clears, and says how much was played', async () => {
    const { session, heard } = await connect();
    session.play(tone(440, 5000));
    session.mark('never');
    await until(() => heard.frames.filter((frame) => rms(frame.payload) > 1000).length > 20, 'the tone is heard');
    session.clear();
    const cleared = await session.waitFor('cleared');
    expect(cleared.generation).toBe(1);
    expect(cleared.playedMs).toBeGreaterThan(300);
    expect(cleared.playedMs).toBeLessThan(4900);
    session.play(tone(800, 400));
    session.mark('after');
    await session.waitFor('mark', 30_000, (message) => message.name === 'after');
    // No more than what the bridge had sent when it was told.
    const loud = heard.frames.filter((frame) => share(frame.payload, 440) > 0.8).length;
    expect(loud - cleared.playedMs / 20).toBeLessThan(6);
    expect(session.messages.some((message) => message.type === 'mark' && message.name === 'never')).toBe(false);
  });
});
