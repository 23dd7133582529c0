import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import type { FliteAnswer, FliteInit, FliteRequest } from './protocol.js';
import { MemoryWasi } from './wasi.js';

/** Thread: flite as WebAssembly, compiled once; a fresh memory for every clause. */

const OUTPUT = 'out.wav';
const LARGEST_WAVE_BYTES = 16 * 1024 * 1024;

const { path, voice } = workerData as FliteInit;
const module = new WebAssembly.Module(readFileSync(path));

function say({ id, text, speed }: FliteRequest): FliteAnswer {
  try {
    const stretch = Math.min(4, Math.max(0.25, 1 / speed)).toFixed(3);
    const args = ['flite', '-voice', voice, '--setf', `duration_stretch=${stretch}`, '-t', text, '-o', OUTPUT];
    const wasi = new MemoryWasi(args, LARGEST_WAVE_BYTES);
    const code = wasi.run(module);
    const wave = wasi.file(OUTPUT);
    if (code !== 0 || wave === undefined) return { id, failure: `it ended with code ${code}` };
    return { id, wave: Uint8Array.from(wave) };
  } catch (error) {
    return { id, failure: messageOf(error) };
  }
}

// Once beforehand: the machine code of the voice is made while it is first used.
say({ id: -1, text: 'Hello, one two three.', speed: 1 });
parentPort?.on('message', (request: FliteRequest) => {
  parentPort?.postMessage(say(request));
});
parentPort?.postMessage('ready');
