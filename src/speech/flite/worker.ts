import { readFileSync } from 'node:fs';
import { decodeWav } from '../../dsp/wav.js';
import { messageOf } from '../../errors.js';
import { leaveStopSignalsToParent } from '../../owned-process.js';
import type { CancelMessage, MadeMessage, MakeMessage } from '../synthesizer-protocol.js';
import { compileProgram, MemoryWasi, type WasmModule } from './wasi.js';

/** Entry of flite's process: the program as WebAssembly, compiled once; a fresh memory for every clause. */

export interface FliteInit {
  readonly type: 'init';
  /** flite.wasm. */
  readonly path: string;
  readonly voice: string;
  /** 1 = the voice's own. */
  readonly tempo: number;
}

const OUTPUT = 'out.wav';
const LARGEST_WAVE_BYTES = 16 * 1024 * 1024;
const RATE = 16_000;

process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();

let program: WasmModule | undefined;
let init: FliteInit | undefined;
const cancelled = new Set<number>();

process.on('message', (message: FliteInit | MakeMessage | CancelMessage) => {
  if (message.type === 'init') start(message);
  else if (message.type === 'cancel') cancelled.add(message.jobId);
  else make(message);
});

function start(message: FliteInit): void {
  init = message;
  program = compileProgram(readFileSync(message.path));
  // Once beforehand: the machine code of the voice is made while it is first used.
  say('Hello, one two three.', 1);
  process.send?.({ type: 'ready' });
}

function make({ requestId, jobId, text, speed }: MakeMessage): void {
  let made: Pick<MadeMessage, 'samples' | 'error'> = { samples: new Int16Array(0) };
  try {
    if (!cancelled.has(jobId) && /[\p{L}\p{N}]/u.test(text)) made = { samples: say(text, speed) };
  } catch (error) {
    made = { samples: new Int16Array(0), error: messageOf(error) };
  }
  cancelled.delete(jobId);
  process.send?.({ type: 'made', requestId, sampleRate: RATE, ...made });
}

function say(text: string, speed: number): Int16Array {
  if (program === undefined || init === undefined) throw new TypeError('asked to speak before the voice was loaded');
  const stretch = Math.min(4, Math.max(0.25, 1 / (speed * init.tempo))).toFixed(3);
  const wasi = new MemoryWasi(
    ['flite', '-voice', init.voice, '--setf', `duration_stretch=${stretch}`, '-t', text, '-o', OUTPUT],
    LARGEST_WAVE_BYTES,
  );
  const code = wasi.run(program);
  const wave = wasi.file(OUTPUT);
  if (code !== 0 || wave === undefined) throw new Error(`flite ended with code ${code}`);
  return decodeWav(Buffer.from(wave)).channels[0] ?? new Int16Array(0);
}
