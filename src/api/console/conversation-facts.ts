import { z } from 'zod';
import { turnOf } from '../../insight/call-story.js';
import type { ConversationEvent } from '../../store/conversation-log.js';
import type { CallDetail, CallKind, CallSummary, Line, Outcome, Turn } from './contract.js';
import { RECORD_ID, type RecordFacts } from './record-files.js';

/** What the log's events of one conversation come to. Pure. */

const MAX_EXCERPT_CHARS = 200;

const turnData = z.object({
  messageId: z.string().catch(''),
  channel: z.string().catch('text'),
  turn: z.number().int().catch(0),
  input: z
    .object({
      type: z.enum(['text', 'dtmf', 'event']),
      text: z.string().optional(),
      digits: z.string().optional(),
      name: z.string().optional(),
    })
    .catch({ type: 'event' }),
  replies: z.array(z.string()).catch([]),
  noMatch: z.boolean().catch(false),
  intent: z.string().optional().catch(undefined),
  confidence: z.number().optional().catch(undefined),
});
const endData = z.object({ reason: z.string().catch('') });
const deskData = z.object({
  event: z.string(),
  agent: z.string().optional(),
  name: z.string().optional(),
  code: z.string().optional(),
  text: z.string().optional(),
});
const chatData = z.object({
  messageId: z.string().catch(''),
  who: z.enum(['caller', 'agent']),
  text: z.string(),
  name: z.string().optional(),
});

type TurnData = z.infer<typeof turnData>;
type At<T> = T & { readonly atMs: number };

export interface ConversationFacts {
  readonly turns: readonly At<TurnData>[];
  readonly desk: readonly At<z.infer<typeof deskData>>[];
  readonly chat: readonly At<z.infer<typeof chatData>>[];
  /** Of calls, in order. */
  readonly recordIds: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
  /** A person has it, or is being rung: a hand-over that failed does not count. */
  readonly transferred: boolean;
  /** Why the bot ended it; undefined when it did not. */
  readonly endReason: string | undefined;
  /** Everything said, in order. */
  readonly said: readonly string[];
}

/** `events`: oldest first, at least one. */
export function conversationFacts(events: readonly ConversationEvent[]): ConversationFacts {
  const turns = picked(events, 'turn', turnData);
  const desk = picked(events, 'desk', deskData);
  const chat = picked(events, 'chat', chatData);
  const recordIds = new Set<string>();
  for (const { channel, messageId } of turns) {
    const id = messageId.split(':', 1)[0] ?? '';
    if (channel === 'voice' && RECORD_ID.test(id)) recordIds.add(id);
  }
  return {
    turns,
    desk,
    chat,
    recordIds: [...recordIds],
    firstMs: events[0]?.atMs ?? 0,
    lastMs: events.at(-1)?.atMs ?? 0,
    transferred: handedOver(events) || desk.some(({ event }) => event === 'joined'),
    endReason: picked(events, 'ended', endData).at(-1)?.reason,
    said: [
      ...turns.flatMap(({ input, replies }) => [input.text ?? input.digits ?? '', ...replies]),
      ...chat.map(({ text }) => text),
    ].filter((text) => text !== ''),
  };
}

/** The last hand-over was not followed by the turn that tells of its failure. */
function handedOver(events: readonly ConversationEvent[]): boolean {
  const at = events.findLastIndex(({ type }) => type === 'transfer');
  return at >= 0 && !picked(events.slice(at), 'turn', turnData).some(({ input }) => input.name === 'transfer_failed');
}

/** A conversation in which nothing has happened for this long is over, whatever was said. */
const OPEN_MS = 30 * 60_000;

export function summaryOf(
  id: string,
  facts: ConversationFacts,
  records: readonly RecordFacts[],
  options: { readonly query?: string | undefined; readonly live: boolean; readonly nowMs: number },
): CallSummary {
  const first = records[0];
  const last = records.at(-1);
  const joined = facts.desk.findLast(({ event }) => event === 'joined');
  const wrapped = facts.desk.findLast(({ event }) => event === 'wrapUp');
  const startedAtMs = Math.min(facts.firstMs, ...records.map((record) => record.startedAtMs));
  const lastCallEnd = last?.ended === undefined ? 0 : last.startedAtMs + last.ended.durationMs;
  const outcome = outcomeOf(facts, last, options);
  const endedAtMs = outcome === 'open' ? null : Math.max(facts.lastMs, lastCallEnd);
  return {
    id,
    kind: kindOf(facts, first),
    startedAtMs,
    endedAtMs,
    durationMs: endedAtMs === null ? null : Math.max(0, Math.round(endedAtMs - startedAtMs)),
    caller: first?.caller ?? '',
    callee: first?.callee ?? '',
    language: first?.language ?? '',
    intents: [...new Set(facts.turns.flatMap(({ intent }) => (intent === undefined ? [] : [intent])))],
    outcome,
    turns: facts.turns.filter(({ input }) => input.type !== 'event').length,
    hasAudio: records.some(({ audioFile }) => audioFile !== undefined),
    excerpt: excerptOf(facts, options.query),
    agent: joined?.name ?? joined?.agent ?? null,
    wrapUpCode: wrapped?.code ?? null,
  };
}

