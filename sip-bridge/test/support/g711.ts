/** Just enough G.711 for tests: tones to send, energy of what was heard. */

export function muLawDecode(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = (((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 0x07);
  return value & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

export function muLawEncode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32_635, Math.abs(sample)) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

export function tone(hz: number, ms: number, amplitude = 8000): Uint8Array {
  return Uint8Array.from({ length: ms * 8 }, (_, index) =>
    muLawEncode(Math.round(amplitude * Math.sin((2 * Math.PI * hz * index) / 8000))),
  );
}

/** Root mean square of mu-law, full scale 32,768. */
export function rms(payload: Uint8Array): number {
  if (payload.length === 0) return 0;
  let sum = 0;
  for (const byte of payload) sum += muLawDecode(byte) ** 2;
  return Math.sqrt(sum / payload.length);
}

/** Power at one frequency relative to all power, 0…1 (Goertzel), of mu-law at 8 kHz. */
export function share(payload: Uint8Array, hz: number): number {
  return shareOf(Float64Array.from(payload, muLawDecode), hz, 8000);
}

/** The same of samples. */
export function shareOf(samples: Int16Array | Float64Array, hz: number, rate: number): number {
  const k = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let a = 0;
  let b = 0;
  let total = 0;
  for (const x of samples) {
    total += x * x;
    const next = x + k * a - b;
    b = a;
    a = next;
  }
  const power = a * a + b * b - k * a * b;
  return total === 0 ? 0 : (2 * power) / (samples.length * total);
}

/** Best match of `needle` in `hay` as normalised correlation of their 20 ms energies, -1…1, and where. */
export function envelopeMatch(hay: Uint8Array, needle: Uint8Array): { score: number; atMs: number } {
  const a = envelope(hay);
  const b = envelope(needle);
  let best = { score: -1, atMs: 0 };
  for (let at = 0; at + b.length <= a.length; at++) {
    const score = correlation(a.slice(at, at + b.length), b);
    if (score > best.score) best = { score, atMs: at * 20 };
  }
  return best;
}

export function envelope(payload: Uint8Array): number[] {
  return Array.from({ length: Math.floor(payload.length / 160) }, (_, index) =>
    rms(payload.subarray(index * 160, (index + 1) * 160)),
  );
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const ma = mean(a);
  const mb = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (const [index, value] of a.entries()) {
    const x = value - ma;
    const y = (b[index] ?? 0) - mb;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
