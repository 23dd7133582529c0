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

describeWith(['kamailio'], 'behind a Kamailio registrar', () => {
  it('the bridge registers with its password, is called through the proxy, and transfers through it', async () => {
    const { kamailio, world } = await start('secret');
    await until(() => world.bridge.registration?.registered === true, 'the bridge is registered', 15_000);
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

    const arrived = agent.next('call', 8000);
    session.send({
      type: 'transfer',
      transferId: 't',
      target: `sip:agent@${kamailio.address}`,
      mode: 'blind',
      timeoutMs: 8000,
    });
    await arrived;
    expect(await session.waitFor('transfer.result', 8000)).toMatchObject({ outcome: 'completed' });
    await until(() => share(heard.bytes(1).subarray(-4000), 700) > 0.3, 'the caller hears the agent');
    await call.hangup();
  });

  it('a wrong password is tried again, slowly, and calls are still answered', async () => {
    const { world } = await start('wrong');
    const registration = world.bridge.registration;
    const [status] = (await registration?.next('failed', 10_000)) ?? [];
    expect([401, 403]).toContain(status);
    expect(registration?.registered).toBe(false);
    const { call } = await world.call();
    await call.hangup();
  });
});
