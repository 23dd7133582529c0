import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { decodeWav } from '../../src/dsp/wav.js';

/** What the parts of the bench share: callers, clocks of processes, cores, figures. */

export const RATE = 8000;
export const FRAME_MS = 20;
export const FRAME = (RATE * FRAME_MS) / 1000;
/** Callers begin at different frames, as real ones do: their chunks do not all come in the same instant. */
export const PHASES = 16;

/** The sample calls one after the other; `pauses: false` leaves out what is softer than speech for more than a breath. */
export function callerTape(root: string, pauses: boolean): Int16Array {
  const folder = join(root, 'audio/calls');
  const calls = readdirSync(folder)
    .filter((file) => file.endsWith('.wav'))
    .sort()
    .map((file) => decodeWav(readFileSync(join(folder, file))).channels[0] ?? new Int16Array(0));
  const samples: number[] = [];
  let quiet = Number.POSITIVE_INFINITY;
  for (const call of calls) {
    for (let at = 0; at + FRAME <= call.length; at += FRAME) {
      const frame = call.subarray(at, at + FRAME);
      quiet = frame.some((sample) => Math.abs(sample) > 300) ? 0 : quiet + 1;
      if (pauses || quiet < 10) for (const sample of frame) samples.push(sample);
    }
  }
  return Int16Array.from(samples);
}

/** One endless caller for each stream: the tape, each beginning elsewhere in it. */
export function callerLines(tape: Int16Array, streams: number, seconds: number): Int16Array[] {
  return Array.from({ length: streams }, (_, index) => {
    const start = Math.floor((index * tape.length) / streams);
    const line = new Int16Array(seconds * RATE);
    for (let at = 0; at < line.length; ) {
      const from = (start + at) % tape.length;
      const piece = tape.subarray(from, Math.min(tape.length, from + line.length - at));
      line.set(piece, at);
      at += piece.length;
    }
    return line;
  });
}

/** The core that is measured, and the one that everything else of the bench runs on; undefined where there is only one or they can't be chosen. */
export const CORES = availableParallelism() > 1 ? { measured: 1, other: 0 } : undefined;

/** Ties a process with all its threads to one core; false where that can't be done. */
export function pin(pid: number, core: number | undefined): boolean {
  if (core === undefined) return false;
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** CPU time of a process so far: fields 14 and 15 of /proc/<pid>/stat, in clock ticks of 10 ms (proc(5)). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
