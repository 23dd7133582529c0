import { afterEach, describe, expect, it } from 'vitest';
import type { BridgeConfigInput, FakeSession, PhoneCall, ServerMessage, SipPhone } from '../../src/index.js';
import { shortApology } from '../support/apology.js';
import { share, tone } from '../support/g711.js';
import { RawPhone } from '../support/raw-phone.js';
import { Recorder, until } from '../support/recorder.js';
import { World } from '../support/world.js';

let world: World;
const apology = shortApology();

afterEach(async () => {
  await world.stop();
});

async function start(config: BridgeConfigInput = {}): Promise<void> {
  const { folder, languages } = apology;
  world = await World.start({ apology: { folder, languages }, ...config });
}

function order(
  session: FakeSession,
  target: string,
  extra: Partial<Extract<ServerMessage, { type: 'transfer' }>> = {},
) {
  const headers = { 'X-Hearken-Session': 'abc', 'X-Hearken-Summary': encodeURIComponent('要退款') };
  session.send({ type: 'transfer', transferId: 't', target, mode: 'attended', timeoutMs: 20_000, headers, ...extra });
}

/** An agent whose phone answers at once; what it hears, and the call that it is in. */
async function agentPhone(
  options: { obeyRefer?: boolean } = {},
): Promise<{ phone: SipPhone; calls: PhoneCall[]; heard: Recorder[] }> {
  const phone = await world.phone({ user: 'agent', autoAnswerMs: 0, ...options });
  const calls: PhoneCall[] = [];
  const heard: Recorder[] = [];
  phone.on('call', (call) => {
    calls.push(call);
    heard.push(new Recorder(call));
  });
  return { phone, calls, heard };
}

/** The service's side of the whisper: says two tones and hangs up. */
async function whisperWith(hz: number): Promise<FakeSession> {
  await until(() => world.service.sessions.length === 2, 'the service is asked to whisper');
  const session = await world.service.session(1);
  session.play(tone(hz, 400));
  session.mark('told');
  await session.waitFor('mark');
  session.hangup();
  return session;
}

describe('an attended transfer', () => {
  it('asks the agent first, tells them what it is about, and puts the caller in our place', async () => {
    await start();
    const agent = await agentPhone();
    const { call, session } = await world.call();
    order(session, agent.phone.uri);
    const transferred = call.next('transferred', 30_000);
    const whispered = await whisperWith(900);
    expect(whispered.start).toMatchObject({ purpose: 'whisper', direction: 'outbound' });
    expect(decodeURIComponent(whispered.start.headers?.['X-Hearken-Summary'] ?? '')).toBe('要退款');
    // What was sent is on its way through two threads and a socket.
    await until(
      () => share(agent.heard[0]?.bytes() ?? new Uint8Array(1), 900) > 0.3,
      'the agent hears what it is about',
    );
    expect(
      agent.calls[0]?.info?.headers['X-Hearken-Session'] ?? agent.calls[0]?.info?.headers['X-Hearken-session'],
    ).toBe('abc');
    await transferred;
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'completed', status: 200 });
    expect(agent.calls[1]?.info?.headers.Replaces).toContain('to-tag=');
    await until(() => agent.calls[0]?.end !== undefined, 'the consultation is over');
    call.sendAudio(tone(500, 600)).catch(() => undefined);
    const second = agent.heard[1];
    await until(
      () => share(second?.bytes().subarray(-3000) ?? new Uint8Array(1), 500) > 0.3,
      'the agent hears the caller',
    );
    await until(() => world.bridge.calls.size === 0, 'the bridge is out of it');
    await call.hangup();
  });

  it("tells the agent's phone the page with the conversation", async () => {
    await start({ transfer: { deskUrl: 'https://desk.example.com/calls/{session}?from=phone', whisper: false } });
    const agent = await agentPhone();
    const { call, session } = await world.call();
    order(session, agent.phone.uri, { headers: { 'X-Hearken-Session': 'a b/c' } });
    await call.next('transferred', 30_000);
    expect(agent.calls[0]?.info?.headers['X-Hearken-Link']).toBe('https://desk.example.com/calls/a%20b%2Fc?from=phone');
    await call.hangup();
  });

  it.each([
    ['is busy', { maxCalls: 0 }, 486],
    ['does not answer', {}, 408],
  ] as const)('comes back to the caller when the agent %s', async (_what, options, status) => {
    await start({ transfer: { ringTimeoutMs: 700 } });
    const agent = await world.phone({ user: 'agent', ...options });
    const { call, session, heard } = await world.call();
    order(session, agent.uri);
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed', status });
    expect(call.established).toBe(true);
    session.play(tone(440, 500));
    await until(() => share(heard.bytes(0).subarray(-4000), 440) > 0.3, 'the caller hears the bot again');
    await until(() => [...agent.calls].every((ringing) => ringing.end !== undefined), 'the agent rings no longer');
  });

  it.each([404, 503])('comes back to the caller after %i', async (status) => {
    await start();
    const refusing = await RawPhone.open(1);
    refusing.answerWith('INVITE', status);
    const { call, session } = await world.call();
    order(session, `sip:nobody@127.0.0.1:${refusing.port}`);
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed', status });
    expect(call.established).toBe(true);
    await refusing.close();
  });

  it('is called off when the caller hangs up while the agent rings', async () => {
    await start();
    const agent = await world.phone({ user: 'agent' });
    const { call, session } = await world.call();
    const rings = agent.next('call', 30_000);
    order(session, agent.uri);
    const [ringing] = await rings;
    await call.hangup();
    await ringing.ended;
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'failed' });
    expect((await session.waitFor('stop')).cause).toBe('normal');
  });
});

