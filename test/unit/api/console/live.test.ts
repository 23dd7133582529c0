import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallRecord } from '../../../../src/call/record.js';
import { configSchema } from '../../../../src/config.js';
import { FakeBrain, say } from '../../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../../src/testing/fake-media-session.js';
import { type ConsoleServer, eventually, startConsole } from '../../../support/console.js';

let server: ConsoleServer;
beforeEach(async () => {
  server = await startConsole(new FakeBrain(() => [say('您好')]), { console: { heartbeatMs: 20 } });
});
afterEach(() => server.close());

async function chat(conversationId: string, text: string): Promise<void> {
  await fetch(`${server.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conversationId, text }),
  });
}

/** A call as the call manager has it, up to what the console sees: its record. */
function call(id: string): { readonly session: FakeMediaSession; readonly record: CallRecord } {
  const session = new FakeMediaSession(new FakeClock(), {}, id);
  const record = CallRecord.open({
    id,
    folder: server.dataFolder,
    record: configSchema.parse({}).record,
    sampleRate: session.sampleRate,
    startedAt: new Date(),
    logger: pino({ level: 'silent' }),
    watcher: server.parts.watch(session, 'zh-CN'),
  });
  record.event(0, 'call', {
    ...{ id, callId: 'sip-1', caller: 'sip:13800138000@example.com', callee: 'sip:100@example.com', headers: {} },
    ...{ language: 'zh-CN', sampleRate: session.sampleRate, startedAt: new Date().toISOString() },
  });
  return { session, record };
}

describe('calls as they happen', () => {
  it('shows a spoken call: words while they grow, the turn with intent and times, the end', async () => {
    const boss = await server.user('boss', 'supervisor');
    const live = await boss.live();
    await live.wait('snapshot', ({ calls }) => calls.length === 0);
    const { record } = call('11111111-1111-4111-8111-111111111111');
    const { call: begun } = await live.wait('callStarted');
    expect(begun).toMatchObject({ kind: 'phone', listenable: true, language: 'zh-CN' });
    record.event(1000, 'voice', { active: true, sinceMs: 900 });
    record.event(1400, 'partial', { text: '我要<script>alert(1)</script>' });
    const partial = await live.wait('line');
    expect(partial.line).toMatchObject({
      who: 'caller',
      final: false,
      text: '我要<script>alert(1)</script>',
      fromMs: 900,
    });
    record.event(2000, 'voice', { active: false, sinceMs: 1900 });
    record.event(2200, 'decision', { name: 'endOfTurn', detail: { reason: 'silence' } });
    record.event(2210, 'final', { text: '我要退货' });
    record.event(2300, 'turn', {
      ...{ turnId: 2, input: { type: 'text', text: '我要退货', confidence: 0.9 }, noMatch: false },
      ...{ intent: { name: 'return_request', confidence: 0.98 }, entities: [], slots: { order: '98765432' } },
      actions: [{ type: 'say', text: '请说订单号。', response: 'utter_ask' }],
    });
    record.event(2400, 'timing', {
      turnId: 2,
      endOfSpeechMs: 1900,
      endOfTurnMs: 2200,
      finalTextMs: 2210,
      replyMs: 2300,
      audibleMs: 2500,
    });
    record.event(4000, 'heard', { promptId: 2, text: '请说' });
    const done = await live.wait('turn', ({ turn }) => turn.stages.length > 0);
    expect(done.turn).toMatchObject({
      intent: 'return_request',
      endReason: 'silence',
      responseMs: 600,
      path: ['utter_ask'],
    });
    const caller = await live.wait('line', ({ line }) => line.who === 'caller' && line.final);
    expect(caller.line).toMatchObject({ id: partial.line.id, text: '我要退货', toMs: 1900 });
    const cut = await live.wait('line', ({ line }) => line.cut === true);
    expect(cut.line).toMatchObject({ who: 'bot', text: '请说', fromMs: 2500, toMs: 4000 });
    await live.wait('callChanged', ({ changes }) => changes.intent === 'return_request' && changes.confidence === 0.98);
    record.event(5000, 'ended', { cause: 'normal', reason: '' });
    await record.close(5000);
    expect((await live.wait('callEnded')).cause).toBe('normal');
  });

  it('who comes back gets what was missed, and a snapshot when that is gone or was of another run', async () => {
    const boss = await server.user('boss', 'supervisor');
    const first = await boss.live();
    await chat('a', '你好');
    await first.wait('line', ({ line }) => line.who === 'bot');
    const at = first.lastId;
    await chat('b', '在吗');
    const again = await boss.live(at);
    await again.wait('callStarted', ({ call: { id } }) => id === 'b');
    expect(again.events.some(({ type }) => type === 'snapshot')).toBe(false);
    for (const id of ['deadbeef-1', 'nonsense', `${at.split('-')[0]}-99999`]) {
      const fresh = await boss.live(id);
      const { calls } = await fresh.wait('snapshot');
      expect(calls.map(({ id: each }) => each).sort()).toEqual(['a', 'b']);
    }
  });

  it('says that it is still there, and tells a page whose user has gone', async () => {
    const boss = await server.user('boss', 'supervisor');
    const live = await boss.live();
    await eventually('heartbeats', () => live.comments > 1);
    await server.parts.users.remove('boss');
    await live.wait('signedOut');
    await eventually('the end', () => live.over);
  });

  it('a page that does not read is cut off, and holds nobody up', async () => {
    const boss = await server.user('boss', 'supervisor');
    const stuck = httpRequest(`${server.url}/console/api/live`, { headers: { cookie: boss.cookie } });
    stuck.on('error', () => {});
    stuck.end();
    const [response] = await once(stuck, 'response');
    response.on('error', () => {});
    response.pause();
    const gone = new Promise((resolve) => response.once('close', resolve));
    const { bus, calls } = server.parts.options;
    calls.touch('loud', { caller: '', language: '' });
    // Much more than the sockets' own buffers take.
    for (let index = 0; index < 300; index++) {
      calls.line('loud', {
        ...{ id: `l${index}`, who: 'caller', text: 'x'.repeat(50_000), final: true },
        ...{ atMs: 0, fromMs: null, toMs: null },
      });
      if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bus.seq).toBeGreaterThan(300);
    response.resume();
    await gone;
  });

  it('supervisors listen in, both sides beside each other; agents and strangers do not, and it is written down', async () => {
    const boss = await server.user('boss', 'supervisor');
    const anna = await server.user('anna', 'agent');
    const id = '22222222-2222-4222-8222-222222222222';
    const { record, session } = call(id);
    for (const [who, status] of [
      [anna, 403],
      [{ listen: (each: string) => Object.assign(anna, { cookie: '' }).listen(each) }, 401],
    ] as const) {
      const [, refused] = await once(who.listen(id), 'unexpected-response');
      expect(refused.statusCode).toBe(status);
    }
    const [, unknown] = await once(boss.listen('no-such-call'), 'unexpected-response');
    expect(unknown.statusCode).toBe(404);
    const ear = boss.listen(id);
    const messages: (string | Buffer)[] = [];
    ear.on('message', (data, binary) => messages.push(binary ? (data as Buffer) : String(data)));
    await eventually('the format', () => messages.length > 0);
    expect(JSON.parse(String(messages[0]))).toEqual({ type: 'format', sampleRate: session.sampleRate, channels: 2 });
    record.bot(0, new Int16Array(160).fill(2000));
    record.caller(0, new Int16Array(160).fill(1000));
    await eventually('sound', () => messages.length > 1);
    const sound = messages[1] as Buffer;
    expect([sound.length, sound.readInt16LE(0), sound.readInt16LE(2)]).toEqual([640, 1000, 2000]);
    record.event(1000, 'ended', { cause: 'normal' });
    await once(ear, 'close');
    expect(JSON.parse(String(messages.at(-1)))).toEqual({ type: 'ended' });
    await record.close(1000);
  });

  it('counts the hours', async () => {
    const boss = await server.user('boss', 'supervisor');
    const { calls } = server.parts.options;
    for (const id of ['a', 'b', 'c']) calls.touch(id, { caller: '', language: '' });
    calls.change('a', { state: 'person' });
    calls.end('a', 'idle');
    calls.end('b', 'error');
    calls.end('c', 'completed');
    const { body } = await boss.get('/stats?hours=2');
    expect(body.buckets).toHaveLength(2);
    // Where the hour has just struck, they are in the one before.
    const hour = body.buckets[1].calls > 0 ? body.buckets[1] : body.buckets[0];
    expect(hour).toMatchObject({ calls: 3, transferred: 1, failed: 1, contained: 1, responseP50Ms: null });
    expect((await boss.get('/stats?hours=1000')).status).toBe(400);
  });
});
