import { HearkenError } from '../../errors.js';

/** What can be typed, with its arguments and what it does: the help is made of it, and nothing else is taken. */
export const COMMANDS = {
  dial: ['<uri>', 'call somebody; a script goes on when it is answered'],
  answer: ['', 'take the call that rings'],
  reject: ['[status]', 'refuse it (486)'],
  say: ['<file>', 'speak a sound file; a script goes on when it was said'],
  mic: ['on|off', 'speak through the microphone'],
  speaker: ['on|off', 'hear through the loudspeaker'],
  record: ['<file>|off', 'write a stereo WAV: left what is said, right what is heard'],
  stop: ['', 'stop speaking'],
  mute: ['', 'let nothing be heard of us'],
  unmute: ['', 'be heard again'],
  keys: ['<digits>', 'press keys: 0-9 * # A-D'],
  hold: ['', 'put the other side on hold'],
  resume: ['', 'take it back'],
  transfer: ['<uri>', 'pass the other side on without asking (REFER)'],
  consult: ['<uri>', 'hold, and call a third party'],
  complete: ['', 'connect the one on hold with the third party (REFER with Replaces)'],
  swap: ['', 'go to the other call'],
  hangup: ['', 'end this call'],
  calls: ['', 'the calls there are'],
  quality: ['', 'how the audio goes: loss, jitter, round trip'],
  ladder: ['', 'the SIP messages as a diagram'],
  wait: ['<event> [seconds]', 'wait for ringing, answered, key, quiet, transferred, call or ended (30 s)'],
  sleep: ['<seconds>', 'do nothing for so long'],
  help: ['', 'this list'],
  quit: ['', 'hang up and go'],
} as const satisfies Record<string, readonly [args: string, meaning: string]>;

export type CommandName = keyof typeof COMMANDS;

export interface PhoneCommand {
  readonly name: CommandName;
  /** The rest of the line. */
  readonly argument: string;
}

const MAX_LINE = 2000;

/** Undefined for an empty line or a comment (`#`). Throws REQUEST_INVALID for what is no command. */
export function readCommand(line: string): PhoneCommand | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const [, word = '', argument = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text.slice(0, MAX_LINE)) ?? [];
  const name = word.toLowerCase();
  if (!isCommand(name)) {
    throw new HearkenError('REQUEST_INVALID', `There is no command "${word.slice(0, 40)}".`, { hint: 'Type help.' });
  }
  const wanted: string = COMMANDS[name][0];
  if (wanted.startsWith('<') && argument === '') {
    throw new HearkenError('REQUEST_INVALID', `"${name}" needs ${wanted}.`, { hint: `${name} ${wanted}` });
  }
  return { name, argument };
}

/** For the tab key: the commands that begin so, as readline wants them. */
export function completions(line: string): [matches: string[], typed: string] {
  const typed = line.trimStart();
  const matches = Object.keys(COMMANDS).filter((name) => name.startsWith(typed.toLowerCase()));
  return [matches.map((name) => `${name} `), typed];
}

export function helpText(): string {
  return Object.entries(COMMANDS)
    .map(([name, [args, meaning]]) => `${`${name} ${args}`.padEnd(26)}${meaning}`)
    .join('\n');
}

/** `1000` → `sip:1000@server`, `anna@host` → `sip:anna@host`. Throws REQUEST_INVALID. */
export function addressOf(text: string, server: string | undefined): string {
  if (/^sips?:/i.test(text)) return text;
  if (text.includes('@')) return `sip:${text}`;
  if (server !== undefined) return `sip:${text}@${server}`;
  throw new HearkenError('REQUEST_INVALID', `"${text.slice(0, 80)}" has no host.`, {
    hint: 'Write sip:user@host:port, or start with --server host:port.',
  });
}

/** Throws REQUEST_INVALID. */
export function numberOf(text: string, what: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw new HearkenError('REQUEST_INVALID', `${what} must be a number from ${min} to ${max}, not "${text}".`);
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