describe('a transfer with a peer that refuses REFER', () => {
  it.each(['blind', 'attended'] as const)('joins the media in the bridge (%s was asked for)', async (mode) => {
    await start({ transfer: { whisper: false } });
    const agent = await agentPhone();
    const { call, session, heard } = await world.call({ obeyRefer: false, codecs: ['pcma', 'pcmu'] });
    order(session, agent.phone.uri, { mode });
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'completed', status: 200 });
    // The service says goodbye as after any transfer; that does not end the call.
    session.hangup();
    const agentCall = agent.calls[0];
    const agentHeard = agent.heard[0];
    await until(() => agentCall?.established === true, 'the agent is up');
    expect(call.established).toBe(true);
    expect(agentCall?.codec).toBe('pcmu');
    await agentCall?.sendAudio(tone(700, 1500));
    await until(() => heard.frames.length > 50, 'the caller hears the agent');
    call.sendAudio(tone(500, 1500)).catch(() => undefined);
    await until(() => loud(agentHeard) > 20, 'the agent hears the caller');
    const key = agentCall?.next('dtmf', 30_000);
    await call.sendDigits('7');
    expect((await key)?.[0]).toBe('7');
    await agentCall?.hangup();
    await call.ended;
    await until(() => world.bridge.calls.size === 0, 'the bridge has let go');
  });

  it('lets a caller in wideband and encrypted talk to an agent with a plain telephone', async () => {
    await start({
      rtp: { portMin: 0, portMax: 0, srtp: 'optional', srtpWithoutTls: true },
      transfer: { whisper: false },
    });
    const agent = await agentPhone();
    const { call, session, heard } = await world.call({ obeyRefer: false, codecs: ['g722'], srtp: 'required' });
    expect(session.start.media).toEqual({ encoding: 'pcm16', sampleRate: 16_000 });
    order(session, agent.phone.uri, { mode: 'attended' });
    expect(await session.waitFor('transfer.result')).toMatchObject({ outcome: 'completed', status: 200 });
    const agentCall = agent.calls[0];
    expect([call.codec, agentCall?.codec]).toEqual(['g722', 'pcmu']);
    agentCall?.sendAudio(tone(700, 2000)).catch(() => undefined);
    await until(() => share(heard.bytes().subarray(-4000), 700) > 0.9, 'the caller hears the agent', 30_000);
    call.sendAudio(tone(500, 2000)).catch(() => undefined);
    const agentHeard = (): Uint8Array => agent.heard[0]?.bytes().subarray(-4000) ?? new Uint8Array(1);
    await until(() => share(agentHeard(), 500) > 0.9, 'the agent hears the caller', 30_000);
    const over = world.bridge.next('over', 30_000);
    await call.hangup();
    const [, summary] = await over;
    expect(summary.rtp?.encrypted).toBe(true);
  });

  it('ends the agent when the caller leaves, and writes both into the record', async () => {
    await start({ transfer: { whisper: false, mode: 'bridged' } });
    const agent = await agentPhone();
    const { call, session } = await world.call();
    const over = world.bridge.next('over', 30_000);
    order(session, agent.phone.uri);
    await session.waitFor('transfer.result');
    await call.hangup();
    await agent.calls[0]?.ended;
    const [, summary] = await over;
    expect(summary.transfers).toMatchObject([{ mode: 'bridged', outcome: 'completed', joined: true }]);
  });
});

/** Frames that hold more than silence. */
function loud(recorder: Recorder | undefined): number {
  return (recorder?.frames ?? []).filter(({ payload }) => new Set(payload).size > 8).length;
}
