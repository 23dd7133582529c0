import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { configSchema } from '../../src/config.js';
import { HearkenError } from '../../src/errors.js';
import { parseServerMessage, type ServerMessage } from '../../src/media/hearken-v1/messages.js';
import { HearkenV1Server } from '../../src/media/hearken-v1/server.js';
import type { MediaSession } from '../../src/media/session.js';

const START = {
  type: 'start',
  callId: 'abc@pbx',
  direction: 'inbound',
  caller: 'sip:13800138000@pbx',
  callee: 'sip:100@pbx',
  media: { encoding: 'pcmu', sampleRate: 8000 },
} as const;

/** A client that remembers everything; every message is held against the schema as it arrives. */
class Client {
  readonly messages: ServerMessage[] = [];
  readonly audio: Buffer[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(
    url: string,
    protocols: string | string[] = 'hearken.media.v1',
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.#socket = new WebSocket(url, protocols, { headers });
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.audio.push(data);
      else this.messages.push(parseServerMessage(data.toString()));
      this.#wake();
    });
    this.#socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
  }

  async open(): Promise<this> {
    if (this.#socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve) => this.#socket.once('open', resolve));
    return this;
  }

  send(message: unknown): this {
    this.#socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
    return this;
  }

  sendText(text: string): this {
    this.#socket.send(text);
    return this;
  }

  drop(): void {
    this.#socket.terminate();
  }

  /** Waits until `condition` holds; fails with what was seen. */
  async until<T>(condition: () => T | undefined | false, what: string): Promise<T> {
    const limitMs = Date.now() + 30_000;
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > limitMs)
        throw new Error(
          `${what} did not happen; seen: ${JSON.stringify(this.messages)} ${JSON.stringify(this.closed)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 200);
        const waiting = this.#waiting;
        waiting.add(done);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
      });
    }
  }

  message<Type extends ServerMessage['type']>(type: Type): Promise<Extract<ServerMessage, { type: Type }>> {
    return this.until(
      () => this.messages.find((message): message is Extract<ServerMessage, { type: Type }> => message.type === type),
      type,
    );
  }

  end(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed, 'close');
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

let http: Server;
let media: HearkenV1Server;
let url: string;
let sessions: MediaSession[];
let refuse: HearkenError | undefined;

async function serve(config: object = {}): Promise<void> {
  sessions = [];
  refuse = undefined;
  media = new HearkenV1Server({
    config: configSchema.parse({
      media: { resumeWindowMs: 30_000, startTimeoutMs: 30_000, maxMessageBytes: 10_000, ...config },
    }).media,
    logger: pino({ level: 'silent' }),
    onSession: (session) => {
      if (refuse) throw refuse;
      sessions.push(session);
    },
  });
  http = createServer();
  http.on('upgrade', media.upgrade);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/media`;
}

async function stop(): Promise<void> {
  await media.close();
  await new Promise((resolve) => http.close(resolve));
}

beforeEach(() => serve());
afterEach(() => stop());

async function started(more: object = {}): Promise<{ client: Client; session: MediaSession }> {
  const client = await new Client(url).open();
  client.send({ ...START, ...more });
  await client.message('ready');
  return { client, session: sessions.at(-1) as MediaSession };
}

describe('a good client', () => {
  it('starts, is heard, and hears', async () => {
    const { client, session } = await started();
    expect(session.peer).toMatchObject({
      callId: 'abc@pbx',
      caller: 'sip:13800138000@pbx',
      protocol: 'hearken.media.v1',
    });
    client.send(Buffer.alloc(320, 0xff));
    const heard = await session.incoming[Symbol.asyncIterator]().next();
    expect(heard.value).toEqual({ samples: new Int16Array(320), sampleRate: 8000 });
    expect(session.play({ samples: new Int16Array(160), sampleRate: 8000, generation: 0 })).toBe(true);
    await client.until(() => client.audio.length === 1, 'audio');
    expect(client.audio[0]).toEqual(Buffer.alloc(160, 0xff));
  });

  it('carries 16 kHz PCM without loss', async () => {
    const client = await new Client(url).open();
    client.send({ ...START, media: { encoding: 'pcm16', sampleRate: 16_000 } });
    await client.message('ready');
    const samples = Int16Array.from({ length: 320 }, (_, index) => index * 100 - 16_000);
    sessions[0]?.play({ samples, sampleRate: 16_000, generation: 0 });
    await client.until(() => client.audio[0], 'audio');
    const bytes = client.audio[0] as Buffer;
    expect(bytes.readInt16LE(0)).toBe(-16_000);
    client.send(bytes);
    const heard = await (sessions[0] as MediaSession).incoming[Symbol.asyncIterator]().next();
    expect(heard.value.samples).toEqual(samples);
  });

  it('presses keys, reaches marks, reports what was cleared', async () => {
    const { client, session } = await started();
    const seen: unknown[] = [];
    session.on('dtmf', (digit, durationMs) => seen.push(['dtmf', digit, durationMs]));
    session.on('mark', (name) => seen.push(['mark', name]));
    session.on('cleared', (generation, playedMs) => seen.push(['cleared', generation, playedMs]));
    session.mark('m1');
    expect((await client.message('mark')).name).toBe('m1');
    expect(session.clear()).toBe(1);
    expect((await client.message('clear')).generation).toBe(1);
    client
      .send({ type: 'dtmf', digit: '5', durationMs: 120 })
      .send({ type: 'mark', name: 'm1' })
      .send({ type: 'cleared', generation: 1, playedMs: 40 });
    await client.until(() => seen.length === 3, 'three events');
    expect(seen).toEqual([
      ['dtmf', '5', 120],
      ['mark', 'm1'],
      ['cleared', 1, 40],
    ]);
  });

  it('never gets audio of an older generation', async () => {
    const { client, session } = await started();
    session.clear();
    expect(session.play({ samples: new Int16Array(160), sampleRate: 8000, generation: 0 })).toBe(false);
    session.play({ samples: new Int16Array(160), sampleRate: 8000, generation: 1 });
    await client.until(() => client.audio.length > 0, 'audio');
    expect(client.audio).toHaveLength(1);
  });

  it('transfers, and its outcome comes back', async () => {
    const { client, session } = await started();
    const progress: number[] = [];
    session.on('transferProgress', (_id, status) => progress.push(status));
    const outcome = session.transfer({
      transferId: 't1',
      target: 'sip:agent@pbx',
      mode: 'blind',
      timeoutMs: 5000,
      headers: { 'X-Reason': 'human' },
    });
    expect(await client.message('transfer')).toMatchObject({
      target: 'sip:agent@pbx',
      headers: { 'X-Reason': 'human' },
    });
    client.send({ type: 'transfer.progress', transferId: 't1', status: 180 });
    client.send({ type: 'transfer.result', transferId: 't1', outcome: 'completed', status: 200, reason: 'OK' });
    expect(await outcome).toEqual({ transferId: 't1', outcome: 'completed', status: 200, reason: 'OK' });
    expect(progress).toEqual([180]);
  });

  it('is asked how the line is only when it offered to tell, and what it tells arrives', async () => {
    const { client } = await started();
    expect(await client.message('ready')).not.toHaveProperty('accepts');
    const { client: other, session } = await started({ headers: { 'X-Hearken-Offers': 'quality' } });
    expect(await other.message('ready')).toMatchObject({ accepts: ['quality'] });
    const told: unknown[] = [];
    session.on('quality', (quality) => told.push(quality));
    const quality = {
      receivedPackets: 500,
      lossPercent: 1.2,
      jitterMs: 4.5,
      roundTripMs: 30,
      codec: 'opus',
      final: true,
    };
    other.send({ type: 'quality', ...quality });
    await other.until(() => told.length > 0, 'quality');
    expect(told).toEqual([quality]);
    other.send({ type: 'quality', ...quality, lossPercent: 101 });
    expect((await other.end()).code).toBe(1002);
  });

  it('that floods the service with reports of the line is believed now and then, and its last report in any case', async () => {
    const { client, session } = await started({ headers: { 'X-Hearken-Offers': 'quality' } });
    const told: unknown[] = [];
    session.on('quality', ({ receivedPackets }) => told.push(receivedPackets));
    const report = (receivedPackets: number, final: boolean): void => {
      client.send({ type: 'quality', receivedPackets, lossPercent: 0, jitterMs: 1, final });
    };
    for (let count = 1; count <= 200; count++) report(count, false);
    for (let count = 1001; count <= 1100; count++) report(count, true);
    const closed = new Promise((resolve) => session.on('closed', resolve));
    client.send({ type: 'stop', cause: 'normal' });
    await closed;
    expect(told[0]).toBe(1);
    expect(told.at(-1)).toBe(1001);
    // One a second: as many as fit into the time that a slow machine takes.
    expect(told.length).toBeLessThan(12);
  });

  it('that tells of the line without having offered it is not listened to', async () => {
    const { client, session } = await started();
    const seen: string[] = [];
    session.on('quality', () => seen.push('quality')).on('dtmf', () => seen.push('dtmf'));
    client.send({ type: 'quality', receivedPackets: 1, lossPercent: 0, jitterMs: 1, final: true });
    client.send({ type: 'dtmf', digit: '1' });
    await client.until(() => seen.length > 0, 'the key');
    expect(seen).toEqual(['dtmf']);
  });

  it('that presses more keys than a person can is believed the first of them', async () => {
    const { client, session } = await started();
    const keys: string[] = [];
    session.on('dtmf', (digit) => keys.push(digit));
    for (let count = 0; count < 2000; count++) client.send({ type: 'dtmf', digit: String(count % 10) });
    const closed = new Promise((resolve) => session.on('closed', resolve));
    client.send({ type: 'stop', cause: 'normal' });
    await closed;
    // What a bridge keeps while its socket is away comes through whole.
    expect(keys.slice(0, 32).join('')).toBe('01234567890123456789012345678901');
    expect(keys.length).toBeLessThan(400);
  });

  it('that types faster than a person can is listened to now and then', async () => {
    const { client, session } = await started();
    const texts: string[] = [];
    session.on('text', (text) => texts.push(text));
    for (let count = 0; count < 2000; count++) client.send({ type: 'text', text: String(count) });
    const closed = new Promise((resolve) => session.on('closed', resolve));
    client.send({ type: 'stop', cause: 'normal' });
    await closed;
    expect(texts.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, count) => String(count)));
    expect(texts.length).toBeLessThan(60);
  });

  it('that sends an hour of sound at once is heard for as long as a network may stall', async () => {
    await stop();
    await serve({ incomingQueueMs: 4_000_000 });
    const { client, session } = await started();
    const second = Buffer.alloc(8000, 0xff);
    for (let count = 0; count < 3600; count++) client.send(second);
    const closed = new Promise((resolve) => session.on('closed', resolve));
    client.send({ type: 'stop', cause: 'normal' });
    await closed;
    let heardMs = 0;
    for await (const { samples } of session.incoming) heardMs += samples.length / 8;
    expect(heardMs).toBeGreaterThanOrEqual(20_000);
    expect(heardMs).toBeLessThan(60_000);
  });

  it('that never stops sending messages is hung up on', async () => {
    const { client, session } = await started();
    const causes: string[] = [];
    session.on('closed', (cause) => causes.push(cause));
    for (let count = 0; count < 20_000; count++) client.send({ type: 'mark', name: 'x' });
    expect(await client.message('hangup')).toMatchObject({ cause: 'error', reason: 'too many messages' });
    await client.end();
    expect(causes).toEqual(['error']);
    expect(media.sessions).toBe(0);
  });

  it('is told what of the call may be recorded', async () => {
    const { client, session } = await started();
    for (const action of ['start', 'pause', 'resume', 'stop'] as const) session.notify({ type: 'recording', action });
    await client.until(() => client.messages.filter(({ type }) => type === 'recording').length === 4, 'four orders');
    expect(client.messages.filter(({ type }) => type === 'recording')).toEqual(
      ['start', 'pause', 'resume', 'stop'].map((action) => ({ type: 'recording', action })),
    );
  });

  it('stops, and the session is over once', async () => {
    const { client, session } = await started();
    const causes: string[] = [];
    session.on('closed', (cause) => causes.push(cause));
    client.send({ type: 'stop', cause: 'normal' });
    expect((await client.end()).code).toBe(1000);
    session.hangup('error');
    expect(causes).toEqual(['normal']);
    expect((await session.incoming[Symbol.asyncIterator]().next()).done).toBe(true);
    expect(media.sessions).toBe(0);
  });

  it('hears why the service hangs up', async () => {
    const { client, session } = await started();
    session.hangup('normal', 'goodbye');
    expect(await client.message('hangup')).toMatchObject({ cause: 'normal', reason: 'goodbye' });
    expect((await client.end()).code).toBe(1000);
  });
});

