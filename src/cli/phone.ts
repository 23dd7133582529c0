import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type AudioCodec, SipPhone, type SrtpPolicy } from '@hearken/sip-bridge';
import { Command, Option } from 'commander';
import { asHearkenError, HearkenError } from '../errors.js';
import { completions, numberOf, readCommand } from './phone/commands.js';
import { Ladder } from './phone/ladder.js';
import { Softphone, type Tell } from './phone/softphone.js';

interface PhoneOptions {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly server?: string;
  readonly register?: string;
  readonly codecs: string;
  readonly srtp: SrtpPolicy;
  readonly answerAfter?: string;
  readonly json?: boolean;
}

const CODECS: readonly string[] = ['pcmu', 'pcma', 'g722', 'opus'] satisfies readonly AudioCodec[];

/** `hearken phone`: a softphone for the terminal, and for scripts. */
export function phoneCommand(): Command {
  return new Command('phone')
    .description('a softphone for the terminal: dial, speak, press keys, hold, transfer, see the SIP dialogue')
    .argument('[uri]', 'call this address at once')
    .option('--host <address>', 'our own address, as the other side reaches it', '127.0.0.1')
    .option('--port <port>', 'SIP port; 0 = any free one', '0')
    .option('--user <name>', 'user part of our address', 'phone')
    .option('--server <host:port>', 'where bare numbers are dialled')
    .option('--register <uri>', 'register there; the password is in HEARKEN_PHONE_PASSWORD')
    .option('--codecs <list>', 'in the order they are offered: pcmu, pcma, g722, opus', 'pcmu,pcma')
    .addOption(
      new Option('--srtp <policy>', 'encrypt the audio').choices(['off', 'optional', 'required']).default('off'),
    )
    .option('--answer-after <ms>', 'answer calls by itself')
    .option('--json', 'tell everything as JSON lines')
    .action(async (uri: string | undefined, options: PhoneOptions) => {
      const commands = uri === undefined ? [] : [`dial ${uri}`];
      const failed = await runPhone(options, commands, process.stdin);
      if (failed) process.exitCode = 1;
    });
}

/** Carries out the commands, then those of `input`; true when one of a script failed. A script ends at its first failure and hangs up. Throws PORT_TAKEN, REQUEST_INVALID. */
async function runPhone(options: PhoneOptions, commands: readonly string[], input: Readable): Promise<boolean> {
  const interactive = process.stdin.isTTY === true && options.json !== true;
  let prompting: Interface | undefined;
  const tell: Tell = (event, facts, text) => {
    if (prompting) {
      // What is told while somebody types stands above the line, which stays as it is.
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
    }
    process.stdout.write(`${options.json ? JSON.stringify({ event, ...facts }) : text}\n`);
    prompting?.prompt(true);
  };
  const ladder = new Ladder();
  const phone = await SipPhone.create({
    host: options.host,
    port: numberOf(options.port, '--port', 0, 65_535),
    user: options.user,
    codecs: codecsOf(options.codecs),
    // Devices and files are mu-law, whatever goes over the wire.
    line: 'pcmu',
    srtp: options.srtp,
    fillSilence: true,
    ...(options.answerAfter === undefined
      ? {}
      : { autoAnswerMs: numberOf(options.answerAfter, '--answer-after', 0, 60_000) }),
    ...(options.register === undefined
      ? {}
      : { registration: { registrar: options.register, password: process.env.HEARKEN_PHONE_PASSWORD ?? '' } }),
  });
  phone.tap(ladder.tap);
  const softphone = new Softphone({ phone, ladder, server: options.server, tell });
  const lines = createInterface({
    input,
    terminal: interactive,
    prompt: '> ',
    ...(interactive ? { output: process.stdout, completer: completions } : {}),
  });
  lines.once('close', () => {
    prompting = undefined;
  });
  const interrupted = (): void => lines.close();
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  lines.once('SIGINT', interrupted);
  let failed = false;
  const carryOut = async (text: string): Promise<boolean> => {
    try {
      const command = readCommand(text);
      if (command) await softphone.run(command);
      return command?.name !== 'quit';
    } catch (thrown) {
      const { code, message, hint } = asHearkenError(thrown);
      tell(
        'error',
        { code, message, ...(hint === undefined ? {} : { hint }) },
        hint === undefined ? message : `${message} ${hint}`,
      );
      failed = true;
      return false;
    }
  };
  try {
    tell('ready', { sip: phone.uri }, `${phone.uri} is ready. Type help for what it can do.`);
    if (interactive) {
      prompting = lines;
      lines.prompt();
    }
    for (const command of commands) {
      const going = carryOut(command);
      // A person can hang up while it rings.
      if (!interactive && !(await going)) return failed;
    }
    for await (const text of lines) {
      const going = carryOut(text);
      if (!interactive) {
        if (!(await going)) return failed;
        continue;
      }
      // A person may type on while it rings or something is said.
      if (/^\s*quit\s*$/i.test(text)) break;
      going.then(() => prompting?.prompt(true));
      failed = false;
    }
    return !interactive && failed;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    lines.close();
    await softphone.close();
    tell('closed', {}, 'bye');
  }
}

/** Throws REQUEST_INVALID. */
function codecsOf(text: string): AudioCodec[] {
  return text.split(',').map((word) => {
    const name = word.trim().toLowerCase();
    if (isCodec(name)) return name;
    throw new HearkenError('REQUEST_INVALID', `"${word.slice(0, 20)}" is no codec.`, {
      hint: `One of ${CODECS.join(', ')}.`,
    });
  });
}

function isCodec(name: string): name is AudioCodec {
  return CODECS.includes(name);
}
