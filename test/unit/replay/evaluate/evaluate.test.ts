import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/config.js';
import { loadValidApplication } from '../../../../src/dialogue/app/load.js';
import {
  type Evaluation,
  evaluate,
  evaluationPage,
  evaluationTable,
  type JudgedConversation,
} from '../../../../src/replay/evaluate/evaluation.js';
import { judgeLog, responsesIn } from '../../../../src/replay/evaluate/from-log.js';
import { heldOutOf, judgeTests } from '../../../../src/replay/evaluate/from-tests.js';
import { knownAnswers } from '../../../../src/replay/evaluate/known-answers.js';
import { FileConversationLog } from '../../../../src/store/file-conversation-log.js';

const figureOf = ({ figures }: Evaluation, key: string): number | undefined =>
  figures.find((figure) => figure.key === key)?.value?.value;

const conversation = (own: Partial<JudgedConversation>): JudgedConversation => ({
  name: 'a',
  answers: { part: 2, of: 2 },
  intents: null,
  understood: { part: 2, of: 2 },
  turns: 2,
  firstTurn: false,
  transferred: false,
  responseMs: [100],
  given: ['utter_hello'],
  ...own,
});

describe('figures of an evaluation', () => {
  it('count answers, intents, completion, turns and response over conversations, and name the wrong ones first', () => {
    const report = evaluate(
      'x',
      [
        conversation({ firstTurn: true, turns: 1, intents: { part: 1, of: 1 } }),
        conversation({ name: 'bad <b>', answers: { part: 0, of: 2 }, intents: { part: 0, of: 1 }, responseMs: [300] }),
        conversation({ transferred: true, turns: 3 }),
        conversation({ name: 'half', answers: { part: 1, of: 2 } }),
      ],
      { labelled: true, responseOf: '', answers: ['utter_bye', 'utter_hello'] },
    );
    expect(figureOf(report, 'answerAccuracy')).toBe(5 / 8);
    expect(figureOf(report, 'knowledgeUse')).toBe(0.5);
    expect(report.neverGiven).toEqual(['utter_bye']);
    expect(report.values).toMatchObject({ answerAccuracy: 5 / 8, knowledgeUse: 0.5, averageTurns: 2 });
    expect(figureOf(report, 'intentAccuracy')).toBe(0.5);
    expect(figureOf(report, 'firstTurnCompletion')).toBe(0.25);
    expect(figureOf(report, 'transferred')).toBe(0.25);
    expect(figureOf(report, 'averageTurns')).toBe(2);
    expect(figureOf(report, 'responseP95Ms')).toBe(300);
    expect(report.wrong.map(({ name }) => name)).toEqual(['bad <b>', 'half']);
    expect(evaluationTable(report)).toContain('Answers that nobody was given: utter_bye');
    expect(evaluationPage(report)).toContain('bad &lt;b&gt;');
  });

  it('of nothing are none, not zero', () => {
    const report = evaluate('x', [], { labelled: true, responseOf: '', answers: ['utter_hello'] });
    expect(report.figures.every(({ value }) => value === null)).toBe(true);
  });
});

