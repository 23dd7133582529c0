import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What the bridge writes beside each recording: `<day>/<id>.json` and `<day>/<id>.wav`. */
const facts = z.object({ callId: z.string().max(512), startedAt: z.iso.datetime({ offset: true }) });

export interface BridgeRecording {
  readonly file: string;
  /** Epoch ms of its first sample. */
  readonly startedAtMs: number;
}

const NAME = /^[0-9a-f-]{36}\.json$/;
const DAY_MS = 86_400_000;
/** Days whose recordings are known by their call's id; and of one day. */
const KEPT_DAYS = 40;
const MAX_A_DAY = 50_000;
/** The bridge and the service write down the same call's begin; announcements and consent lie between. */
const FARTHEST_MS = 3_600_000;

interface Day {
  readonly names: Set<string>;
  readonly byCall: Map<string, BridgeRecording>;
}

/** Calls that the SIP bridge has recorded (and told the caller so), found by the signalling's id. Each file of facts is read once. */
export class BridgeRecordings {
  readonly #folder: string;
  readonly #days = new Map<string, Day>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined when it was not recorded, or is no longer kept. */
  async find(callId: string, aboutMs: number): Promise<BridgeRecording | undefined> {
    if (callId === '') return undefined;
    for (const ms of [aboutMs, aboutMs - DAY_MS, aboutMs + DAY_MS]) {
      const found = (await this.#day(new Date(ms).toISOString().slice(0, 10))).byCall.get(callId);
      if (found === undefined || Math.abs(found.startedAtMs - aboutMs) > FARTHEST_MS) continue;
      return (await stat(found.file).catch(() => undefined)) === undefined ? undefined : found;
    }
    return undefined;
  }

  async #day(day: string): Promise<Day> {
    const folder = join(this.#folder, day);
    const known: Day = this.#days.get(day) ?? { names: new Set(), byCall: new Map() };
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names) {
      if (!NAME.test(name) || known.names.has(name) || known.names.size >= MAX_A_DAY) continue;
      const parsed = facts.safeParse(await readJson(join(folder, name)));
      // Half written: the next look reads it whole.
      if (!parsed.success) continue;
      known.names.add(name);
      known.byCall.set(parsed.data.callId, {
        file: join(folder, name.replace(/json$/, 'wav')),
        startedAtMs: Date.parse(parsed.data.startedAt),
      });
    }
    if (known.names.size > 0) this.#keep(day, known);
    return known;
  }

  #keep(day: string, known: Day): void {
    this.#days.delete(day);
    this.#days.set(day, known);
    if (this.#days.size <= KEPT_DAYS) return;
    const oldest = this.#days.keys().next();
    if (!oldest.done) this.#days.delete(oldest.value);
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
