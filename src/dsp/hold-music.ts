/**
 * Music for callers who wait, so that a shop needs no licence for any: soft plucked chords, made here. Eight seconds that go round without a seam.
 */

/** I, vi, IV, V of C major over two octaves, Hz (equal temperament, A4 = 440); each is played up and down. */
const CHORDS: readonly (readonly number[])[] = [
  [261.63, 329.63, 392.0, 523.25],
  [220.0, 261.63, 329.63, 440.0],
  [174.61, 220.0, 261.63, 349.23],
  [196.0, 246.94, 293.66, 392.0],
];
const PATTERN = [0, 1, 2, 3, 2, 3, 2, 1] as const;
const NOTE_MS = 250;
const NOTE_LASTS_MS = 1400;
const ATTACK_MS = 12;
/** Peak of one note; several sound together, which comes to about -24 dBFS. */
const AMPLITUDE = 2200;

/** Mono, PCM16. */
export function holdMusic(sampleRate: number): Int16Array {
  const samples = (ms: number): number => Math.round((ms * sampleRate) / 1000);
  const notes = CHORDS.flatMap((chord) => PATTERN.map((step) => chord[step] as number));
  const mix = new Float32Array(notes.length * samples(NOTE_MS));
  notes.forEach((frequency, index) => {
    const start = index * samples(NOTE_MS);
    for (let at = 0; at < samples(NOTE_LASTS_MS); at++) {
      const ms = (at * 1000) / sampleRate;
      const envelope = Math.min(1, ms / ATTACK_MS) * Math.exp(-ms / 380) * Math.min(1, (NOTE_LASTS_MS - ms) / 100);
      const phase = (2 * Math.PI * frequency * at) / sampleRate;
      const wave = Math.sin(phase) + 0.35 * Math.sin(2 * phase) + 0.12 * Math.sin(3 * phase);
      // What rings on at the end rings into the beginning.
      const position = (start + at) % mix.length;
      mix[position] = (mix[position] as number) + AMPLITUDE * envelope * wave;
    }
  });
  return Int16Array.from(mix, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value))));
}
