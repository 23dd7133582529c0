import { describe, expect, it } from 'vitest';
import {
  type ApplicationText,
  digitPatterns,
  phrasePatterns,
  sentencesOf,
  spokenForm,
} from '../../../../src/speech/grammar/application.js';
import { DIGITS } from '../../../../src/speech/grammar/phrase-graph.js';

const example = (text: string, intent: string, ...marked: readonly (readonly [entity: string, span: string])[]) => ({
  text,
  intent,
  entities: marked.map(([entity, span]) => ({
    entity,
    start: text.indexOf(span),
    end: text.indexOf(span) + span.length,
  })),
});
const app: ApplicationText = {
  examples: [
    example('订单号是87654321', 'inform', ['order_number', '87654321']),
    example('我上周买的鞋到哪了', 'order_status', ['product', '鞋']),
    example('好的，对', 'affirm'),
    example('where is it', 'order_status'),
  ],
  lookups: [{ name: 'product', values: ['鞋', '耳机', 'AirPods'] }],
  responses: ['您好，{name}！请说订单号。'],
};

describe('what an application says', () => {
  it('is read as it is spoken: digits one by one, no punctuation, nothing of another script', () => {
    expect(spokenForm('订单号 2025，好')).toBe('订单号二零二五好');
    expect(spokenForm('查 VIP')).toBe('');
  });

  it('gives sentences with an entity exchanged for the other words it may take', () => {
    const texts = sentencesOf(app).map((s) => s.text);
    expect(texts).toContain('我上周买的耳机到哪了');
    expect(texts).toContain('好的对');
    expect(texts).not.toContain('我上周买的到哪了');
    expect(texts.filter((t) => /^订单号是[零一二三四五六七八九]{8}$/u.test(t)).length).toBeGreaterThan(5);
  });

  it('gives the bot’s words without their placeholders', () => {
    const texts = sentencesOf(app).map((s) => s.text);
    expect(texts).toContain('请说订单号');
    expect(texts.some((t) => t.includes('name'))).toBe(false);
  });

  it('gives a pattern for each way to say a number', () => {
    expect(digitPatterns(app).map((p) => p.text)).toEqual([DIGITS, `订单号是${DIGITS}`]);
  });

  it('gives the examples of the chosen intents and the words of the chosen lookups', () => {
    const texts = phrasePatterns(app, new Set(['affirm']), new Set(['product'])).map((p) => p.text);
    expect(texts).toEqual(['好的对', '鞋', '耳机']);
  });

  it('is the same every time, its random numbers too', () => {
    expect(sentencesOf(app)).toEqual(sentencesOf(app));
  });
});
