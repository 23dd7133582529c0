import { z } from 'zod';
import type { CallState, Entity, Line, Turn } from '../api/console/contract.js';
import type { RecordedEvent } from '../call/record.js';
import type { TurnTiming } from '../call/timings.js';
import { stagesOf } from '../call/trace.js';

/** What an event of a call means to somebody who watches. */
export type StoryChange =
  | { readonly type: 'line'; readonly line: Line }
  | { readonly type: 'turn'; readonly turn: Turn }
  | { readonly type: 'state'; readonly state: CallState }
  | { readonly type: 'language'; readonly language: string };

const entitySchema = z.object({
  entity: z.string().catch(''),
  value: z.unknown(),
  text: z.string().catch(''),
  start: z.number().nullable().catch(null),
  end: z.number().nullable().catch(null),
  confidence: z.number().nullable().catch(null),
});
const rank = z.object({ name: z.string(), confidence: z.number() });
const turnSchema = z.object({
  turnId: z.number().int(),
  input: z.object({
    type: z.enum(['text', 'dtmf', 'event']),
    text: z.string().optional(),
    digits: z.string().optional(),
    name: z.string().optional(),
  }),
  intent: rank.optional(),
  ranking: z.array(rank).catch([]),
  entities: z.array(entitySchema).catch([]),
  actions: z
    .array(
      z.object({
        type: z.string(),
        text: z.string().optional(),
        response: z.string().optional(),
        expectation: z.object({ slot: z.string().optional() }).optional(),
      }),
    )
    .catch([]),
  slots: z.record(z.string(), z.unknown()).catch({}),
  noMatch: z.boolean().catch(false),
});
type Parsed = z.output<typeof turnSchema>;
export type TurnFacts = Pick<Parsed, 'turnId' | 'input'> &
  Partial<Omit<Parsed, 'turnId' | 'input' | 'actions'>> & {
    readonly actions?: readonly Parsed['actions'][number][];
  };

const MAX_LINES = 2000;
const MAX_TURNS = 500;

/**
 * Follows a call by the events of its record, as they come or read again afterwards, and tells it as lines and turns: the same for the page of a live call and of one that is
 * over. Pure: time is in the events.
 */
export class CallStory {
  readonly #startedAtMs: number;
  readonly #lines = new Map<string, Line>();
  readonly #turns = new Map<number, Turn>();
  readonly #foreseen = new Set<number>();
  #count = 0;
  #voice: { readonly fromMs: number; toMs: number | null } | undefined;
  /** The caller's words that are still growing, and those that wait for their turn. */
  #open: string | undefined;
  #settled: string | undefined;
  #endReason: string | null = null;
  #state: CallState = 'thinking';
  #slots: Readonly<Record<string, unknown>> = {};

