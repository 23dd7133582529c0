import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ffmpeg from '@ffmpeg-installer/ffmpeg';
import { decodeMulaw, encodeMulaw } from '../../src/dsp/g711.js';
import { resample } from '../../src/dsp/resample.js';

/** The sets that recognisers are measured on: real people from a folder with transcripts.tsv, and espeak-ng renderings. */

const HERE = dirname(fileURLToPath(import.meta.url));
const HAN_ONLY = /^\p{Script=Han}+$/u;
const LONGEST_SECONDS = 25;
export const RATE = 16_000;

export interface Utterance {
  readonly text: string;
  readonly source: string;
  readonly task: 'digits' | 'command' | 'open' | 'contact-centre';
  /** Mono PCM16 at 16 kHz. */
  readonly pcm: Int16Array;
}

export interface RecordedRow {
  readonly file: string;
  readonly text: string;
  readonly group: string;
  readonly speaker: string;
  readonly task: string;
}

/** Every recording of a folder with transcripts.tsv that is not too long to be one utterance. */
export function rows(folder: string): readonly (RecordedRow & { readonly language: string })[] {
  const [header = '', ...lines] = readFileSync(join(folder, 'transcripts.tsv'), 'utf8').split('\n');
  const names = header.split('\t');
  const column = (cells: readonly string[], name: string): string => cells[names.indexOf(name)] ?? '';
  return lines
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
    .filter((cells) => Number(column(cells, 'seconds')) <= LONGEST_SECONDS)
    .map((cells) => ({
      file: column(cells, 'file'),
      language: column(cells, 'language'),
      text: column(cells, 'transcript'),
      group: column(cells, 'group'),
      speaker: column(cells, 'speaker'),
      task: column(cells, 'task'),
    }));
}

/** Mandarin rows that may be tested on: everybody but the one speaker who may train. */
export function testRows(folder: string): readonly RecordedRow[] {
  return rows(folder)
    .filter((row) => row.language === 'zh' && row.speaker !== 'S0150')
    .map((row) => ({ ...row, text: row.text.replace(/[\s\p{P}]/gu, '') }))
    .filter((row) => HAN_ONLY.test(row.text) && existsSync(join(folder, row.file)));
}

export function loadRows(folder: string, rows: readonly RecordedRow[]): readonly Utterance[] {
  return rows.map((row) => ({
    text: row.text,
    source: row.group === 'aishell-sample' ? `aishell ${row.speaker}` : 'other real people',
    task: row.task === 'digits' || row.task === 'command' ? row.task : 'open',
    pcm: decodeFile(join(folder, row.file)),
  }));
}

/** Any audio file as mono PCM16 at 16 kHz, by the ffmpeg that comes with npm. */
export function decodeFile(path: string): Int16Array {
  const run = spawnSync(ffmpeg.path, ['-v', 'error', '-i', path, '-ac', '1', '-ar', String(RATE), '-f', 's16le', '-'], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
  });
  if (run.status !== 0) throw new Error(`ffmpeg cannot decode ${path}: ${run.stderr.toString().trim()}`);
  return toPcm(run.stdout);
}

function toPcm(bytes: Buffer): Int16Array {
  const out = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = bytes.readInt16LE(2 * i);
  return out;
}

export interface SyntheticRow {
  readonly text: string;
  readonly pinyin: string;
  readonly variant: string;
  readonly rate: string;
  readonly pitch: string;
}

/** Held-out sentences of the contact-centre templates with the voice variant that says each; no variant of these trained. */
export function syntheticRows(): readonly SyntheticRow[] {
  return readFileSync(join(HERE, 'synthetic.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [text = '', pinyin = '', variant = '', rate = '', pitch = ''] = line.split('\t');
      return { text, pinyin, variant, rate, pitch };
    });
}

export const hasEspeak = (): boolean => spawnSync('espeak-ng', ['--version'], { timeout: 10_000 }).status === 0;

/** What espeak-ng says for tone-numbered pinyin, at 16 kHz. */
export function espeak(row: SyntheticRow): Int16Array {
  const voice = `cmn-latn-pinyin${row.variant === '' ? '' : `+${row.variant}`}`;
  return sayWith(voice, row.rate, row.pitch, row.pinyin.replaceAll('0', '5'));
}

const LETTER_NAMES =
  'ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue are ess tee you vee double-you ex why zee'.split(
    ' ',
  );

/** What espeak-ng says for an English sentence, at 16 kHz; capitals are spelled letters. */
export function sayEnglish(text: string, voice: string, rate: string, pitch: string): Int16Array {
  const written = text.replace(/\b[A-Z]\b/g, (c) => LETTER_NAMES[c.charCodeAt(0) - 65] ?? c);
  return sayWith(voice, rate, pitch, written);
}

/** A rendering by the program; kept in the system's temporary folder. */
function sayWith(voice: string, rate: string, pitch: string, text: string): Int16Array {
  const key = createHash('sha256')
    .update(JSON.stringify([voice, rate, pitch, text]))
    .digest('hex')
    .slice(0, 24);
  const folder = join(tmpdir(), 'hearken-bench-espeak');
  const path = join(folder, `${key}.pcm`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const run = spawnSync('espeak-ng', ['-v', voice, '-s', rate, '-p', pitch, '--stdout', text], {
      maxBuffer: 64 * 1024 * 1024,
      timeout: 30_000,
    });
    if (run.status !== 0) throw new Error(`espeak-ng failed: ${run.stderr.toString().trim()}`);
    // espeak-ng writes a WAV header of 44 bytes and 22.05 kHz samples to its standard output.
    const pcm = resample(toPcm(run.stdout.subarray(44)), 22_050, RATE);
    const padded = new Int16Array(pcm.length + 6400);
    padded.set(pcm, 3200);
    writeFileSync(`${path}.part`, new Uint8Array(padded.buffer));
    renameSync(`${path}.part`, path);
  }
  return toPcm(readFileSync(path));
}

/** 16 kHz through the telephone: 8 kHz, mu-law, and back. */
export function telephone(pcm: Int16Array): Int16Array {
  return resample(decodeMulaw(encodeMulaw(resample(pcm, RATE, 8000))), 8000, RATE);
}
