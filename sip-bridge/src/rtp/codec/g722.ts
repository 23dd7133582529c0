/**
 * ITU-T G.722 (11/88, 09/2012) at 64 kbit/s: 7 kHz of audio in two bands of ADPCM. Samples are 16 bit at 16 kHz, one byte carries two of them. Names of blocks and tables are the
 * Recommendation's (figures 11-20, tables 7-21), so that it can be read beside it.
 */

/** QMF, table 11, one half of the symmetric filter. */
const QMF = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
const Q6 = [
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
  1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
const ILN = [
  0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
];
const ILP = [
  0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33,
  32,
];
const QM2 = Int32Array.of(-7408, -1616, 7408, 1616);
const QM4 = Int32Array.of(
  ...[0, -20456, -12896, -8968, -6288, -4240, -2584, -1200],
  ...[20456, 12896, 8968, 6288, 4240, 2584, 1200, 0],
);
/** Six-bit inverse quantiser: four words that are not sent, 28 negative ones, 28 positive, and the innermost four. */
const OUTER = [
  24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464,
  4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728,
];
const QM6 = Int32Array.of(
  ...[-136, -136, -136, -136],
  ...OUTER.map((value) => -value),
  ...OUTER,
  ...[432, 136, -432, -136],
);
const RL42 = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
const WL = Int32Array.from(RL42, (code) => [-60, -30, 58, 172, 334, 538, 1198, 3042][code] ?? 0);
const WH = Int32Array.from([2, 1, 2, 1], (code) => [0, -214, 798][code] ?? 0);
const ILB = Int32Array.from({ length: 32 }, (_, index) => Math.floor(2 ** (11 + index / 32) + 0.5));

const LOW = { shift: 8, highest: 18_432, first: 32 };
const HIGH = { shift: 10, highest: 22_528, first: 8 };

const clip = (value: number): number => (value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value);
const clip15 = (value: number): number => (value > 16_383 ? 16_383 : value < -16_384 ? -16_384 : value);

/** The predictor and quantiser scale of one band; the same in encoder and decoder (blocks 3 and 4). */
class Band {
  readonly #limits: typeof LOW;
  /** Prediction of the next sample. */
  s = 0;
  /** Quantiser scale. */
  det: number;
  #nb = 0;
  #sz = 0;
  #a1 = 0;
  #a2 = 0;
  #r1 = 0;
  #p1 = 0;
  #p2 = 0;
  readonly #b = new Int32Array(6);
  readonly #d = new Int32Array(6);

  constructor(limits: typeof LOW) {
    this.#limits = limits;
    this.det = limits.first;
  }

  /** LOGSCL, LOGSCH and SCALEL, SCALEH. */
  rescale(step: number): void {
    const { highest, shift } = this.#limits;
    const nb = ((this.#nb * 127) >> 7) + step;
    this.#nb = nb < 0 ? 0 : nb > highest ? highest : nb;
    const mantissa = ILB[(this.#nb >> 6) & 31] as number;
    const right = shift - (this.#nb >> 11);
    this.det = (right < 0 ? mantissa << -right : mantissa >> right) << 2;
  }

  /** Block 4: adapts to the quantised difference and predicts the next sample. */
  adapt(difference: number): void {
    const r0 = clip(this.s + difference);
    const p0 = clip(this.#sz + difference);
    const sign0 = p0 >> 15;
    // UPPOL2
    const doubled = clip(this.#a1 << 2);
    const turned = sign0 === this.#p1 >> 15 ? Math.min(32_767, -doubled) : doubled;
    const raised = (turned >> 7) + (sign0 === this.#p2 >> 15 ? 128 : -128) + ((this.#a2 * 32_512) >> 15);
    const a2 = raised > 12_288 ? 12_288 : raised < -12_288 ? -12_288 : raised;
    // UPPOL1
    const limit = clip(15_360 - a2);
    const moved = clip((sign0 === this.#p1 >> 15 ? 192 : -192) + ((this.#a1 * 32_640) >> 15));
    const a1 = moved > limit ? limit : moved < -limit ? -limit : moved;
    // UPZERO, DELAYA and FILTEZ in one pass from the oldest difference to the newest.
    const b = this.#b;
    const d = this.#d;
    const gain = difference === 0 ? 0 : 128;
    const sign = difference >> 15;
    let sz = 0;
    for (let index = 5; index >= 0; index--) {
      const old = d[index] as number;
      const tap = clip((old >> 15 === sign ? gain : -gain) + (((b[index] as number) * 32_640) >> 15));
      b[index] = tap;
      const next = index === 0 ? difference : (d[index - 1] as number);
      d[index] = next;
      sz += (tap * clip(next + next)) >> 15;
    }
    this.#sz = clip(sz);
    // FILTEP
    const sp = clip(((a1 * clip(r0 + r0)) >> 15) + ((a2 * clip(this.#r1 + this.#r1)) >> 15));
    this.#r1 = r0;
    this.#p2 = this.#p1;
    this.#p1 = p0;
    this.#a1 = a1;
    this.#a2 = a2;
    this.s = clip(sp + this.#sz);
  }
}

/** Sums of the even and the odd taps over the last 24 samples. */
class Qmf {
  readonly #x = new Int32Array(24);
  a = 0;
  b = 0;

  push(first: number, second: number): void {
    const x = this.#x;
    x.copyWithin(0, 2);
    x[22] = first;
    x[23] = second;
    let a = 0;
    let b = 0;
    for (let index = 0; index < 12; index++) {
      a += (x[2 * index] as number) * (QMF[index] as number);
      b += (x[2 * index + 1] as number) * (QMF[11 - index] as number);
    }
    this.a = a;
    this.b = b;
  }
}

/** One direction of one stream: 16-bit samples at 16 kHz in, bytes out. */
export class G722Encoder {
  readonly #low = new Band(LOW);
  readonly #high = new Band(HIGH);
  readonly #qmf = new Qmf();

  /** An even number of samples; half as many bytes. */
  encode(pcm: Int16Array): Uint8Array {
    const out = new Uint8Array(pcm.length >> 1);
    for (let at = 0; at < out.length; at++) {
      const qmf = this.#qmf;
      qmf.push(pcm[2 * at] as number, pcm[2 * at + 1] as number);
      const low = this.#codeLow((qmf.b + qmf.a) >> 14);
      out[at] = (this.#codeHigh((qmf.b - qmf.a) >> 14) << 6) | low;
    }
    return out;
  }

  #codeLow(sample: number): number {
    const band = this.#low;
    const error = clip(sample - band.s);
    const size = error >= 0 ? error : -(error + 1);
    let level = 1;
    while (level < 30 && size >= ((Q6[level] as number) * band.det) >> 12) level++;
    const code = (error < 0 ? ILN[level] : ILP[level]) as number;
    const coarse = code >> 2;
    const difference = (band.det * (QM4[coarse] as number)) >> 15;
    band.rescale(WL[coarse] as number);
    band.adapt(difference);
    return code;
  }

  #codeHigh(sample: number): number {
    const band = this.#high;
    const error = clip(sample - band.s);
    const size = error >= 0 ? error : -(error + 1);
    const outer = size >= (564 * band.det) >> 12;
    const code = error < 0 ? (outer ? 0 : 1) : outer ? 2 : 3;
    const difference = (band.det * (QM2[code] as number)) >> 15;
    band.rescale(WH[code] as number);
    band.adapt(difference);
    return code;
  }
}

/** One direction of one stream: bytes in, twice as many 16-bit samples at 16 kHz out. */
export class G722Decoder {
  readonly #low = new Band(LOW);
  readonly #high = new Band(HIGH);
  readonly #qmf = new Qmf();

  decode(bytes: Uint8Array): Int16Array {
    const out = new Int16Array(bytes.length * 2);
    const [low, high, qmf] = [this.#low, this.#high, this.#qmf];
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const codeLow = byte & 0x3f;
      const codeHigh = byte >> 6;
      const coarse = codeLow >> 2;
      const rlow = clip15(low.s + ((low.det * (QM6[codeLow] as number)) >> 15));
      const differenceLow = (low.det * (QM4[coarse] as number)) >> 15;
      low.rescale(WL[coarse] as number);
      low.adapt(differenceLow);
      const differenceHigh = (high.det * (QM2[codeHigh] as number)) >> 15;
      const rhigh = clip15(high.s + differenceHigh);
      high.rescale(WH[codeHigh] as number);
      high.adapt(differenceHigh);
      qmf.push(rlow + rhigh, rlow - rhigh);
      out[2 * at] = clip(qmf.b >> 11);
      out[2 * at + 1] = clip(qmf.a >> 11);
    }
    return out;
  }
}
