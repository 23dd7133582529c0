import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { CallWatcher, RecordedEvent } from '../../call/record.js';
import type { Config } from '../../config.js';
import type { Brain, TurnResult } from '../../dialogue/brain.js';
import { CallStory, type StoryChange } from '../../insight/call-story.js';
import type { StartMessage } from '../../media/hearken-v1/messages.js';
import { type BrowserCall, HearkenV1Server } from '../../media/hearken-v1/server.js';
import type { MediaSession } from '../../media/session.js';
import type { UpgradeHandler } from '../upgrade.js';
import type { PlaygroundApp } from './contract.js';
import { PlaygroundBrain } from './playground-brain.js';
import type { PlaygroundChild } from './playground-child.js';

/** Takes the calls to one application; `close` ends them, and what was opened for them. */
export interface Line {
  accept(session: MediaSession): void;
  close(): Promise<void>;
}

/** Opens it: ears and a voice, with the application's own brain behind them. Nothing of its calls is stored. Given by the composition root. */
export type OpenLine = (options: {
  readonly app: PlaygroundApp;
  readonly brain: Brain;
  readonly watch: (session: MediaSession) => CallWatcher;
}) => Promise<Line>;

export interface PlaygroundTalkOptions {
  readonly app: PlaygroundApp;
  readonly owner: string;
  readonly media: Config['media'];
  readonly child: PlaygroundChild;
  readonly languages: readonly string[];
  readonly openLine: OpenLine;
  readonly logger: Logger;
  /** A call begins, with this conversation. */
  readonly onCall: (conversationId: string) => void;
  readonly onStory: (callId: string, change: StoryChange) => void;
}

/** Calls to one playground: one at a time, over `hearken.media.v1`, for whoever has opened it. Who may connect was asked before. */
export class PlaygroundTalk {
  readonly #options: PlaygroundTalkOptions;
  readonly #server: HearkenV1Server;
  #line: Promise<Line> | undefined;
  #ready: Line | undefined;
  #call: MediaSession | undefined;

  constructor(options: PlaygroundTalkOptions) {
    this.#options = options;
    const { media, logger } = options;
    const { token: _ofTheBridge, ...rest } = media;
    this.#server = new HearkenV1Server({
      config: { ...rest, maxSessions: 4 },
      logger,
      admitBrowser: (start) => this.#admit(start),
      onSession: (session) => this.#accept(session),
    });
  }

  /** Speech is ready, opened if it was not. Rejects as it does. */
  async ready(): Promise<UpgradeHandler> {
    this.#line ??= this.#open();
    try {
      this.#ready = await this.#line;
    } catch (error) {
      this.#line = undefined;
      throw error;
    }
    return this.#server.upgrade;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await (await this.#line?.catch(() => undefined))?.close();
  }

  #open(): Promise<Line> {
    const { app, child, languages, openLine, onStory } = this.#options;
    const rankings = new Map<string, TurnResult['parse']>();
    const inner = new PlaygroundBrain(child, languages);
    const brain = new Proxy(inner, {
      get: (target, property) => {
        if (property !== 'handle') {
          const value: unknown = Reflect.get(target, property, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return async (...given: Parameters<Brain['handle']>) => {
          const result = await target.handle(...given);
          // The record of a call has the intent alone.
          rankings.set(result.messageId, result.parse);
          const oldest = rankings.size > 50 ? rankings.keys().next() : undefined;
          if (oldest?.done === false) rankings.delete(oldest.value);
          return result;
        };
      },
    });
    return openLine({
      app,
      brain,
      watch: (session) =>
        watcher((change) => {
          const parse = change.type === 'turn' ? rankings.get(`${session.id}:${change.turn.turnId}`) : undefined;
          const ranking = parse?.ranking.slice(0, 5).map(({ name, confidence }) => ({ intent: name, confidence }));
          onStory(
            session.id,
            change.type === 'turn' && ranking !== undefined ? { ...change, turn: { ...change.turn, ranking } } : change,
          );
        }),
    });
  }

  /** Of what the page says only the language is believed. */
  #admit({ media, route, resume }: StartMessage): BrowserCall {
    const conversationId = randomUUID();
    return {
      start: {
        type: 'start',
        callId: `${conversationId}@playground`,
        direction: 'inbound',
        caller: '',
        callee: 'web:playground',
        media,
        ...(route?.language === undefined ? {} : { route: { language: route.language } }),
        ...(resume === undefined ? {} : { resume }),
      },
      conversationId,
      ended: () => undefined,
    };
  }

  #accept(session: MediaSession): void {
    // Another page, or this one after it was loaded anew: what it left behind is over.
    this.#call?.hangup('normal', 'another call to this playground begins');
    this.#call = session;
    session.once('closed', () => {
      if (this.#call === session) this.#call = undefined;
    });
    this.#options.onCall(session.peer.conversationId ?? session.id);
    this.#ready?.accept(session);
  }
}

/** Tells a call as lines and turns, while it goes on. */
function watcher(tell: (change: StoryChange) => void): CallWatcher {
  const story = new CallStory(Date.now());
  return {
    event: (event: RecordedEvent) => {
      for (const change of story.apply(event)) tell(change);
    },
    caller: () => undefined,
    bot: () => undefined,
    cutBot: () => undefined,
  };
}
