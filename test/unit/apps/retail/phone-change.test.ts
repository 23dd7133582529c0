import { describe, expect, it } from 'vitest';
import { changedPhone } from '../../../../apps/retail/desk/phone-change.js';
import { companyAfterKind, saysCodeIsMissing } from '../../../../apps/retail/desk/said.js';

const KNOWN = '13812345678';

describe('a number that is put right', () => {
  it.each([
    ['可以 但是号码是幺三九的那个啊', '13912345678'],
    ['但号码最后一位是九', '13812345679'],
    ['手机号第三位说错了是幺三九', '13912345678'],
    ['第三位是九', '13912345678'],
    ['尾号是5679', '13812345679'],
    ['不是5678是5679', '13812345679'],
  ])('%s', (said, number) => expect(changedPhone(KNOWN, said, true)).toEqual({ number }));

  it.each([
    ['the last digit is nine', '13812345679'],
    ['it ends in five six seven nine', '13812345679'],
    ['the last four are 5679', '13812345679'],
    ['no the third digit is nine', '13912345678'],
    ['it starts with one three nine', '13912345678'],
    ['not 5678 but 5679', '13812345679'],
  ])('%s', (said, number) => expect(changedPhone(KNOWN, said, false)).toEqual({ number }));

  it('is asked for again where it is wrong and nobody says how', () => {
    expect(changedPhone(KNOWN, '号码错了', true)).toBe('other');
    expect(changedPhone(KNOWN, 'use a different number', false)).toBe('other');
    expect(changedPhone(KNOWN, '第二位是零', true)).toBe('other');
  });

  it('is left as it is otherwise', () => {
    for (const said of ['好的', '打这个号码', '我的号码你记对了没有', '明天下午三点', '四点打吧'])
      expect(changedPhone(KNOWN, said, true)).toBeUndefined();
    for (const said of ['yes', 'which number do you have', 'fine but call at four'])
      expect(changedPhone(KNOWN, said, false)).toBeUndefined();
  });
});

it('hears that a code has not come', () => {
  const missing =
    '再发一次吧|能不能再发一遍|我没收到啊|收不到|send it again|I didn’t get a code|nothing came|it has not arrived';
  for (const said of missing.split('|')) expect(saysCodeIsMissing(said), said).toBe(true);
  for (const said of "320014|等一下|我看看短信|I'm waiting for the text|what is it for".split('|'))
    expect(saysCodeIsMissing(said), said).toBe(false);
});

it('takes the name of a company that is said along with its kind', () => {
  expect(companyAfterKind('单位吧 杭州云启科技有限公司')).toBe('杭州云启科技有限公司');
  expect(companyAfterKind('公司的，抬头是杭州云启科技有限公司')).toBe('杭州云启科技有限公司');
  expect(companyAfterKind('company, Bright Star Trading Ltd')).toBe('Bright Star Trading Ltd');
  for (const said of ['公司', '公司的', '开公司的发票', 'company', 'a company invoice please', '个人'])
    expect(companyAfterKind(said), said).toBeUndefined();
});
