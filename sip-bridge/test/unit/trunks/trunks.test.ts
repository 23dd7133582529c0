import { afterEach, describe, expect, it } from 'vitest';
import { SipPhone } from '../../../src/index.js';
import { headerOf } from '../../../src/sip/text.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World | undefined;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await world?.stop();
  world = undefined;
});

const peer = async (): Promise<RawPhone> => {
  const phone = await RawPhone.open(1);
  ends.push(() => phone.close());
  return phone;
};
const anyTime = {
  allowedTargets: ['^\\d+$'],
  hours: { from: '00:00', to: '00:00' },
  answerDetection: { enabled: false },
};

describe('a trunk', () => {
  it('whose targets are asked with OPTIONS shows which of them are there', async () => {
    const [up, down] = [await peer(), await peer()];
    up.answerWith('OPTIONS', 404);
    down.answerWith('OPTIONS', 503);
    const targets = [`sip:127.0.0.1:${down.port}`, `sip:127.0.0.1:${up.port}`];
    world = await World.start({ trunks: [{ name: 'pbx', targets, keepAliveSeconds: 1 }] });
    const states = () => world?.bridge.book.states()[0]?.targets ?? {};
    await until(() => Object.keys(states()).length === 2, 'both were asked');
    expect(states()).toEqual({ [targets[0] as string]: false, [targets[1] as string]: true });
    down.answerWith('OPTIONS', 200);
    await until(() => states()[targets[0] as string] === true, 'it is back', 30_000);
    expect(headerOf(await up.heard(/^OPTIONS/), 'accept')).toBe('application/sdp');
  });

  it('goes on to the next target after 503, and stops at an answer that is about the number', async () => {
    const [full, busy, never] = [await peer(), await peer(), await peer()];
    full.answerWith('INVITE', 503);
    busy.answerWith('INVITE', 486);
    const targets = [full, busy, never].map((phone) => `sip:127.0.0.1:${phone.port}`);
    world = await World.start({
      trunks: [{ name: 'carrier', targets, callerId: '4000', assertIdentity: true, domain: 'us.example' }],
      outbound: anyTime,
    });
    world.bridge.dialler.add({ to: '100', attempts: 1 });
    await until(() => world?.bridge.dialler.jobs[0]?.state === 'given-up', 'it was tried', 30_000);
    expect(world.bridge.dialler.jobs[0]?.attempts).toMatchObject([{ result: 'busy' }]);
    expect(never.count(/^INVITE/)).toBe(0);
    const invite = await busy.heard(/^INVITE/);
    expect(headerOf(invite, 'from')).toContain('<sip:4000@us.example>');
    expect(headerOf(invite, 'p-asserted-identity')).toBe('<sip:4000@us.example>');
    expect(headerOf(invite, 'session-expires')).toBe('1800');
  });

  it('sends its calls through its own proxy', async () => {
    const proxy = await peer();
    proxy.answerWith('INVITE', 404);
    world = await World.start({
      trunks: [{ name: 'carrier', targets: ['sip:127.0.0.1:9'], outboundProxy: `sip:127.0.0.1:${proxy.port}` }],
      outbound: anyTime,
    });
    world.bridge.dialler.add({ to: '100' });
    const invite = await proxy.heard(/^INVITE sip:100@127\.0\.0\.1:9 /);
    expect(headerOf(invite, 'route')).toBe(`<sip:127.0.0.1:${proxy.port};lr>`);
    await until(() => world?.bridge.dialler.jobs[0]?.state === 'given-up', 'no such number');
    expect(world.bridge.dialler.jobs[0]?.why).toContain('404');
  });

  it('presses the keys of an extension once the call is up', async () => {
    const called = await SipPhone.create({ user: 'called', autoAnswerMs: 0 });
    ends.push(() => called.close());
    world = await World.start({
      trunks: [{ name: 'pbx', targets: [`sip:127.0.0.1:${called.port}`] }],
      outbound: anyTime,
    });
    const rings = called.next('call', 30_000);
    world.bridge.dialler.add({ to: '100', digits: '42' });
    const [call] = await rings;
    const keys: string[] = [];
    call.on('dtmf', (digit) => keys.push(digit));
    await until(() => keys.join('') === '42', 'the keys');
    await call.hangup();
  });

  it('goes back to its first registrar when that is there again, and takes its leave of the second', async () => {
    const [first, second] = [await peer(), await peer()];
    const granted = ['Contact: <sip:line@127.0.0.1>;expires=300', 'Expires: 300'];
    first.answerWith('REGISTER', 503);
    second.answerWith('REGISTER', 200, granted);
    const registrars = [first, second].map(({ port }) => `sip:127.0.0.1:${port}`);
    world = await World.start({
      trunks: [{ name: 'pbx', login: { user: 'line', password: 'x' }, register: { registrars, returnMs: 200 } }],
    });
    const { bridge } = world;
    const inUse = (): string | undefined =>
      bridge.registration?.registered ? bridge.registration.registrar : undefined;
    await until(() => inUse() === registrars[1], 'registered with the second');
    // It is asked again and again while it is away, and what works is kept meanwhile.
    const before = first.count(/^REGISTER/);
    await until(() => first.count(/^REGISTER/) > before + 1, 'the first is tried again');
    expect(inUse()).toBe(registrars[1]);
    expect(second.count(/^REGISTER[\s\S]*expires=0/)).toBe(0);
    first.answerWith('REGISTER', 200, granted);
    await until(() => inUse() === registrars[0], 'back with the first');
    await second.heard(/^REGISTER[\s\S]*expires=0/);
  });

  it('that is taken away by a reload is forgotten, and one that stays keeps its registration', async () => {
    const registrar = await peer();
    registrar.answerWith('REGISTER', 200, ['Contact: <sip:line@127.0.0.1>;expires=300', 'Expires: 300']);
    const stays = {
      name: 'stays',
      login: { user: 'line', password: 'x' },
      register: { registrars: [`sip:127.0.0.1:${registrar.port}`] },
    };
    world = await World.start({ trunks: [stays, { name: 'goes', from: ['192.0.2.1'] }] });
    const { bridge } = world;
    await until(() => bridge.registration?.registered === true, 'it is registered');
    const before = registrar.count(/^REGISTER/);
    const same = bridge.registration;
    bridge.reload({ ...bridge.config, trunks: [stays] });
    expect(bridge.book.get('goes')).toBeUndefined();
    expect(bridge.registration).toBe(same);
    expect(registrar.count(/^REGISTER/)).toBe(before);
    bridge.reload({ ...bridge.config, trunks: [] });
    await registrar.heard(/^REGISTER[\s\S]*expires=0/);
  });
});
