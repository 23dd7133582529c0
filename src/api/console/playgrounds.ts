import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import { HearkenError } from '../../errors.js';
import type { StoryChange } from '../../insight/call-story.js';
import type { Playground, PlaygroundApp, PlaygroundReply } from './contract.js';
import { PlaygroundChild } from './playground-child.js';
import { type OpenLine, PlaygroundTalk } from './playground-talk.js';

export interface PlaygroundOptions {
  /** Applications that may be tried, absolute; the live one first. */
  readonly folders: readonly string[];
  readonly cacheFolder: string;
  /** What an application is let see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly privateHosts: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  /** Reading and training. Default 3 min. */
  readonly loadLimitMs?: number;
  /** Opens what takes calls to an application; undefined: it can only be typed to. */
  readonly openLine?: OpenLine;
  readonly media?: Config['media'];
  /** Told of what happens in a call to somebody's playground. */
  readonly onTalk?: (owner: string, id: string, callId: string, change: StoryChange) => void;
  /** Nobody wrote or spoke for this long. Default 15 min. */
  readonly idleMs?: number;
}

interface Room {
  readonly owner: string;
  readonly child: PlaygroundChild;
  readonly app: PlaygroundApp;
  /** Takes its calls, from the first one on. */
  talk: PlaygroundTalk | undefined;
  view: Playground;
  conversationId: string;
  timer: NodeJS.Timeout;
}

/** At once, over all users: each is a process of up to 700 MB. */
const MAX_ROOMS = 3;
const ANSWER_LIMIT_MS = 20_000;
const KEPT_ENDED = 50;

/** Applications that are not live, each in a process of its own: it may be wrong in every way and takes no call along. */
export class Playgrounds {
  readonly #options: PlaygroundOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #closing = new Set<Promise<void>>();
  readonly #ended = new Map<string, { readonly owner: string; readonly view: Playground }>();

  constructor(options: PlaygroundOptions) {
    this.#options = options;
  }

  get apps(): PlaygroundApp[] {
    return this.#options.folders.map((folder, index) => ({ name: basename(folder), folder, live: index === 0 }));
  }

