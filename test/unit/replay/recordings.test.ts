import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rmsDbfs } from '../../../src/dsp/levels.js';
import { encodeWav } from '../../../src/dsp/wav.js';
import { findCallerChannel } from '../../../src/replay/recordings/caller-channel.js';
import { findRecordings } from '../../../src/replay/recordings/find-recordings.js';
import { readSidecars } from '../../../src/replay/recordings/labels.js';
import { readRecording, utterancesIn } from '../../../src/replay/recordings/read-recording.js';
import { readTranscripts } from '../../../src/replay/recordings/transcripts.js';
import { seededRandom } from '../../../src/replay/statistics/random.js';
import { spokenParts } from '../../support/speech.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-recordings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const words = spokenParts('order-status')[0]?.pcm ?? new Int16Array(0);
/** Words at `atMs` on a line with that much noise. */
function line(atMs: number, noise: number): Int16Array {
  const random = seededRandom(atMs + 1);
  const pcm = Int16Array.from({ length: 8 * 8000 }, () => Math.round((random() - 0.5) * noise));
  words.forEach((sample, index) => {
    pcm[atMs * 8 + index] = Math.max(-32_768, Math.min(32_767, (pcm[atMs * 8 + index] ?? 0) + sample));
  });
  return pcm;
}

describe("the caller's channel", () => {
  it('is the one that does not speak first, whichever side it is on', () => {
    const bot = line(200, 0);
    const caller = line(4000, 20);
    expect(findCallerChannel([caller, bot], 8000).index).toBe(0);
    expect(findCallerChannel([bot, caller], 8000)).toEqual({ index: 1, because: 'the other channel speaks first' });
  });

  it('is the one with a noisy line when both begin together', () => {
    expect(findCallerChannel([line(1000, 0), line(1000, 60)], 8000).index).toBe(1);
  });

  it('is the one that is not silent, and the only one there is', () => {
    expect(findCallerChannel([new Int16Array(64_000), line(1000, 10)], 8000).index).toBe(1);
    expect(findCallerChannel([line(1000, 10)], 8000).index).toBe(0);
  });

  it('of more than two is the one who, the bot apart, speaks most', () => {
    const supervisor = line(6500, 20).fill(0, 0, 52_000);
    const caller = line(2500, 20);
    caller.set(line(2500, 20).subarray(20_000, 40_000), 44_000);
    expect(findCallerChannel([supervisor, line(200, 0), new Int16Array(64_000), caller], 8000)).toEqual({
      index: 3,
      because: 'channel 1 speaks first, and of the others this one most',
    });
  });

  it('can be named, and one that is not there is told with the file', async () => {
    const file = join(folder, 'a.wav');
    writeFileSync(file, encodeWav([line(200, 0), line(4000, 20)], 8000));
    const options = { ownRecord: false, band: 'line' } as const;
    const found = await readRecording(file, { ...options, channel: undefined });
    expect(found.channel.index).toBe(1);
    expect((await readRecording(file, { ...options, channel: 0 })).channel.index).toBe(0);
    await expect(readRecording(file, { ...options, channel: 5 })).rejects.toThrow(/a\.wav has 2 channel/);
  });
});

describe('a WAV file', () => {
  const options = { channel: undefined, ownRecord: false, band: 'own' } as const;

  it('whose writer died before it wrote how long it is, is read to its end', async () => {
    const file = join(folder, 'died.wav');
    const bytes = encodeWav([words], 8000);
    const view = new DataView(bytes.buffer);
    view.setUint32(4, 36, true);
    view.setUint32(40, 0, true);
    writeFileSync(file, bytes);
    const { pcm } = await readRecording(file, options);
    expect(Math.abs(pcm.length - words.length)).toBeLessThan(80);
    expect(rmsDbfs(pcm)).toBeCloseTo(rmsDbfs(words), 0);
    // One that says more than there is, too.
    view.setUint32(40, 0xffff_ffff, true);
    writeFileSync(file, bytes);
    expect((await readRecording(file, options)).pcm).toEqual(words);
  });

  it.each([11_025, 44_100, 48_000, 7_999])('at %i Hz is as long as it was', async (sampleRate) => {
    const file = join(folder, 'odd.wav');
    writeFileSync(file, encodeWav([new Int16Array(sampleRate).fill(1000)], sampleRate));
    const read = await readRecording(file, options);
    expect(read.pcm.length).toBe(read.sampleRate);
  });

  it('of a header alone, or of one sample, is no trouble but its own', async () => {
    const file = join(folder, 'short.wav');
    writeFileSync(file, encodeWav([new Int16Array(0)], 8000));
    await expect(readRecording(file, options)).rejects.toMatchObject({ code: 'AUDIO_UNREADABLE' });
    writeFileSync(file, encodeWav([new Int16Array(1)], 8000));
    const read = await readRecording(file, options);
    expect(read.pcm).toHaveLength(1);
    expect(utterancesIn(read, {})).toEqual([]);
  });
});

