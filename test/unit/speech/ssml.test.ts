import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { concat } from '../../../src/dsp/framing.js';
import { activeRmsDbfs } from '../../../src/dsp/levels.js';
import { encodeWav } from '../../../src/dsp/wav.js';
import { PromptCache } from '../../../src/speech/prompt-cache.js';
import { Pronunciation, UserLexicon } from '../../../src/speech/pronunciation.js';
import { RecordedPrompts } from '../../../src/speech/recorded-prompts.js';
import { type InstalledModel, ModelRegistry } from '../../../src/speech/registry.js';
import { piecesOf } from '../../../src/speech/ssml/pieces.js';
import { TextToSpeech } from '../../../src/speech/text-to-speech.js';
import type { Voice, VoiceRequest } from '../../../src/speech/voice.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';
import { SEED } from '../../support/seed.js';
import { projectRoot } from '../../support/speech.js';
import { cpuMs } from '../../support/time.js';

const zh = (text: string) => piecesOf(text, { language: 'zh-CN' });
const en = (text: string) => piecesOf(text, { language: 'en' });
/** The words of a text, in one string. */
const said = (pieces: ReturnType<typeof zh>) =>
  pieces
    .map((piece) => (piece.kind === 'words' ? piece.text : piece.kind === 'pause' ? `[${piece.ms}]` : '[♪]'))
    .join('');

describe('SSML', () => {
  it.each([
    ['<speak>您好<break time="500ms"/>请说</speak>', '您好[500]请说'],
    ['<speak>您好<break time="1.5s"/>请说</speak>', '您好[1500]请说'],
    ['<speak>您好<break strength="strong"/>请说</speak>', '您好[700]请说'],
    ['<speak>您好<break/>请说</speak>', '您好[400]请说'],
    ['<speak>您好<break time="99s"/>请说</speak>', '您好[10000]请说'],
    ['<speak>验证码<say-as interpret-as="digits">1203</say-as></speak>', '验证码一二零三'],
    ['<speak><say-as interpret-as="telephone">13800138000</say-as></speak>', '幺三八，零零幺三，八零零零'],
    ['<speak><say-as interpret-as="cardinal">1203</say-as>个</speak>', '一千两百零三个'],
    ['<speak><say-as interpret-as="ordinal">3</say-as>位</speak>', '第三位'],
    ['<speak><say-as interpret-as="date" format="mdy">04/05/2025</say-as></speak>', '二零二五年四月五日'],
    ['<speak><say-as interpret-as="date" format="md">4-5</say-as></speak>', '四月五日'],
    ['<speak><say-as interpret-as="time">14:30</say-as></speak>', '十四点三十分'],
    ['<speak><say-as interpret-as="currency">12.5</say-as></speak>', '十二点五元'],
    ['<speak><say-as interpret-as="characters">AB12</say-as></speak>', 'A B 一二'],
    ['<speak><sub alias="世界卫生组织">WHO</sub>说</speak>', '世界卫生组织说'],
    ['<speak>A &amp; B</speak>', 'A 和 B'],
    ['<speak>您的<emphasis>订单</emphasis>到了</speak>', '您的订单到了'],
    ['<speak><!-- for the ear --><p>您好</p>请说</speak>', '您好[400]请说'],
    ['<speak>您好<break strength="constructor"/>请说</speak>', '您好[400]请说'],
  ])('%s', (text, wanted) => {
    expect(said(zh(text))).toBe(wanted);
  });

  it.each([
    ['<speak>Your code is <say-as interpret-as="digits">1203</say-as>.</speak>', 'Your code is one two zero three.'],
    [
      '<speak><say-as interpret-as="telephone">8005551234</say-as></speak>',
      'eight zero zero, five five five, one two three four',
    ],
    ['<speak>the <say-as interpret-as="ordinal">22</say-as> try</speak>', 'the 22nd try'],
    ['<speak><say-as interpret-as="date" format="ymd">2025-04-05</say-as></speak>', 'April 5, 2025'],
  ])('%s', (text, wanted) => {
    expect(said(en(text)).replace(/\s+/g, ' ')).toBe(wanted);
  });

  it('changes speed and loudness where it says so, and only there', () => {
    expect(
      zh('<speak>一<prosody rate="slow" volume="+3dB">二<prosody rate="80%">三</prosody></prosody>四</speak>'),
    ).toEqual([
      { kind: 'words', text: '一', rate: 1, gainDb: 0 },
      { kind: 'words', text: '二', rate: 0.8, gainDb: 3 },
      { kind: 'words', text: '三', rate: expect.closeTo(0.64) as number, gainDb: 3 },
      { kind: 'words', text: '四', rate: 1, gainDb: 0 },
    ]);
  });

  it('is no louder than loud, however often that is asked for, and names of the language it is written in mean nothing', () => {
    const nested = `<speak>${'<prosody volume="+6dB">'.repeat(10)}好${'</prosody>'.repeat(10)}</speak>`;
    expect(zh(nested)).toEqual([{ kind: 'words', text: '好', rate: 1, gainDb: 6 }]);
    expect(zh('<speak><prosody volume="constructor" rate="valueOf">好</prosody></speak>')).toEqual([
      { kind: 'words', text: '好', rate: 1, gainDb: 0 },
    ]);
    expect(said(zh('<speak>您好&toString;</speak>'))).toBe('您好和toString；');
  });

  it('is spoken without its tags when it is broken, never with them', () => {
    for (const text of [
      '<speak>您好<break',
      '<speak>您好</speek>',
      '<speak>您好',
      '<speak><a><b>您好</a></b></speak>',
      '<speak>&nope;您好</speak>',
    ])
      expect(said(zh(text))).toContain('您好');
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('<', '>', '/', '"', '&', ';', 'speak', 'break', ' ', '好', '=', "'", '!--'),
          maxLength: 60,
        }),
        (text) => {
          expect(said(zh(`<speak>${text}</speak>`))).not.toMatch(/[<>&]/);
        },
      ),
      { seed: SEED },
    );
  });

  it('is bounded in depth and number', () => {
    const deep = `<speak>${'<p>'.repeat(400)}好${'</p>'.repeat(400)}</speak>`;
    expect(said(zh(deep))).toBe('好');
    expect(cpuMs(() => zh(`<speak>${'<break/>'.repeat(100_000)}</speak>`))).toBeLessThan(1000);
  });
});

