import { afterEach, expect, it } from 'vitest';
import { RawPhone } from '../../support/raw-phone.js';
import { World } from '../../support/world.js';

let world: World | undefined;
let phone: RawPhone | undefined;

afterEach(async () => {
  await phone?.close();
  await world?.stop();
});

it('a provider that calls the user we registered with is routed by the number in To', async () => {
  world = await World.start({
    trunks: [{ name: 'provider', from: ['127.0.0.1'], calleeFrom: 'to' }],
    routes: [
      { callee: '^4930100$', application: 'sales' },
      { callee: '^4930200$', application: 'service' },
    ],
  });
  phone = await RawPhone.open(world.bridge.port);
  phone.send(phone.invite().replace('To: <sip:bot@127.0.0.1>', 'To: "Service" <sip:4930200@provider.example>'));
  const { start } = await world.service.session(0);
  expect(start).toMatchObject({ callee: 'sip:4930200@provider.example', route: { application: 'service' } });
});
