import { holdMusic } from '../dsp/hold-music.js';
import { resample } from '../dsp/resample.js';
import { readAudioFile } from '../speech/audio-file.js';

/** Music at a session's rate. */
export type Music = (sampleRate: number) => Int16Array;

const FILE_RATE = 16_000;
/** A prompt's longest; longer pieces are cut, they go round. */
const LONGEST_SECONDS = 110;
/** Short pieces are laid end to end up to this, so that going round is seldom heard. */
const SHORTEST_SECONDS = 40;

/** What callers hear who wait for a person: `built-in`, `off` (undefined), or an audio file. Made once for each rate. Throws AUDIO_UNREADABLE. */
export async function loadHoldMusic(source: string): Promise<Music | undefined> {
  if (source === 'off') return undefined;
  const file = source === 'built-in' ? undefined : await readAudioFile(source, { sampleRate: FILE_RATE });
  const made = new Map<number, Int16Array>();
  return (sampleRate) => {
    const known = made.get(sampleRate);
    if (known) return known;
    const piece = file ? resample(file, FILE_RATE, sampleRate) : holdMusic(sampleRate);
    const music = laidEndToEnd(piece.subarray(0, LONGEST_SECONDS * sampleRate), SHORTEST_SECONDS * sampleRate);
    made.set(sampleRate, music);
    return music;
  };
}

function laidEndToEnd(piece: Int16Array, shortest: number): Int16Array {
  if (piece.length === 0 || piece.length >= shortest) return piece;
  const out = new Int16Array(Math.ceil(shortest / piece.length) * piece.length);
  for (let at = 0; at < out.length; at += piece.length) out.set(piece, at);
  return out;
}
