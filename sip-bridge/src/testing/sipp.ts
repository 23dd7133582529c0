import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeError } from '../errors.js';

export interface SippOptions {
  /** XML scenario; an `rtp_stream` in it names `caller.ulaw`. */
  readonly scenario: string;
  /** `host:port` to call. */
  readonly target: string;
  /** User part that is dialled. */
  readonly service?: string;
  readonly calls: number;
  /** New calls a second. */
  readonly rate: number;
  /** Raw mu-law that each caller says. */
  readonly speech?: Uint8Array;
  /** The caller hangs up so long after the answer; default: as the scenario says. */
  readonly holdMs?: number;
  readonly limitMs: number;
}

export interface SippResult {
  readonly exitCode: number | null;
  readonly successful: number;
  readonly failed: number;
  /** What it printed and its error file, for a failing test's message. */
  readonly output: string;
}

/** Places calls with sipp, a SIP load generator that is not our code, and reads its own count of them. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-sipp-'));
  try {
    const scenario = readFileSync(options.scenario, 'utf8');
    const held = scenario.replace(/<pause milliseconds="\d+"/, (pause) =>
      options.holdMs === undefined ? pause : `<pause milliseconds="${options.holdMs}"`,
    );
    writeFileSync(join(folder, 'scenario.xml'), held);
    writeFileSync(join(folder, 'caller.ulaw'), options.speech ?? new Uint8Array(8000).fill(0xff));
    // Without -mp it looks for free media ports itself, and takes others where it finds them taken.
    const args = [
      ...[options.target, '-sf', 'scenario.xml', '-s', options.service ?? 'bot', '-i', '127.0.0.1', '-mi', '127.0.0.1'],
      ...['-m', String(options.calls), '-l', String(options.calls), '-r', String(options.rate)],
      ...['-timeout', `${Math.ceil(options.limitMs / 1000)}s`, '-timeout_error', '-nostdin'],
      ...['-trace_err', '-error_file', 'errors.log', '-trace_stat', '-stf', 'stat.csv', '-fd', '1'],
    ];
    const child = spawn('sipp', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.limitMs + 5000);
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(new BridgeError('CALL_FAILED', `sipp can't be run: ${error.message}`)));
      child.once('close', (code) => resolve(code));
    });
    clearTimeout(timer);
    const counts = readCounts(join(folder, 'stat.csv'));
    return { exitCode, ...counts, output: `${output}\n${readOptional(join(folder, 'errors.log'))}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last line of sipp's statistics, by the names in its first. */
function readCounts(file: string): { successful: number; failed: number } {
  const lines = readOptional(file).trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.at(-1)?.split(';') ?? [];
  const value = (name: string): number => Number(values[names.indexOf(name)] ?? Number.NaN);
  return { successful: value('SuccessfulCall(C)'), failed: value('FailedCall(C)') };
}

function readOptional(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
