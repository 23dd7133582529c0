import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../test/support/processes.js';

const FOLDER = fileURLToPath(new URL('../sipp/', import.meta.url));

export interface ScenarioOptions {
  /** `host:port` to send to; where the scenario only waits, anything. */
  readonly target: string;
  /** User part that is dialled. */
  readonly service?: string;
  /** Where it listens; default: a free port. */
  readonly port?: number;
  readonly host?: string;
  readonly transport?: 'u1' | 't1';
  readonly limitMs?: number;
}

export const scenarioNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => name.replace(/\.xml$/, ''));

/** Plays one scenario once. Resolves when every step of it came true; rejects with what sipp said. */
export async function playScenario(name: string, options: ScenarioOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-sipp-'));
  const limitMs = options.limitMs ?? 90_000;
  const port = options.port ?? (await freePorts());
  const host = options.host ?? '127.0.0.1';
  const args = [
    ...[options.target, '-sf', join(FOLDER, `${name}.xml`), '-s', options.service ?? 'bot', '-m', '1'],
    // Without -mp it looks for free media ports itself, and takes others where it finds them taken.
    ...['-i', host, '-mi', host, '-p', String(port), '-t', options.transport ?? 'u1'],
    ...['-timeout', `${Math.ceil(limitMs / 1000)}s`, '-timeout_error', '-nostdin', '-au', 'guest', '-ap', 'secret'],
    ...['-trace_err', '-error_file', 'errors.log', '-trace_msg', '-message_file', 'messages.log'],
  ];
  try {
    const child = spawn('sipp', args, { cwd: folder, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs + 3000);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    clearTimeout(timer);
    if (code === 0) return;
    const read = (file: string): string => {
      try {
        return readFileSync(join(folder, file), 'utf8');
      } catch {
        return '';
      }
    };
    throw new Error(
      `${name} ended with ${code}\n${read('errors.log').slice(0, 3000)}\n${read('messages.log').slice(-4000)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
