import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BridgeError, messageOf } from './errors.js';
import { recordingFor } from './rtp/line.js';
import { FRAME_BYTES, FRAME_MS, type G711, G711_SILENCE, type LineFormat } from './rtp/packet.js';

/** Recorded audio, ready to be played in any line's format. */
export type Recording = Readonly<Record<LineFormat, Uint8Array>>;

export const DEFAULT_APOLOGY_FOLDER = fileURLToPath(new URL('../../audio/apology/', import.meta.url));

/** Longest recording we read: a minute. */
const MAX_BYTES = 60 * 8000;
/** A phone's ear opens a moment after the call is up. */
const LEAD_IN_MS = 300;
const BETWEEN_MS = 400;

/**
 * The apology in the given languages, one after the other, with a short silence before each. Reads `<language>.ulaw` and `<language>.alaw` (raw G.711, 8 kHz mono). Throws
 * AUDIO_UNREADABLE.
 */
export function loadApology(folder: string, languages: readonly string[]): Recording {
  return inAll((law) => joined(folder, languages, law));
}

/** The soft tone that tells a caller that the line is not dead. */
export function loadHoldTone(folder: string): Recording {
  return inAll((law) => readRaw(folder, 'hold', law));
}

function inAll(load: (law: G711) => Uint8Array): Recording {
  const pcmu = load('pcmu');
  return { pcmu, pcma: load('pcma'), l16: recordingFor(pcmu, 'pcmu', 'l16') };
}

function joined(folder: string, languages: readonly string[], codec: G711): Uint8Array {
  const parts = languages.flatMap((language, index) => [
    silence(index === 0 ? LEAD_IN_MS : BETWEEN_MS, codec),
    readRaw(folder, language, codec),
  ]);
  return Uint8Array.from(Buffer.concat(parts));
}

function silence(ms: number, codec: G711): Uint8Array {
  return new Uint8Array((ms / FRAME_MS) * FRAME_BYTES).fill(G711_SILENCE[codec]);
}

function readRaw(folder: string, name: string, codec: G711): Uint8Array {
  const file = join(folder, `${name}.${codec === 'pcmu' ? 'ulaw' : 'alaw'}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new BridgeError('AUDIO_UNREADABLE', `The recording ${file} can't be read: ${messageOf(error)}`, {
      hint: 'Make it with `node sip-bridge/scripts/make-apology.mjs`, or set bridge.apology.folder and bridge.apology.languages.',
      cause: error,
    });
  }
  if (bytes.length === 0 || bytes.length > MAX_BYTES) {
    throw new BridgeError(
      'AUDIO_UNREADABLE',
      `The recording ${file} has ${bytes.length} bytes; 1 to ${MAX_BYTES} are possible.`,
    );
  }
  const whole = new Uint8Array(Math.ceil(bytes.length / FRAME_BYTES) * FRAME_BYTES).fill(G711_SILENCE[codec]);
  whole.set(bytes);
  return whole;
}
