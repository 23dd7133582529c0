import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CallFacts, CallSummary } from '../bridge.js';
import { messageOf } from '../errors.js';
import { type Logger, maskAddress } from '../log.js';
import { type LineQuality, qualityOf } from '../quality.js';
import type { CdrConfig } from './config.js';

/** One line of the file. Times are ISO 8601, durations milliseconds. */
export interface CallDetailRecord {
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly trunk: string | null;
  readonly caller: string;
  readonly callee: string;
  readonly remoteAddress: string;
  readonly application: string | null;
  readonly startedAt: string;
  readonly answeredAt: string | null;
  readonly endedAt: string;
  readonly ringMs: number;
  readonly talkMs: number;
  readonly cause: string;
  readonly status: number;
  readonly reason: string;
  readonly endedBy: 'us' | 'them';
  readonly apologised: boolean;
  readonly codec: string | null;
  readonly encrypted: boolean;
  readonly recording: CallSummary['recording'] | null;
  readonly quality: LineQuality | null;
  readonly transfers: CallSummary['transfers'];
}

export function detailRecord(facts: CallFacts, summary: CallSummary, numbers: CdrConfig['numbers']): CallDetailRecord {
  const { end, rtp, answeredAtMs, startedAtMs, endedAtMs } = summary;
  const shown = (address: string): string => (numbers === 'masked' ? maskAddress(address) : address);
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    callId: facts.callId,
    direction: facts.direction,
    trunk: facts.trunk ?? null,
    caller: shown(facts.caller),
    callee: shown(facts.callee),
    remoteAddress: facts.remoteAddress,
    application: facts.route.application ?? null,
    startedAt: iso(startedAtMs),
    answeredAt: answeredAtMs === undefined ? null : iso(answeredAtMs),
    endedAt: iso(endedAtMs),
    ringMs: (answeredAtMs ?? endedAtMs) - startedAtMs,
    talkMs: answeredAtMs === undefined ? 0 : endedAtMs - answeredAtMs,
    cause: end.cause,
    status: end.status,
    reason: end.reason,
    endedBy: end.by,
    apologised: summary.apologised,
    codec: summary.codec ?? null,
    encrypted: rtp?.encrypted ?? false,
    recording: summary.recording ?? null,
    quality: rtp ? qualityOf(rtp) : null,
    transfers: summary.transfers.map((transfer) => ({ ...transfer, target: shown(transfer.target) })),
  };
}

/** Lines that wait for a slow disk at most. */
const MAX_WAITING = 10_000;

/** Appends records to the file, one after the other. A disk that is full costs records, never calls. */
export class CdrWriter {
  #config: CdrConfig;
  readonly #logger: Logger;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  lost = 0;

  constructor(config: CdrConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  apply(config: CdrConfig): void {
    this.#config = config;
  }

  write(facts: CallFacts, summary: CallSummary): void {
    if (this.#config.file === undefined) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.lost++;
      return;
    }
    this.#waiting.push(`${JSON.stringify(detailRecord(facts, summary, this.#config.numbers))}\n`);
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything is on disk. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { file, maxBytes } = this.#config;
      const lines = this.#waiting.splice(0);
      if (file === undefined) return;
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await rotate(file, maxBytes);
        await appendFile(file, lines.join(''), { mode: 0o600 });
      } catch (error) {
        this.lost += lines.length;
        this.#logger.error({ file, err: messageOf(error), lost: lines.length }, 'call records could not be written');
      }
    }
  }
}

async function rotate(file: string, maxBytes: number): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size >= maxBytes) await rename(file, `${file}.1`);
}
