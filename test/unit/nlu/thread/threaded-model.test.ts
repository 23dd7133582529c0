import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  FALLBACK_INTENT,
  ThreadedModel,
  type ThreadedModelOptions,
  trainIntentModel,
  trainOrLoadForApp,
} from '../../../../src/nlu/index.js';
import { eventually, removeFolder } from '../../../support/processes.js';

const oddThread = fileURLToPath(new URL('../../../fixtures/nlu/odd-thread.mjs', import.meta.url));
let root: string;
let opened: ThreadedModel[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-thread-'));
});

afterEach(async () => {
  await Promise.all(opened.map((model) => model.close()));
  opened = [];
});

afterAll(() => removeFolder(root));

async function open(...given: Parameters<typeof ThreadedModel.open>): Promise<ThreadedModel> {
  const model = await ThreadedModel.open(...given);
  opened.push(model);
  return model;
}

describe('the understanding in a thread of its own', () => {
  const wishes = {
    returns: ['我要退鞋', '我要退外套', '我要退手机', '退货', '我想退货', '帮我退了这个', 'i want to return my shoes'],
    human: ['转人工', '人工客服', '我要找人工', '叫个人来', 'a person please', 'talk to a human', '找真人'],
  };

  async function smallApp(more: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
    const folder = await mkdtemp(join(root, 'app-'));
    const intents = Object.entries({ ...wishes, ...more }).map(
      ([name, texts]) => `- intent: ${name}\n  examples: |\n${texts.map((text) => `    - ${text}\n`).join('')}`,
    );
    await writeFile(join(folder, 'nlu.yml'), `nlu:\n${intents.join('')}`);
    return folder;
  }

  it('gives what the model gives in this thread, whatever is asked and however many ask at once', async () => {
    const [appFolder, cacheFolder] = [await smallApp(), join(root, 'cache')];
    const here = await trainOrLoadForApp(appFolder, cacheFolder);
    const there = await open({ appFolder, cacheFolder });
    const texts = [
      ...Object.values(wishes).flat(),
      ...[
        '',
        '   ',
        '订单号八七六五',
        '不对,是八七六五',
        '明天下午三点',
        'call me at 13800138000',
        '🙂\u0000\ud800',
        '退'.repeat(3000),
      ],
    ];
    const options = [{}, { expectedSlot: 'order_number', language: 'zh-CN', nowMs: 1_760_000_000_000 }];
    const asked = texts.flatMap((text) =>
      options.map((each) => [text, { nowMs: 1_760_000_000_000, ...each }] as const),
    );
    const answers = await Promise.all(asked.map(([text, each]) => there.parse(text, each)));
    for (const [index, [text, each]] of asked.entries())
      expect(answers[index]).toEqual(JSON.parse(JSON.stringify(await here.parse(text, each))));
    expect(there.labels).toEqual(here.labels);
    await here.close();
  }, 180_000);

  it('tells why a model can not be opened, with its code and what to do', async () => {
    const appFolder = await mkdtemp(join(root, 'bad-'));
    await writeFile(join(appFolder, 'nlu.yml'), 'nlu: [');
    const direct = await trainOrLoadForApp(appFolder, join(root, 'none')).catch((error: unknown) => error);
    await expect(open({ appFolder, cacheFolder: join(root, 'none') })).rejects.toMatchObject({
      code: (direct as { code: string }).code,
      message: (direct as Error).message,
      hint: (direct as { hint: string }).hint,
    });
  }, 60_000);

  it('follows the live folder: another model takes over, with its intents, and the log hears of it', async () => {
    const [appFolder, cacheFolder] = [await smallApp(), join(root, 'live-cache')];
    const messages: string[] = [];
    const logger = { info: (_: object, message: string) => void messages.push(message), error() {} };
    const model = await open({ appFolder, cacheFolder }, { logger });
    const hours = [
      '你们几点开门',
      '几点关门',
      '营业时间',
      '周末开吗',
      '什么时候下班',
      'when do you open',
      'opening hours',
    ];
    await trainIntentModel({ data: [await smallApp({ hours })], out: join(cacheFolder, 'live') });
    await eventually('the new model', () => model.labels.includes('hours'));
    expect((await model.parse('你们几点开门')).intent.name).toBe('hours');
    expect(messages).toContain('another intent model has taken over');
  }, 180_000);
});

