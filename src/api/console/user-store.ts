import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';
import { type Role, role } from './contract.js';
import {
  hashPassword,
  PASSWORD_COST,
  type PasswordCost,
  type PasswordHash,
  passwordFits,
  passwordHash,
} from './passwords.js';

/** Who may sign in to the console: one small file, written by `hearken users`, read by the service whenever it has changed. */

export const userName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, . _ and -');
export const MIN_PASSWORD_CHARS = 10;
const MAX_USERS = 5000;
/** How long what was read counts as it is. */
const FRESH_MS = 1000;

/** A number (`1042`, `+86 21 5555 0100`) or a SIP address (`sip:li@pbx.example.com`). */
const extension = z
  .string()
  .max(200)
  .regex(/^(sips?:|tel:)?[^\s@;<>"]+(@[A-Za-z0-9.:[\]-]+)?$/i);
const user = z.object({
  name: userName,
  displayName: z.string().min(1).max(100),
  roles: z.array(role).min(1),
  /** Their telephone: calls that are put through to it are shown to them at the desk. */
  extension: extension.optional(),
  /** Changes with the password: sessions from before end. */
  generation: z.number().int(),
  password: passwordHash,
});
const file = z.object({ schema: z.literal(1), users: z.array(user).max(MAX_USERS) });

export interface User {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Their telephone: a number, or a SIP address. */
  readonly extension?: string | undefined;
  readonly generation: number;
}
type KeptUser = User & { readonly password: PasswordHash };

/** Where the users of a service lie. */
export function usersFile(dataFolder: string): string {
  return join(dataFolder, 'console-users.json');
}

export class UserStore {
  readonly #path: string;
  readonly #cost: PasswordCost;
  #users: ReadonlyMap<string, KeptUser> = new Map();
  #read = { atMs: Number.NEGATIVE_INFINITY, mark: '' };
  #decoy: Promise<PasswordHash> | undefined;

  /** `cost`: of new passwords. */
  constructor(path: string, cost: PasswordCost = PASSWORD_COST) {
    this.#path = path;
    this.#cost = cost;
  }

  async get(name: string): Promise<User | undefined> {
    return (await this.#load()).get(name);
  }

  async list(): Promise<readonly User[]> {
    return [...(await this.#load()).values()].map(({ password: _, ...rest }) => rest);
  }

  /** The user when the password is theirs. A name that nobody has takes as long as a wrong password. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const found = (await this.#load()).get(name);
    this.#decoy ??= hashPassword(randomBytes(16).toString('hex'), this.#cost);
    const fits = await passwordFits(password, found?.password ?? (await this.#decoy));
    return fits ? found : undefined;
  }

  /** Adds a user. Throws REQUEST_INVALID for a name that is taken or no name, an extension that is none, or a password that is too short. */
  async add(
    name: string,
    options: { displayName?: string; roles: readonly Role[]; extension?: string; password: string },
  ): Promise<User> {
    const users = await this.#load(true);
    if (!userName.safeParse(name).success)
      throw invalid(`"${name}" is no name for a user.`, 'Lower-case letters, digits, . _ and -; at most 64.');
    if (users.has(name)) throw invalid(`There is a user ${name} already.`, 'Choose another name, or change that user.');
    if (users.size >= MAX_USERS) throw invalid(`There are ${MAX_USERS} users.`, 'Remove some.');
    const password = await hashed(options.password, this.#cost);
    const added = {
      name,
      displayName: options.displayName ?? name,
      roles: [...options.roles],
      ...withExtension(options.extension),
      generation: 1,
      password,
    };
    await this.#write([...users.values(), added]);
    return added;
  }

  /** Changes what is given; a new password ends their sessions. Throws NOT_FOUND. */
  async change(
    name: string,
    change: {
      displayName?: string;
      roles?: readonly Role[];
      /** Empty: none. */ extension?: string;
      password?: string;
    },
  ): Promise<User> {
    const users = await this.#load(true);
    const old = users.get(name);
    if (old === undefined) throw unknown(name);
    const { extension: before, ...rest } = old;
    const changed: KeptUser = {
      ...rest,
      ...withExtension(change.extension ?? before),
      ...(change.displayName === undefined ? {} : { displayName: change.displayName }),
      ...(change.roles === undefined ? {} : { roles: change.roles }),
      ...(change.password === undefined
        ? {}
        : { password: await hashed(change.password, this.#cost), generation: old.generation + 1 }),
    };
    await this.#write([...users.values()].map((each) => (each.name === name ? changed : each)));
    return changed;
  }

  /** Throws NOT_FOUND. */
  async remove(name: string): Promise<void> {
    const users = await this.#load(true);
    if (!users.has(name)) throw unknown(name);
    await this.#write([...users.values()].filter((each) => each.name !== name));
  }

  async #load(now = false): Promise<ReadonlyMap<string, KeptUser>> {
    if (!now && performance.now() - this.#read.atMs < FRESH_MS) return this.#users;
    const facts = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unreadable(this.#path, error);
    });
    const mark = facts === undefined ? 'none' : `${facts.mtimeMs} ${facts.size} ${facts.ino}`;
    if (mark !== this.#read.mark) this.#users = facts === undefined ? new Map() : await this.#parse();
    this.#read = { atMs: performance.now(), mark };
    return this.#users;
  }

  async #parse(): Promise<ReadonlyMap<string, KeptUser>> {
    try {
      const { users } = file.parse(JSON.parse(await readFile(this.#path, 'utf8')));
      return new Map(users.map((each) => [each.name, each]));
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  /** Whole or not at all: a reader never sees half a file. */
  async #write(users: readonly KeptUser[]): Promise<void> {
    const next = `${this.#path}.${process.pid}.new`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(next, `${JSON.stringify({ schema: 1, users }, null, 2)}\n`, { mode: 0o600 });
      await chmod(next, 0o600);
      await rename(next, this.#path);
    } catch (error) {
      throw new HearkenError('STORE_UNAVAILABLE', `Users can't be kept in ${this.#path}: ${messageOf(error)}`, {
        hint: 'Check that the folder can be written to and has room.',
        cause: error,
      });
    }
    this.#users = new Map(users.map((each) => [each.name, each]));
    this.#read = { atMs: Number.NEGATIVE_INFINITY, mark: '' };
  }
}

function withExtension(given: string | undefined): { readonly extension?: string } {
  const wanted = given?.replace(/^(\+?[\d() .-]+)$/, (number) => number.replaceAll(' ', ''));
  if (wanted === undefined || wanted === '') return {};
  if (!extension.safeParse(wanted).success)
    throw invalid(
      `"${wanted.slice(0, 80)}" is no telephone.`,
      'A number such as 1042, or a SIP address such as sip:li@pbx.',
    );
  return { extension: wanted };
}

async function hashed(password: string, cost: PasswordCost): Promise<PasswordHash> {
  if (password.length < MIN_PASSWORD_CHARS || password.length > 1024)
    throw invalid(
      `The password has ${password.length} characters.`,
      `At least ${MIN_PASSWORD_CHARS}; a sentence is easy to keep in mind.`,
    );
  return hashPassword(password, cost);
}

function invalid(message: string, hint: string): HearkenError {
  return new HearkenError('REQUEST_INVALID', message, { hint });
}

function unknown(name: string): HearkenError {
  return new HearkenError('NOT_FOUND', `There is no user ${name}.`, { hint: 'hearken users list shows them.' });
}

function unreadable(path: string, cause: unknown): HearkenError {
  return new HearkenError('STORE_UNAVAILABLE', `The users' file ${path} can't be read: ${messageOf(cause)}`, {
    hint: 'Mend it or put it away; hearken users add begins a new one.',
    cause,
  });
}