describe('a lost socket', () => {
  it('comes back with its token and keeps the conversation', async () => {
    const { client, session } = await started();
    const ready = await client.message('ready');
    const seen: string[] = [];
    session.on('detached', () => seen.push('detached')).on('resumed', () => seen.push('resumed'));
    client.drop();
    await client.until(() => seen.length > 0, 'detached');
    const again = await new Client(url).open();
    again.send({ ...START, resume: { sessionId: ready.sessionId, resumeToken: ready.resumeToken } });
    expect(await again.message('ready')).toMatchObject({ sessionId: ready.sessionId, generation: 1 });
    expect(seen).toEqual(['detached', 'resumed']);
    expect(sessions).toHaveLength(1);
    again.send({ type: 'stop', cause: 'normal' });
    await again.end();
  });

  it('is over when it does not come back in time', async () => {
    await stop();
    await serve({ resumeWindowMs: 300 });
    const { client, session } = await started();
    const closed = new Promise((resolve) => session.on('closed', resolve));
    client.drop();
    expect(await closed).toBe('lost');
    expect(media.sessions).toBe(0);
  });

  it('is told of a transfer that was asked for while it was away', async () => {
    const { client, session } = await started();
    const ready = await client.message('ready');
    const detached = new Promise<void>((resolve) => session.on('detached', () => resolve()));
    client.drop();
    await detached;
    const outcome = session.transfer({ transferId: 't9', target: 'sip:agent@pbx', mode: 'blind', timeoutMs: 5000 });
    const again = await new Client(url).open();
    again.send({ ...START, resume: { sessionId: ready.sessionId, resumeToken: ready.resumeToken } });
    expect(await again.message('transfer')).toMatchObject({ transferId: 't9' });
    again.send({ type: 'transfer.result', transferId: 't9', outcome: 'completed', status: 200 });
    expect((await outcome).outcome).toBe('completed');
  });

  it.each([
    [
      ['start', 'pause'],
      ['start', 'pause'],
    ],
    [['pause'], ['pause']],
    [
      ['start', 'pause', 'resume'],
      ['start', 'resume'],
    ],
    [['start', 'stop', 'resume'], ['stop']],
    [[], []],
  ] as const)(
    'is told what of the call may be recorded when that was ordered while it was away: %j',
    async (orders, heard) => {
      const { client, session } = await started();
      const ready = await client.message('ready');
      const detached = new Promise<void>((resolve) => session.on('detached', () => resolve()));
      client.drop();
      await detached;
      for (const action of orders) session.notify({ type: 'recording', action });
      const again = await new Client(url).open();
      again.send({ ...START, resume: { sessionId: ready.sessionId, resumeToken: ready.resumeToken } });
      await again.message('ready');
      session.mark('after');
      await again.message('mark');
      expect(again.messages.flatMap((message) => (message.type === 'recording' ? [message.action] : []))).toEqual(
        heard,
      );
    },
  );

  it('is told that the call was hung up while it was away', async () => {
    const { client, session } = await started();
    const ready = await client.message('ready');
    const detached = new Promise<void>((resolve) => session.on('detached', () => resolve()));
    client.drop();
    await detached;
    session.hangup('normal', 'goodbye');
    const again = await new Client(url).open();
    again.send({ ...START, resume: { sessionId: ready.sessionId, resumeToken: ready.resumeToken } });
    expect(await again.message('hangup')).toMatchObject({ cause: 'normal' });
    expect((await again.end()).code).toBe(1000);
  });

  it('can not be taken over with a wrong token', async () => {
    const { client } = await started();
    const { sessionId } = await client.message('ready');
    const thief = await new Client(url).open();
    thief.send({ ...START, resume: { sessionId, resumeToken: 'guess' } });
    expect((await thief.message('error')).code).toBe('RESUME_UNKNOWN');
    expect((await thief.end()).code).toBe(4404);
    client.send({ type: 'dtmf', digit: '1' });
    client.send({ type: 'stop', cause: 'normal' });
    expect((await client.end()).code).toBe(1000);
  });
});