  of(owner: string): Playground[] {
    return [...this.#rooms.values()].filter((room) => room.owner === owner).map(({ view }) => view);
  }

  /** `app`: a folder as `apps` has it, or its name. Throws NOT_FOUND, OVERLOADED. */
  open(owner: string, app: string): Playground {
    const found = this.apps.find(({ name, folder }) => folder === app || name === app);
    if (found === undefined)
      throw new HearkenError('NOT_FOUND', 'This application may not be tried here.', {
        hint: 'List its folder in console.playgroundApps.',
      });
    if (this.#rooms.size >= MAX_ROOMS)
      throw new HearkenError('OVERLOADED', `There are ${MAX_ROOMS} playgrounds already.`, { hint: 'End one of them.' });
    const id = randomUUID();
    const { cacheFolder, environment, privateHosts, allowedHosts, logger } = this.#options;
    const child = new PlaygroundChild({
      environment,
      logger,
      onReady: (languages) => this.#ready(id, languages),
      onFailed: (problem) => this.#over(id, 'failed', problem),
    });
    const room: Room = {
      owner,
      child,
      app: found,
      talk: undefined,
      view: {
        id,
        app: found.name,
        state: 'loading',
        problem: null,
        languages: [],
        talk: this.#options.openLine !== undefined,
      },
      conversationId: randomUUID(),
      timer: setTimeout(
        () => this.#over(id, 'failed', 'It was not ready in time.'),
        this.#options.loadLimitMs ?? 180_000,
      ),
    };
    this.#rooms.set(id, room);
    child.tell({
      type: 'open',
      folder: found.folder,
      cacheFolder,
      deskFolder: deskFolderOf(id),
      environment: { ...environment },
      privateHosts: [...privateHosts],
      allowedHosts: [...allowedHosts],
    });
    return room.view;
  }

  /** Throws NOT_FOUND, also for somebody else's. */
  get(owner: string, id: string): Playground {
    const room = this.#rooms.get(id) ?? this.#ended.get(id);
    if (room === undefined || room.owner !== owner) throw unknown();
    return room.view;
  }

  /** Without a text it begins anew, with the greeting. Throws NOT_FOUND, SESSION_CONFLICT, OVERLOADED, ACTION_FAILED, TIMEOUT. */
  async say(
    owner: string,
    id: string,
    text: string | undefined,
    language: string | undefined,
  ): Promise<PlaygroundReply> {
    const room = this.#readyRoom(owner, id);
    this.#awaitIdle(id, room);
    if (text === undefined) room.conversationId = randomUUID();
    const answer = await room.child.ask(
      {
        type: 'message',
        conversationId: room.conversationId,
        ...(text === undefined ? {} : { text }),
        ...(language === undefined ? {} : { language }),
      },
      ANSWER_LIMIT_MS,
    );
    if (answer.type !== 'reply') throw new HearkenError('INTERNAL', 'A playground gave another answer than was asked.');
    return answer.reply;
  }

  /** What takes a call to it. Throws NOT_FOUND (also where there is no speech), SESSION_CONFLICT. */
  talk(owner: string, id: string): PlaygroundTalk {
    const room = this.#readyRoom(owner, id);
    const { openLine, media, logger, onTalk } = this.#options;
    const { app } = room;
    if (openLine === undefined || media === undefined) throw unknown();
    this.#awaitIdle(id, room);
    room.talk ??= new PlaygroundTalk({
      ...{ app, owner, media, logger, openLine, child: room.child, languages: room.view.languages },
      onCall: (conversationId) => {
        // Who types afterwards goes on with what was said.
        room.conversationId = conversationId;
      },
      onStory: (callId, change) => {
        this.#awaitIdle(id, room);
        onTalk?.(owner, id, callId, change);
      },
    });
    return room.talk;
  }

  end(owner: string, id: string): void {
    if (this.#rooms.get(id)?.owner !== owner) throw unknown();
    this.#over(id, 'ended', null);
  }

  /** Ends them all; resolves when what was opened for their calls is closed. */
  async close(): Promise<void> {
    for (const id of [...this.#rooms.keys()]) this.#over(id, 'ended', null);
    await Promise.all(this.#closing);
  }

  #ready(id: string, languages: string[]): void {
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    room.view = { ...room.view, state: 'ready', languages };
    this.#awaitIdle(id, room);
  }

  #readyRoom(owner: string, id: string): Room {
    const room = this.#rooms.get(id);
    if (room === undefined || room.owner !== owner) throw unknown();
    if (room.view.state !== 'ready')
      throw new HearkenError('SESSION_CONFLICT', `This playground is ${room.view.state}.`, { hint: 'Wait a moment.' });
    return room;
  }

  #awaitIdle(id: string, room: Room): void {
    clearTimeout(room.timer);
    room.timer = setTimeout(() => this.#over(id, 'ended', null), this.#options.idleMs ?? 900_000);
  }

  #over(id: string, state: 'failed' | 'ended', problem: string | null): void {
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    this.#rooms.delete(id);
    clearTimeout(room.timer);
    room.view = { ...room.view, state, problem };
    room.child.close();
    if (room.talk !== undefined) {
      const closing = room.talk
        .close()
        .catch((err: unknown) => this.#options.logger.warn({ err }, 'a call to a playground did not end'))
        .finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    rm(deskFolderOf(id), { recursive: true, force: true }).catch((err: unknown) =>
      this.#options.logger.warn({ err }, 'what a playground left could not be removed'),
    );
    this.#ended.set(id, { owner: room.owner, view: room.view });
    if (this.#ended.size > KEPT_ENDED) {
      const oldest = this.#ended.keys().next();
      if (!oldest.done) this.#ended.delete(oldest.value);
    }
  }
}

function deskFolderOf(id: string): string {
  return join(tmpdir(), `hearken-playground-${id}`);
}

function unknown(): HearkenError {
  return new HearkenError('NOT_FOUND', 'There is no such playground.', { hint: 'Open one.' });
}