  /** Epoch ms. */
  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  get lines(): readonly Line[] {
    return [...this.#lines.values()].sort((left, right) => left.atMs - right.atMs);
  }

  get turns(): readonly Turn[] {
    return [...this.#turns.values()];
  }

  /** After the last turn. */
  get slots(): Readonly<Record<string, unknown>> {
    return this.#slots;
  }

  apply(event: RecordedEvent): readonly StoryChange[] {
    switch (event.type) {
      case 'voice':
        return this.#voiceChanged(event);
      case 'partial':
        return this.#callerSays(event.atMs, textOf(event), false);
      case 'final':
        return this.#callerSays(event.atMs, textOf(event), true);
      case 'typed':
        return this.#typed(event.atMs, textOf(event));
      case 'decision':
        return this.#decided(event);
      case 'foreseen':
        if (typeof event.turnId === 'number') this.#foreseen.add(event.turnId);
        return [];
      case 'turn':
        return this.#turned(event);
      case 'timing':
        return this.#timed(event);
      case 'reply':
        return this.#now(event.bargeIn === undefined ? 'listening' : 'speaking');
      case 'interim':
        return this.#put({ id: `i${++this.#count}`, who: 'bot', text: textOf(event), final: true, atMs: event.atMs });
      case 'heard':
        return this.#heard(event);
      case 'promptFinished':
        return this.#now('listening');
      case 'language':
        return typeof event.to === 'string' ? [{ type: 'language', language: event.to }] : [];
      case 'transfer':
        return this.#now('transferring');
      case 'transferResult':
        return event.outcome === 'completed' ? [] : this.#now('thinking');
      case 'ended':
        return this.#now('ended');
      default:
        return [];
    }
  }

  #voiceChanged({ atMs, active, sinceMs }: RecordedEvent): readonly StoryChange[] {
    const since = typeof sinceMs === 'number' ? sinceMs : atMs;
    if (active === true) {
      if (this.#voice === undefined || this.#open === undefined) this.#voice = { fromMs: since, toMs: null };
      else this.#voice.toMs = null;
    } else if (this.#voice !== undefined) this.#voice.toMs = since;
    return [];
  }

  #callerSays(atMs: number, text: string, final: boolean): readonly StoryChange[] {
    if (text === '' && this.#open === undefined) return [];
    const id = this.#open ?? `u${++this.#count}`;
    const old = this.#lines.get(id);
    const fromMs = old?.fromMs ?? this.#voice?.fromMs ?? atMs;
    this.#open = final ? undefined : id;
    if (final) this.#settled = id;
    return this.#put({
      id,
      who: 'caller',
      // What the last word takes back entirely was still said; it is shown as it was understood.
      text: text === '' ? (old?.text ?? '') : text,
      final,
      atMs: fromMs,
      fromMs,
      toMs: final ? (this.#voice?.toMs ?? atMs) : null,
    });
  }

  #typed(atMs: number, text: string): readonly StoryChange[] {
    const id = `k${++this.#count}`;
    this.#settled = id;
    return this.#put({ id, who: 'caller', text, final: true, atMs });
  }

  #decided({ name, detail }: RecordedEvent): readonly StoryChange[] {
    if (name !== 'endOfTurn') return [];
    const reason = (detail as { readonly reason?: unknown } | undefined)?.reason;
    this.#endReason = typeof reason === 'string' ? reason : null;
    return this.#now('thinking');
  }

