import { describe, expect, it } from 'vitest';
import { Corrections, correctionOf, type ExpectedWords } from '../../../src/speech/correct/index.js';
import { PoolStream } from '../../../src/speech/pool-stream.js';
import type { StreamEvent } from '../../../src/speech/recognizer-protocol.js';

const CITIES: ExpectedWords = { words: ['北京', '上海'], numbers: [] };

function stream(corrected = true) {
  const how = correctionOf('zh-CN', undefined);
  if (!how) throw new Error('no Mandarin');
  const owner = { wake: () => {}, dropped: () => {}, expected: () => {}, closed: () => {} };
  const made = new PoolStream(
    1,
    { streamId: 'a', sampleRate: 8000, language: 'zh-CN' },
    owner,
    corrected ? new Corrections(how) : undefined,
  );
  const texts: string[] = [];
  const finals: { readonly text: string; readonly heard?: string }[] = [];
  made.on('partial', ({ text }) => texts.push(text));
  made.on('final', ({ text, heard }) => finals.push({ text, ...(heard === undefined ? {} : { heard }) }));
  return { made, texts, finals };
}

function partial(text: string, settled: boolean): StreamEvent {
  return { handle: 1, kind: 'partial', text, tokens: [], stableSamples: 0, settled, atSample: 800, unaskedSamples: 0 };
}

function final(flushId: number, text: string): StreamEvent {
  return { handle: 1, kind: 'final', flushId, text, confidence: 0.7, startSample: 0, endSample: 800 };
}

describe('a stream that knows what is expected', () => {
  it('corrects what is settled and final, and tells what was really heard', () => {
    const { made, texts, finals } = stream();
    made.expect('general', CITIES);
    made.deliver(partial('背景', false));
    made.deliver(partial('背景', true));
    made.deliver(final(made.flush(), '背景'));
    made.deliver(final(made.flush(), '上海'));
    expect(texts).toEqual(['背景', '北京']);
    expect(finals).toEqual([{ text: '北京', heard: '背景' }, { text: '上海' }]);
  });

  it('leaves everything as it was heard once another question is open, or where it is switched off', () => {
    const { made, finals } = stream();
    made.expect('general', CITIES);
    made.expect('general');
    made.deliver(final(made.flush(), '背景'));
    const off = stream(false);
    off.made.expect('general', CITIES);
    off.made.deliver(final(off.made.flush(), '背景'));
    expect([...finals, ...off.finals]).toEqual([{ text: '背景' }, { text: '背景' }]);
  });
});

describe('audio that is given faster than it was said', () => {
  const given = (atOnceMs?: number) => {
    let droppedMs = 0;
    const owner = { wake: () => {}, dropped: (ms: number) => (droppedMs += ms), expected: () => {}, closed: () => {} };
    const options = {
      streamId: 'a',
      sampleRate: 8000,
      language: 'en',
      ...(atOnceMs === undefined ? {} : { atOnceMs }),
    };
    const made = new PoolStream(1, options, owner);
    for (let ms = 0; ms < 5000; ms += 20) made.accept(new Int16Array(160));
    return droppedMs;
  };

  it('is kept whole by a stream that was opened for it, and dropped beyond two seconds by others', () => {
    expect(given(5000)).toBe(0);
    expect(given()).toBe(3000);
    expect(given(100)).toBe(3000);
  });
});
