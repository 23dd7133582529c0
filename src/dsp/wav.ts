import { msOf } from './framing.js';
import { decodeG711 } from './g711.js';

/** RIFF WAVE in memory: reading of PCM16, mu-law and A-law, writing of PCM16. Files are somebody else's concern. */

export interface Wav {
  readonly sampleRate: number;
  /** One array per channel, all of one length. */
  readonly channels: readonly Int16Array[];
  readonly durationMs: number;
}

/** Bytes of the header `wavHeader` makes. */
export const WAV_HEADER_BYTES = 44;
const FORMAT_PCM = 1;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
/** The real format then stands in the first two bytes of the sub-format GUID. */
const FORMAT_EXTENSIBLE = 0xfffe;
/** The size field is 32 bits wide. */
const MAX_DATA_BYTES = 0xffffffff - WAV_HEADER_BYTES;

/**
 * Header of a PCM16 file with `dataBytes` bytes of samples to follow. A writer that does not know the length yet writes one with 0 and
 * overwrites it at the end.
 */
export function wavHeader(options: {
  readonly sampleRate: number;
  readonly channels: number;
  readonly dataBytes: number;
}): Uint8Array {
  const { sampleRate, channels } = options;
  const dataBytes = Math.min(options.dataBytes, MAX_DATA_BYTES);
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  writeTag(header, 0, 'RIFF');
  view.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes, true);
  writeTag(header, 8, 'WAVE');
  writeTag(header, 12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  writeTag(header, 36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

/** Channels of any lengths woven into one; the shorter ones are padded with silence. */
export function interleave(channels: readonly Int16Array[]): Int16Array {
  const length = channels.reduce((most, channel) => Math.max(most, channel.length), 0);
  const out = new Int16Array(length * channels.length);
  channels.forEach((channel, offset) => {
    for (let index = 0; index < channel.length; index++)
      out[index * channels.length + offset] = channel[index] as number;
  });
  return out;
}

/** Samples as little-endian bytes, whatever this machine's own order. */
export function pcmToBytes(pcm: Int16Array): Uint8Array {
  const out = new Uint8Array(pcm.length * 2);
  const view = new DataView(out.buffer);
  for (let index = 0; index < pcm.length; index++) view.setInt16(index * 2, pcm[index] as number, true);
  return out;
}

/** Little-endian bytes as samples; an odd last byte is left out. */
export function bytesToPcm(bytes: Uint8Array): Int16Array {
  const out = new Int16Array(bytes.length >> 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < out.length; index++) out[index] = view.getInt16(index * 2, true);
  return out;
}

/** A whole PCM16 file. */
export function encodeWav(channels: readonly Int16Array[], sampleRate: number): Uint8Array {
  const data = pcmToBytes(interleave(channels));
  const header = wavHeader({ sampleRate, channels: channels.length, dataBytes: data.length });
  const out = new Uint8Array(header.length + data.length);
  out.set(header);
  out.set(data, header.length);
  return out;
}

/**
 * Reads a file. A data chunk that claims more than there is (a recording that was cut off) is read as far as it goes. Throws RangeError
 * with what was wrong; `readAudioFile` in speech/ turns that into an error for people and handles every other format.
 */
export function decodeWav(bytes: Uint8Array): Wav {
  if (bytes.length < 12 || tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') throw new RangeError('not a WAV file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format:
    | { readonly code: number; readonly channels: number; readonly rate: number; readonly bits: number }
    | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const id = tag(bytes, offset);
    const size = view.getUint32(offset + 4, true);
    const start = offset + 8;
    if (id === 'fmt ') format = readFormat(view, start, size);
    if (id === 'data') {
      if (!format) throw new RangeError('a WAV file whose samples come before their format');
      return decodeData(bytes.subarray(start, Math.min(bytes.length, start + size)), format);
    }
    offset = start + size + (size & 1);
  }
  throw new RangeError('a WAV file without samples');
}

function readFormat(view: DataView, start: number, size: number) {
  if (size < 16 || start + size > view.byteLength) throw new RangeError('a WAV file with a broken format chunk');
  const declared = view.getUint16(start, true);
  const code = declared === FORMAT_EXTENSIBLE && size >= 26 ? view.getUint16(start + 24, true) : declared;
  const channels = view.getUint16(start + 2, true);
  const rate = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  if (channels < 1 || channels > 16) throw new RangeError(`a WAV file with ${channels} channels`);
  if (rate < 1000 || rate > 192_000) throw new RangeError(`a WAV file at ${rate} Hz`);
  return { code, channels, rate, bits };
}

function decodeData(
  data: Uint8Array,
  format: { readonly code: number; readonly channels: number; readonly rate: number; readonly bits: number },
): Wav {
  const woven = decodeSamples(data, format.code, format.bits);
  const length = Math.floor(woven.length / format.channels);
  const channels = Array.from({ length: format.channels }, (_, channel) => {
    const out = new Int16Array(length);
    for (let index = 0; index < length; index++) out[index] = woven[index * format.channels + channel] as number;
    return out;
  });
  return { sampleRate: format.rate, channels, durationMs: msOf(length, format.rate) };
}

function decodeSamples(data: Uint8Array, code: number, bits: number): Int16Array {
  if (code === FORMAT_PCM && bits === 16) return bytesToPcm(data);
  if (code === FORMAT_MULAW && bits === 8) return decodeG711('mulaw', data);
  if (code === FORMAT_ALAW && bits === 8) return decodeG711('alaw', data);
  throw new RangeError(`a WAV file with format ${code}, ${bits} bits: only PCM16, mu-law and A-law are read here`);
}

function tag(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

function writeTag(bytes: Uint8Array, offset: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[offset + index] = text.charCodeAt(index);
}
