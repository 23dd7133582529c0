import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { path as ffmpeg } from '@ffmpeg-installer/ffmpeg';
import { afterAll, describe, expect, it } from 'vitest';
import { G722Decoder, G722Encoder } from '../../../../src/rtp/codec/g722.js';

const RATE = 16_000;
/** Two seconds with something in both bands. */
const speech = Int16Array.from({ length: RATE * 2 }, (_, at) =>
  [440, 2500, 5500].reduce((sum, hz, index) => sum + (6000 / 2 ** index) * Math.sin((2 * Math.PI * hz * at) / RATE), 0),
);
/** Of both filters of the codec together. */
const DELAY = 22;
const folder = mkdtempSync(join(tmpdir(), 'hearken-g722-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function snrDb(sent: Int16Array, heard: Int16Array): number {
  let signal = 0;
  let noise = 0;
  for (let at = 1000; at + DELAY < sent.length; at++) {
    const sample = sent[at] ?? 0;
    signal += sample ** 2;
    noise += (sample - (heard[at + DELAY] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

const convert = (input: string, from: readonly string[], output: string, to: readonly string[]): Buffer => {
  const args = ['-y', '-loglevel', 'error', ...from, '-i', join(folder, input), ...to, join(folder, output)];
  execFileSync(ffmpeg, args);
  return readFileSync(join(folder, output));
};
const PCM = ['-f', 's16le', '-ar', String(RATE), '-ac', '1'];

describe('G.722', () => {
  it('gives back what was said, both bands of it', () => {
    expect(snrDb(speech, new G722Decoder().decode(new G722Encoder().encode(speech)))).toBeGreaterThan(30);
  });

  it('makes the same bytes as another implementation, and reads them the same, sample by sample', () => {
    writeFileSync(join(folder, 'speech.raw'), Buffer.from(speech.buffer));
    const theirs = convert('speech.raw', PCM, 'theirs.g722', ['-c:a', 'g722', '-f', 'g722']);
    const ours = new G722Encoder().encode(speech);
    expect(Buffer.compare(Buffer.from(ours), theirs)).toBe(0);
    const heard = convert('theirs.g722', ['-f', 'g722'], 'heard.raw', ['-f', 's16le']);
    const decoded = new G722Decoder().decode(ours);
    expect(Buffer.compare(Buffer.from(decoded.buffer), heard)).toBe(0);
  });

  it('survives any bytes and full scale', () => {
    const decoder = new G722Decoder();
    for (let byte = 0; byte < 256; byte++) decoder.decode(new Uint8Array(160).fill(byte));
    const loud = Int16Array.from({ length: RATE }, (_, at) => (Math.floor(at / 20) % 2 === 0 ? 32_767 : -32_768));
    const heard = new G722Decoder().decode(new G722Encoder().encode(loud));
    expect(heard.every((sample) => Number.isInteger(sample))).toBe(true);
  });
});
