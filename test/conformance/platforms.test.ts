import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { refuseUpgrade, UpgradeRouter } from '../../src/api/upgrade.js';
import { configSchema } from '../../src/config.js';
import { HearkenV1Server } from '../../src/media/hearken-v1/server.js';
import { Platforms } from '../../src/media/platforms/index.js';
import { PLATFORMS } from '../../src/media/platforms/wire.js';
import type { HangupCause, MediaSession } from '../../src/media/session.js';
import { Standstill } from '../support/time.js';
import { AsteriskPeer } from './peers/asterisk-peer.js';
import { AudioSocketPeer } from './peers/audiosocket-peer.js';
import { FreeswitchPeer, JambonzPeer, TwilioPeer, VonagePeer } from './peers/cloud-peers.js';
import { HearkenPeer } from './peers/hearken-peer.js';
import { type Peer, until } from './peers/peer.js';

/** One suite for every wire protocol: whichever it is, the call behind it must not be able to tell. */

interface Heard {
  readonly session: MediaSession;
  readonly keys: string[];
  readonly marks: { readonly name: string; readonly atMs: number }[];
  readonly cleared: { readonly generation: number; readonly playedMs: number }[];
  readonly samples: number[];
  closed: { readonly cause: HangupCause } | undefined;
}

let http: Server;
let own: HearkenV1Server;
let platforms: Platforms;
let webSocketBase: string;
let audioSocket: string;
let calls: Heard[];

async function serve(startTimeoutMs: number): Promise<void> {
  calls = [];
  const config = configSchema.parse({
    media: { platforms: [...PLATFORMS], audiosocket: { port: 0 }, resumeWindowMs: 100, startTimeoutMs },
  }).media;
  const logger = pino({ level: 'silent' });
  const onSession = (session: MediaSession): void => {
    const heard: Heard = { session, keys: [], marks: [], cleared: [], samples: [], closed: undefined };
    calls.push(heard);
    session.on('dtmf', (digit) => heard.keys.push(digit));
    session.on('mark', (name) => heard.marks.push({ name, atMs: performance.now() }));
    session.on('cleared', (generation, playedMs) => heard.cleared.push({ generation, playedMs }));
    session.on('closed', (cause) => {
      heard.closed = { cause };
    });
    void (async () => {
      for await (const frame of session.incoming) heard.samples.push(...frame.samples);
    })();
  };
  own = new HearkenV1Server({ config, logger, onSession });
  platforms = new Platforms({ config, logger, onSession, refuse: refuseUpgrade });
  const router = new UpgradeRouter();
  router.register(config.path, own.upgrade);
  for (const { path, upgrade } of platforms.endpoints) router.registerWithBelow(path, upgrade);
  http = createServer();
  router.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  webSocketBase = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const facts = await platforms.start(webSocketBase);
  audioSocket = facts.find(({ name }) => name === 'audiosocket')?.value.replace('tcp ', '') ?? '';
}

async function stop(): Promise<void> {
  await Promise.all([platforms.close(), own.close()]);
  await new Promise((resolve) => http.close(resolve));
}

/** What a measure of real time is forgiven: the machine stands still for a second now and then. */
let standstill: Standstill;
beforeEach(async () => {
  standstill = new Standstill();
  await serve(30_000);
});
afterEach(async () => {
  standstill.stop();
  await stop();
});

const FRAME_MS = 20;

/** Sound that can be told from silence, and one frame from the next. */
function tone(sampleRate: number, ms: number, level = 8000): Int16Array {
  return Int16Array.from({ length: (sampleRate * ms) / 1000 }, (_, at) =>
    Math.round(level * Math.sin((2 * Math.PI * 400 * (at + 5)) / sampleRate)),
  );
}

async function begin(peer: Peer): Promise<Heard> {
  await peer.connect(peer instanceof AudioSocketPeer ? audioSocket : `${webSocketBase}/media`);
  return until(() => calls[0], 'the call');
}

/** As the playout does: a little ahead of the ear. */
async function say(session: MediaSession, ms: number, leadMs = 200): Promise<void> {
  const sound = tone(session.sampleRate, ms);
  const frame = (session.sampleRate * FRAME_MS) / 1000;
  const { generation } = session;
  const startMs = performance.now();
  for (let at = 0; at * FRAME_MS < ms; at++) {
    while (at * FRAME_MS - (performance.now() - startMs) > leadMs) await new Promise((r) => setTimeout(r, 10));
    if (session.generation !== generation) return;
    const samples = sound.subarray(at * frame, (at + 1) * frame);
    session.play({ samples, sampleRate: session.sampleRate, generation });
  }
}

const msHeard = (peer: Peer): number => (peer.heard.length * 1000) / peer.sampleRate;

