import { afterEach, it } from 'vitest';
import { headerOf } from '../../src/sip/text.js';
import { RawPhone } from '../support/raw-phone.js';
import { until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World | undefined;
let agent: RawPhone | undefined;

afterEach(async () => {
  await world?.stop();
  await agent?.close();
});

it('an agent whose phone begins to ring after the caller has left is not kept ringing', async () => {
  world = await World.start();
  agent = await RawPhone.open(world.bridge.port);
  const { call, session } = await world.call();
  const target = `sip:agent@127.0.0.1:${agent.port}`;
  session.send({ type: 'transfer', transferId: 't', target, mode: 'attended', timeoutMs: 20_000, headers: {} });
  const invite = await agent.heard(/^INVITE/);
  await call.hangup();
  const keep = (name: string): string => `${name}: ${headerOf(invite, name.toLowerCase()) ?? ''}`;
  agent.answerWith('CANCEL', 200);
  agent.send(
    `${[
      'SIP/2.0 180 Ringing',
      ...[keep('Via'), keep('From'), `${keep('To')};tag=late`, keep('Call-ID'), keep('CSeq')],
      `Contact: <sip:agent@127.0.0.1:${agent.port}>`,
      'Content-Length: 0',
    ].join('\r\n')}\r\n\r\n`,
  );
  await agent.heard(/^CANCEL/);
  await until(() => world?.bridge.calls.size === 0, 'nothing is left');
});
