import { describe, expect, it } from 'vitest';
import { maskEvent, maskText, PERSONAL_KINDS } from '../../../src/store/log/mask.js';
import { cpuMs } from '../../support/time.js';

const all = new Set(PERSONAL_KINDS);

describe('personal data', () => {
  it.each([
    ['我的电话是13812345678。', '我的电话是138****5678。'],
    ['+86 138 1234 5678', '138****5678'],
    ['010-12345678', '010****5678'],
    ['call +442071838750 now', 'call +442****8750 now'],
    ['身份证11010519491231002X', '身份证110****2X'],
    ['卡号 4111-1111-1111-1111。', '卡号 ****1111。'],
    ['card 4111 1111 1111 1111', 'card ****1111'],
    ['我的电话是幺三八一二三四五六七八', '我的电话是138****5678'],
    ['是一三八，一二三四，五六七八，对吗？', '是138****5678，对吗？'],
    ['零二一 五五五五零零零一', '021****0001'],
    ['卡号四幺幺幺幺幺幺幺幺幺幺幺幺幺幺幺', '卡号****1111'],
    ['幺幺零幺零五一九四九幺二三幺零零二X', '110****2X'],
    ['one three eight one two three four five six seven eight', '138****5678'],
    ['it is Oh two oh, seven one eight three, eight seven double five', 'it is 020****8755'],
    ['li.lei+x@mail.example.com', 'l***@mail.example.com'],
    ['我的电话是幺三八，零零一三，八零零零，谢谢', '我的电话是138****8000，谢谢'],
    ['打１３８００１３８０００', '打138****8000'],
    ['138零零一三8000', '138****8000'],
    ['Call me on one three eight double oh one three eight triple oh please', 'Call me on 138****8000 please'],
    ["it's oh seven nine four six, one two three four five six", "it's 079****3456"],
    ['身份证一一零一零五一九四九一二三一零零二x', '身份证110****2X'],
    ['card four one one one one one one one one one one one one one one one', 'card ****1111'],
    ['订单八七六五四三二一，一三八零零一三八零零零', '订单****8000'],
    ['my address is li dot lei at example dot com', 'my address is l***@example.com'],
    ['邮箱是三三五幺艾特扣扣点康姆', '邮箱是3***@qq.com'],
  ])('in %j reads %j', (text, shown) => {
    expect(maskText(text, all)).toBe(shown);
  });

  it.each([
    '订单20250415',
    '87654321',
    '八七六五四三二幺',
    '二零二六年十一月二十二日',
    'one two three four',
    '2026-11-30 08:15:00',
    '价格 1299.50 元',
    'v1.2.3',
    '',
    '订单号八七六五四三二一',
    '二零二六年十一月三十号下午两点',
    'order eight seven six five four three two one',
    'I called at ten to five and at twenty past seven',
    '一个一个来，我买了两双三十八码的，一双四十二码的',
  ])('is not seen in %j', (text) => {
    expect(maskText(text, all)).toBe(text);
  });

  it('of kinds that are not listed stays', () => {
    expect(maskText('13812345678 a@b.cn', new Set(['email']))).toBe('13812345678 a***@b.cn');
    expect(maskText('13812345678', new Set())).toBe('13812345678');
  });

  it('is found at any depth and in numbers, while ids of our own stay', () => {
    const masked = maskEvent(
      {
        conversationId: 'c',
        atMs: 1,
        type: 'turn',
        data: { messageId: '13812345678', slots: { phone: 13812345678, list: ['13812345678'] }, confidence: 0.9 },
      },
      PERSONAL_KINDS,
    );
    expect(masked.data).toEqual({
      messageId: '13812345678',
      slots: { phone: '138****5678', list: ['138****5678'] },
      confidence: 0.9,
    });
  });

  it('leaves what was given as it is, and members of any name where they are', () => {
    const data = JSON.parse('{"__proto__":{"phone":"13812345678"},"a\\u0000b":"13812345678","plain":{"text":"好"}}');
    const before = JSON.stringify(data);
    const masked = maskEvent({ conversationId: 'c\u0000', atMs: 1, type: 'turn', data }, PERSONAL_KINDS);
    expect(JSON.stringify(masked.data)).toBe(
      '{"__proto__":{"phone":"138****5678"},"a\ufffdb":"138****5678","plain":{"text":"好"}}',
    );
    expect(masked.conversationId).toBe('c\ufffd');
    expect(JSON.stringify(data)).toBe(before);
  });

  it('is looked for in time that grows with the text, whatever the text', () => {
    const look = (): void => {
      for (const piece of [
        'a',
        '1',
        '1 ',
        'a@',
        'a.',
        '1-',
        '+',
        '一',
        '一，',
        'one ',
        'double ',
        'double one,',
        'at ',
        'a at ',
        '点',
        ' ',
      ])
        maskText(piece.repeat(50_000), all);
    };
    expect(cpuMs(look)).toBeLessThan(5000);
  });
});
