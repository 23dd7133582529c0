import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/config.js';
import { ffmpegEncoders } from '../../../../src/replay/degrade/codecs.js';
import { CONDITIONS } from '../../../../src/replay/degrade/conditions.js';
import { degrade } from '../../../../src/replay/degrade/degrade.js';
import { losePackets } from '../../../../src/replay/degrade/loss.js';
import { addNoise, speechPower } from '../../../../src/replay/degrade/noise.js';
import { degradePage, degradeTable } from '../../../../src/replay/degrade/report.js';

/** A second of a voice-like tone between two pauses. */
const voice = Int16Array.from({ length: 16_000 }, (_, index) =>
  index < 4000 || index >= 12_000 ? 0 : Math.round(8000 * Math.sin((index * 2 * Math.PI * 300) / 8000)),
);
const power = (pcm: ArrayLike<number>): number =>
  Array.from(pcm).reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;

describe('noise', () => {
  it.each([20, 10, 0])('at %i dB is as strong as that against the speech, not against the pauses', (snrDb) => {
    for (const kind of ['white', 'street'] as const) {
      const noisy = addNoise(voice, snrDb, kind, 3);
      const noise = noisy.map((sample, index) => sample - (voice[index] as number));
      expect(10 * Math.log10(speechPower(voice) / power(noise))).toBeCloseTo(snrDb, 0);
    }
  });

  it('of silence is silence, and the same seed is the same noise', () => {
    expect(power(addNoise(new Int16Array(800), 10, 'white', 1))).toBe(0);
    expect(addNoise(voice, 10, 'street', 5)).toEqual(addNoise(voice, 10, 'street', 5));
    expect(addNoise(voice, 10, 'street', 6)).not.toEqual(addNoise(voice, 10, 'street', 5));
  });
});

describe('lost packets', () => {
  const long = new Int16Array(160 * 20_000).fill(1000);
  const rows = (pcm: Int16Array): number[] => {
    const found: number[] = [];
    for (let start = 0, row = 0; start <= pcm.length; start += 160) {
      if (start < pcm.length && pcm[start] === 0) row += 1;
      else if (row > 0) {
        found.push(row);
        row = 0;
      }
    }
    return found;
  };

  it.each([
    [0.05, 1],
    [0.2, 1],
    [0.1, 4],
  ])('are the wanted share (%d), in rows of %d', (share, burst) => {
    const found = rows(losePackets(long, { share, burst, concealed: false, sampleRate: 8000, seed: 2 }));
    const lost = found.reduce((sum, row) => sum + row, 0);
    expect(lost / 20_000).toBeCloseTo(share, 1);
    // A packet may be lost twice running by chance, so single losses come in rows of little more than one.
    expect(lost / found.length / burst).toBeGreaterThan(0.9);
    expect(lost / found.length / burst).toBeLessThan(1.35);
  });

  it('are filled from what came before when they are concealed, for 60 ms at most', () => {
    const lossy = losePackets(long, { share: 0.2, burst: 8, concealed: true, sampleRate: 8000, seed: 2 });
    expect(lossy).toContain(600);
    expect(lossy).toContain(0);
  });
});

describe('conditions', () => {
  let encoders: ReadonlySet<string>;
  beforeAll(async () => {
    encoders = await ffmpegEncoders();
  });

  it('have codecs of mobile phones and of the web', () => {
    for (const encoder of ['g722', 'libopus', 'libopencore_amrnb']) expect(encoders).toContain(encoder);
  });

  it.each(CONDITIONS.filter(({ family }) => family !== 'as it is').map((each) => [each.id, each] as const))(
    '%s changes the sound and leaves it sound',
    async (_id, { needs, apply, family }) => {
      if (needs !== undefined && !encoders.has(needs)) return;
      const made = await apply({ pcm: voice, sampleRate: 8000 }, 1);
      expect([8000, 16_000]).toContain(made.sampleRate);
      if (family !== 'speed')
        expect(Math.abs(made.pcm.length / made.sampleRate - voice.length / 8000)).toBeLessThan(0.05);
      expect(power(made.pcm)).toBeGreaterThan(1);
      expect(made.sampleRate === 8000 && Buffer.from(made.pcm.buffer).equals(Buffer.from(voice.buffer))).toBe(false);
    },
  );
});

describe('the degradation lab', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-degrade-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('does not call it a result when nothing can be read', async () => {
    const { config, root } = loadConfig({ env: {} });
    const options = {
      plan: { mode: 'recognition', timing: 'auto', band: 'own', graph: 'general', nowMs: 0, trainedOn: [] },
      settings: { config, root, appEnvironment: {}, workFolder: folder, allowEffects: false, atOnce: 32 },
      ...{ workers: 1, families: ['gain'], seed: 1, folder: join(folder, 'none') },
      signal: new AbortController().signal,
    } as const;
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(degrade({ ...options, paths: [empty] })).rejects.toThrow(/no recordings in .*empty/);
    writeFileSync(join(empty, 'broken.wav'), 'RIFF of nothing');
    await expect(degrade({ ...options, paths: [empty] })).rejects.toThrow(/None of the recordings .*broken\.wav/);
  });

  it('tells errors of each condition with an interval, and removes what it made', async () => {
    const { config, root } = loadConfig({ env: {} });
    const work = join(folder, 'work');
    const report = await degrade({
      paths: ['audio/calls/return.wav'],
      plan: { mode: 'recognition', timing: 'auto', band: 'own', graph: 'general', nowMs: 0, trainedOn: [] },
      settings: { config, root, appEnvironment: {}, workFolder: folder, allowEffects: false, atOnce: 32 },
      workers: 1,
      families: ['noise'],
      seed: 1,
      folder: work,
      signal: new AbortController().signal,
    });
    expect(report.against).toBe('transcript');
    expect(report.failed).toEqual([]);
    const cer = (id: string): number => report.conditions.find((each) => each.id === id)?.cer?.value ?? Number.NaN;
    expect(cer('as-it-is')).toBeLessThan(0.2);
    expect(cer('noise-white-0')).toBeGreaterThan(cer('as-it-is'));
    expect(degradeTable(report)).toContain('white noise, 0 dB');
    expect(degradePage(report)).toContain('<svg');
    expect(existsSync(work)).toBe(false);
  }, 180_000);
});
