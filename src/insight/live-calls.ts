import type { CallKind, Line, LiveCall, Turn } from '../api/console/contract.js';
import type { Clock } from '../clock.js';
import type { LiveBus } from './live-bus.js';

/** What a listener gets: interleaved PCM16, caller first; undefined is the end. */
export type SoundReader = (pcm: Int16Array | undefined) => void;

/** Where the sound of a live call comes from. */
export interface SoundSource {
  readonly sampleRate: number;
  /** Returns what ends it. */
  listen(reader: SoundReader): () => void;
}

const MAX_LINES = 200;
const MAX_TURNS = 50;
/** Conversations that are shown at once; more come and go unseen. */
const MAX_CALLS = 2000;

interface Entry {
  call: LiveCall;
  sentiment: number | null;
  sound: SoundSource | undefined;
  /** A person has it, or it waits for one: the end of its sound is not its end. */
  held: boolean;
  turns: number;
  cancelIdle: (() => void) | undefined;
}

export interface LiveCallsOptions {
  readonly bus: LiveBus;
  readonly clock: Clock;
  /** A typed conversation in which nothing happens for this long is over. */
  readonly textIdleMs: number;
}

/** The conversations that go on now, as they are shown. By conversation id: a visitor who types and then calls is one. */
export class LiveCalls {
  readonly #options: LiveCallsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: LiveCallsOptions) {
    this.#options = options;
  }

  get all(): readonly LiveCall[] {
    return [...this.#entries.values()].map(({ call }) => call);
  }

  get(id: string): LiveCall | undefined {
    return this.#entries.get(id)?.call;
  }

  sound(id: string): SoundSource | undefined {
    return this.#entries.get(id)?.sound;
  }

  /** -1 to 1 of the last words; null when unknown. */
  sentiment(id: string): number | null {
    return this.#entries.get(id)?.sentiment ?? null;
  }

  /** A voice call begins, or goes on a typed conversation. */
  begin(facts: Pick<LiveCall, 'id' | 'kind' | 'caller' | 'callee' | 'language'>, sound: SoundSource | undefined): void {
    const known = this.#entries.get(facts.id);
    if (known !== undefined) {
      known.sound = sound ?? known.sound;
      known.cancelIdle?.();
      known.cancelIdle = undefined;
      this.change(facts.id, {
        kind: facts.kind,
        ...(facts.caller === '' ? {} : { caller: facts.caller }),
        listenable: known.sound !== undefined,
      });
      return;
    }
    if (this.#entries.size >= MAX_CALLS) return;
    const call: LiveCall = {
      ...facts,
      state: 'thinking',
      startedAtMs: Date.now(),
      intent: null,
      confidence: null,
      slots: {},
      lines: [],
      turns: [],
      agent: null,
      listenable: sound !== undefined,
    };
    this.#entries.set(facts.id, { call, sentiment: null, sound, held: false, turns: 0, cancelIdle: undefined });
    this.#options.bus.publish({ type: 'callStarted', call });
  }

  /** Makes sure that a typed conversation is shown, and that it is over when nothing more happens. */
  touch(id: string, facts: Pick<LiveCall, 'caller' | 'language'>): void {
    if (!this.#entries.has(id)) this.begin({ id, kind: 'text', callee: '', ...facts }, undefined);
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.sound !== undefined) return;
    entry.cancelIdle?.();
    entry.cancelIdle = this.#options.clock.after(this.#options.textIdleMs, () => {
      if (entry.held) this.touch(id, facts);
      else this.end(id, 'idle');
    });
  }

  change(id: string, changes: Partial<Omit<LiveCall, 'id' | 'lines' | 'turns' | 'callee' | 'startedAtMs'>>): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const news = Object.fromEntries(
      Object.entries(changes).filter(([name, value]) => entry.call[name as keyof LiveCall] !== value),
    );
    if (Object.keys(news).length === 0) return;
    entry.call = { ...entry.call, ...news };
    this.#options.bus.publish({ type: 'callChanged', callId: id, changes: news });
  }

  /** The same id replaces. */
  line(id: string, line: Line): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.call = { ...entry.call, lines: replaced(entry.call.lines, line, ({ id: key }) => key, MAX_LINES) };
    this.#options.bus.publish({ type: 'line', callId: id, line });
  }

  /** The same turn id replaces. Intent, confidence and slots of the call follow it. */
  turn(id: string, turn: Turn): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.call = { ...entry.call, turns: replaced(entry.call.turns, turn, ({ turnId }) => turnId, MAX_TURNS) };
    this.#options.bus.publish({ type: 'turn', callId: id, turn });
    this.change(id, {
      ...(turn.intent === null ? {} : { intent: turn.intent, confidence: turn.confidence }),
      ...(sameValues(entry.call.slots, turn.slots) ? {} : { slots: turn.slots }),
    });
  }

  /** Number of the next turn of a typed conversation. */
  nextTurn(id: string): number {
    const entry = this.#entries.get(id);
    if (entry === undefined) return 1;
    entry.turns = Math.max(entry.turns, ...entry.call.turns.map(({ turnId }) => turnId)) + 1;
    return entry.turns;
  }

  felt(id: string, sentiment: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.sentiment = sentiment;
  }

  /** A person has it or it waits for one; or not any more. */
  hold(id: string, held: boolean): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.held = held;
    if (!held) this.touch(id, entry.call);
  }

  /** Its sound is over; so is the call, unless a person goes on with it in writing. */
  soundOver(id: string, cause: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.sound = undefined;
    if (!entry.held) {
      this.end(id, cause);
      return;
    }
    this.change(id, { kind: 'text' satisfies CallKind, listenable: false });
    this.touch(id, entry.call);
  }

  end(id: string, cause: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.cancelIdle?.();
    this.#entries.delete(id);
    this.#options.bus.publish({ type: 'callEnded', callId: id, atMs: Date.now(), cause });
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.cancelIdle?.();
    this.#entries.clear();
  }
}

function replaced<T>(list: readonly T[], item: T, key: (each: T) => unknown, most: number): T[] {
  const at = list.findIndex((each) => key(each) === key(item));
  if (at === -1) return [...list, item].slice(-most);
  return list.map((each, index) => (index === at ? item : each));
}

function sameValues(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
