import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Playground } from '../../../../src/api/console/contract.js';
import { configSchema } from '../../../../src/config.js';
import { playgroundLine } from '../../../../src/playground-line.js';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import { FakeRecognizer } from '../../../../src/testing/fake-recognizer.js';
import { FakeSynthesizer } from '../../../../src/testing/fake-synthesizer.js';
import { ConsoleClient, type ConsoleServer, eventually, startConsole } from '../../../support/console.js';

const ears = new FakeRecognizer();
const voice = new FakeSynthesizer();
let server: ConsoleServer;
let boss: ConsoleClient;
let folder: string;
/** The good application, ready. */
let room: Playground;

async function application(name: string, domain: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'domain.yml'), domain);
  const examples = (words: readonly string[]) => words.map((word) => `      - ${word}\n`).join('');
  await writeFile(
    join(path, 'nlu.yml'),
    `version: "3.1"\nnlu:\n  - intent: opening_hours\n    examples: |\n${examples(['几点开门', '什么时候营业', '营业时间', '你们几点下班', '周末开门吗'])}` +
      `  - intent: goodbye\n    examples: |\n${examples(['再见', '拜拜', '没事了再见', '好的再见', '挂了'])}`,
  );
  await writeFile(
    join(path, 'rules.yml'),
    'version: "3.1"\nrules:\n  - rule: hours\n    steps:\n      - intent: opening_hours\n      - action: utter_hours\n',
  );
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-playground-test-'));
  const domain =
    'version: "3.1"\nintents:\n  - opening_hours\n  - goodbye\nresponses:\n  utter_hours:\n    - text: 九点到六点。\n';
  const good = await application('good', domain);
  const broken = await application('broken', 'version: "3.1"\nintents: {\n');
  server = await startConsole(new FakeBrain(() => []), {
    config: { console: { bridgeUrl: '', playgroundApps: [good, broken] } },
    openLine: playgroundLine({
      config: configSchema.parse({}),
      root: folder,
      dataFolder: folder,
      speech: { recognizer: ears, synthesizer: voice, models: [], close: async () => {} },
      logger: pino({ level: 'silent' }),
      apology: () => undefined,
    }),
  });
  boss = await server.user('boss', 'supervisor');
  room = await opened('good');
}, 120_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function opened(app: string) {
  const { body, status } = await boss.post('/playground', { app });
  expect(status).toBe(200);
  return eventually(
    `the application ${app}`,
    async () => {
      const found = (await boss.get(`/playground/${body.id}`)).body;
      return found.state !== 'loading' && found;
    },
    90_000,
  );
}

/** A page that talks to a playground: every message that came, and how much sound. */
function talker(client: ConsoleClient, id: string, headers: Record<string, string> = {}) {
  const socket = client.socket(`/playground/${id}/talk`, 'hearken.media.v1', headers);
  const seen = { messages: [] as { type: string; [key: string]: unknown }[], bytes: 0, status: 0, closed: false };
  socket.on('unexpected-response', (_request, response) => {
    seen.status = response.statusCode ?? 0;
    socket.terminate();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    seen.closed = true;
  });
  socket.on('open', () =>
    socket.send(
      JSON.stringify({
        type: 'start',
        callId: 'page',
        direction: 'inbound',
        caller: 'somebody else',
        callee: '400',
        headers: { 'X-Fake': '1' },
        media: { encoding: 'pcm16', sampleRate: 16_000 },
        route: { language: 'zh-CN' },
      }),
    ),
  );
  socket.on('message', (data: Buffer, binary) => {
    if (binary) {
      seen.bytes += data.length;
      return;
    }
    const message = JSON.parse(data.toString());
    seen.messages.push(message);
    // An ear that hears at once.
    if (message.type === 'mark') socket.send(JSON.stringify({ type: 'mark', name: message.name }));
  });
  return { socket, seen, send: (message: object) => socket.send(JSON.stringify(message)) };
}

