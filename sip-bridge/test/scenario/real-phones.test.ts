import { afterEach, beforeAll, expect, it } from 'vitest';
import { Baresip } from '../../../test/support/baresip.js';
import { describeWith } from '../../../test/support/needs.js';
import type { FakeSession } from '../../src/index.js';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { tone } from '../support/g711.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await world?.stop();
  world = undefined;
});

/** PCM16 of a note, what the phone says. */
const note = (): Int16Array =>
  Int16Array.from({ length: 8000 * 20 }, (_, index) => 6000 * Math.sin((2 * Math.PI * 440 * index) / 8000));
const keysOf = (session: FakeSession | undefined): string =>
  (session?.messages ?? []).flatMap((message) => (message.type === 'dtmf' ? [message.digit] : [])).join('');

describeWith(['baresip', 'openssl'], 'baresip', () => {
  let files: Certificates;
  beforeAll(() => {
    files = makeCertificates();
  });

  it('calls over TLS, presses keys, holds and comes back', async () => {
    const { certificateFile, keyFile, caFile } = files;
    world = await World.start({
      sip: { protocols: ['udp', 'tcp', 'tls'], tls: { port: 0, certificateFile, keyFile, caFile } },
    });
    const phone = await Baresip.start({ name: 'caller', speech: note(), autoAnswer: false, tls: files });
    ends.push(() => phone.stop());
    const uri = world.bridge.tlsUri ?? '';
    expect(uri).toContain(';transport=tls');
    await phone.dial(uri);
    const session = await world.service.session(0);
    await until(() => session.receivedFrames > 25, 'the bot hears the phone');
    await phone.press('5');
    await until(() => keysOf(session) === '5', 'the key');
    const [call] = [...world.bridge.calls];
    const held: boolean[] = [];
    call?.leg.on('hold', (on) => held.push(on));
    await phone.hold();
    await until(() => held.length === 1, 'on hold');
    await phone.resume();
    await until(() => held.length === 2, 'taken back');
    expect(held).toEqual([true, false]);
    session.play(tone(600, 400));
    await phone.hangup();
    await session.waitFor('stop');
    expect(world.bridge.traces.messages(session.start.callId)?.every(({ protocol }) => protocol === 'TLS')).toBe(true);
  });

  it('answers a call that the bridge places', async () => {
    const phone = await Baresip.start({ name: 'agent', speech: note(), autoAnswer: true });
    ends.push(() => phone.stop());
    world = await World.start({
      trunks: [{ name: 'direct', targets: [`sip:127.0.0.1:${phone.sipPort}`] }],
      outbound: {
        allowedTargets: ['^agent$'],
        hours: { from: '00:00', to: '00:00' },
        answerDetection: { enabled: false },
      },
    });
    world.bridge.dialler.add({ to: 'agent' });
    const session = await world.service.session(0);
    await until(() => session.receivedFrames > 25, 'the phone is heard');
    session.hangup();
    await until(() => world?.bridge.dialler.jobs[0]?.state === 'done', 'the call is done');
  });
});
