import { afterEach, expect, it } from 'vitest';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World | undefined;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await world?.stop();
  world = undefined;
  for (const end of ends.splice(0)) await end();
});

const granted = ['Contact: <sip:line@127.0.0.1>;expires=300', 'Expires: 300'];
const GOODBYE = /^REGISTER[\s\S]*expires=0/;
const WELCOME = /^REGISTER[\s\S]*expires=(?!0)/;

async function registrar(status: number): Promise<RawPhone> {
  const phone = await RawPhone.open(1);
  ends.push(() => phone.close());
  phone.answerWith('REGISTER', status, granted);
  return phone;
}

const line = (registrars: readonly RawPhone[], more: object = {}) => ({
  name: 'pbx',
  login: { user: 'line', password: 'x' },
  register: { registrars: registrars.map(({ port }) => `sip:127.0.0.1:${port}`), returnMs: 100, ...more },
});

it('a registration that goes back to its first registrar begins after the goodbye to the second, which may share its bindings', async () => {
  const [first, second] = [await registrar(503), await registrar(200)];
  world = await World.start({ trunks: [line([first, second])] });
  const { bridge } = world;
  await until(() => bridge.registration?.registered === true, 'registered with the second');
  // It hears the goodbye and is slow to carry it out.
  second.answerWith('REGISTER', 100);
  first.answerWith('REGISTER', 200, granted);
  const goodbye = await second.heard(GOODBYE, 10_000);
  const before = first.count(WELCOME);
  const saidMs = Date.now();
  await until(() => first.count(WELCOME) > before, 'it registers for good');
  // The goodbye is waited for, a second at most.
  expect(Date.now() - saidMs).toBeGreaterThan(500);
  second.ok(goodbye);
});

it('a registration that a reload changes begins after the goodbye to the old one', async () => {
  const only = await registrar(200);
  world = await World.start({ trunks: [line([only])] });
  const { bridge } = world;
  await until(() => bridge.registration?.registered === true, 'registered');
  only.answerWith('REGISTER', 100);
  const saidMs = Date.now();
  bridge.reload({ ...bridge.config, trunks: [line([only], { expiresSeconds: 600 })] });
  await only.heard(GOODBYE);
  await only.heard(/^REGISTER[\s\S]*expires=600/, 10_000);
  expect(Date.now() - saidMs).toBeGreaterThan(500);
});