describe.each<{ name: string; make: () => Peer; knowsCaller: boolean; transferStatus: number }>([
  {
    name: 'chan_websocket, JSON',
    make: () => new AsteriskPeer('json', 'slin16'),
    knowsCaller: true,
    transferStatus: 501,
  },
  {
    name: 'chan_websocket, plain',
    make: () => new AsteriskPeer('plain', 'ulaw'),
    knowsCaller: true,
    transferStatus: 501,
  },
  { name: 'AudioSocket', make: () => new AudioSocketPeer(), knowsCaller: false, transferStatus: 501 },
  { name: 'Twilio', make: () => new TwilioPeer(), knowsCaller: true, transferStatus: 501 },
  { name: 'jambonz', make: () => new JambonzPeer(), knowsCaller: true, transferStatus: 501 },
  { name: 'Vonage', make: () => new VonagePeer(), knowsCaller: true, transferStatus: 501 },
  { name: 'FreeSWITCH, raw', make: () => new FreeswitchPeer('binary'), knowsCaller: true, transferStatus: 501 },
  { name: 'FreeSWITCH, base64', make: () => new FreeswitchPeer('json'), knowsCaller: true, transferStatus: 501 },
  { name: 'hearken.media.v1', make: () => new HearkenPeer(), knowsCaller: true, transferStatus: 404 },
])('$name', ({ make, knowsCaller, transferStatus }) => {
  it('a conversation: keys, speech, a prompt with its mark, an interruption, a transfer that fails, the end', async () => {
    const peer = make();
    const call = await begin(peer);
    const { session } = call;
    expect(session.sampleRate).toBe(peer.sampleRate);
    expect(session.peer.callId).not.toBe('');
    if (knowsCaller) expect(session.peer).toMatchObject({ caller: '13800138000', callee: '100' });

    // Keys, and what the caller says.
    for (const digit of ['1', '#', 'A']) peer.press(digit);
    await until(() => call.keys.length === 3, 'the keys');
    expect(call.keys).toEqual(['1', '#', 'A']);
    const before = call.samples.length;
    const voice = tone(peer.sampleRate, 200);
    for (let at = 0; at < voice.length; at += peer.sampleRate / 50)
      peer.speak(voice.subarray(at, at + peer.sampleRate / 50));
    await until(() => call.samples.length >= before + voice.length, 'the voice');
    const spoken = call.samples.slice(-voice.length);
    expect(Math.max(...spoken.map((sample, at) => Math.abs(sample - (voice[at] ?? 0))))).toBeLessThan(300);

    // A prompt: heard whole, and its mark comes when the ear is there.
    const startMs = performance.now();
    await say(session, 400);
    session.mark('p1');
    const mark = await until(() => call.marks.find(({ name }) => name === 'p1'), 'the mark');
    expect(mark.atMs - startMs).toBeGreaterThan(330);
    expect(mark.atMs - startMs).toBeLessThan(800 + 2 * standstill.worstMs);
    await until(() => msHeard(peer) >= 380, 'the prompt');

    // An interruption: silence at once, and both sides agree on what was heard.
    const heardBefore = msHeard(peer);
    const saying = say(session, 1000);
    await until(() => msHeard(peer) - heardBefore >= 300, 'the beginning of the next prompt');
    session.mark('never');
    const generation = session.clear();
    await saying;
    const cleared = await until(() => call.cleared.find((entry) => entry.generation === generation), 'cleared');
    const heardAtClear = msHeard(peer) - heardBefore;
    // It tells of all that was sent in that generation, the first prompt too.
    expect(Math.abs(cleared.playedMs - msHeard(peer))).toBeLessThanOrEqual(100 + 3 * standstill.worstMs);
    expect(session.play({ samples: tone(8000, 20), sampleRate: session.sampleRate, generation: generation - 1 })).toBe(
      false,
    );

    // What follows is heard, and only that.
    await say(session, 200);
    session.mark('p2');
    await until(() => call.marks.some(({ name }) => name === 'p2'), 'the mark of the next generation');
    await until(() => msHeard(peer) - heardBefore >= heardAtClear + 180, 'the reply');
    expect(msHeard(peer) - heardBefore).toBeLessThan(heardAtClear + 200 + 60 + 3 * standstill.worstMs);
    expect(call.marks.map(({ name }) => name)).toEqual(['p1', 'p2']);

    // A transfer that the protocol can't do says so.
    const outcome = await session.transfer({
      transferId: 't1',
      target: 'sip:2000@pbx',
      mode: 'blind',
      timeoutMs: 1000,
    });
    expect(outcome).toMatchObject({ transferId: 't1', outcome: 'failed', status: transferStatus });

    session.hangup('normal');
    await until(() => peer.over, 'the end on the other side');
    expect(call.closed).toEqual({ cause: 'normal' });
  });

  it('a caller who hangs up ends the call normally', async () => {
    const peer = make();
    const call = await begin(peer);
    peer.leave();
    await until(() => call.closed, 'the end');
    expect(call.closed).toEqual({ cause: 'normal' });
  });

  it('a platform that vanishes ends the call as lost, in the middle of a prompt', async () => {
    const peer = make();
    const call = await begin(peer);
    const saying = say(call.session, 300);
    peer.vanish();
    await until(() => call.closed, 'the end');
    expect(call.closed).toEqual({ cause: 'lost' });
    await saying;
    expect(call.session.play({ samples: tone(8000, 20), sampleRate: 8000, generation: call.session.generation })).toBe(
      false,
    );
    await expect(
      call.session.transfer({ transferId: 't', target: 'sip:a@b', mode: 'blind', timeoutMs: 10 }),
    ).rejects.toMatchObject({ code: 'CALL_FAILED' });
  });
});

