import { describe, expect, it } from 'vitest';
import { commandOf, declines } from '../../../src/dialogue/turn/commands.js';
import { fromKeys } from '../../../src/dialogue/turn/key-values.js';
import { cpuMs } from '../../support/time.js';

describe('declining what is under way', () => {
  it('is heard in whole utterances', () => {
    const said =
      '不用了，谢谢|不用了|不需要了|算了|还是算了吧|不查了|那就不办了|先不用了谢谢|不麻烦您了|不用了，再见|no thanks|No, thank you.|never mind|forget it|no need|not now, thanks|oh never mind then';
    for (const text of said.split('|')) expect(declines(text), text).toBe(true);
  });

  it('is not found in an answer, a wish or a bare no', () => {
    const said =
      '不|没有|不是|不要|no|nope|不用的话怎么办|不用了的耳机想退|不要红色|不知道|没有订单号|不用快递，我自己取|算了一下是三百块|no order number|no it is 8765|i forgot it|谢谢|8765';
    for (const text of said.split('|')) expect(declines(text), text).toBe(false);
    expect(declines('不用了'.repeat(10_000))).toBe(false);
  });
});

describe('what callers say at any time', () => {
  it.each([
    [
      'action_repeat',
      '再说一遍|请再说一遍|麻烦你再说一次好吗|没听清|不好意思，没听清楚。|你说什么|重复一遍|repeat|can you repeat that please|Say that again?|pardon|what did you say|sorry, come again',
    ],
    [
      'action_wait',
      '等一下|请等一下|稍等|等等|你等一会儿|先等一下啊|我找一下|等一下，我找找|嗯，让我想想|我看看|hold on|wait a minute please|one moment|just a second|我找一下订单号|等一下 我看一下手机|okay let me check|please hold on a sec|hang on, let me find the order number|hang on a second|just a minute, let me find it|hold on I’m waiting for the text|I’m still waiting for the code|I have to look for my tax number|税号我得找一下等等啊|我还在等短信',
    ],
    [
      'action_slower',
      '慢一点|说慢点|请慢一点说|能不能说慢一点|太快了|slower please|can you speak more slowly|slow down|too fast',
    ],
    ['action_faster', '快一点|说快一点|speed up please|faster'],
    ['action_back', '返回|上一步|回到上一步|go back|one step back please'],
    ['action_restart', '重新开始|从头再来|我想重新开始|回到主菜单|start over|restart|main menu'],
    [
      'action_what_can_you_do',
      '你能做什么|你会干啥|有哪些功能|帮助|你能帮我做些什么呢|what can you do|help|what are my options',
    ],
    [
      'action_hand_off',
      '人工|转人工|我要转人工客服|找真人|转接人工服务|帮我转人工|不要机器人|我想和真人说话|agent|a person please|i want to speak to a real person|talk to a human|operator|can i speak to somebody',
    ],
  ])('%s', (action, said) => {
    for (const text of said.split('|')) expect(commandOf(text), text).toBe(action);
  });

  it('is not found in what only resembles it', () => {
    const said =
      '我要退货|返回的货物到了吗|慢递多久到|快递到哪了|人工费怎么算|再买一个|帮我查订单|什么时候到|8765|对|好的|help me return my order|my agent number is 12|go back to the order|i want to return this|person|快|慢|说|看一下|帮我看一下|我看一下订单|我看看我的积分|等会儿打给我|等一下再打给我|等|我想|wait for my order|let me return it|one|a person in a moment'.split(
        '|',
      );
    expect(said.filter((text) => commandOf(text) !== undefined && text !== 'person')).toEqual([]);
    expect(commandOf('a'.repeat(10_000))).toBeUndefined();
    expect(commandOf('please '.repeat(9))).toBeUndefined();
  });

  it('is decided fast for any text', () => {
    const look = (): void => {
      for (const word of ['嗯', '可以', '我想', 'can i ', 'please ', '说', '再', '等一下', '等', '我看看'])
        for (let count = 1; count <= 60; count++) commandOf(word.repeat(count));
    };
    expect(cpuMs(look)).toBeLessThan(1000);
  });
});

describe('keys stand for', () => {
  const now = Date.parse('2026-11-21T20:00:00+08:00');
  it.each([
    ['date', '1125', '2026-11-25'],
    ['date', '0105', '2027-01-05'],
    ['date', '1121', '2026-11-21'],
    ['date', '20270301', '2027-03-01'],
    ['date', '0229', '2028-02-29'],
    ['date', '1332', undefined],
    ['date', '12', undefined],
    ['time', '1530', '15:30'],
    ['time', '900', '09:00'],
    ['time', '2460', undefined],
    ['datetime', '11251530', '2026-11-25T15:30'],
    ['amount', '120', { amount: 120, currency: 'CNY' }],
    ['number', '7', 7],
    ['text', '7', undefined],
  ])('a %s: %s', (type, digits, value) => expect(fromKeys(type, digits, now, 'Asia/Shanghai')).toEqual(value));

  it('a day of the clock that the application lives by', () => {
    expect(fromKeys('date', '1120', now, 'Asia/Shanghai')).toBe('2027-11-20');
    // An hour into the 21st in Shanghai it still is the 20th in Honolulu.
    const night = Date.parse('2026-11-21T01:00:00+08:00');
    expect(fromKeys('date', '1120', night, 'Asia/Shanghai')).toBe('2027-11-20');
    expect(fromKeys('date', '1120', night, 'Pacific/Honolulu')).toBe('2026-11-20');
  });
});

it('no text, whatever it repeats, takes long to be found no command', () => {
  const zh =
    '嗯 那个 那 那就 就 请 请你 你 您 麻烦 麻烦你 我想 我想要 我要 可以 可不可以 好 好的 好吗 吗 一下 下 不用 不 了 谢谢 再 没事'.split(
      ' ',
    );
  const en = [
    'i want',
    'i want to',
    'can you',
    'please',
    'no',
    "it's okay",
    'okay',
    'thanks',
    'thank you',
    'just',
    'a',
  ];
  const texts = [
    ...zh.flatMap((one) => zh.map((other) => `${one}${other}`.repeat(30).slice(0, 59))),
    ...en.flatMap((one) => en.map((other) => `${one} ${other} `.repeat(30).slice(0, 59))),
  ];
  const before = process.cpuUsage();
  for (const text of texts) {
    commandOf(text);
    commandOf(`${text}x`);
    declines(text);
    declines(`${text}x`);
  }
  const { user, system } = process.cpuUsage(before);
  // About 3,600 of them; one bad pattern takes minutes for one text.
  expect((user + system) / 1000).toBeLessThan(10_000);
}, 180_000);