function kindOf(facts: ConversationFacts, first: RecordFacts | undefined): CallKind {
  if (first !== undefined) return first.callee === 'web:widget' ? 'widget' : 'phone';
  return facts.turns.some(({ channel }) => channel === 'voice') ? 'phone' : 'text';
}

function outcomeOf(
  facts: ConversationFacts,
  last: RecordFacts | undefined,
  { live, nowMs }: { readonly live: boolean; readonly nowMs: number },
): Outcome {
  if (facts.transferred) return 'transferred';
  // Who says nothing more has left, whoever hangs up.
  if (facts.endReason !== undefined) return facts.endReason === 'no_input' ? 'left' : 'completed';
  if (last?.ended !== undefined) return FAILED.has(last.ended.cause) ? 'failed' : 'left';
  if (live) return 'open';
  return nowMs - facts.lastMs < OPEN_MS ? 'open' : 'left';
}
const FAILED: ReadonlySet<string> = new Set(['error', 'overloaded', 'lost']);

/** The words that were searched for with what stands around them; else how it began. */
function excerptOf({ said, turns }: ConversationFacts, query: string | undefined): string {
  const wanted = query?.toLowerCase();
  const found = wanted === undefined ? undefined : said.find((text) => text.toLowerCase().includes(wanted));
  const text = found ?? turns.find(({ input }) => input.text !== undefined)?.input.text ?? said[0] ?? '';
  if (text.length <= MAX_EXCERPT_CHARS) return text;
  const at = Math.max(0, (found === undefined ? 0 : text.toLowerCase().indexOf(wanted ?? '')) - 40);
  return `${at > 0 ? '…' : ''}${text.slice(at, at + MAX_EXCERPT_CHARS)}…`;
}

/** What was typed, with what people wrote. `channels`: of the turns that are wanted. */
export function typedLines(facts: ConversationFacts, all: boolean): Line[] {
  const lines: Line[] = [];
  const put = (line: Pick<Line, 'id' | 'who' | 'text' | 'atMs'> & Partial<Line>): void => {
    lines.push({ final: true, fromMs: null, toMs: null, ...line });
  };
  facts.turns.forEach(({ channel, input, replies, atMs, turn }, index) => {
    if (channel === 'voice' && !all) return;
    const words = input.text ?? input.digits;
    if (words !== undefined) put({ id: `t${index}`, who: 'caller', text: words, atMs, turnId: turn });
    replies.forEach((text, reply) => {
      put({ id: `t${index}.${reply}`, who: 'bot', text, atMs, turnId: turn });
    });
  });
  facts.chat.forEach(({ who, text, name, atMs }, index) => {
    put({ id: `c${index}`, who, text, atMs, ...(name === undefined ? {} : { name }) });
  });
  facts.desk.forEach(({ event, name, agent, atMs }, index) => {
    if (event !== 'wrapUp') put({ id: `s${index}`, who: 'system', text: event, name: name ?? agent ?? '', atMs });
  });
  return lines.sort((left, right) => left.atMs - right.atMs);
}

export function typedTurns(facts: ConversationFacts): Turn[] {
  return facts.turns.map(({ turn, input, replies, intent, confidence, noMatch, atMs }) =>
    turnOf(
      {
        turnId: turn,
        input,
        ...(intent === undefined ? {} : { intent: { name: intent, confidence: confidence ?? 0 } }),
        actions: replies.map((text) => ({ type: 'say', text })),
        noMatch,
      },
      atMs,
    ),
  );
}

export function notesOf(facts: ConversationFacts): CallDetail['notes'] {
  return facts.desk
    .filter(({ event }) => event === 'wrapUp')
    .map(({ atMs, agent = '', text = '', code }) => ({ atMs, by: agent, text, code: code ?? null }));
}

function picked<T extends object>(
  events: readonly ConversationEvent[],
  type: string,
  schema: z.ZodType<T>,
): readonly At<T>[] {
  return events.flatMap((event) => {
    const parsed = event.type === type ? schema.safeParse(event.data) : undefined;
    return parsed?.success ? [{ ...parsed.data, atMs: event.atMs }] : [];
  });
}