  #turned(event: RecordedEvent): readonly StoryChange[] {
    const parsed = turnSchema.safeParse(event);
    if (!parsed.success) return [];
    const { turnId, input } = parsed.data;
    const changes: StoryChange[] = [];
    if (input.type === 'text') {
      const id = this.#settled ?? this.#open ?? `u${++this.#count}`;
      const old = this.#lines.get(id);
      changes.push(
        ...this.#put({ atMs: event.atMs, ...old, id, who: 'caller', text: input.text ?? '', final: true, turnId }),
      );
      if (id === this.#open) this.#open = undefined;
    } else if (input.type === 'dtmf') {
      const id = `d${++this.#count}`;
      changes.push(
        ...this.#put({ id, who: 'caller', text: input.digits ?? '', final: true, atMs: event.atMs, turnId }),
      );
    }
    this.#settled = undefined;
    const turn: Turn = {
      ...turnOf(parsed.data, this.#startedAtMs + event.atMs),
      endReason: input.type === 'text' ? this.#endReason : null,
      foreseen: this.#foreseen.has(turnId),
    };
    this.#endReason = null;
    this.#slots = turn.slots;
    changes.push(...this.#keep(turn));
    if (turn.reply !== null)
      changes.push(
        ...this.#put({ id: `b${turnId}`, who: 'bot', text: turn.reply, final: false, atMs: event.atMs, turnId }),
      );
    return changes;
  }

  #timed(event: RecordedEvent): readonly StoryChange[] {
    const timing = event as unknown as TurnTiming;
    const turn = this.#turns.get(timing.turnId);
    if (turn === undefined) return [];
    const changes: StoryChange[] = [...this.#keep({ ...turn, ...copied(stagesOf(timing)) })];
    const fromMs = timing.audibleMs ?? timing.packetMs;
    const line = this.#lines.get(`b${timing.turnId}`);
    if (line !== undefined && typeof fromMs === 'number') changes.push(...this.#put({ ...line, atMs: fromMs, fromMs }));
    return changes;
  }

  #heard(event: RecordedEvent): readonly StoryChange[] {
    const { promptId, atMs } = event;
    const text = textOf(event);
    const line = typeof promptId === 'number' ? this.#lines.get(`b${promptId}`) : undefined;
    if (line === undefined) {
      if (text === '') return [];
      return this.#put({ id: `f${++this.#count}`, who: 'bot', text, final: true, atMs });
    }
    // Said a second time (the caller was silent): the first hearing counts.
    if (line.final && line.text.length >= text.length) return [];
    const whole = plain(line.text);
    const cut = plain(text).length < whole.length;
    const change = this.#put({
      ...line,
      atMs: line.fromMs ?? atMs,
      text,
      final: true,
      toMs: atMs,
      ...(cut ? { cut } : {}),
    });
    return cut ? [...change, ...this.#now('listening')] : change;
  }

  #now(state: CallState): readonly StoryChange[] {
    if (state === this.#state) return [];
    this.#state = state;
    return [{ type: 'state', state }];
  }

  /** `atMs` since the call began. */
  #put(line: Omit<Line, 'fromMs' | 'toMs'> & Partial<Pick<Line, 'fromMs' | 'toMs'>>): readonly StoryChange[] {
    const kept: Line = { fromMs: null, toMs: null, ...line, atMs: this.#epoch(line.atMs) };
    if (!this.#lines.has(kept.id) && this.#lines.size >= MAX_LINES) return [];
    this.#lines.set(kept.id, kept);
    return [{ type: 'line', line: kept }];
  }

  /** A line that is put again has its time as epoch already. */
  #epoch(atMs: number): number {
    return Math.round(atMs >= this.#startedAtMs ? atMs : this.#startedAtMs + atMs);
  }

  #keep(turn: Turn): readonly StoryChange[] {
    if (!this.#turns.has(turn.turnId) && this.#turns.size >= MAX_TURNS) return [];
    this.#turns.set(turn.turnId, turn);
    return [{ type: 'turn', turn }];
  }
}

/** A turn as people are shown it, of what the brain gave; times are added by whoever has them. `atMs`: epoch. */
export function turnOf(facts: TurnFacts, atMs: number): Turn {
  const { turnId, input, intent, ranking = [], entities = [], actions = [], slots = {}, noMatch = false } = facts;
  const says = actions.flatMap(({ type, text }) => (type === 'say' && text !== undefined ? [text] : []));
  return {
    turnId,
    atMs: Math.round(atMs),
    inputType: input.type,
    input: input.text ?? input.digits ?? input.name ?? '',
    reply: says.length === 0 ? null : says.join(' '),
    intent: intent?.name ?? null,
    confidence: intent?.confidence ?? null,
    ranking: ranking.slice(0, 5).map(({ name, confidence }) => ({ intent: name, confidence })),
    entities: entities.slice(0, 50).map(
      (each): Entity => ({
        name: each.entity ?? '',
        value: each.value,
        text: each.text ?? '',
        start: each.start ?? null,
        end: each.end ?? null,
        confidence: each.confidence ?? null,
      }),
    ),
    slots: { ...slots },
    path: actions.flatMap(stepOf),
    noMatch,
    endReason: null,
    foreseen: false,
    responseMs: null,
    stages: [],
  };
}

function stepOf(action: NonNullable<TurnFacts['actions']>[number]): readonly string[] {
  if (action.type === 'say') return action.response === undefined ? ['say'] : [action.response];
  if (action.type !== 'expect') return [action.type];
  const slot = action.expectation?.slot;
  return slot === undefined ? [] : [`ask ${slot}`];
}

function copied({ stages, responseMs }: ReturnType<typeof stagesOf>): Pick<Turn, 'stages' | 'responseMs'> {
  return { responseMs, stages: stages.map((each) => ({ ...each })) };
}

function textOf(event: RecordedEvent): string {
  return typeof event.text === 'string' ? event.text : '';
}

/** What was heard is put together from clauses; blanks between them do not count. */
function plain(text: string): string {
  return text.replace(/\s+/g, '');
}
