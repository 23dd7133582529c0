import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { RtpStream } from '../rtp/engine.js';
import type { LineFormat } from '../rtp/packet.js';
import { loadAnnouncement } from './announcement.js';
import type { RecordingConfig } from './config.js';
import { WavFile } from './wav-file.js';

/** What the service may say about it. */
export type RecordingAction = 'start' | 'pause' | 'resume' | 'stop';

/** For the call's record. */
export interface RecordingSummary {
  /** How it came to be, or that it did not. */
  readonly consent: 'announced' | 'key' | 'service' | 'none';
  /** `<day>/<id>.wav` below the folder; null: nothing was recorded. */
  readonly file: string | null;
  readonly durationMs: number;
}

const HEADER = 'X-Hearken-Recording';

/** Tells the service that the bridge records (`always`, `ask`), so that it does not do it a second time. Never the caller's to say. */
export function withRecording(
  headers: Readonly<Record<string, string>>,
  mode: string | undefined,
): Readonly<Record<string, string>> {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== HEADER.toLowerCase());
  return Object.fromEntries(mode === undefined ? others : [[HEADER, mode], ...others]);
}

export interface RecordedCall {
  readonly callId: string;
  readonly language: string | undefined;
}

/**
 * Both sides of one call in one file, caller left, as they were heard: the service's words, and after a joined transfer the agent's. Nothing is kept before the announcement was heard, and in
 * `ask` nothing before somebody agreed. A disk that fails never disturbs the call.
 */
export class CallRecording {
  readonly #config: RecordingConfig;
  readonly #call: RecordedCall;
  readonly #logger: Logger;
  readonly #id = randomUUID();
  readonly #startedAt = new Date();
  #stream: RtpStream | undefined;
  #line: LineFormat = 'pcmu';
  #file: WavFile | undefined;
  #consent: RecordingSummary['consent'] = 'none';
  #asking: (() => void) | undefined;
  #gateOpen = false;
  #starting: Promise<void> | undefined;
  /** As ordered last, also while there is no file yet. */
  #wanted: 'on' | 'paused' = 'on';
  #over = false;

  constructor(config: RecordingConfig, call: RecordedCall, logger: Logger) {
    this.#config = config;
    this.#call = call;
    this.#logger = logger;
  }

  /** What the caller hears before the conversation, and the answer to it. Resolves when the conversation may begin; never rejects. */
  async gate(stream: RtpStream, line: LineFormat): Promise<void> {
    this.#stream = stream;
    this.#line = line;
    stream.on('recorded', (batch) => this.#keep(new Uint8Array(batch)));
    const { mode, announcements, consentWaitMs } = this.#config;
    const file = announcements[this.#call.language ?? ''] ?? announcements.default ?? Object.values(announcements)[0];
    const agreed = mode === 'ask' ? this.#ask(stream) : undefined;
    if (file !== undefined) {
      try {
        const announced = stream.announce(loadAnnouncement(file, line));
        // Who knows the announcement may press the key at once.
        await (agreed ? Promise.race([announced, agreed]) : announced);
      } catch (error) {
        // Without it nobody was told, so nothing is recorded.
        this.#logger.error({ err: messageOf(error) }, 'the announcement could not be played: the call is not recorded');
        this.#gateOpen = true;
        return;
      }
    }
    if (mode === 'always') await this.#start('announced');
    else if (agreed) await this.#wait(agreed, consentWaitMs);
    this.#asking = undefined;
    this.#gateOpen = true;
  }

  /** True when the key was meant for us. */
  takesKey(digit: string): boolean {
    if (this.#gateOpen || !this.#stream) return false;
    if (digit === this.#config.consentKey && this.#asking) {
      void this.#start('key');
      this.#asking();
    }
    return true;
  }

  /** What the service says: yes, or a pause for a card number. Only `resume` ends a pause, and nothing follows a `stop`. */
  order(action: RecordingAction): void {
    if (this.#over) return;
    if (action === 'start') void this.#start('service');
    else if (action === 'stop') this.#over = true;
    else this.#wanted = action === 'pause' ? 'paused' : 'on';
    if (action !== 'start' && this.#file) this.#record();
  }

  #record(): void {
    this.#stream?.record(this.#over ? 'off' : this.#wanted).catch(() => undefined);
  }

  /** Before the stream is closed. Never rejects. */
  async close(): Promise<RecordingSummary> {
    this.#over = true;
    this.#asking?.();
    await this.#starting;
    await this.#stream?.record('off').catch(() => undefined);
    const file = this.#file;
    if (!file) return { consent: this.#consent, file: null, durationMs: 0 };
    const failed = await file.close();
    if (failed !== undefined || file.lostBatches > 0) {
      this.#logger.error({ err: String(failed), lostSeconds: file.lostBatches }, 'a recording is not whole');
    }
    return { consent: this.#consent, file: this.#name, durationMs: Math.round(file.durationMs) };
  }

  get #name(): string {
    return `${this.#startedAt.toISOString().slice(0, 10)}/${this.#id}.wav`;
  }

  #ask(stream: RtpStream): Promise<void> {
    return new Promise((done) => {
      this.#asking = done;
      stream.on('lost', done);
    });
  }

  async #wait(agreed: Promise<void>, limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((done) => {
      timer = setTimeout(done, limitMs);
    });
    await Promise.race([agreed, limit]);
    clearTimeout(timer);
  }

  #start(consent: 'announced' | 'key' | 'service'): Promise<void> {
    this.#starting ??= this.#open(consent);
    return this.#starting;
  }

  async #open(consent: 'announced' | 'key' | 'service'): Promise<void> {
    if (this.#over) return;
    try {
      const path = join(resolve(this.#config.folder), this.#name);
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      const facts = {
        callId: this.#call.callId,
        startedAt: new Date().toISOString(),
        consent,
        channels: ['caller', 'us'],
      };
      await writeFile(path.replace(/wav$/, 'json'), `${JSON.stringify(facts)}\n`, { mode: 0o600 });
      this.#file = await WavFile.create(path, this.#line);
      this.#consent = consent;
      await this.#stream?.record(this.#over ? 'off' : this.#wanted);
    } catch (error) {
      this.#logger.error({ err: messageOf(error) }, 'the call is not recorded: its file could not be made');
    }
  }

  #keep(batch: Uint8Array): void {
    const file = this.#file;
    if (!file) return;
    if (file.durationMs > this.#config.longestMinutes * 60_000) {
      this.#stream?.record('off').catch(() => undefined);
      return;
    }
    file.append(batch);
  }
}
