import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import { type ConsoleClient, type ConsoleServer, eventually, startConsole } from '../../../support/console.js';

let server: ConsoleServer;
let boss: ConsoleClient;
let folder: string;

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
  });
  boss = await server.user('boss', 'supervisor');
});
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

describe('the playground', () => {
  it('reads, trains and talks to an application that is not live', { timeout: 120_000 }, async () => {
    const { apps } = (await boss.get('/playground')).body;
    expect(apps.map(({ name, live }: { name: string; live: boolean }) => [name, live])).toEqual([
      ['retail', true],
      ['good', false],
      ['broken', false],
    ]);
    const room = await opened('good');
    expect(room).toMatchObject({ state: 'ready', problem: null });
    const { body } = await boss.post(`/playground/${room.id}/messages`, { text: '几点开门', language: 'zh-CN' });
    expect(body).toMatchObject({
      replies: [{ text: '九点到六点。', response: 'utter_hours' }],
      turn: { intent: 'opening_hours', input: '几点开门', path: ['utter_hours'] },
      ended: false,
    });
    const other = await server.user('other', 'supervisor');
    expect((await other.get(`/playground/${room.id}`)).status).toBe(404);
    expect((await boss.delete(`/playground/${room.id}`)).status).toBe(204);
    expect((await boss.get(`/playground/${room.id}`)).body.state).toBe('ended');
    expect((await boss.post(`/playground/${room.id}/messages`, { text: 'x' })).status).toBe(404);
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
