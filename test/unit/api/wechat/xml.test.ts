import { describe, expect, it } from 'vitest';
import { signatureOf, WeChatCipher } from '../../../../src/api/wechat/crypto.js';
import { textsOf } from '../../../../src/api/wechat/messages.js';
import { readXml, writeXml } from '../../../../src/api/wechat/xml.js';
import { cpuMs } from '../../../support/time.js';

describe('XML of WeChat', () => {
  it('is read by element, CDATA and references decoded, what lies deeper passed over', () => {
    const read = readXml(
      '\ufeff<?xml version="1.0"?>\n<xml>\n <!-- <MsgType>x</MsgType> --><MsgType><![CDATA[text]]></MsgType>' +
        '<Content>1 &lt; 2 &amp;&#20320;&#x597d;<![CDATA[<b>]]></Content><Empty/><Deep><Content>no</Content></Deep><MsgId>42</MsgId></xml>\n',
    );
    expect(Object.fromEntries(read)).toEqual({
      MsgType: 'text',
      Content: '1 < 2 &你好<b>',
      Empty: '',
      Deep: '',
      MsgId: '42',
    });
  });

  it.each([
    ['an entity of its own', '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>'],
    ['a billion laughs', '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><xml>&b;</xml>'],
    ['an unknown entity', '<xml><A>&xxe;</A></xml>'],
    ['an instruction', '<xml><?php x?></xml>'],
    ['another root', '<html></html>'],
    ['two roots', '<xml></xml><xml></xml>'],
    ['text outside', 'x<xml></xml>'],
    ['a wrong end', '<xml><A></B></xml>'],
    ['no end', '<xml><A>'],
    ['open CDATA', '<xml><A><![CDATA[x</A></xml>'],
    ['nothing', ''],
    ['JSON', '{"a":1}'],
    ['too deep', '<xml><a><a><a><a></a></a></a></a></xml>'],
    ['too many', `<xml>${'<a></a>'.repeat(200)}</xml>`],
    ['too long', `<xml><a>${'x'.repeat(70_000)}</a></xml>`],
  ])('with %s is refused', (_what, text) => {
    expect(() => readXml(text)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('is written so that it reads the same, whatever the text', () => {
    const text = 'a ]]> b <x> & "你好" 😀';
    expect(readXml(writeXml({ Content: text, CreateTime: 5 })).get('Content')).toBe(text);
    expect(writeXml({ A: 'x\u0000\u001b\ud800' })).toBe('<xml><A><![CDATA[x\ufffd]]></A></xml>');
  });

  it('of hostile kind takes no long time', () => {
    const read = (): void => {
      for (const piece of ['<', '<a ', '&', '<!--', '<![CDATA[', '</a>', '<a b="'])
        expect(() => readXml(`<xml>${piece.repeat(10_000)}`)).toThrow();
    };
    expect(cpuMs(read)).toBeLessThan(2000);
  });
});

describe('encryption', () => {
  const key = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
  const cipher = new WeChatCipher(key, 'wx1');

  it('gives back what was put in, of any length', () => {
    for (const text of ['', 'x', '你好'.repeat(200), 'y'.repeat(31)])
      expect(cipher.decrypt(cipher.encrypt(text))).toBe(text);
  });

  it('refuses what is for another account or was changed, with the same words', () => {
    const sealed = cipher.encrypt('hello');
    const others = [
      new WeChatCipher(key, 'wx2').encrypt('hello'),
      new WeChatCipher(key.replace('a', 'b'), 'wx1').encrypt('hello'),
      sealed.slice(0, 40),
      `AAAA${sealed.slice(4)}`.slice(0, -8),
      '',
      'no base64 !',
    ];
    for (const other of others) expect(() => cipher.decrypt(other)).toThrow('The message can not be decrypted.');
  });

  it('signs as WeChat does: SHA-1 of the sorted parts', () => {
    expect(signatureOf('b', 'a', 'c')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  });
});

describe('replies', () => {
  const reply = (text: string) => textsOf({ replies: [{ text }] } as never);

  it('are cut into messages of 2,048 bytes between sentences, and never inside a character', () => {
    const sentence = `${'很长的话'.repeat(60)}。`;
    const texts = reply(sentence.repeat(8));
    expect(texts.join('')).toBe(sentence.repeat(8));
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
    expect(texts[0]?.endsWith('。')).toBe(true);
    const solid = reply('😀'.repeat(1200));
    expect(solid.join('')).toBe('😀'.repeat(1200));
    expect(reply('  ')).toEqual([]);
  });
});

it('counts choices on through the replies of one turn, so that each number is there once', () => {
  const replies = ['a', 'b'].map((text) => ({
    text,
    buttons: [1, 2].map((at) => ({ title: `${text}${at}`, payload: `/${text}${at}` })),
  }));
  expect(textsOf({ replies } as never)).toEqual(['a\n1. a1\n2. a2\nb\n3. b1\n4. b2']);
});

it('shows choices as a list with numbers', () => {
  const buttons = [
    { title: '查订单', payload: '/order_status' },
    { title: '退货', payload: '/return_request' },
  ];
  expect(textsOf({ replies: [{ text: '您要办什么？', buttons }] } as never)).toEqual([
    '您要办什么？\n1. 查订单\n2. 退货',
  ]);
});