describe('what lies beside a recording', () => {
  it('tells utterances, a transcript, or our own record', () => {
    writeFileSync(
      join(folder, 'a.json'),
      JSON.stringify({
        language: 'en',
        utterances: [{ startMs: 0, endMs: 900, text: 'hello', intent: 'greet', slots: { a: 1 } }],
      }),
    );
    writeFileSync(join(folder, 'b.txt'), ' 你好 \n');
    writeFileSync(
      join(folder, 'c.jsonl'),
      `${JSON.stringify({ atMs: 0, type: 'call', caller: 'sip:1@x', callee: 'sip:2@x', language: 'zh-CN', startedAt: '2026-01-01T00:00:00.000Z' })}\n{broken`,
    );
    expect(readSidecars(join(folder, 'a.wav'))).toEqual({
      language: 'en',
      utterances: [{ startMs: 0, endMs: 900, text: 'hello', intent: 'greet', slots: { a: 1 } }],
    });
    expect(readSidecars(join(folder, 'b.wav'))).toEqual({ text: '你好' });
    // Editors on Windows begin a file with a mark.
    writeFileSync(join(folder, 'd.json'), '\ufeff{"text":"你好"}');
    writeFileSync(join(folder, 'e.txt'), '\ufeff你好\r\n');
    expect(readSidecars(join(folder, 'd.wav'))).toEqual({ text: '你好' });
    expect(readSidecars(join(folder, 'e.wav'))).toEqual({ text: '你好' });
    expect(readSidecars(join(folder, 'c.wav')).record?.startedAtMs).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(readSidecars(join(folder, 'none.wav'))).toEqual({});
  });

  it('is refused with the name of the file when it is broken', () => {
    writeFileSync(join(folder, 'a.json'), '{"utterances":[{"startMs":5,"endMs":1}]}');
    expect(() => readSidecars(join(folder, 'a.wav'))).toThrow(/a\.json does not tell what is said/);
  });
});

describe('a table of transcripts', () => {
  it('is read by its header, in any order of columns', () => {
    const file = join(folder, 't.tsv');
    writeFileSync(file, '\ufefftranscript\tfile\tspeaker\tgroup\r\n你好\ta.wav\tS1\tnews\r\n\r\n');
    expect(readTranscripts(file).get('a.wav')).toEqual({
      file: 'a.wav',
      text: '你好',
      language: undefined,
      source: 'news',
      speaker: 'S1',
      task: undefined,
    });
    writeFileSync(file, 'one\ttwo\n');
    expect(() => readTranscripts(file)).toThrow(/no columns "file" and "transcript"/);
  });

  it('is read as spreadsheets write it: UTF-16, and lines that end in any way', () => {
    const file = join(folder, 't.tsv');
    const table = 'file\ttranscript\r你好.wav\t你好\r\nb.wav\t再见\n';
    writeFileSync(file, Buffer.from(`\ufeff${table}`, 'utf16le'));
    expect([...readTranscripts(file).values()].map(({ file: name, text }) => [name, text])).toEqual([
      ['你好.wav', '你好'],
      ['b.wav', '再见'],
    ]);
  });
});

describe('recordings in folders', () => {
  it('are named by the record of a call, too, where it has sound', () => {
    for (const name of ['a.jsonl', 'a.wav', 'silent.jsonl']) writeFileSync(join(folder, name), '');
    expect(findRecordings([join(folder, 'a.jsonl')])).toMatchObject([{ path: join(folder, 'a.wav') }]);
    expect(() => findRecordings([join(folder, 'silent.jsonl')])).toThrow(/no sound beside the call record .*silent/);
  });

  it('are found by their endings, in order, without hidden ones and without following links round in circles', () => {
    mkdirSync(join(folder, 'sub'));
    for (const name of ['b.wav', 'a.FLAC', 'notes.txt', '.hidden.wav', 'sub/c.ulaw'])
      writeFileSync(join(folder, name), 'x');
    symlinkSync(folder, join(folder, 'sub', 'round'));
    const names = findRecordings([folder]).map(({ name }) => name.slice(folder.length + 1));
    expect(names).toEqual(['a.FLAC', 'b.wav', 'sub/c.ulaw']);
    expect(findRecordings([join(folder, 'notes.txt')])).toHaveLength(1);
    expect(() => findRecordings([join(folder, 'gone')])).toThrow(/gone/);
  });

  it('are each found once, however often and however they are named', () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'a.wav'), 'x');
    const named = [join(folder, 'sub'), `${folder}/./sub/a.wav`, `${folder}/sub/../sub/a.wav`, relative('.', folder)];
    expect(findRecordings(named)).toEqual([{ name: join(folder, 'sub/a.wav'), path: join(folder, 'sub/a.wav') }]);
  });
});
