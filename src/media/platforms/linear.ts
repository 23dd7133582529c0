import { bytesToPcm } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';

/** Sampling rates a call may have. */
const RATES: ReadonlySet<number> = new Set([8000, 16_000, 24_000, 48_000]);
/** Longest piece of audio in one message. */
const LONGEST_MS = 1000;

/** Throws PROTOCOL_MESSAGE for a rate that a call can't have. */
export function checkedRate(rate: number): number {
  if (!RATES.has(rate)) {
    throw new HearkenError('PROTOCOL_MESSAGE', `A call can't have ${rate} Hz.`, {
      hint: 'Set the platform to 8000, 16000, 24000 or 48000 Hz.',
    });
  }
  return rate;
}

/** Little-endian PCM16 of a message. Throws PROTOCOL_FRAME when it is no whole samples or longer than 1 s. */
export function linear(bytes: Buffer, sampleRate: number): Int16Array {
  checkLength(bytes.length, sampleRate * 2);
  if (bytes.length % 2 !== 0) throw new HearkenError('PROTOCOL_FRAME', 'An audio message ended inside a sample.');
  return bytesToPcm(bytes);
}

/** Throws PROTOCOL_FRAME for more than 1 s of audio. */
export function checkLength(bytes: number, bytesPerSecond: number): void {
  if (bytes > (bytesPerSecond * LONGEST_MS) / 1000) {
    throw new HearkenError('PROTOCOL_FRAME', `An audio message had ${bytes} bytes, more than 1 s of sound.`);
  }
}
