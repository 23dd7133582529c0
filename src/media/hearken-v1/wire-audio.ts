import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../dsp/g711.js';
import { bytesToPcm, pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import type { MediaFormat } from './messages.js';

/** Binary frames of `hearken.media.v1` to PCM and back. */

const FRAME_MS = 20;
const LONGEST_MS = 1000;

/** Bytes of 20 ms in this format. */
export function bytesPerFrame(format: MediaFormat): number {
  const samples = (format.sampleRate * FRAME_MS) / 1000;
  return format.encoding === 'pcm16' ? samples * 2 : samples;
}

/** Throws PROTOCOL_FRAME unless the payload is 20 ms to 1 s of audio in whole 20 ms frames. */
export function decodeAudio(payload: Buffer, format: MediaFormat): Int16Array {
  const unit = bytesPerFrame(format);
  if (payload.length === 0 || payload.length % unit !== 0 || payload.length > (unit * LONGEST_MS) / FRAME_MS) {
    throw new HearkenError(
      'PROTOCOL_FRAME',
      `An audio frame had ${payload.length} bytes; ${format.encoding} at ${format.sampleRate} Hz comes in multiples of ${unit} bytes (20 ms), at most 1 s.`,
      { hint: 'Send whole 20 ms frames.' },
    );
  }
  if (format.encoding === 'pcmu') return decodeMulaw(payload);
  if (format.encoding === 'pcma') return decodeAlaw(payload);
  return bytesToPcm(payload);
}

export function encodeAudio(samples: Int16Array, format: MediaFormat): Uint8Array {
  if (format.encoding === 'pcmu') return encodeMulaw(samples);
  if (format.encoding === 'pcma') return encodeAlaw(samples);
  return pcmToBytes(samples);
}
