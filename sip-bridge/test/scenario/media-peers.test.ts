import { afterEach, beforeAll, expect, it } from 'vitest';
import { Baresip, type PhoneOptions } from '../../../test/support/baresip.js';
import { describeWith } from '../../../test/support/needs.js';
import type { BridgeCall } from '../../src/bridge.js';
import type { BridgeConfigInput, FakeSession } from '../../src/index.js';
import { samplesOf } from '../../src/rtp/line.js';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { shareOf } from '../support/g711.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await world?.stop();
  world = undefined;
});

const note = (hz: number, rate: number, seconds: number): Int16Array =>
  Int16Array.from({ length: rate * seconds }, (_, index) => 6000 * Math.sin((2 * Math.PI * hz * index) / rate));

/** The last half second that the service heard, as samples at 16 kHz. */
function ear(session: FakeSession): () => Int16Array {
  const frames: Uint8Array[] = [];
  session.on('audio', (frame) => {
    frames.push(Uint8Array.from(frame));
    if (frames.length > 25) frames.shift();
  });
  return () => samplesOf(Buffer.concat(frames));
}

describeWith(['baresip', 'openssl'], 'media with baresip', () => {
  let files: Certificates;
  beforeAll(() => {
    files = makeCertificates();
  });

  const begin = async (
    config: BridgeConfigInput,
    phone: Omit<PhoneOptions, 'name' | 'speech' | 'autoAnswer'>,
  ): Promise<{ phone: Baresip; session: FakeSession; call: BridgeCall }> => {
    world = await World.start(config);
    const caller = await Baresip.start({ name: 'caller', speech: note(440, 8000, 30), autoAnswer: false, ...phone });
    ends.push(() => caller.stop());
    await caller.dial(phone.tls ? (world.bridge.tlsUri ?? '') : world.bridge.uri);
    const session = await world.service.session(0);
    const [call] = [...world.bridge.calls];
    if (!call) throw new Error('there is no call');
    return { phone: caller, session, call };
  };

  it.each([
    ['g722', 'g722/16000/1'],
    ['opus', 'opus/48000/2'],
  ])('speaks %s, and the service gets it at 16 kHz', async (codec, codecs) => {
    const { phone, session, call } = await begin({}, { codecs });
    expect(session.start.media).toEqual({ encoding: 'pcm16', sampleRate: 16_000 });
    expect(call.leg.codec).toBe(codec);
    const heard = ear(session);
    await until(() => shareOf(heard(), 440, 16_000) > 0.9, 'the service hears the note', 30_000);
    session.play(new Uint8Array(note(1000, 16_000, 3).buffer));
    session.mark('said');
    await session.waitFor('mark', 30_000);
    await until(() => (phone.heardMs()[0] ?? 0) > 0, 'the phone writes down what it hears');
    const [rate = 8000] = phone.heardRates();
    const [samples = new Int16Array(0)] = await phone.heard();
    const seconds = Array.from({ length: Math.floor(samples.length / (rate / 2)) }, (_, index) =>
      shareOf(samples.subarray((index * rate) / 2, ((index + 1) * rate) / 2), 1000, rate),
    );
    expect(Math.max(...seconds)).toBeGreaterThan(0.9);
  });

  it('encrypts where both can, with keys that went over TLS', async () => {
    const { certificateFile, keyFile, caFile } = files;
    const { phone, session, call } = await begin(
      {
        sip: { protocols: ['udp', 'tcp', 'tls'], tls: { port: 0, certificateFile, keyFile, caFile } },
        rtp: { portMin: 0, portMax: 0, srtp: 'required' },
      },
      { tls: files, srtp: 'required' },
    );
    expect(session.start.media).toEqual({ encoding: 'pcmu', sampleRate: 8000 });
    await until(() => session.receivedFrames > 50, 'the bot hears the phone');
    expect(call.leg.media?.encrypted).toBe(true);
    await until(() => (phone.heardMs()[0] ?? 0) > 1000, 'the phone hears the line');
    const trace = world?.bridge.traces.messages(session.start.callId) ?? [];
    expect(trace.some(({ text }) => text.includes('a=crypto:'))).toBe(true);
    expect(trace.some(({ text }) => /inline:[A-Za-z0-9+/]{20}/.test(text))).toBe(false);
    const over = world?.bridge.next('over', 30_000);
    await phone.hangup();
    const [, summary] = (await over) ?? [];
    expect(summary?.rtp).toMatchObject({ encrypted: true, refusedPackets: 0, lostPackets: 0 });
    expect(summary?.rtp?.receivedPackets).toBeGreaterThan(50);
  });

  it('does not take a call in the clear where encryption is required', async () => {
    world = await World.start({ rtp: { portMin: 0, portMax: 0, srtp: 'required', srtpWithoutTls: true } });
    const phone = await Baresip.start({ name: 'caller', speech: note(440, 8000, 5), autoAnswer: false });
    ends.push(() => phone.stop());
    await phone.dial(world.bridge.uri);
    await phone.printed(/488/, 10_000);
    expect(world.service.sessions).toHaveLength(0);
  });
});
