import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../../src/dsp/framing.js';
import { decodeWav } from '../../../src/dsp/wav.js';
import { applicationGraphs } from '../../../src/speech/application-graphs.js';
import { type Graph, plausibleText } from '../../../src/speech/graph.js';
import type { RecognizerPool } from '../../../src/speech/recognizer-pool.js';
import { type InstalledModel, ModelRegistry } from '../../../src/speech/registry.js';
import { feed, hear, next, projectRoot, recognizerPool, spoken } from '../../support/speech.js';

describe('which pass is believed', () => {
  const digits = (text: string) => ({ graph: 'digits', text }) as const;
  const confirm = (text: string) => ({ graph: 'confirm', text }) as const;

  it('the narrow one, when both heard a number', () => {
    expect(plausibleText(digits('三七三八八六九九'), '三七八八八六九九')).toBe('三七三八八六九九');
    expect(plausibleText(digits('零七幺二'), '')).toBe('零七幺二');
  });

  it('the free one, when the narrow one has nothing', () => {
    expect(plausibleText(digits(''), '营业时间是几点')).toBe('营业时间是几点');
    expect(plausibleText(confirm(''), '查订单')).toBe('查订单');
  });

  it('the free one, when the number was made of a sentence', () => {
    expect(plausibleText(digits('二九六四七九九'), '家里死心中建')).toBe('家里死心中建');
    expect(plausibleText(digits('是四'), '是的')).toBe('是的');
  });

  it('an address, when the free one made words of it', () => {
    const email = (text: string) => ({ graph: 'email', text }) as const;
    expect(plausibleText(email('13800138000@qq.com'), '幺三八零零幺三八零零零二特扣扣点开五')).toBe(
      '13800138000@qq.com',
    );
    expect(plausibleText(email('8@qq.com'), '我在网上看到你们有一个活动想问一下还有没有')).toBe(
      '我在网上看到你们有一个活动想问一下还有没有',
    );
  });

  it('the free one, when the answer is only a part of what was said', () => {
    expect(plausibleText(confirm('是的'), '是的我想问一下营业时间')).toBe('是的我想问一下营业时间');
    expect(plausibleText(confirm('转人工'), '找人工')).toBe('转人工');
  });
});

describe('a recogniser with graphs', () => {
  let pool: RecognizerPool;
  const silence = new Int16Array(3200);
  const open = (graph: Graph = 'general') => {
    const stream = pool.open({ streamId: `graph-${graph}`, sampleRate: 8000, language: 'zh-CN' });
    stream.expect(graph);
    return stream;
  };
  const heard = async (call: string, text: string, graph: Graph) => {
    const stream = open(graph);
    const final = await hear(stream, concat([silence, spoken(call, text), silence]));
    stream.close();
    return final.text;
  };

  beforeAll(async () => {
    pool = recognizerPool({
      init: { recognizer: 'asr-zh-phone', vad: 'vad-silero', root: projectRoot, folders: [], preRollMs: 300 },
    });
    await pool.whenReady();
  }, 180_000);
  afterAll(() => pool.close());

  it('hears the number that was asked for', async () => {
    expect(await heard('order-status-espeak', '二零二五零四一五', 'digits')).toBe('二零二五零四一五');
  });

  it('hears a digression while a number or a yes is asked for', async () => {
    expect(await heard('opening-hours', '营业时间是几点', 'digits')).toBe('营业时间是几点');
    expect(await heard('opening-hours', '营业时间是几点', 'confirm')).toBe('营业时间是几点');
  });

  it('hears the e-mail address that was asked for as it is written, and what else is said as it is said', async () => {
    // Our own voice through the telephone: 幺三八零零幺三八零零零，艾特，扣扣，点康姆.
    const address = decodeWav(readFileSync(join(projectRoot, 'test/fixtures/speech/email-address.wav')));
    const stream = open('email');
    const final = await hear(stream, address.channels[0] ?? new Int16Array(0));
    stream.close();
    expect(final.text).toBe('13800138000@qq.com');
    expect(final.confidence).toBeGreaterThan(0.6);
    expect(await heard('opening-hours', '营业时间是几点', 'email')).toBe('营业时间是几点');
    expect(await heard('human', '转人工', 'email')).toBe('转人工');
  });

  it('goes over to another question in the middle of an utterance', async () => {
    const stream = open();
    const said = concat([silence, spoken('order-status-espeak', '二零二五零四一五'), silence]);
    const half = Math.floor(said.length / 2);
    await feed(stream, said.subarray(0, half));
    stream.expect('digits');
    const final = await hear(stream, said.subarray(half));
    expect(final.text.endsWith('零四一五')).toBe(true);
    stream.close();
  });

  it('says the last word at once when voice has ended, and goes on when the caller does', async () => {
    const stream = open('digits');
    const settled = next(stream, 'partial', (partial) => partial.settled);
    const said = spoken('order-last-four', '八七六五');
    // 300 ms of line lie behind the words: the last of them needs no more.
    await feed(stream, concat([silence, said]));
    const [partial] = await settled;
    expect(partial.text).toBe('八七六五');
    const final = await hear(stream, concat([new Int16Array(2400), said]));
    expect(final.text).toBe('八七六五八七六五');
    stream.close();
  });
});

describe('the graphs of an application', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-graphs-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const installed = new ModelRegistry({ root: projectRoot }).find('asr-zh-phone') as InstalledModel;
  const warnings: string[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (data: object) => void warnings.push(String((data as { reason?: unknown }).reason)),
  };
  const build = (model: string): void => {
    writeFileSync(join(folder, 'graphs.json'), JSON.stringify({ model, files: {} }));
    writeFileSync(join(folder, 'digits.fst'), 'fst');
  };

  it('are used when they were built for the model in use', () => {
    expect(applicationGraphs(join(folder, 'none'), installed, logger)).toEqual({});
    build('asr-zh-phone');
    expect(applicationGraphs(folder, installed, logger)).toEqual({ digits: join(folder, 'digits.fst') });
    expect(warnings).toEqual([]);
  });

  it('are left alone, with a word, when they belong to another or an older model', () => {
    build('asr-zh-other');
    expect(applicationGraphs(folder, installed, logger)).toEqual({});
    build('asr-zh-phone');
    utimesSync(join(folder, 'graphs.json'), 0, 0);
    expect(applicationGraphs(folder, installed, logger)).toEqual({});
    expect(warnings).toHaveLength(2);
  });
});
