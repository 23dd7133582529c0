import { describe, expect, it } from 'vitest';
import { readMood } from '../../../../src/nlu/sentiment/sentiment.js';

describe('mood', () => {
  it.each([
    '我要投诉你们',
    '你们服务太差了',
    '气死我了',
    '不太满意',
    '我等了三个星期了还没到',
    'this is ridiculous',
    'your service is terrible',
    "i'm not happy at all",
  ])('"%s" is upset', (text) => {
    expect(readMood(text).sentiment).toBeLessThan(-0.25);
  });
  it.each(['谢谢你', '东西很好很满意', '味道不错下次还来', 'thank you so much', 'that was very helpful', 'not bad'])(
    '"%s" is pleased',
    (text) => {
      expect(readMood(text).sentiment).toBeGreaterThan(0.25);
    },
  );
  it.each(['查一下订单', '八七六五四三二幺', '你好', '是的', 'where is my order', 'eight seven six five', ''])(
    '"%s" is neither',
    (text) => {
      expect(Math.abs(readMood(text).sentiment)).toBeLessThan(0.25);
    },
  );
  it('tells a hurry from none', () => {
    expect(readMood('马上给我处理').urgency).toBeGreaterThan(0.6);
    expect(readMood('i need this right now').urgency).toBeGreaterThan(0.6);
    expect(readMood('不着急，慢慢来').urgency).toBe(0);
    expect(readMood('no rush').urgency).toBe(0);
    expect(readMood('查一下订单').urgency).toBe(0);
  });
});
