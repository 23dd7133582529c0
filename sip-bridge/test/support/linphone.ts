import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../../test/support/processes.js';
import { until } from './recorder.js';

/** linphone's command line, with files instead of a sound card. */
export class Linphone {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-50_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  static async start(): Promise<Linphone> {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-linphone-'));
    const port = await freePorts(4);
    const lines = [
      '[sip]',
      `sip_port=${port}`,
      `sip_tcp_port=${port}`,
      'sip_tls_port=-1',
      'default_proxy=-1',
      'guess_hostname=0',
    ];
    writeFileSync(join(folder, 'rc'), [...lines, '[rtp]', `audio_rtp_port=${port + 2}`, ''].join('\n'));
    const child = spawn('linphonec', ['-c', join(folder, 'rc')], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder },
    });
    const phone = new Linphone(child, folder);
    await phone.printed(/linphonec>/);
    phone.say('soundcard use files');
    await phone.printed(/wav files/);
    return phone;
  }

  /** Types a line. */
  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async printed(pattern: RegExp, limitMs = 10_000): Promise<void> {
    await until(() => pattern.test(this.#output), `linphone says ${pattern}`, limitMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#output.slice(-2000)}`);
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const over = new Promise((resolve) => this.#child.once('close', resolve));
      this.say('quit');
      const kill = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
      await over;
      clearTimeout(kill);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
