import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeAlaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { rmsDbfs } from '../../../src/dsp/levels.js';
import { encodeWav } from '../../../src/dsp/wav.js';
import { readAudioFile } from '../../../src/speech/audio-file.js';

let folder = '';
const rate = 16_000;
const tone = (amplitude: number) =>
  Int16Array.from({ length: rate }, (_, n) => Math.round(amplitude * Math.sin((2 * Math.PI * 500 * n) / rate)));
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-audio-'));
  writeFileSync(at('stereo.wav'), encodeWav([tone(10_000), tone(100)], rate));
  writeFileSync(at('mono.wav'), encodeWav([tone(10_000)], rate));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Seconds of a 500 Hz tone, told by its zero crossings. */
function crossingsPerSecond(pcm: Int16Array, sampleRate: number): number {
  let crossings = 0;
  for (let n = 1; n < pcm.length; n++) if ((pcm[n - 1] ?? 0) < 0 !== (pcm[n] ?? 0) < 0) crossings++;
  return (crossings * sampleRate) / pcm.length;
}

describe('reading recordings', () => {
  it('gives a WAV at the wanted rate', async () => {
    const pcm = await readAudioFile(at('mono.wav'), { sampleRate: 8000 });
    expect(pcm).toHaveLength(8000);
    expect(crossingsPerSecond(pcm, 8000)).toBeCloseTo(1000, -2);
  });

  it('picks a channel or mixes them', async () => {
    const left = await readAudioFile(at('stereo.wav'), { sampleRate: rate, channel: 0 });
    const right = await readAudioFile(at('stereo.wav'), { sampleRate: rate, channel: 1 });
    const both = await readAudioFile(at('stereo.wav'), { sampleRate: rate });
    expect(rmsDbfs(left) - rmsDbfs(right)).toBeGreaterThan(35);
    expect(rmsDbfs(left) - rmsDbfs(both)).toBeCloseTo(6, 0);
    await expect(readAudioFile(at('stereo.wav'), { sampleRate: rate, channel: 2 })).rejects.toMatchObject({
      code: 'AUDIO_UNREADABLE',
    });
  });

  it.each(['flac', 'mp3', 'ogg', 'm4a', 'webm'])('reads %s', async (ending) => {
    const made = spawnSync(ffmpegInstaller.path, ['-v', 'error', '-y', '-i', at('stereo.wav'), at(`x.${ending}`)]);
    expect(made.stderr.toString()).toBe('');
    const pcm = await readAudioFile(at(`x.${ending}`), { sampleRate: 8000, channel: 0 });
    expect(pcm.length / 8000).toBeGreaterThan(0.95);
    expect(pcm.length / 8000).toBeLessThan(1.2);
    expect(crossingsPerSecond(pcm.subarray(1000, 7000), 8000)).toBeCloseTo(1000, -2);
  });

  it('reads headerless telephone files by their ending', async () => {
    const pcm = Int16Array.from({ length: 8000 }, (_, n) =>
      Math.round(9000 * Math.sin((2 * Math.PI * 500 * n) / 8000)),
    );
    writeFileSync(at('x.ulaw'), encodeMulaw(pcm));
    writeFileSync(at('x.alaw'), encodeAlaw(pcm));
    for (const name of ['x.ulaw', 'x.alaw']) {
      const read = await readAudioFile(at(name), { sampleRate: 8000 });
      expect(read).toHaveLength(8000);
      expect(rmsDbfs(read)).toBeCloseTo(rmsDbfs(pcm), 0);
    }
  });

  it('says what is wrong with a file that is missing, empty, no sound, too large or too long', async () => {
    writeFileSync(at('empty.wav'), '');
    writeFileSync(at('text.mp3'), 'this is a letter, not a song\n'.repeat(50));
    const reads: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
      [() => readAudioFile(at('nowhere.wav'), { sampleRate: 8000 }), /can't be opened/],
      [() => readAudioFile(folder, { sampleRate: 8000 }), /is not a file/],
      [() => readAudioFile(at('empty.wav'), { sampleRate: 8000 }), /is empty/],
      [() => readAudioFile(at('text.mp3'), { sampleRate: 8000 }), /can't be read as audio|holds no sound/],
      [() => readAudioFile(at('mono.wav'), { sampleRate: 8000, maxFileBytes: 1000 }), /is larger/],
      [() => readAudioFile(at('mono.wav'), { sampleRate: 8000, maxDurationMs: 500 }), /is longer/],
    ];
    for (const [read, words] of reads) {
      await expect(read()).rejects.toMatchObject({ code: 'AUDIO_UNREADABLE', message: expect.stringMatching(words) });
    }
  });

  it('stops a compressed recording that unpacks to more than allowed', async () => {
    spawnSync(ffmpegInstaller.path, ['-v', 'error', '-y', '-i', at('mono.wav'), at('long.flac')]);
    await expect(readAudioFile(at('long.flac'), { sampleRate: 8000, maxDurationMs: 300 })).rejects.toMatchObject({
      message: expect.stringMatching(/is longer/),
    });
  });

  it('does not follow a playlist to other files', async () => {
    writeFileSync(at('list.m3u8'), `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${at('mono.wav')}\n#EXT-X-ENDLIST\n`);
    writeFileSync(at('list.txt'), `ffconcat version 1.0\nfile '${at('mono.wav')}'\n`);
    for (const name of ['list.m3u8', 'list.txt']) {
      await expect(readAudioFile(at(name), { sampleRate: 8000 })).rejects.toMatchObject({ code: 'AUDIO_UNREADABLE' });
    }
  });
});
