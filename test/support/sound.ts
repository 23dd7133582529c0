/** Measures of what a phone heard. */

const FRAME = 160;

/** Share of a frame's power that lies at `frequency` (Goertzel), 0..1. */
function share(frame: Int16Array, frequency: number, sampleRate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let before = 0;
  let last = 0;
  let total = 0;
  for (const sample of frame) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
    total += sample * sample;
  }
  if (total === 0) return 0;
  const power = last * last + before * before - coefficient * last * before;
  return (2 * power) / (frame.length * total);
}

/** Ms of 20 ms frames in which almost everything is this tone. */
export function toneMs(samples: Int16Array, frequency: number, sampleRate = 8000): number {
  let count = 0;
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    const frame = samples.subarray(start, start + FRAME);
    if (rms(frame) > 300 && share(frame, frequency, sampleRate) > 0.8) count += 1;
  }
  return count * 20;
}

/** Ms of frames that are loud and no tone of `frequency`: speech, as opposed to that tone and to silence. */
export function speechMs(samples: Int16Array, notFrequency = 0, sampleRate = 8000): number {
  let count = 0;
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    const frame = samples.subarray(start, start + FRAME);
    if (rms(frame) > 300 && (notFrequency === 0 || share(frame, notFrequency, sampleRate) < 0.5)) count += 1;
  }
  return count * 20;
}

export function tone(frequency: number, ms: number, sampleRate = 8000): Int16Array {
  return Int16Array.from(
    { length: (ms * sampleRate) / 1000 },
    (_, index) => 8000 * Math.sin((2 * Math.PI * frequency * index) / sampleRate),
  );
}

function rms(frame: Int16Array): number {
  let sum = 0;
  for (const sample of frame) sum += sample * sample;
  return Math.sqrt(sum / frame.length);
}