describe('when the thread of the understanding breaks', () => {
  const errors: object[] = [];

  async function openOdd(options: ThreadedModelOptions = {}): Promise<{ model: ThreadedModel; folder: string }> {
    errors.length = 0;
    const folder = await mkdtemp(join(root, 'odd-'));
    const logger = { info() {}, error: (facts: object) => void errors.push(facts) };
    const entry = { path: oddThread, argv: [] };
    return { model: await open({ appFolder: folder, cacheFolder: folder }, { entry, logger, ...options }), folder };
  }

  it('what was under way is asked again in a new one', async () => {
    const { model } = await openOdd();
    const answers = await Promise.all(['before', 'crash once', 'after'].map((text) => model.parse(text)));
    expect(answers.map(({ intent }) => intent.name)).toEqual(['before', 'crash once', 'after']);
    expect(errors).toContainEqual(expect.objectContaining({ why: 'broken' }));
  }, 60_000);

  it('a text that always ends it is not understood, and those behind it are answered', async () => {
    const { model } = await openOdd();
    const [bad, good] = await Promise.all([model.parse('crash'), model.parse('good')]);
    expect(bad.intent.name).toBe(FALLBACK_INTENT);
    expect(bad.text).toBe('crash');
    expect(good.intent.name).toBe('good');
    expect((await model.parse('later')).intent.name).toBe('later');
  }, 60_000);

  it('one that never comes back is ended, and its text is not understood', async () => {
    const { model } = await openOdd({ silenceLimitMs: 1000, answerLimitMs: 60_000 });
    const [bad, good] = await Promise.all([model.parse('hang'), model.parse('good')]);
    expect(bad.intent.name).toBe(FALLBACK_INTENT);
    expect(good.intent.name).toBe('good');
  }, 90_000);

  it('nobody waits longer than the limit', async () => {
    const { model } = await openOdd({ answerLimitMs: 300 });
    await expect(model.parse('silence')).rejects.toMatchObject({ code: 'WORKER_TIMEOUT' });
  }, 60_000);

  it('a model that fails on one text tells so, and only that text pays', async () => {
    const { model } = await openOdd();
    await expect(model.parse('model breaks')).rejects.toMatchObject({ code: 'MODEL_INVALID', message: 'broken' });
    expect((await model.parse('good')).intent.name).toBe('good');
  }, 60_000);

  it('more texts than may wait are refused', async () => {
    const { model } = await openOdd({ maxWaiting: 2 });
    const waiting = [model.parse('silence'), model.parse('silence')];
    await expect(model.parse('one more')).rejects.toMatchObject({ code: 'OVERLOADED' });
    void model.close();
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'WORKER_LOST' });
  }, 60_000);

  it('says so at once when no new one can be started, and is there again when one can', async () => {
    const { model, folder } = await openOdd();
    await writeFile(join(folder, 'refuse'), '');
    await expect(model.parse('crash')).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await expect(model.parse('good')).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await rm(join(folder, 'refuse'));
    const result = await eventually('a new thread', () => model.parse('good').catch(() => undefined));
    expect(result.intent.name).toBe('good');
  }, 60_000);

  it('is closed while a new one is being started, and nothing more is understood', async () => {
    const { model } = await openOdd();
    const waiting = model.parse('crash');
    await eventually('its end', () => errors.length > 0);
    await model.close();
    const name = await waiting.then(
      ({ intent }) => intent.name,
      ({ code }: { code: string }) => code,
    );
    expect([FALLBACK_INTENT, 'WORKER_LOST']).toContain(name);
    await expect(model.parse('good')).rejects.toMatchObject({ code: 'WORKER_LOST' });
  }, 60_000);
});
