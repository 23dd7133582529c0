import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AnswerHints } from '../../dialogue/answer-words.js';
import type { Brain, TurnResult, UserMessage } from '../../dialogue/brain.js';
import { createBrain } from '../../dialogue/create-brain.js';
import { HearkenError, messageOf } from '../../errors.js';
import { FileDeskStore } from '../../handoff/file-desk-store.js';
import { turnOf } from '../../insight/call-story.js';
import { trainOrLoadForApp } from '../../nlu/index.js';
import { MemorySessionStore } from '../../store/memory-session-store.js';
import type { PlaygroundReply } from './contract.js';
import { type PlaygroundNews, type PlaygroundOrder, playgroundOrder } from './playground-messages.js';

/** The process of one playground: reads and trains an application, and talks. Nothing it does outlives it: sessions in memory, tickets in a folder that goes with it. */

const MAX_PROBLEM_CHARS = 4000;

// Calls come first.
setPriority(constants.priority.PRIORITY_LOW);
let brain: Brain | undefined;
let turns = 0;
let tail = Promise.resolve();
/** Turns of spoken conversations that are under way, and what gives them up. */
const underWay = new Map<number, AbortController>();

process.on('message', (value: unknown) => {
  const parsed = playgroundOrder.safeParse(value);
  if (!parsed.success) return;
  const order = parsed.data;
  if (order.type === 'abort') underWay.get(order.id)?.abort();
  else if (order.type === 'peek' || order.type === 'rehearse' || order.type === 'turn' || order.type === 'heard')
    // A conversation keeps its own order; what is asked about half a sentence must not wait for a turn.
    void spoken(order);
  else tail = tail.then(() => (order.type === 'open' ? open(order) : answer(order)));
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

async function open(order: Extract<PlaygroundOrder, { type: 'open' }>): Promise<void> {
  try {
    const intentModel = await trainOrLoadForApp(order.folder, join(order.cacheFolder, 'nlu'));
    brain = await createBrain({
      appFolder: order.folder,
      cacheFolder: join(order.cacheFolder, 'actions'),
      intentModel,
      sessions: new MemorySessionStore({ ttlMs: 3_600_000 }),
      desk: await FileDeskStore.open(join(order.deskFolder, 'desk.jsonl')),
      environment: order.environment,
      privateHosts: order.privateHosts,
      allowedHosts: order.allowedHosts,
      log: {
        append: () => undefined,
        history: async () => [],
        flush: async () => undefined,
        close: async () => undefined,
      },
      logger: pino({ level: 'silent' }),
      handoffTarget: 'sip:agent@localhost',
    });
    tell({ type: 'ready', languages: [...brain.languages] });
  } catch (error) {
    tell({ type: 'failed', problem: messageOf(error).slice(0, MAX_PROBLEM_CHARS) });
  }
}

async function answer(order: Extract<PlaygroundOrder, { type: 'message' }>): Promise<void> {
  if (brain === undefined) {
    tell({ type: 'refused', id: order.id, problem: 'The application is not ready.' });
    return;
  }
  const began = performance.now();
  try {
    const result = await brain.handle({
      conversationId: order.conversationId,
      messageId: `m${order.id}`,
      channel: 'text',
      input:
        order.text === undefined
          ? { type: 'event', name: 'start', attempt: 1 }
          : { type: 'text', text: order.text, confidence: 1 },
      ...(order.language === undefined ? {} : { language: order.language }),
    });
    tell({ type: 'reply', id: order.id, reply: replyOf(order.text, result, performance.now() - began) });
  } catch (error) {
    tell({ type: 'refused', id: order.id, problem: messageOf(error).slice(0, MAX_PROBLEM_CHARS) });
  }
}

type Spoken = Extract<PlaygroundOrder, { type: 'peek' | 'rehearse' | 'turn' | 'heard' }>;

async function spoken(order: Spoken): Promise<void> {
  try {
    if (brain === undefined) throw new HearkenError('SESSION_CONFLICT', 'The application is not ready.');
    if (order.type === 'heard') await brain.heard(order.conversationId, order.text);
    else if (order.type === 'peek')
      tell({ type: 'reading', id: order.id, reading: await brain.peek(order.conversationId, order.text) });
    else if (order.type === 'rehearse') {
      const result = await brain.rehearse(order.message as UserMessage);
      tell({ type: 'turn', id: order.id, result: result === undefined ? null : sent(result) });
    } else await takeTurn(brain, order);
  } catch (error) {
    if (order.type !== 'heard')
      tell({ type: 'refused', id: order.id, problem: messageOf(error).slice(0, MAX_PROBLEM_CHARS) });
  }
}

async function takeTurn(mind: Brain, { id, message }: Extract<Spoken, { type: 'turn' }>): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  try {
    const result = await mind.handle(message as UserMessage, {
      onInterim: (say) => tell({ type: 'interim', id, say }),
      onUnderstood: () => tell({ type: 'understood', id }),
      signal: abort.signal,
    });
    const hints = hintsOf(mind, result);
    tell({ type: 'turn', id, result: sent(result), ...(hints === undefined ? {} : { hints }) });
  } finally {
    underWay.delete(id);
  }
}

/** What may answer the question that this turn ended with. */
function hintsOf(mind: Brain, { actions, slots }: TurnResult): { words: string[]; numbers: string[] } | undefined {
  const asked = actions.findLast((action) => action.type === 'expect');
  const found: AnswerHints | undefined = asked && mind.answersTo?.(asked.expectation, slots);
  return found && { words: [...found.words], numbers: [...found.numbers] };
}

/** As it travels: what the schema has. */
function sent(result: TurnResult): Extract<PlaygroundNews, { type: 'turn' }>['result'] {
  return JSON.parse(JSON.stringify(result)) as Extract<PlaygroundNews, { type: 'turn' }>['result'];
}

function replyOf(text: string | undefined, result: TurnResult, tookMs: number): PlaygroundReply {
  const { parse, actions, slots, noMatch } = result;
  const transfer = actions.find((action) => action.type === 'transfer');
  const turn = turnOf(
    {
      turnId: ++turns,
      input: text === undefined ? { type: 'event', name: 'start' } : { type: 'text', text },
      ...(parse === undefined
        ? {}
        : {
            intent: parse.intent,
            ranking: [...parse.ranking],
            entities: parse.entities.map((each) => ({ ...each })),
          }),
      actions,
      slots: { ...slots },
      noMatch,
    },
    Date.now(),
  );
  return {
    replies: actions.flatMap((action) =>
      action.type === 'say'
        ? [
            {
              text: action.text,
              speech: action.speech,
              response: action.response ?? null,
              ...(action.buttons === undefined ? {} : { buttons: [...action.buttons] }),
            },
          ]
        : [],
    ),
    turn: { ...turn, responseMs: Math.round(tookMs) },
    language: result.language,
    transfer:
      transfer === undefined
        ? null
        : { target: transfer.target ?? '', reason: transfer.reason, summary: transfer.summary },
    ended: actions.some(({ type }) => type === 'hangup'),
  };
}

function tell(news: PlaygroundNews): void {
  process.send?.(news);
}
