import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { buildRtp, parseRtp } from '../../src/rtp/packet.js';
import { share, tone } from '../support/g711.js';
import { offer, RawPhone } from '../support/raw-phone.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await world?.stop();
  for (const close of closing.splice(0)) await close();
  world = undefined;
});

/** An RTP socket of the test's own. */
async function rtpSocket(hz = 1000): Promise<{ port: number; heard: number; send(to: number, count: number): void }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => socket.close(() => resolve())));
  let sequence = 0;
  const self = {
    port: socket.address().port,
    heard: 0,
    send(to: number, count: number): void {
      for (let n = 0; n < count; n++, sequence++) {
        const payload = tone(hz, 20);
        const packet = { payloadType: 0, marker: false, sequence, timestamp: sequence * 160, ssrc: self.port, payload };
        socket.send(buildRtp(packet), to, '127.0.0.1');
      }
    },
  };
  socket.on('message', (datagram) => {
    if (parseRtp(datagram)) self.heard++;
  });
  return self;
}

async function dial(w: World, rtpPort: number): Promise<{ phone: RawPhone; bridgeRtp: number }> {
  const phone = await RawPhone.open(w.bridge.port);
  closing.push(() => phone.close());
  const ok = await phone.dial({ sdp: offer(rtpPort) });
  phone.ack();
  return { phone, bridgeRtp: Number(/m=audio (\d+)/.exec(ok)?.[1]) };
}

describe('the way of RTP', () => {
  it('goes to the address in the offer, then to the first source that speaks, and is not stolen by a third', async () => {
    world = await World.start();
    const [signalled, real, thief] = [await rtpSocket(), await rtpSocket(), await rtpSocket(2000)];
    const { bridgeRtp } = await dial(world, signalled.port);
    await until(() => signalled.heard > 3, 'RTP to the address in the offer');
    real.send(bridgeRtp, 1);
    await until(() => real.heard > 3, 'RTP to where RTP came from');
    const session = await world.service.session(0);
    let stolen = 0;
    session.on('audio', (frame) => {
      if (share(frame, 2000) > 0.5) stolen++;
    });
    const before = session.receivedFrames;
    thief.send(bridgeRtp, 50);
    const heardBefore = real.heard;
    await until(() => real.heard > heardBefore + 10 && session.receivedFrames > before + 10, 'still there');
    expect(thief.heard).toBe(0);
    // Only silence was filled in for the caller meanwhile, none of the thief's fifty frames.
    expect(stolen).toBe(0);
  });

  it('that comes faster than anybody talks is heard for twenty seconds, and what comes at the right pace afterwards as well', async () => {
    world = await World.start();
    const flood = await rtpSocket();
    const { bridgeRtp } = await dial(world, flood.port);
    const session = await world.service.session(0);
    let heard = 0;
    session.on('audio', (frame) => {
      if (share(frame, 1000) > 0.5) heard++;
    });
    for (let round = 0; round < 40; round++) {
      flood.send(bridgeRtp, 100);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(() => heard >= 900, 'what a network that stood still may deliver');
    const before = session.receivedFrames;
    await until(() => session.receivedFrames > before + 50, 'the line goes on');
    expect(heard).toBeLessThan(1600);
    const after = heard;
    for (let round = 0; round < 30; round++) {
      flood.send(bridgeRtp, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => heard >= after + 20, 'a caller who talks again');
  });

  it('follows a re-INVITE to a new address', async () => {
    world = await World.start();
    const [first, second] = [await rtpSocket(), await rtpSocket()];
    const { phone } = await dial(world, first.port);
    await until(() => first.heard > 3, 'RTP to the first address');
    phone.send(phone.invite({ sdp: offer(second.port) }));
    await phone.heard(new RegExp(`^SIP/2\\.0 200 OK[\\s\\S]*CSeq: ${phone.cseq} INVITE`));
    phone.ack();
    await until(() => second.heard > 3, 'RTP to the second address');
  });

  it('stops towards a caller who put us on hold, while the prompt runs on', async () => {
    world = await World.start();
    const { call, session, heard } = await world.call();
    await call.hold(true);
    // What was sent before that is on its way through two threads and a socket.
    let before = -1;
    while (before !== heard.frames.length) {
      before = heard.frames.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    session.play(tone(440, 400));
    session.mark('over');
    await session.waitFor('mark', 30_000, (message) => message.name === 'over');
    expect(heard.frames.length - before).toBeLessThan(5);
    await call.hold(false);
    const after = heard.frames.length;
    await until(() => heard.frames.length > after + 5, 'RTP is back');
  });

  it('may be silent for five seconds and more, but not for ever', async () => {
    world = await World.start();
    const { phone } = await dial(world, 40_000);
    const session = await world.service.session(0);
    await until(() => session.receivedFrames > 250, 'five seconds of silence for the service', 30_000);
    expect(world.bridge.calls.size).toBe(1);
    expect(phone.count(/^BYE/)).toBe(0);
  });

  it('that never comes ends the call after the media time-out', async () => {
    world = await World.start({ rtp: { portMin: 0, portMax: 0, mediaTimeoutMs: 600 } });
    const { phone } = await dial(world, 40_000);
    const bye = await phone.heard(/^BYE/, 30_000);
    phone.ok(bye);
    const session = await world.service.session(0);
    expect((await session.waitFor('stop')).cause).toBe('lost');
  });
});
