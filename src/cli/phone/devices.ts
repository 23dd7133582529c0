import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { HearkenError } from '../../errors.js';

/** Programs that record and play raw mu-law at 8 kHz, the first that is installed. */
const MICROPHONES = [
  { program: 'arecord', args: ['-q', '-t', 'raw', '-f', 'MU_LAW', '-r', '8000', '-c', '1'] },
  { program: 'parec', args: ['--raw', '--format=ulaw', '--rate=8000', '--channels=1', '--latency-msec=40'] },
  {
    program: 'ffmpeg',
    args: ['-loglevel', 'error', '-f', 'alsa', '-i', 'default', '-f', 'mulaw', '-ar', '8000', '-ac', '1', '-'],
  },
] as const;
const SPEAKERS = [
  { program: 'aplay', args: ['-q', '-t', 'raw', '-f', 'MU_LAW', '-r', '8000', '-c', '1', '-'] },
  { program: 'pacat', args: ['--raw', '--format=ulaw', '--rate=8000', '--channels=1', '--latency-msec=60'] },
  { program: 'ffplay', args: ['-loglevel', 'error', '-nodisp', '-f', 'mulaw', '-ar', '8000', '-'] },
] as const;
/** A device that does not exist makes the program end at once. */
const TRIAL_MS = 400;
/** What waits for a speaker that does not take it is dropped: half a second. */
const MAX_WAITING_BYTES = 4000;

type Device = { readonly program: string; readonly args: readonly string[] };

/** The microphone: mu-law as it comes, until `close`. */
export class Microphone {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.#child = child;
  }

  /** Throws DEVICE_MISSING where there is no program for it, or no microphone. */
  static async open(heard: (mulaw: Uint8Array) => void): Promise<Microphone> {
    const { program, args } = installed(MICROPHONES, 'microphone');
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => heard(chunk));
    await tried(child, program, 'microphone');
    return new Microphone(child);
  }

  close(): void {
    this.#child.kill();
  }
}

/** The loudspeaker, until `close`. */
export class Speaker {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;

  private constructor(child: ChildProcessByStdio<Writable, null, Readable>) {
    this.#child = child;
    child.stdin.on('error', () => undefined);
  }

  /** Throws DEVICE_MISSING where there is no program for it, or no speaker. */
  static async open(): Promise<Speaker> {
    const { program, args } = installed(SPEAKERS, 'speaker');
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.on('error', () => undefined);
    child.stdin.write(new Uint8Array(160).fill(0xff));
    await tried(child, program, 'speaker');
    return new Speaker(child);
  }

  play(mulaw: Uint8Array): void {
    const { stdin } = this.#child;
    if (stdin.writable && stdin.writableLength < MAX_WAITING_BYTES) stdin.write(Uint8Array.from(mulaw));
  }

  close(): void {
    this.#child.kill();
  }
}

function installed(devices: readonly Device[], what: string): Device {
  const folders = (process.env.PATH ?? '').split(':');
  const found = devices.find(({ program }) => folders.some((folder) => isProgram(join(folder, program))));
  if (found) return found;
  throw new HearkenError('DEVICE_MISSING', `No program for the ${what} is installed.`, {
    hint: `Install one of ${devices.map(({ program }) => program).join(', ')}, or use files (say, record).`,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Waits a moment for a program that ends at once, which is how they tell that there is no device. */
function tried(child: ChildProcess, program: string, what: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, 300);
  });
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      clearTimeout(timer);
      const first = said.trim().split('\n')[0] ?? '';
      reject(
        new HearkenError('DEVICE_MISSING', `${program} found no ${what}${first === '' ? '' : `: ${first}`}.`, {
          hint: 'Use files instead (say, record).',
        }),
      );
    };
    const timer = setTimeout(() => {
      child.off('exit', gone);
      // Later ends are the user's unplugging it; the call goes on without.
      child.once('error', () => undefined);
      resolve();
    }, TRIAL_MS);
    child.once('exit', gone);
    child.once('error', gone);
  });
}