describe('the playground', () => {
  it('reads, trains and talks to an application that is not live', { timeout: 120_000 }, async () => {
    const { apps } = (await boss.get('/playground')).body;
    expect(apps.map(({ name, live }: { name: string; live: boolean }) => [name, live])).toEqual([
      ['retail', true],
      ['good', false],
      ['broken', false],
    ]);
    expect(room).toMatchObject({ state: 'ready', problem: null, talk: true });
    const { body } = await boss.post(`/playground/${room.id}/messages`, { text: '几点开门', language: 'zh-CN' });
    expect(body).toMatchObject({
      replies: [{ text: '九点到六点。', response: 'utter_hours' }],
      turn: { intent: 'opening_hours', input: '几点开门', path: ['utter_hours'] },
      ended: false,
    });
    const other = await server.user('other', 'supervisor');
    expect((await other.get(`/playground/${room.id}`)).status).toBe(404);
    const { id } = (await boss.post('/playground', { app: 'good' })).body;
    expect((await boss.delete(`/playground/${id}`)).status).toBe(204);
    expect((await boss.get(`/playground/${id}`)).body.state).toBe('ended');
    expect((await boss.post(`/playground/${id}/messages`, { text: 'x' })).status).toBe(404);
  });

  it('is talked to: heard by its own brain, spoken to, shown turn by turn to whoever opened it, and recorded nowhere', {
    timeout: 120_000,
  }, async () => {
    const live = await boss.live();
    const { seen, send, socket } = talker(boss, room.id);
    await eventually('the call', () => seen.messages.some(({ state }) => state === 'listening'));
    const ear = await eventually('ears', () => ears.streams.at(-1));
    ear.voice(true);
    ear.partial('几点开门', true);
    ear.voice(false);
    const { turn, playgroundId } = await live.wait('playgroundTurn', (event) => event.turn.inputType === 'text');
    expect(playgroundId).toBe(room.id);
    expect(turn).toMatchObject({ input: '几点开门', intent: 'opening_hours', path: ['utter_hours'] });
    expect(turn.ranking[0]?.intent).toBe('opening_hours');
    await eventually('the answer', () => voice.spoken.includes('九点到六点。') && seen.bytes > 0);
    expect(seen.messages).toContainEqual({ type: 'transcript', who: 'caller', text: '几点开门', final: true });
    send({ type: 'text', text: '拜拜' });
    await live.wait('playgroundTurn', (event) => event.turn.intent === 'goodbye');
    await live.wait('playgroundLine', ({ line }) => line.who === 'caller' && line.text === '拜拜');
    // Callers hear nothing of it, and nothing is kept.
    expect(live.events.some(({ type }) => type === 'callStarted')).toBe(false);
    expect(await readdir(folder)).not.toContain('calls');

    // Another call to it, from another page, takes the place of this one.
    const again = talker(boss, room.id);
    await eventually('the other call', () => again.seen.messages.some(({ type }) => type === 'ready'));
    await eventually('the end of the first', () => seen.messages.some(({ type }) => type === 'hangup'));
    again.socket.terminate();
    socket.terminate();
  });

  it('is talked to by nobody but its owner, from the console’s own pages', { timeout: 120_000 }, async () => {
    const stranger = await server.user('stranger', 'supervisor');
    const agent = await server.user('agent', 'agent');
    const refused = async (client: ConsoleClient, id: string, headers?: Record<string, string>): Promise<number> => {
      const { seen } = talker(client, id, headers);
      await eventually('a refusal', () => seen.status > 0);
      return seen.status;
    };
    expect(await refused(stranger, room.id)).toBe(404);
    expect(await refused(agent, room.id)).toBe(403);
    expect(await refused(boss, '00000000-0000-0000-0000-000000000000')).toBe(404);
    expect(await refused(boss, room.id, { origin: 'https://evil.example' })).toBe(403);
    expect(await refused(new ConsoleClient(server.url), room.id)).toBe(401);
  });

  it('tells what is wrong with an application that can not be read, and opens no folder that was not listed', {
    timeout: 120_000,
  }, async () => {
    const room = await opened('broken');
    expect(room).toMatchObject({ state: 'failed', problem: expect.stringMatching(/domain\.yml/) });
    expect((await boss.post('/playground', { app: '/etc' })).status).toBe(404);
    expect((await boss.post('/playground', { app: '../retail' })).status).toBe(404);
  });
});
