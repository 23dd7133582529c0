import { readFileSync } from 'node:fs';
import { BridgeError, messageOf } from '../errors.js';
import { bytesOf, LineConverter, LineWriter } from '../rtp/line.js';
import type { LineFormat } from '../rtp/packet.js';

/** Two minutes at 16 kHz. */
const MAX_BYTES = 2 * 60 * 32_000;

/** A WAV file's sound in a line's format, whole frames of it. Throws AUDIO_UNREADABLE. */
export function loadAnnouncement(file: string, line: LineFormat): Uint8Array {
  const { rate, pcm } = readWav(file);
  const padded = new Int16Array(Math.ceil(pcm.length / (rate / 50)) * (rate / 50));
  padded.set(pcm);
  if (rate === 16_000) return new LineConverter('l16', line).convert(bytesOf(padded));
  return new LineWriter(8000, line).write(padded);
}

/** Throws AUDIO_UNREADABLE where `loadAnnouncement` would. */
export function checkAnnouncement(file: string): void {
  readWav(file);
}

function readWav(file: string): { readonly rate: 8000 | 16_000; readonly pcm: Int16Array } {
  const refuse = (why: string): BridgeError =>
    new BridgeError('AUDIO_UNREADABLE', `The announcement ${file} can't be used: ${why}`, {
      hint: 'It must be a WAV file: PCM, 16 bit, mono, 8 or 16 kHz, at most two minutes.',
    });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  if (bytes.length > MAX_BYTES + 4096) throw refuse('it is too long.');
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw refuse('it is no WAV file.');
  }
  let rate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8);
    const body = at + 8;
    if (name === 'fmt ' && size >= 16) {
      const [tag, channels, bits] = [0, 2, 14].map((offset) => bytes.readUInt16LE(body + offset));
      rate = bytes.readUInt32LE(body + 4);
      if (tag !== 1 || channels !== 1 || bits !== 16) throw refuse('its format is another one.');
    }
    if (name === 'data') {
      if (rate !== 8000 && rate !== 16_000) throw refuse(`it has ${rate} samples a second.`);
      const pcm = new Int16Array(size >> 1);
      for (let index = 0; index < pcm.length; index++) pcm[index] = bytes.readInt16LE(body + index * 2);
      return { rate, pcm };
    }
    at = body + size + (size % 2);
  }
  throw refuse('there is no sound in it.');
}