describe('readings', () => {
  const voice = new ModelRegistry({ root: projectRoot }).find('tts-zh-yue') as InstalledModel;
  const pronunciation = Pronunciation.of(voice) as Pronunciation;
  const folder = mkdtempSync(join(tmpdir(), 'hearken-lexicon-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('a phoneme in pinyin is said with characters that sound so', () => {
    const pieces = piecesOf('<speak><phoneme alphabet="pinyin" ph="shan4 xian4">单县</phoneme></speak>', {
      language: 'zh-CN',
      pronounce: (pinyin) => pronunciation.respell(pinyin),
    });
    const [first] = pieces;
    expect(first?.kind === 'words' && [...first.text].length).toBe(2);
    expect(said(pieces)).not.toContain('单');
    expect(said(zh('<speak><phoneme alphabet="ipa" ph="x">重庆</phoneme></speak>'))).toBe('重庆');
  });

  it("the user's lexicon is read before everything else", () => {
    const file = join(folder, 'lexicon.tsv');
    writeFileSync(file, '# names\n单县\tshan4 xian4\nIKEA\t宜家\n');
    const lexicon = UserLexicon.read(file, pronunciation);
    expect(lexicon.apply('去IKEA')).toBe('去宜家');
    expect(lexicon.apply('单县')).toHaveLength(2);
    expect(lexicon.apply('单县')).not.toBe('单县');
    writeFileSync(file, '单县\tshan9\n');
    expect(UserLexicon.read(file, pronunciation).apply('单县')).toBe('shan9');
    writeFileSync(file, '单县\tzzz4\n');
    expect(() => UserLexicon.read(file, pronunciation)).toThrow(/:1:/);
  });
});

describe('recordings of a real voice', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-recordings-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const tone = Int16Array.from({ length: 8000 }, (_, n) => 900 * Math.sin(n / 3));
  writeFileSync(join(folder, 'hello.wav'), encodeWav([tone], 8000));
  writeFileSync(join(folder, 'prompts.tsv'), '# language\tfile\ttext\nzh-CN\thello.wav\t您好，请问有什么可以帮您？\n');
  symlinkSync('/etc/hostname', join(folder, 'out.wav'));

  class Silent implements Voice {
    readonly name = 'none';
    readonly fingerprint = 'none';
    readonly made: string[] = [];
    async make({ text }: VoiceRequest) {
      this.made.push(text);
      return { samples: new Int16Array(1600).fill(100), sampleRate: 8000 };
    }
    async whenReady(): Promise<void> {}
    health() {
      return { workers: 0, alive: 0, restarts: 0 };
    }
    async close(): Promise<void> {}
  }
  const create = () => {
    const voice = new Silent();
    const cache = new PromptCache({ memoryBytes: 1e6, diskBytes: 0, folder: '', logger: SILENT_LOGGER });
    return {
      voice,
      tts: new TextToSpeech({ voices: new Map([['zh-CN', voice]]), cache, recordings: RecordedPrompts.open(folder) }),
    };
  };
  const speak = async (tts: TextToSpeech, text: string) => {
    const out: Int16Array[] = [];
    for await (const { samples } of tts.speak(text, { language: 'zh-CN', sampleRate: 8000 })) out.push(samples);
    return concat(out);
  };

  it('are played in place of the synthetic voice, as loud as it', async () => {
    const { tts, voice } = create();
    const pcm = await speak(tts, '您好,请问有什么可以帮您?');
    expect(voice.made).toEqual([]);
    expect(pcm.length).toBe(8000);
    expect(activeRmsDbfs(pcm, 8000)).toBeCloseTo(-20, 0);
  });

  it('can stand between words, and words stand in for one that is not there', async () => {
    const { tts, voice } = create();
    const pcm = await speak(tts, '<speak>请听<audio src="hello.wav">您好</audio><break time="200ms"/></speak>');
    expect(pcm.length).toBe(1600 + 8000 + 1600);
    expect(voice.made).toEqual(['请听']);
    await speak(
      tts,
      '<speak><audio src="../../etc/hostname">再见了您</audio><audio src="out.wav">没有了啊</audio></speak>',
    );
    expect(voice.made).toEqual(['请听', '再见了您', '没有了啊']);
  });

  it('a list that names what is not there is refused with its line', () => {
    const other = mkdtempSync(join(tmpdir(), 'hearken-recordings-'));
    writeFileSync(join(other, 'prompts.tsv'), 'zh-CN\tnone.wav\t您好\n');
    expect(() => RecordedPrompts.open(other)).toThrow(/prompts\.tsv:1/);
    rmSync(other, { recursive: true });
  });
});
