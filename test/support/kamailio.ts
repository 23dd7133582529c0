import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, removeFolder, root, TestProcess } from './processes.js';

/** A real registrar and proxy on loopback. */
export class Kamailio {
  readonly port: number;
  readonly #folder: string;
  readonly #process: TestProcess;

  private constructor(port: number, config: string, places: Readonly<Record<string, string>>) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'hearken-kamailio-'));
    const file = join(this.#folder, 'kamailio.cfg');
    let text = readFileSync(join(root, 'test/fixtures/sip', config), 'utf8').replaceAll('@PORT@', String(port));
    for (const [name, value] of Object.entries(places)) {
      const part = join(this.#folder, name);
      writeFileSync(part, value);
      text = text.replaceAll(`@${name.toUpperCase()}@`, part);
    }
    writeFileSync(file, text);
    this.#process = new TestProcess({
      command: 'kamailio',
      args: ['-DD', '-E', '-f', file, '-Y', this.#folder, '-P', join(this.#folder, 'pid'), '-m', '64', '-M', '8'],
      cwd: this.#folder,
    });
  }

  /** `places`: files that the configuration names as `@NAME@`, with their contents. */
  static async start(config = 'kamailio.cfg', places: Readonly<Record<string, string>> = {}): Promise<Kamailio> {
    const kamailio = new Kamailio(await freePorts(2), config, places);
    // It says nothing when it is ready; that it answers is what counts, and the phones register with retries.
    await kamailio.#process.ready(/Listening on|kamailio|INFO/i);
    return kamailio;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get log(): string {
    return this.#process.output;
  }

  registered(user: string): Promise<RegExpExecArray> {
    return this.#process.printed(new RegExp(`REGISTERED ${user}\\b`));
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGTERM', 10_000);
    removeFolder(this.#folder);
  }
}
