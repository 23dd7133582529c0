import { afterEach, expect, it } from 'vitest';
import { Kamailio } from '../../../test/support/kamailio.js';
import { describeWith } from '../../../test/support/needs.js';
import { share, tone } from '../support/g711.js';
import { Recorder, until } from '../support/recorder.js';
import { World } from '../support/world.js';

let kamailio: Kamailio | undefined;
let world: World | undefined;

afterEach(async () => {
  await world?.stop();
  await kamailio?.stop();
  world = undefined;
  kamailio = undefined;
});

async function start(password: string): Promise<{ kamailio: Kamailio; world: World }> {
  kamailio = await Kamailio.start();
  world = await World.start({ registration: { registrar: `sip:${kamailio.address}`, user: 'bot', password } });
  return { kamailio, world };
}

function transfer(target: string) {
  return { type: 'transfer', transferId: 't', target, mode: 'blind', timeoutMs: 25_000 } as const;
}

describeWith(['kamailio'], 'behind a Kamailio registrar', () => {
  it('the bridge registers with its password, is called through the proxy, and transfers through it', async () => {
    const { kamailio, world } = await start('secret');
    await until(() => world.bridge.registration?.registered === true, 'the bridge is registered', 30_000);
    const registration = { registrar: `sip:${kamailio.address}` };
    const agent = await world.phone({ user: 'agent', autoAnswerMs: 0, registration, greeting: () => tone(700, 1000) });
    const caller = await world.phone({ user: 'caller', registration });

    const call = await caller.call(`sip:bot@${kamailio.address}`);
    const heard = new Recorder(call);
    await call.answered;
    const session = await world.service.session(0);
    expect(session.start.callee).toContain('bot@');
    session.play(tone(440, 400));
    await until(() => share(heard.bytes(0).subarray(-4000), 440) > 0.3, 'the caller hears the bot');

    const arrived = agent.next('call', 30_000);
    session.send({
      type: 'transfer',
      transferId: 't',
      target: `sip:agent@${kamailio.address}`,
      mode: 'blind',
      timeoutMs: 25_000,
    });
    await arrived;
    expect(await session.waitFor('transfer.result', 30_000)).toMatchObject({ outcome: 'completed' });
    await until(() => share(heard.bytes(1).subarray(-4000), 700) > 0.3, 'the caller hears the agent');
    await call.hangup();
  });

  it('the bridge goes on to the second registrar when the first is away', async () => {
    kamailio = await Kamailio.start();
    world = await World.start({
      trunks: [
        {
          name: 'proxy',
          login: { user: 'bot', password: 'secret' },
          register: { registrars: ['sip:127.0.0.1:9', `sip:${kamailio.address}`], failoverMs: 500 },
          targets: [`sip:${kamailio.address}`],
        },
      ],
    });
    await until(() => world?.bridge.registration?.registered === true, 'registered with the second', 30_000);
    expect(world.bridge.registration?.registrar).toBe(`sip:${kamailio.address}`);
    const caller = await world.phone({ user: 'caller', registration: { registrar: `sip:${kamailio.address}` } });
    const call = await caller.call(`sip:bot@${kamailio.address}`);
    await call.answered;
    // Record-Route: everything in the dialog goes through the proxy, the BYE of the bridge too.
    const session = await world.service.session(0);
    expect(session.start.route).toEqual({ trunk: 'proxy' });
    session.hangup();
    await call.ended;
    const sent = world.bridge.traces.messages(session.start.callId)?.filter(({ text }) => text.startsWith('BYE')) ?? [];
    expect(sent[0]?.peer).toBe(kamailio.address);
    expect(sent[0]?.text).toMatch(/\r\nRoute: <sip:/i);
  });

  it('an agent behind the proxy is consulted, and takes the caller over', async () => {
    const { kamailio, world } = await start('secret');
    const registration = { registrar: `sip:${kamailio.address}` };
    const agent = await world.phone({ user: 'agent', autoAnswerMs: 0, registration });
    const caller = await world.phone({ user: 'caller', registration });
    await until(() => world.bridge.registration?.registered === true, 'the bridge is registered', 30_000);
    const call = await caller.call(`sip:bot@${kamailio.address}`);
    await call.answered;
    const session = await world.service.session(0);
    session.send({ ...transfer(`sip:agent@${kamailio.address}`), mode: 'attended', headers: {} });
    const whispered = await world.service.session(1);
    whispered.hangup();
    await call.next('transferred', 30_000);
    expect(await session.waitFor('transfer.result', 30_000)).toMatchObject({ outcome: 'completed' });
    expect([...agent.calls].some((other) => other.info?.headers.Replaces !== undefined)).toBe(true);
    await call.hangup();
  });

  it('a dispatcher spreads calls over two bridges and passes over one that is drained', async () => {
    world = await World.start();
    const second = await World.start();
    const list = [world, second].map(({ bridge }) => `1 sip:127.0.0.1:${bridge.port}`).join('\n');
    kamailio = await Kamailio.start('kamailio-dispatcher.cfg', { list: `${list}\n` });
    const caller = await world.phone({ user: 'caller' });
    const dial = async (): Promise<void> => {
      const call = await caller.call(`sip:ivr@${kamailio?.address}`);
      await call.answered;
      await call.hangup();
    };
    await dial();
    await dial();
    expect([world.service.sessions.length, second.service.sessions.length]).toEqual([1, 1]);
    world.bridge.stopTaking();
    await dial();
    await dial();
    expect([world.service.sessions.length, second.service.sessions.length]).toEqual([1, 3]);
    await second.stop();
  });

  it('a wrong password is tried again, slowly, and calls are still answered', async () => {
    const { world } = await start('wrong');
    const registration = world.bridge.registration;
    const [status] = (await registration?.next('failed', 30_000)) ?? [];
    expect([401, 403]).toContain(status);
    expect(registration?.registered).toBe(false);
    const { call } = await world.call();
    await call.hangup();
  });
});