describe('a bad client is told what is wrong, and nobody else notices', () => {
  const cases: { name: string; act: (client: Client) => void; code: string; close: number; afterStart?: boolean }[] = [
    { name: 'text that is not JSON', act: (client) => client.sendText('hello'), code: 'PROTOCOL_MESSAGE', close: 1002 },
    {
      name: 'JSON that is no object',
      act: (client) => client.sendText('[1,2]'),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'an unknown message',
      act: (client) => client.send({ type: 'reboot' }),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'a prototype name as type',
      act: (client) => client.sendText('{"type":"__proto__"}'),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'a start without callId',
      act: (client) => client.send({ ...START, callId: undefined }),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'a header with a line break',
      act: (client) => client.send({ ...START, headers: { 'X-A': 'a\r\nb' } }),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'G.711 at 16 kHz',
      act: (client) => client.send({ ...START, media: { encoding: 'pcmu', sampleRate: 16_000 } }),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
    },
    {
      name: 'audio before start',
      act: (client) => client.send(Buffer.alloc(160)),
      code: 'PROTOCOL_STATE',
      close: 1002,
    },
    {
      name: 'a key before start',
      act: (client) => client.send({ type: 'dtmf', digit: '1' }),
      code: 'PROTOCOL_STATE',
      close: 1002,
    },
    {
      name: 'a second start',
      act: (client) => client.send(START),
      code: 'PROTOCOL_STATE',
      close: 1002,
      afterStart: true,
    },
    {
      name: 'a key that does not exist',
      act: (client) => client.send({ type: 'dtmf', digit: '55' }),
      code: 'PROTOCOL_MESSAGE',
      close: 1002,
      afterStart: true,
    },
    {
      name: 'an audio frame of 17 ms',
      act: (client) => client.send(Buffer.alloc(136)),
      code: 'PROTOCOL_FRAME',
      close: 1003,
      afterStart: true,
    },
    {
      name: 'an empty audio frame',
      act: (client) => client.send(Buffer.alloc(0)),
      code: 'PROTOCOL_FRAME',
      close: 1003,
      afterStart: true,
    },
    {
      name: 'an audio frame of more than a second',
      act: (client) => client.send(Buffer.alloc(8160)),
      code: 'PROTOCOL_FRAME',
      close: 1003,
      afterStart: true,
    },
  ];

  it.each(cases)('$name', async ({ act, code, close, afterStart }) => {
    const { client: bystander, session } = await started();
    const client = await new Client(url).open();
    if (afterStart) {
      client.send(START);
      await client.message('ready');
    }
    act(client);
    const error = await client.message('error');
    expect(error.code).toBe(code);
    expect(error.message.length).toBeGreaterThan(10);
    expect((await client.end()).code).toBe(close);
    // The other call goes on.
    const key = new Promise((resolve) => session.on('dtmf', resolve));
    bystander.send({ type: 'dtmf', digit: '7' });
    expect(await key).toBe('7');
  });

  it('a message over the limit', async () => {
    const { client } = await started();
    client.send(Buffer.alloc(20_000));
    expect((await client.end()).code).toBe(1009);
  });

  it.each([[['chat']], [[]], [['chat', 'superchat']]])('subprotocols %j', async (protocols) => {
    const client = new Client(url, protocols);
    expect((await client.message('error')).code).toBe('PROTOCOL_SUBPROTOCOL');
    expect((await client.end()).code).toBe(1002);
  });

  it('no start within the limit', async () => {
    await stop();
    await serve({ startTimeoutMs: 300 });
    const client = new Client(url);
    expect((await client.message('error')).code).toBe('START_TIMEOUT');
    expect((await client.end()).code).toBe(4408);
  });
});

