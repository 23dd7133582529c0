/**
 * Keypad tones in the caller's audio (ITU-T Q.23): two sines, one of a low and one of a high group. Detected with Goertzel's algorithm frame by frame; the limits follow Q.24 and
 * the usual practice: at most 10 dB between the two, and nearly all of the frame's energy in them, which speech never has.
 */

const LOW_HZ = [697, 770, 852, 941] as const;
const HIGH_HZ = [1209, 1336, 1477, 1633] as const;
const KEYS = ['123A', '456B', '789C', '*0#D'] as const;
const LARGEST_TWIST = 10;
/** Share of a frame's energy in the two tones. Vowels of speech stay below a half. */
const LEAST_SHARE = 0.75;
/** Softer frames (-45 dBFS) are left alone. */
const LEAST_POWER = (32_768 * 10 ** (-45 / 20)) ** 2;

/** Keys may be off by 1.5 % (Q.24), half a bin of a 20 ms frame: measured at the nominal frequency alone they would have lost half their power. */
const OFFSETS = [1 - 0.0125, 1, 1 + 0.0125] as const;

/** The line's own noise is not held against a tone, up to so much of what is there. */
const MOST_NOISE_SHARE = 0.4;

/** The key that sounds through this frame (5 ms or more), or undefined. `noisePower`: mean square of the line's noise. */
export function keyIn(
  frame: Int16Array,
  sampleRate: number,
  leastShare = LEAST_SHARE,
  noisePower = 0,
): string | undefined {
  let energy = 0;
  for (const sample of frame) energy += sample * sample;
  if (frame.length === 0 || energy / frame.length < LEAST_POWER) return undefined;
  energy -= Math.min(noisePower * frame.length, energy * MOST_NOISE_SHARE);
  const low = strongest(frame, LOW_HZ, sampleRate);
  const high = strongest(frame, HIGH_HZ, sampleRate);
  // Hardly any frame of speech comes this far: the finer look is for what may be a key.
  if (shareOf(low.power + high.power, frame.length, energy) < leastShare / 3) return undefined;
  const lowPower = besidesNominal(frame, LOW_HZ[low.index] ?? 0, sampleRate);
  const highPower = besidesNominal(frame, HIGH_HZ[high.index] ?? 0, sampleRate);
  const twist = lowPower / Math.max(highPower, 1e-9);
  if (twist > LARGEST_TWIST || twist < 1 / LARGEST_TWIST) return undefined;
  return shareOf(lowPower + highPower, frame.length, energy) < leastShare ? undefined : KEYS[low.index]?.[high.index];
}

/** A sine of amplitude a has Goertzel power (a·n/2)² and energy n·a²/2. */
function shareOf(power: number, samples: number, energy: number): number {
  return (power * 2) / (samples * energy);
}

function besidesNominal(frame: Int16Array, frequency: number, sampleRate: number): number {
  return Math.max(...OFFSETS.map((offset) => goertzel(frame, frequency * offset, sampleRate)));
}

function strongest(
  frame: Int16Array,
  frequencies: readonly number[],
  sampleRate: number,
): { index: number; power: number } {
  let best = { index: 0, power: 0 };
  frequencies.forEach((frequency, index) => {
    const power = goertzel(frame, frequency, sampleRate);
    if (power > best.power) best = { index, power };
  });
  return best;
}

function goertzel(frame: Int16Array, frequency: number, sampleRate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let previous = 0;
  let beforePrevious = 0;
  for (const sample of frame) {
    const current = sample + coefficient * previous - beforePrevious;
    beforePrevious = previous;
    previous = current;
  }
  return previous * previous + beforePrevious * beforePrevious - coefficient * previous * beforePrevious;
}