describe('a platform that asks what comes next', () => {
  it.each([
    {
      name: 'Twilio',
      peer: () => new TwilioPeer({ next: 'ask' }),
      ask: '/media/next/twiml?CallSid=CA1',
      told: '<Sip>sip:2000@pbx</Sip>',
    },
    {
      name: 'Asterisk',
      peer: () => new AsteriskPeer('json', 'slin16', { __HEARKEN_NEXT: 'ask', __HEARKEN_CALL: '17.1' }),
      ask: '/media/next/text?call=17.1',
      told: '2000',
    },
    {
      name: 'jambonz',
      peer: () => new JambonzPeer({ next: 'ask' }),
      ask: '/media/next/jambonz?call_sid=CS1',
      told: '"sipUri":"sip:2000@pbx"',
    },
    {
      name: 'Vonage',
      peer: () => new VonagePeer({ next: 'ask', uuid: 'u1' }),
      ask: '/media/next/ncco?uuid=u1',
      told: '"uri":"sip:2000@pbx"',
    },
  ])('$name is told whom to dial, once', async ({ peer, ask, told }) => {
    const app = Fastify();
    platforms.registerRoutes(app);
    const caller = peer();
    const { session } = await begin(caller);
    const outcome = await session.transfer({ transferId: 't', target: 'sip:2000@pbx', mode: 'blind', timeoutMs: 1000 });
    expect(outcome).toMatchObject({ outcome: 'completed', status: 202 });
    session.hangup('transferred');
    await until(() => caller.over, 'the end of our part');
    expect((await app.inject({ url: ask })).body).toContain(told);
    expect((await app.inject({ url: ask })).body).not.toContain('2000');
    await app.close();
  });
});

describe('a connection that misbehaves is ended, and the call beside it goes on', () => {
  const dial = async (path: string): Promise<{ socket: WebSocket; closed: Promise<number> }> => {
    const socket = new WebSocket(`${webSocketBase}/media${path}`);
    socket.on('error', () => undefined);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    return { socket, closed };
  };

  it.each<[string, number, (socket: WebSocket) => void]>([
    ['no JSON', 1002, (socket) => socket.send('{"event":')],
    ['a binary frame to Twilio', 1003, (socket) => socket.send(Buffer.alloc(160))],
    ['a message over the limit', 1009, (socket) => socket.send('x'.repeat(200_000))],
    ['a flood', 1008, (socket) => Array.from({ length: 2000 }, () => socket.send('{"event":"connected"}'))],
    ['nothing at all', 4408, () => undefined],
  ])('%s', async (what, code, act) => {
    if (what === 'nothing at all') {
      await stop();
      await serve(1500);
    }
    const good = await begin(new VonagePeer());
    const { socket, closed } = await dial('/twilio');
    act(socket);
    expect(await closed).toBe(code);
    expect(good.closed).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  it('a path that nobody speaks, or too deep below one, is not found', async () => {
    for (const path of ['/telnyx', '/twilio/a/b']) {
      const socket = new WebSocket(`${webSocketBase}/media${path}`);
      const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
      expect(error.message).toContain('404');
    }
  });

  it('while it drains, no new call is taken and live ones go on', async () => {
    const good = await begin(new VonagePeer());
    platforms.drain();
    const socket = new WebSocket(`${webSocketBase}/media/vonage`);
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('503');
    expect(good.closed).toBeUndefined();
  });
});

describe('AudioSocket is paced here', () => {
  it('a packet every 20 ms, with silence when there is nothing to say', async () => {
    const peer = new AudioSocketPeer();
    const call = await begin(peer);
    void say(call.session, 400);
    await until(() => peer.arrivals.length >= 60, 'a second of packets');
    const span = (peer.arrivals[59] ?? 0) - (peer.arrivals[0] ?? 0);
    expect(span).toBeGreaterThan(59 * 20 - 60 - standstill.worstMs);
    expect(span).toBeLessThan(59 * 20 + 250 + standstill.worstMs);
    call.session.hangup('normal');
  });
});
