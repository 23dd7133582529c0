import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import { HearkenError } from '../../errors.js';
import { workerEntry } from '../../worker-entry.js';
import type { Playground, PlaygroundApp, PlaygroundReply } from './contract.js';
import { type PlaygroundOrder, playgroundNews } from './playground-messages.js';

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
  /** Nobody wrote for this long. Default 15 min. */
  readonly idleMs?: number;
}

interface Pending {
  readonly resolve: (reply: PlaygroundReply) => void;
  readonly reject: (error: HearkenError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Room {
  readonly owner: string;
  readonly child: ChildProcess;
  readonly pending: Map<number, Pending>;
  view: Playground;
  conversationId: string;
  count: number;
  timer: NodeJS.Timeout;
}

/** At once, over all users: each is a process of up to 700 MB. */
const MAX_ROOMS = 3;
const HEAP_MB = 512;
const ANSWER_LIMIT_MS = 20_000;
const KEPT_ENDED = 50;

/** Applications that are not live, each in a process of its own: it may be wrong in every way and takes no call along. */
export class Playgrounds {
  readonly #options: PlaygroundOptions;
  readonly #rooms = new Map<string, Room>();
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
    const entry = workerEntry(import.meta.url, 'playground-process');
    const child = fork(entry.path, [], {
      execArgv: [...entry.execArgv, `--max-old-space-size=${HEAP_MB}`],
      env: { ...this.#options.environment },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const room: Room = {
      owner,
      child,
      pending: new Map(),
      view: { id, app: found.name, state: 'loading', problem: null, languages: [] },
      conversationId: randomUUID(),
      count: 0,
      timer: setTimeout(
        () => this.#over(id, 'failed', 'It was not ready in time.'),
        this.#options.loadLimitMs ?? 180_000,
      ),
    };
    this.#rooms.set(id, room);
    child.on('message', (value) => this.#news(id, value));
    child.on('error', (error) => this.#over(id, 'failed', error.message));
    child.on('exit', (code, signal) => this.#over(id, 'failed', `Its process ended (${signal ?? code}).`));
    const { cacheFolder, environment, privateHosts, allowedHosts } = this.#options;
    this.#tell(room, {
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

  /** Without a text it begins anew, with the greeting. Throws NOT_FOUND, SESSION_CONFLICT, ACTION_FAILED, TIMEOUT. */
  say(owner: string, id: string, text: string | undefined, language: string | undefined): Promise<PlaygroundReply> {
    const room = this.#rooms.get(id);
    if (room === undefined || room.owner !== owner) throw unknown();
    if (room.view.state !== 'ready' || room.pending.size >= 4)
      throw new HearkenError('SESSION_CONFLICT', `This playground is ${room.view.state}.`, { hint: 'Wait a moment.' });
    this.#awaitIdle(id, room);
    if (text === undefined) room.conversationId = randomUUID();
    const number = ++room.count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        room.pending.delete(number);
        reject(new HearkenError('TIMEOUT', `The application did not answer within ${ANSWER_LIMIT_MS / 1000} s.`));
      }, ANSWER_LIMIT_MS);
      room.pending.set(number, { resolve, reject, timer });
      this.#tell(room, {
        type: 'message',
        id: number,
        conversationId: room.conversationId,
        ...(text === undefined ? {} : { text }),
        ...(language === undefined ? {} : { language }),
      });
    });
  }

  end(owner: string, id: string): void {
    if (this.#rooms.get(id)?.owner !== owner) throw unknown();
    this.#over(id, 'ended', null);
  }

  close(): void {
    for (const id of [...this.#rooms.keys()]) this.#over(id, 'ended', null);
  }

  #news(id: string, value: unknown): void {
    const room = this.#rooms.get(id);
    const parsed = playgroundNews.safeParse(value);
    if (room === undefined || !parsed.success) return;
    const news = parsed.data;
    if (news.type === 'ready') {
      room.view = { ...room.view, state: 'ready', languages: news.languages };
      this.#awaitIdle(id, room);
    } else if (news.type === 'failed') this.#over(id, 'failed', news.problem);
    else {
      const pending = room.pending.get(news.id);
      if (pending === undefined) return;
      room.pending.delete(news.id);
      clearTimeout(pending.timer);
      if (news.type === 'reply') pending.resolve(news.reply);
      else pending.reject(new HearkenError('ACTION_FAILED', news.problem, { hint: 'Mend the application.' }));
    }
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
    for (const { reject, timer } of room.pending.values()) {
      clearTimeout(timer);
      reject(new HearkenError('WORKER_LOST', 'The playground is over.', { hint: 'Open it again.' }));
    }
    room.child.kill('SIGKILL');
    rm(deskFolderOf(id), { recursive: true, force: true }).catch((err: unknown) =>
      this.#options.logger.warn({ err }, 'what a playground left could not be removed'),
    );
    this.#ended.set(id, { owner: room.owner, view: room.view });
    if (this.#ended.size > KEPT_ENDED) {
      const oldest = this.#ended.keys().next();
      if (!oldest.done) this.#ended.delete(oldest.value);
    }
  }

  #tell(room: Room, order: PlaygroundOrder): void {
    room.child.send(order, (err) => {
      if (err !== null) this.#options.logger.debug({ err }, 'a playground could not be told something');
    });
  }
}

function deskFolderOf(id: string): string {
  return join(tmpdir(), `hearken-playground-${id}`);
}

function unknown(): HearkenError {
  return new HearkenError('NOT_FOUND', 'There is no such playground.', { hint: 'Open one.' });
}
