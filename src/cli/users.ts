import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { type Role, role } from '../api/console/contract.js';
import { UserStore, usersFile } from '../api/console/user-store.js';
import { loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';

interface PasswordOptions {
  readonly passwordStdin?: boolean;
}
interface UserOptions extends PasswordOptions {
  readonly role?: string[];
  readonly displayName?: string;
  readonly extension?: string;
  readonly password?: boolean;
  readonly json?: boolean;
}

/** `hearken users`: who may sign in to the console. A running service sees changes at once. */
export function usersCommand(): Command {
  const command = new Command('users').description('who may sign in to the console and the agent desk');
  const withPassword = (each: Command): Command =>
    each.option('--password-stdin', 'read the password from standard input instead of asking for it');
  const roles = new Option('--role <role...>', 'agent, supervisor or admin; several may be given');
  const called = new Option('--display-name <name>', 'what visitors and colleagues see');
  const telephone = new Option(
    '--extension <number>',
    'their telephone (1042, sip:li@pbx): calls put through to it show up at their desk; "" takes it away',
  );
  withPassword(command.command('add'))
    .argument('<name>')
    .addOption(roles)
    .addOption(called)
    .addOption(telephone)
    .description('add a user; asks for the password, or makes one up where nobody can be asked')
    .action(async (name: string, options: UserOptions) => {
      const chosen = rolesOf(options.role ?? ['agent']);
      const { password, madeUp } = await passwordFor(options);
      await open().add(name, {
        roles: chosen,
        password,
        ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
        ...(options.extension === undefined ? {} : { extension: options.extension }),
      });
      print(
        `User ${name} (${chosen.join(', ')}) may sign in at /console/.${madeUp ? ` The password: ${password}` : ''}`,
      );
    });
  command
    .command('change')
    .argument('<name>')
    .addOption(roles)
    .addOption(called)
    .addOption(telephone)
    .option('--password', 'ask for a new password; it ends their sessions')
    .option('--password-stdin', 'read the new password from standard input')
    .description('change roles, name, telephone or password')
    .action(async (name: string, options: UserOptions) => {
      if (Object.keys(options).length === 0)
        throw new HearkenError('REQUEST_INVALID', `Nothing is said that should change about ${name}.`, {
          hint: 'Name it: --role, --display-name, --extension or --password.',
        });
      const wanted = options.password || options.passwordStdin ? await passwordFor(options) : undefined;
      await open().change(name, {
        ...(options.role === undefined ? {} : { roles: rolesOf(options.role) }),
        ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
        ...(options.extension === undefined ? {} : { extension: options.extension }),
        ...(wanted === undefined ? {} : { password: wanted.password }),
      });
      print(`User ${name} is changed.${wanted?.madeUp ? ` The password: ${wanted.password}` : ''}`);
    });
  command
    .command('remove')
    .argument('<name>')
    .description('remove a user; their sessions end')
    .action(async (name: string) => {
      await open().remove(name);
      print(`User ${name} is gone.`);
    });
  command
    .command('list')
    .option('--json', 'print one JSON document')
    .description('all users and their roles')
    .action(async (options: UserOptions) => {
      const users = await open().list();
      if (options.json)
        print(
          JSON.stringify(
            users.map(({ generation: _, ...user }) => user),
            null,
            2,
          ),
        );
      else if (users.length === 0) print('There are no users. Add one: hearken users add NAME --role admin');
      else
        for (const user of users)
          print(`${user.name}  ${user.roles.join(', ')}  ${user.displayName}  ${user.extension ?? ''}`.trimEnd());
    });
  return command;
}

function open(): UserStore {
  const { config, root } = loadConfig();
  return new UserStore(usersFile(resolve(root, config.store.folder)));
}

function rolesOf(given: readonly string[]): Role[] {
  return given.map((each) => {
    const parsed = role.safeParse(each);
    if (parsed.success) return parsed.data;
    throw new HearkenError('REQUEST_INVALID', `There is no role "${each}".`, { hint: 'agent, supervisor or admin.' });
  });
}

async function passwordFor(options: PasswordOptions): Promise<{ readonly password: string; readonly madeUp: boolean }> {
  if (options.passwordStdin) return { password: (await wholeInput()).replace(/\r?\n$/, ''), madeUp: false };
  if (!process.stdin.isTTY) return { password: randomBytes(15).toString('base64url'), madeUp: true };
  const password = await ask('Password (leave empty to have one made up): ');
  if (password === '') return { password: randomBytes(15).toString('base64url'), madeUp: true };
  if (password !== (await ask('Once more: ')))
    throw new HearkenError('REQUEST_INVALID', 'The two are not the same.', { hint: 'Try again.' });
  return { password, madeUp: false };
}

/** Asks on the terminal, without showing what is typed. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function wholeInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > 10_000) break;
  }
  return text;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