describe('conversations of a log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-evaluate-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are done with the first message only when nothing but thanks and a goodbye followed', async () => {
    const log = new FileConversationLog({ folder });
    const turn = (conversationId: string, atMs: number, data: Readonly<Record<string, unknown>>): void =>
      log.append({ conversationId, atMs, type: 'turn', data: { input: { type: 'text' }, noMatch: false, ...data } });
    const end = (conversationId: string, type: string): void => log.append({ conversationId, atMs: 9, type, data: {} });
    turn('done', 1, { input: { type: 'event', name: 'start' } });
    turn('done', 2, { intent: 'opening_hours', replies: ['九点到九点。', '再见。'] });
    turn('done', 3, { intent: 'deny' });
    end('done', 'ended');
    turn('left', 2, { intent: 'order_status' });
    turn('asked', 2, { intent: 'order_status' });
    turn('asked', 3, { intent: 'inform' });
    end('asked', 'ended');
    turn('person', 2, { noMatch: true });
    end('person', 'transfer');
    // Rang in vain, then nothing more was heard.
    turn('in vain', 2, { intent: 'human' });
    end('in vain', 'transfer');
    turn('in vain', 10, { input: { type: 'event', name: 'transfer_failed' } });
    log.append({ conversationId: 'in vain', atMs: 11, type: 'ended', data: { reason: 'no_input' } });
    turn('greeted', 1, { input: { type: 'event', name: 'start' } });
    const judged = await judgeLog(log, {
      most: 1000,
      answerOf: (text) => (text === '再见。' ? undefined : 'utter_opening_hours'),
      responsesOf: async (id) => (id === 'done' ? [320] : []),
    });
    await log.close();
    const byName = Object.fromEntries(judged.map((each) => [each.name, each]));
    expect(Object.keys(byName).sort()).toEqual(['asked', 'done', 'in vain', 'left', 'person']);
    expect(byName.done).toMatchObject({
      firstTurn: true,
      turns: 2,
      responseMs: [320],
      transferred: false,
      given: ['utter_opening_hours'],
    });
    expect([byName.left?.firstTurn, byName.asked?.firstTurn, byName.person?.firstTurn]).toEqual([false, false, false]);
    expect(byName['in vain']).toMatchObject({ transferred: false, firstTurn: false });
    expect(byName.person).toMatchObject({ transferred: true, understood: { part: 0, of: 1 } });
  });

  it('have the response times of their call records', () => {
    expect(
      responsesIn([
        { atMs: 1, type: 'timing', endOfSpeechMs: 1000, audibleMs: 1400 },
        { atMs: 2, type: 'timing', audibleMs: 60 },
        { atMs: 3, type: 'turn' },
      ]),
    ).toEqual([400]);
  });
});

describe('what training held back', () => {
  it('is that of the model, whatever else lies beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-held-out-'));
    try {
      const written = (name: string, text: string): void => {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'model.json'), text);
      };
      const metrics = { accuracy: 0.9, examples: 120 };
      written('a-half-made', '{"name":');
      written('b', JSON.stringify({ name: 'other', metrics: { ...metrics, accuracy: 0.1 } }));
      written('c', JSON.stringify({ name: 'mine', metrics }));
      mkdirSync(join(folder, 'd-empty'));
      expect(await heldOutOf('mine', folder)).toEqual(metrics);
      expect(await heldOutOf('nobody', folder)).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('conversation tests', () => {
  it('of the sample shop are judged, each with its turns and times', async () => {
    const { names, nameOf } = knownAnswers(await loadValidApplication('apps/retail', {}));
    // By their words, with what stands in them filled in.
    expect(nameOf('每天都有人，早上九点到晚上九点。')).toBe('utter_opening_hours');
    expect(nameOf('是8765，对吗？')).toMatch(/^utter_/);
    expect(nameOf('谁知道呢？')).toBeUndefined();
    const { conversations: judged, heldOut } = await judgeTests(
      'apps/retail',
      configSchema.parse({ http: {}, media: {}, speech: {} }),
      {},
    );
    expect(judged.length).toBeGreaterThan(150);
    const report = evaluate('apps/retail', judged, { labelled: true, responseOf: '', answers: names, heldOut });
    expect(figureOf(report, 'answerAccuracy')).toBeGreaterThan(0.95);
    expect(figureOf(report, 'knowledgeUse')).toBeGreaterThan(0.5);
    expect(heldOut?.examples).toBeGreaterThan(1000);
    expect(figureOf(report, 'intentAccuracy')).toBeCloseTo(heldOut?.accuracy ?? 0, 2);
    expect(figureOf(report, 'firstTurnCompletion')).toBeGreaterThan(0.02);
    expect(figureOf(report, 'firstTurnCompletion')).toBeLessThan(0.5);
    expect(figureOf(report, 'responseP50Ms')).toBeGreaterThan(0);
  }, 180_000);
});
