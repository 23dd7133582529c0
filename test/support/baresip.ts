import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../src/dsp/wav.js';
import { freePorts, removeFolder, TestProcess } from './processes.js';
import { samplesOf } from './unfinished-wav.js';

export interface PhoneOptions {
  readonly name: string;
  /** What it says once a call is up: PCM16, 8 kHz. */
  readonly speech: Int16Array;
  /** `127.0.0.1:5260`; without one the phone stands alone and is called at its own port. */
  readonly registrar?: string;
  readonly autoAnswer: boolean;
  /** As in `audio_codecs`: `pcmu,pcma`, `g722/16000/1`, `opus/48000/2`. Default G.711. */
  readonly codecs?: string;
  /** SRTP with keys in SDP: where the peer does it too, or not without. */
  readonly srtp?: 'optional' | 'required';
  /** Signals over TLS and checks the peer's certificate: its own (with key), and the authority. */
  readonly tls?: { readonly bothFile: string; readonly caFile: string };
}

/** baresip: a real softphone, not our code. It says a WAV and writes what it hears. */
export class Baresip {
  readonly name: string;
  readonly sipPort: number;
  readonly uri: string;
  readonly #folder: string;
  readonly #controlPort: number;
  readonly #process: TestProcess;

  private constructor(options: PhoneOptions, ports: number) {
    this.name = options.name;
    this.sipPort = ports;
    this.#controlPort = ports + 8;
    this.#folder = mkdtempSync(join(tmpdir(), `hearken-baresip-${options.name}-`));
    const host = options.registrar ?? `127.0.0.1:${this.sipPort}`;
    this.uri = `sip:${options.name}@${host}`;
    mkdirSync(this.#folder, { recursive: true });
    const speech = join(this.#folder, 'speech.wav');
    writeFileSync(speech, encodeWav([options.speech], 8000));
    writeFileSync(join(this.#folder, 'config'), `${this.#config(speech, ports)}${tlsLines(options.tls)}`);
    writeFileSync(join(this.#folder, 'contacts'), '');
    const answer = options.autoAnswer ? 'auto' : 'manual';
    const secure = options.srtp ? `;mediaenc=${options.srtp === 'required' ? 'srtp-mand' : 'srtp'}` : '';
    writeFileSync(
      join(this.#folder, 'accounts'),
      `<sip:${options.name}@${host}${options.tls ? ';transport=tls' : ''}>;regint=${options.registrar === undefined ? 0 : 60};audio_codecs=${options.codecs ?? 'pcmu,pcma'};answermode=${answer}${secure}\n`,
    );
    this.#process = new TestProcess({ command: 'baresip', args: ['-4', '-f', this.#folder, '-s'], cwd: this.#folder });
  }

  static async start(options: PhoneOptions): Promise<Baresip> {
    const phone = new Baresip(options, await freePorts(10));
    await phone.#process.ready(
      options.registrar === undefined ? /baresip is ready/ : /200 OK|All \d+ useragent.* registered/i,
    );
    return phone;
  }

  get log(): string {
    return this.#process.output;
  }

  dial(uri: string): Promise<void> {
    return this.#command('dial', uri);
  }

  press(keys: string): Promise<void> {
    return this.#command('sndcode', keys);
  }

  hold(): Promise<void> {
    return this.#command('hold', '');
  }

  resume(): Promise<void> {
    return this.#command('resume', '');
  }

  hangup(): Promise<void> {
    return this.#command('hangup', '');
  }

  printed(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    return this.#process.printed(pattern, limitMs);
  }

  /** Ends the phone (its files are right only then) and reads what each of its calls heard, in order. PCM16, 8 kHz. */
  async heard(): Promise<Int16Array[]> {
    await this.#process.stop();
    return this.#heardFiles().map((file) => samplesOf(readFileSync(file)));
  }

  /** Samples of a second in what each of its calls heard, all channels together: its codec's own rate. */
  heardRates(): number[] {
    return this.#heardFiles().map((file) => {
      const header = readFileSync(file);
      return header.readUInt32LE(24) * header.readUInt16LE(22);
    });
  }

  /** Ms that each call of this phone has heard so far, in order, by the size of its files. */
  heardMs(): number[] {
    return this.#heardFiles().map((file) => statSync(file).size / 16);
  }

  #heardFiles(): string[] {
    return readdirSync(this.#folder)
      .filter((file) => /^dump-.*-dec\.wav$/.test(file))
      .sort()
      .map((file) => join(this.#folder, file));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    removeFolder(this.#folder);
  }

  /** baresip's control port takes netstrings of JSON. */
  #command(command: string, params: string): Promise<void> {
    const json = JSON.stringify({ command, params });
    return new Promise((resolve, reject) => {
      const socket = connect(this.#controlPort, '127.0.0.1', () => socket.write(`${Buffer.byteLength(json)}:${json},`));
      socket.setTimeout(30_000, () => socket.destroy(new Error(`baresip did not answer "${command}"`)));
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', reject);
    });
  }

  #config(speech: string, ports: number): string {
    return `poll_method epoll
sip_listen 127.0.0.1:${ports}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 10
audio_player aufile,${join(this.#folder, 'unused.wav')}
audio_source aufile,${speech}
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode poll
audio_level no
rtp_ports ${ports + 2}-${ports + 7}
rtcp_mux no
jitter_buffer_delay 2-5
rtp_stats yes
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module srtp.so
module aufile.so
module sndfile.so
module uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${this.#controlPort}
snd_path ${this.#folder}
`;
  }
}

function tlsLines(tls: PhoneOptions['tls']): string {
  return tls ? `sip_certificate ${tls.bothFile}\nsip_cafile ${tls.caFile}\nsip_verify_server yes\n` : '';
}
