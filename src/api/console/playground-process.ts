import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Brain, TurnResult } from '../../dialogue/brain.js';
import { createBrain } from '../../dialogue/create-brain.js';
import { messageOf } from '../../errors.js';
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

process.on('message', (value: unknown) => {
  const parsed = playgroundOrder.safeParse(value);
  if (!parsed.success) return;
  const order = parsed.data;
  tail = tail.then(() => (order.type === 'open' ? open(order) : answer(order)));
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
      action.type === 'say' ? [{ text: action.text, speech: action.speech, response: action.response ?? null }] : [],
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
