import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeWav } from '../../../../src/dsp/wav.js';
import type { ConversationEvent, SearchableLog } from '../../../../src/store/conversation-log.js';
import { FileConversationLog } from '../../../../src/store/file-conversation-log.js';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import { auditOf, type ConsoleServer, eventually, startConsole } from '../../../support/console.js';

const ID = '33333333-3333-4333-8333-333333333333';
const NOW_MS = Date.now();
const START_MS = NOW_MS - 3_600_000;
let server: ConsoleServer;
afterEach(() => server.close());

function turn(
  conversationId: string,
  atMs: number,
  text: string,
  more: Record<string, unknown> = {},
): ConversationEvent {
  return {
    conversationId,
    atMs,
    type: 'turn',
    data: {
      ...{ messageId: `${conversationId}:${atMs}`, channel: 'text', turn: 1, input: { type: 'text', text } },
      ...{ replies: ['好的'], noMatch: false, intent: 'order_status', confidence: 0.9 },
      ...more,
    },
  };
}

/** A spoken conversation with its record and a second of sound at 8 kHz: caller loud in the first half, bot in the second. */
async function spoken(log: SearchableLog, withSound = true): Promise<void> {
  const folder = join(server.dataFolder, 'calls', new Date(START_MS).toISOString().slice(0, 10));
  await mkdir(folder, { recursive: true });
  const events = [
    {
      ...{ atMs: 0, type: 'call', id: ID, callId: 'sip-9', caller: 'sip:13800138000@example.com' },
      ...{ callee: 'sip:100@example.com', headers: { 'X-Shop': 'a' }, language: 'zh-CN', sampleRate: 8000 },
      startedAt: new Date(START_MS).toISOString(),
    },
    { atMs: 100, type: 'partial', text: '我的电话' },
    { atMs: 400, type: 'final', text: '我的电话是13800138000' },
    {
      ...{ atMs: 450, type: 'turn', turnId: 2, input: { type: 'text', text: '我的电话是13800138000' } },
      ...{ intent: { name: 'inform', confidence: 0.8 }, slots: { phone: '13800138000' } },
      ...{
        entities: [{ entity: 'phone', value: '13800138000', text: '13800138000', start: 5, end: 16, confidence: 1 }],
      },
      actions: [{ type: 'say', text: '记下了', response: 'utter_noted' }],
    },
    { atMs: 500, type: 'timing', turnId: 2, endOfSpeechMs: 400, replyMs: 450, audibleMs: 520 },
    { atMs: 900, type: 'heard', promptId: 2, text: '记下了' },
    { atMs: 1000, type: 'ended', cause: 'normal', reason: '', durationMs: 1000 },
  ];
  await writeFile(join(folder, `${ID}.jsonl`), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const half = (first: boolean) =>
    Int16Array.from({ length: 8000 }, (_, index) => (index < 4000 === first ? 16_384 : 0));
  if (withSound) await writeFile(join(folder, `${ID}.wav`), encodeWav([half(true), half(false)], 8000));
  const voice = { channel: 'voice', messageId: `${ID}:2`, intent: 'inform' };
  log.append(turn(ID, START_MS + 450, '我的电话是138****8000', voice));
}

describe('past conversations, in a log of files', () => {
  let log: FileConversationLog;
  beforeEach(async () => {
    const { mkdtemp } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    log = new FileConversationLog({ folder: await mkdtemp(join(tmpdir(), 'hearken-log-')) });
    server = await startConsole(new FakeBrain(() => []), { log });
  });
  afterEach(() => log.close());

  it('are found by words, intent, channel, time and what became of them, each once and newest first', async () => {
    await spoken(log);
    for (let index = 0; index < 30; index++) {
      log.append(turn(`c${index}`, START_MS - 1000 + index, index === 7 ? '退货吗' : '查订单'));
      log.append(turn(`c${index}`, START_MS - 500 + index, '还有'));
    }
    log.append({ conversationId: 'c3', atMs: START_MS, type: 'transfer', data: { reason: 'asked', summary: 's' } });
    // Nobody came, then the caller said nothing more.
    const lastMs = START_MS - 496;
    log.append({ conversationId: 'c4', atMs: lastMs, type: 'transfer', data: { reason: 'asked', summary: 's' } });
    const failed = { input: { type: 'event', name: 'transfer_failed' }, replies: [], messageId: 'f', turn: 3 };
    log.append({ conversationId: 'c4', atMs: lastMs, type: 'turn', data: failed });
    log.append({ conversationId: 'c4', atMs: lastMs, type: 'ended', data: { reason: 'no_input' } });
    const boss = await server.user('boss', 'supervisor');
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { calls: { id: string }[]; cursor: string | null } = (
        await boss.get(`/calls?limit=8${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
      ).body;
      seen.push(...page.calls.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== null && seen.length < 100);
    expect(seen).toEqual([ID, ...Array.from({ length: 30 }, (_, index) => `c${29 - index}`)]);
    const ids = async (query: string) =>
      (await boss.get(`/calls?${query}`)).body.calls.map(({ id }: { id: string }) => id);
    expect(await ids(`query=${encodeURIComponent('退货')}`)).toEqual(['c7']);
    expect(await ids('intent=inform')).toEqual([ID]);
    expect(await ids('channel=voice')).toEqual([ID]);
    expect(await ids('outcome=transferred')).toEqual(['c3']);
    expect((await boss.get('/calls/c4')).body.call.outcome).toBe('left');
    expect(await ids(`to=${encodeURIComponent(new Date(START_MS - 500).toISOString())}&limit=1`)).toEqual(['c29']);
    expect((await boss.get('/calls?cursor=nonsense')).status).toBe(400);
    expect((await boss.get('/calls?limit=1000')).status).toBe(400);
  });

  it('tell a spoken one whole to a supervisor, and without personal data to an agent who had nothing to do with it', async () => {
    await spoken(log);
    const boss = await server.user('boss', 'supervisor');
    const whole = (await boss.get(`/calls/${ID}`)).body;
    expect(whole.call).toMatchObject({ kind: 'phone', outcome: 'left', durationMs: 1000, hasAudio: true, turns: 1 });
    expect(whole).toMatchObject({ part: ID, slots: { phone: '13800138000' }, headers: { 'X-Shop': 'a' } });
    expect(whole.lines).toMatchObject([
      { who: 'caller', text: '我的电话是13800138000', fromMs: 100, toMs: 400, turnId: 2 },
      { who: 'bot', text: '记下了', fromMs: 520, toMs: 900, turnId: 2 },
    ]);
    expect(whole.turns).toMatchObject([{ intent: 'inform', responseMs: 120, path: ['utter_noted'] }]);
    expect(whole.events).toHaveLength(7);
    const anna = await server.user('anna', 'agent');
    const masked = await anna.get(`/calls/${ID}`);
    expect(masked.status).toBe(200);
    expect(JSON.stringify(masked.body)).not.toContain('13800138000');
    expect(masked.body.lines[0].text).toBe('我的电话是138****8000');
    expect((await anna.get(`/calls/${ID}/audio`)).status).toBe(403);
    expect((await boss.get('/calls/nobody')).status).toBe(404);
    expect((await boss.get(`/calls/${encodeURIComponent('../../etc/passwd')}`)).status).toBe(404);
    const audit = await eventually('the audit', async () => {
      const text = await auditOf(server);
      return text.includes('"anna","what":"readCall"') && text;
    });
    expect(audit).toContain(`"who":"boss","what":"readCall","about":"${ID}"`);
  });

  it('play in pieces, and show how loud each side was when', async () => {
    await spoken(log);
    const boss = await server.user('boss', 'supervisor');
    const all = await boss.get(`/calls/${ID}/audio`);
    expect([all.status, all.body.length, all.headers.get('content-type')]).toEqual([200, 32_044, 'audio/wav']);
    const piece = await boss.get(`/calls/${ID}/audio`, { range: 'bytes=44-47' });
    expect([piece.status, piece.headers.get('content-range')]).toEqual([206, 'bytes 44-47/32044']);
    expect([...piece.body]).toEqual([...all.body.subarray(44, 48)]);
    expect((await boss.get(`/calls/${ID}/audio`, { range: 'bytes=-10' })).body).toHaveLength(10);
    expect((await boss.get(`/calls/${ID}/audio`, { range: 'bytes=99999-' })).status).toBe(416);
    // Whoever leaves out the first byte has heard it all the same: once, however many pieces there were.
    const chief = await server.user('chief', 'supervisor');
    for (const range of ['bytes=1-20000', 'bytes=20001-']) await chief.get(`/calls/${ID}/audio`, { range });
    await chief.get(`/calls/${ID}`);
    const audit = await eventually('the audit', async () => {
      const text = await auditOf(server);
      return text.includes('"chief","what":"readCall"') && text.split('\n');
    });
    for (const who of ['boss', 'chief'])
      expect(audit.filter((entry) => entry.includes(`"${who}","what":"hearCall"`))).toHaveLength(1);
    const { body } = await boss.get(`/calls/${ID}/waveform?buckets=100`);
    expect(body).toMatchObject({ part: ID, durationMs: 1000, bucketMs: 10 });
    expect([body.caller[10], body.caller[90], body.bot[10], body.bot[90]]).toEqual([0.5, 0, 0, 0.5]);
    expect((await boss.get(`/calls/${ID}/waveform?buckets=1`)).status).toBe(400);
  });

  it('play what the bridge has recorded, in its own format, and tell where the conversation begins in it', async () => {
    await spoken(log, false);
    const folder = join(server.dataFolder, 'data', 'recordings', new Date(START_MS - 2000).toISOString().slice(0, 10));
    await mkdir(folder, { recursive: true });
    const name = '44444444-4444-4444-8444-444444444444';
    const startedAt = new Date(START_MS - 2000).toISOString();
    await writeFile(join(folder, `${name}.json`), JSON.stringify({ callId: 'sip-9', startedAt, consent: 'announced' }));
    // One second of mu-law, both sides silent (0xff) but for the caller's last half.
    const header = Buffer.alloc(46);
    header.write('RIFF', 0, 'latin1');
    header.write('WAVEfmt ', 8, 'latin1');
    header.writeUInt32LE(18, 16);
    for (const [at, value] of [
      [20, 7],
      [22, 2],
      [32, 2],
      [34, 8],
    ] as const)
      header.writeUInt16LE(value, at);
    header.writeUInt32LE(8000, 24);
    header.write('data', 38, 'latin1');
    const sound = Buffer.alloc(16_000, 0xff);
    for (let frame = 4000; frame < 8000; frame++) sound[frame * 2] = 0x80;
    await writeFile(join(folder, `${name}.wav`), Buffer.concat([header, sound]));
    const boss = await server.user('boss', 'supervisor');
    expect((await boss.get(`/calls/${ID}`)).body.parts).toMatchObject([{ hasAudio: true, audioOffsetMs: 2000 }]);
    expect((await boss.get(`/calls/${ID}/audio`)).body).toHaveLength(16_046);
    const { body } = await boss.get(`/calls/${ID}/waveform?buckets=100`);
    expect([body.durationMs, body.caller[10], body.bot[90]]).toEqual([1000, 0, 0]);
    expect(body.caller[90]).toBeGreaterThan(0.9);
  });

  it('say why there is no sound', async () => {
    await spoken(log, false);
    const boss = await server.user('boss', 'supervisor');
    const { parts } = (await boss.get(`/calls/${ID}`)).body;
    expect(parts).toMatchObject([{ hasAudio: false, noAudioReason: expect.stringMatching(/record/) }]);
    expect((await boss.get(`/calls/${ID}/audio`)).status).toBe(404);
  });
});
