import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../src/dsp/wav.js';
import { eventually, freePorts, removeFolder, TestProcess } from './processes.js';
import { samplesOf } from './unfinished-wav.js';

export interface LinphoneOptions {
  readonly name: string;
  /** What it says once a call is up: PCM16, 8 kHz. */
  readonly speech: Int16Array;
  /** It takes every call at once. */
  readonly autoAnswer?: boolean;
  /** SRTP, always, with these suites in its offer. */
  readonly srtpSuites?: readonly string[];
}

/** linphonec, the command line of Linphone: a real softphone, not our code, driven by what one would type. It says a WAV and writes what it hears. */
export class Linphone {
  readonly sipPort: number;
  readonly uri: string;
  readonly #home: string;
  readonly #process: TestProcess;

  private constructor(options: LinphoneOptions, ports: number) {
    this.sipPort = ports;
    this.uri = `sip:${options.name}@127.0.0.1:${ports}`;
    this.#home = mkdtempSync(join(tmpdir(), `hearken-linphone-${options.name}-`));
    // It makes no folders: without this one its database fails, and then it opens no port at all and says nothing of it.
    mkdirSync(join(this.#home, '.local/share/linphone'), { recursive: true });
    mkdirSync(join(this.#home, '.config/linphone'), { recursive: true });
    writeFileSync(join(this.#home, 'settings'), settings(options, ports));
    writeFileSync(this.#file('speech.wav'), encodeWav([options.speech], 8000));
    this.#process = new TestProcess({
      command: 'linphonec',
      args: ['-c', join(this.#home, 'settings'), ...(options.autoAnswer ? ['-a'] : [])],
      cwd: this.#home,
      env: { HOME: this.#home, XDG_RUNTIME_DIR: this.#home },
      typed: true,
    });
  }

  static async start(options: LinphoneOptions): Promise<Linphone> {
    const phone = new Linphone(options, await freePorts(10));
    await phone.#process.ready(/linphonec>/);
    await phone.#do('soundcard use files', /Using wav files/);
    await phone.#do('ports', new RegExp(`sip port = ${phone.sipPort}`));
    phone.#process.type(`record ${phone.#file('heard.wav')}`);
    phone.#process.type(`play ${phone.#file('speech.wav')}`);
    return phone;
  }

  get log(): string {
    return this.#process.output;
  }

  dial(uri: string): Promise<void> {
    return this.#do(`call ${uri}`, /Establishing call/);
  }

  /** One key, as RFC 4733. */
  press(key: string): void {
    this.#process.type(key);
  }

  hold(): Promise<void> {
    return this.#do('pause', /now paused/);
  }

  /** Takes back what was held; `call` as linphonec numbers its calls. */
  resume(call = 1): Promise<void> {
    return this.#do(`resume ${call}`, /Media streams established/);
  }

  hangup(): void {
    this.#process.type('terminate');
  }

  printed(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    return this.#process.printed(pattern, limitMs);
  }

  /** What it has heard so far, mono, at its codec's rate (48 kHz with Opus). */
  heard(): Int16Array {
    return existsSync(this.#file('heard.wav')) ? samplesOf(readFileSync(this.#file('heard.wav'))) : new Int16Array(0);
  }

  async stop(): Promise<void> {
    this.#process.type('quit');
    await eventually('linphonec ends', () => !this.#process.running, 10_000).catch(() => undefined);
    await this.#process.stop('SIGKILL');
    removeFolder(this.#home);
  }

  #file(name: string): string {
    return join(this.#home, name);
  }

  /** Types a command and waits for what it prints from then on. */
  async #do(command: string, answer: RegExp): Promise<void> {
    const before = this.log.length;
    this.#process.type(command);
    await eventually(
      `linphonec answering "${command}"`,
      () => answer.test(this.log.slice(before)),
      45_000,
      () => this.log.slice(-1500),
    );
  }
}

function settings({ name, srtpSuites }: LinphoneOptions, ports: number): string {
  const srtp = srtpSuites
    ? `media_encryption=srtp\nmedia_encryption_mandatory=1\nsrtp_crypto_suites=${srtpSuites.join(',')}\n`
    : '';
  return `[sip]
sip_port=${ports}
sip_tcp_port=${ports}
sip_tls_port=0
bind_address=127.0.0.1
contact="${name}" <sip:${name}@127.0.0.1>
guess_hostname=0
use_ipv6=0
ipv6_migration_done=1
${srtp}[net]
mtu=1300
[rtp]
audio_rtp_port=${ports + 2}
bind_address=127.0.0.1
[video]
enabled=0
`;
}
