import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { BotAction, Brain, Channel, TurnResult, UserInput } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { FileDeskStore } from '../../../src/handoff/file-desk-store.js';
import { type IntentModel, trainOrLoadForApp } from '../../../src/nlu/index.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import type { SessionStore } from '../../../src/store/session-store.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

export const RETAIL = 'apps/retail';

/** The sample shop with its real understanding, trained once for a test file. */
export class RetailHouse {
  readonly model: IntentModel;
  readonly #folder: string;
  readonly #brains: Brain[] = [];
  /** Where complaints and call-backs go. */
  readonly desk: FileDeskStore;

  private constructor(model: IntentModel, folder: string, desk: FileDeskStore) {
    this.model = model;
    this.#folder = folder;
    this.desk = desk;
  }

  static async open(): Promise<RetailHouse> {
    const folder = await mkdtemp(join(tmpdir(), 'hearken-retail-'));
    const desk = await FileDeskStore.open(join(folder, 'desk.jsonl'));
    return new RetailHouse(await trainOrLoadForApp(RETAIL, join(folder, 'nlu')), folder, desk);
  }

  async brain(
    options: { sessions?: SessionStore; log?: MemoryConversationLog; now?: () => number } = {},
  ): Promise<Brain> {
    const brain = await createBrain({
      appFolder: RETAIL,
      cacheFolder: join(this.#folder, 'actions'),
      intentModel: this.model,
      sessions: options.sessions ?? new MemorySessionStore({ ttlMs: 1_800_000 }),
      log: options.log ?? new MemoryConversationLog(),
      logger: pino({ level: 'silent' }),
      handoffTarget: 'sip:agent@127.0.0.1:5062',
      desk: this.desk,
      ...(options.now === undefined ? {} : { now: options.now }),
    });
    this.#brains.push(brain);
    return brain;
  }

  async close(): Promise<void> {
    for (const brain of this.#brains) await brain.close();
    await this.desk.close();
    await this.model.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** One caller: says, keys, is silent; and what came of it in short. */
export class Caller {
  readonly id = randomUUID();
  readonly #brain: Brain;
  readonly #channel: Channel;
  readonly #language: string;
  readonly #confidence: number;
  #messages = 0;

  constructor(brain: Brain, options: { channel?: Channel; language?: string; confidence?: number } = {}) {
    this.#brain = brain;
    this.#channel = options.channel ?? 'voice';
    this.#language = options.language ?? 'zh-CN';
    this.#confidence = options.confidence ?? 0.8;
  }

  say(text: string, confidence = this.#confidence): Promise<Heard> {
    return this.send({ type: 'text', text, confidence });
  }

  key(digits: string): Promise<Heard> {
    return this.send({ type: 'dtmf', digits });
  }

  event(name: 'start' | 'no_input' | 'no_match' | 'transfer_failed', attempt = 1): Promise<Heard> {
    return this.send({ type: 'event', name, attempt });
  }

  async send(input: UserInput): Promise<Heard> {
    return heard(
      await this.#brain.handle({
        conversationId: this.id,
        messageId: `m${this.#messages++}`,
        channel: this.#channel,
        language: this.#language,
        input,
      }),
    );
  }
}

export interface Heard {
  readonly result: TurnResult;
  /** Everything said, for the ears. */
  readonly speech: string;
  readonly text: string;
  readonly responses: readonly string[];
  readonly expects: Extract<BotAction, { type: 'expect' }>['expectation'] | undefined;
  readonly transfer: Extract<BotAction, { type: 'transfer' }> | undefined;
  readonly hangup: Extract<BotAction, { type: 'hangup' }> | undefined;
}

function heard(result: TurnResult): Heard {
  const says = result.actions.filter((action) => action.type === 'say');
  return {
    result,
    speech: says.map((action) => action.speech).join(' '),
    text: says.map((action) => action.text).join(' '),
    responses: says.map((action) => action.response ?? ''),
    expects: result.actions.find((action) => action.type === 'expect')?.expectation,
    transfer: result.actions.find((action) => action.type === 'transfer'),
    hangup: result.actions.find((action) => action.type === 'hangup'),
  };
}
