import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Stats } from '../api/console/contract.js';
import type { LiveBus } from './live-bus.js';

const HOUR_MS = 3_600_000;
/** A week. */
const KEPT_HOURS = 168;
const SAVE_MS = 60_000;
/** Upper edges of the classes that response times are counted in, ms: 5 % apart, so that a percentile is right to 5 %. */
const EDGES: readonly number[] = Array.from({ length: 120 }, (_, index) => Math.round(50 * 1.05 ** index));

const hour = z.object({
  fromMs: z.number(),
  calls: z.number().int(),
  contained: z.number().int(),
  transferred: z.number().int(),
  failed: z.number().int(),
  /** By class of `EDGES`; sparse. */
  responses: z.record(z.string(), z.number().int()),
});
const file = z.object({ schema: z.literal(1), hours: z.array(hour).max(KEPT_HOURS * 2) });
type Hour = z.infer<typeof hour>;

/** How many conversations began in each hour of the last week and what became of them, kept over restarts. An observer of the live events. */
export class HourlyStats {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #hours = new Map<number, Hour>();
  readonly #live = new Map<string, { readonly fromMs: number; person: boolean; asked: boolean }>();
  readonly #measured = new Set<string>();
  readonly #stopReading: () => void;
  readonly #timer: NodeJS.Timeout;
  #changed = false;

  constructor(options: { readonly path: string; readonly bus: LiveBus; readonly logger: Logger }) {
    this.#path = options.path;
    this.#logger = options.logger;
    this.#stopReading = options.bus.read(({ event }) => {
      if (event.type === 'callStarted') this.#began(event.call.id, event.call.startedAtMs);
      else if (event.type === 'callChanged') this.#moved(event.callId, event.changes.state);
      else if (event.type === 'callEnded') this.#over(event.callId, event.cause);
      else if (event.type === 'turn' && event.turn.stages.length > 0 && event.turn.responseMs !== null)
        this.#responded(`${event.callId} ${event.turn.turnId}`, event.turn.responseMs);
    });
    this.#timer = setInterval(() => void this.save(), SAVE_MS).unref();
  }

  /** What was kept of before; nothing when there is none or it can't be read. */
  async load(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text === undefined) return;
    try {
      for (const each of file.parse(JSON.parse(text)).hours)
        if (!this.#hours.has(each.fromMs)) this.#hours.set(each.fromMs, each);
    } catch (err) {
      this.#logger.warn({ err }, 'the numbers of the last week could not be read; they begin anew');
    }
  }

  view(hours: number, nowMs = Date.now()): Stats {
    const last = startOf(nowMs);
    const buckets = Array.from({ length: hours }, (_, index) => {
      const fromMs = last - (hours - 1 - index) * HOUR_MS;
      const { responses, ...counts } = this.#hours.get(fromMs) ?? empty(fromMs);
      return { ...counts, responseP50Ms: percentile(responses, 0.5), responseP95Ms: percentile(responses, 0.95) };
    });
    return { bucketMs: HOUR_MS, buckets };
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    const oldest = startOf(Date.now()) - (KEPT_HOURS - 1) * HOUR_MS;
    for (const fromMs of this.#hours.keys()) if (fromMs < oldest) this.#hours.delete(fromMs);
    this.#measured.clear();
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#path}.new`, JSON.stringify({ schema: 1, hours: [...this.#hours.values()] }), {
        mode: 0o600,
      });
      await rename(`${this.#path}.new`, this.#path);
    } catch (err) {
      this.#changed = true;
      this.#logger.warn({ err }, 'the numbers of the last week could not be written');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopReading();
    await this.save();
  }

  #began(id: string, atMs: number): void {
    const fromMs = startOf(atMs);
    this.#live.set(id, { fromMs, person: false, asked: false });
    this.#hour(fromMs).calls++;
  }

  #moved(id: string, state: string | undefined): void {
    const live = this.#live.get(id);
    if (live === undefined) return;
    if (state === 'person') live.person = true;
    if (state === 'transferring' || state === 'queued') live.asked = true;
  }

  #over(id: string, cause: string): void {
    const live = this.#live.get(id);
    if (live === undefined) return;
    this.#live.delete(id);
    const counts = this.#hour(live.fromMs);
    if (live.person || cause === 'transferred') counts.transferred++;
    // Who was to get a person and got none was not served by the bot alone.
    else if (live.asked || cause === 'error' || cause === 'lost' || cause === 'overloaded') counts.failed++;
    else counts.contained++;
  }

  /** Once a turn, however often it is told. */
  #responded(key: string, ms: number): void {
    if (this.#measured.has(key)) return;
    this.#measured.add(key);
    const at = EDGES.findIndex((edge) => ms <= edge);
    const name = String(at === -1 ? EDGES.length - 1 : at);
    const { responses } = this.#hour(startOf(Date.now()));
    responses[name] = (responses[name] ?? 0) + 1;
  }

  #hour(fromMs: number): Hour {
    this.#changed = true;
    const known = this.#hours.get(fromMs) ?? empty(fromMs);
    this.#hours.set(fromMs, known);
    return known;
  }
}

function startOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

function empty(fromMs: number): Hour {
  return { fromMs, calls: 0, contained: 0, transferred: 0, failed: 0, responses: {} };
}

function percentile(responses: Hour['responses'], share: number): number | null {
  const counts = EDGES.map((_, index) => responses[String(index)] ?? 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    sum += count;
    if (sum >= all * share) return EDGES[index] ?? null;
  }
  return null;
}