describe('the service protects itself', () => {
  it('refuses a call that the recogniser has no room for', async () => {
    refuse = new HearkenError('OVERLOADED', 'All lines are busy.');
    const client = await new Client(url).open();
    client.send(START);
    expect((await client.message('error')).code).toBe('OVERLOADED');
    expect((await client.end()).code).toBe(1013);
    expect(media.sessions).toBe(0);
  });

  it('a crowd that is being let in while the service closes: nobody is left with a socket that reads no more', async () => {
    const terminated = vi.spyOn(WebSocket.prototype, 'terminate');
    const crowd = await Promise.all(Array.from({ length: 20 }, () => new Client(url).open()));
    for (const client of crowd) client.send(START);
    await crowd[0]?.until(() => sessions.length > 0, 'the first call');
    await media.close();
    for (const client of crowd) expect((await client.end()).code).not.toBe(1006);
    expect(terminated).not.toHaveBeenCalled();
    terminated.mockRestore();
  });

  it('refuses new calls while draining and lets live ones go on', async () => {
    const { client, session } = await started();
    media.drain();
    const late = await new Client(url).open();
    late.send(START);
    expect((await late.end()).code).toBe(1012);
    const key = new Promise((resolve) => session.on('dtmf', resolve));
    client.send({ type: 'dtmf', digit: '7' });
    expect(await key).toBe('7');
  });

  it('takes no call that a proxy passes on unless there is a token to show', async () => {
    const passedOn = { 'X-Forwarded-For': '198.51.100.7' };
    const stranger = await new Client(url, 'hearken.media.v1', passedOn).open();
    stranger.send(START);
    expect((await stranger.end()).code).toBe(4401);
    await stop();
    await serve({ token: 'a-long-secret' });
    const known = await new Client(url, 'hearken.media.v1', passedOn).open();
    known.send({ ...START, token: 'a-long-secret' });
    await known.message('ready');
  });

  it('wants the token when one is configured', async () => {
    await stop();
    await serve({ token: 'a-long-secret' });
    const without = await new Client(url).open();
    without.send(START);
    expect((await without.end()).code).toBe(4401);
    const wrong = await new Client(url).open();
    wrong.send({ ...START, token: 'a-long-secreT' });
    expect((await wrong.end()).code).toBe(4401);
    const right = await new Client(url).open();
    right.send({ ...START, token: 'a-long-secret' });
    await right.message('ready');
  });
});
