import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';
import type { ConversationEvent, SearchableLog } from '../../store/conversation-log.js';
import { CLOSING_INTENTS, type JudgedConversation } from './evaluation.js';

const PAGE = 200;
const turnSchema = z.object({
  input: z.object({ type: z.string(), name: z.string().optional() }),
  intent: z.string().optional(),
  noMatch: z.boolean().default(false),
  replies: z.array(z.string()).default([]),
});

export interface LogRange {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly channel?: string | undefined;
  /** Events that are read at most. */
  readonly most: number;
  /** The named answer that some words are. */
  readonly answerOf?: (text: string) => string | undefined;
  /** Response times of a conversation, ms, where somebody has measured them. */
  readonly responsesOf?: (conversationId: string) => Promise<readonly number[]>;
}

/** Judges the conversations of a log: what they came to, not whether it was right. Rejects with STORE_UNAVAILABLE when the database is away. */
export async function judgeLog(log: SearchableLog, range: LogRange): Promise<readonly JudgedConversation[]> {
  const { fromMs, toMs, channel, most } = range;
  const turns = await eventsOf(log, { type: 'turn', fromMs, toMs, channel }, most);
  const transfers = await eventsOf(log, { type: 'transfer', fromMs, toMs }, most);
  const ends = await eventsOf(log, { type: 'ended', fromMs, toMs }, most);
  // Who hangs up on a question was not served, nor who was hung up on because nothing more was heard: only a goodbye counts.
  const ended = new Set(
    ends.filter(({ data }) => data.reason !== 'no_input').map(({ conversationId }) => conversationId),
  );
  // Newest come first: the last one of each.
  const transfersMs = new Map(transfers.toReversed().map(({ conversationId, atMs }) => [conversationId, atMs]));
  const groups = new Map<string, ConversationEvent[]>();
  // Newest come first.
  for (const event of turns.toReversed())
    groups.set(event.conversationId, [...(groups.get(event.conversationId) ?? []), event]);
  const judged = [...groups].flatMap(([name, events]): JudgedConversation[] => {
    const all = events.flatMap(({ data }) => turnSchema.safeParse(data).data ?? []);
    const messages = all.filter(({ input }) => input.type !== 'event');
    const [first, ...later] = messages;
    // Somebody who hung up during the greeting said nothing that could be judged.
    if (!first) return [];
    const askedMs = transfersMs.get(name);
    const inVain = events.some(
      ({ atMs, data }) => askedMs !== undefined && atMs >= askedMs && nameOf(data) === 'transfer_failed',
    );
    return [
      {
        name,
        answers: null,
        intents: null,
        understood: { part: messages.filter(({ noMatch }) => !noMatch).length, of: messages.length },
        turns: messages.length,
        firstTurn:
          !first.noMatch &&
          askedMs === undefined &&
          ended.has(name) &&
          later.every(({ intent }) => CLOSING_INTENTS.has(intent ?? '')),
        // Nobody took it: the caller was never with a person.
        transferred: askedMs !== undefined && !inVain,
        responseMs: [],
        given: all.flatMap(({ replies }) => replies.flatMap((text) => range.answerOf?.(text) ?? [])),
      },
    ];
  });
  const { responsesOf } = range;
  if (!responsesOf) return judged;
  const measured: JudgedConversation[] = [];
  for (const each of judged) measured.push({ ...each, responseMs: await responsesOf(each.name) });
  return measured;
}

/** From the last word to the first sound of the answer, as a call's record has it. */
export function responsesIn(events: readonly RecordedEvent[]): readonly number[] {
  return events.flatMap(({ type, endOfSpeechMs, audibleMs }) =>
    type === 'timing' && typeof endOfSpeechMs === 'number' && typeof audibleMs === 'number'
      ? [audibleMs - endOfSpeechMs]
      : [],
  );
}

function nameOf(data: ConversationEvent['data']): string | undefined {
  return turnSchema.safeParse(data).data?.input.name;
}

async function eventsOf(
  log: SearchableLog,
  query: Omit<Parameters<SearchableLog['search']>[0], 'limit' | 'after'>,
  most: number,
): Promise<ConversationEvent[]> {
  const events: ConversationEvent[] = [];
  let after: string | undefined;
  do {
    const found = await log.search({ ...query, limit: PAGE, after });
    events.push(...found.events);
    after = found.next;
  } while (after !== undefined && events.length < most);
  return events.slice(0, most);
}
