import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { findRecord } from '../call/record.js';
import { loadConfig } from '../config.js';
import { encodeWav } from '../dsp/wav.js';
import { HearkenError } from '../errors.js';
import { makeCase, silenced } from '../replay/regress/make-case.js';
import { readAudioChannels } from '../speech/audio-file.js';

interface RegressOptions {
  readonly out: string;
  readonly name?: string;
  readonly personal?: string[];
  readonly data?: string;
  readonly config?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What a case is made of: the sound, its labels, a conversation test. */
const ENDINGS = ['wav', 'json', 'yml'] as const;

/** `hearken regress <call>`: what went wrong once becomes a test, without what is personal in it. */
export function regressCommand(): Command {
  return new Command('regress')
    .description(
      'make a regression case of a recorded call: personal data left out of the text and silenced in the sound',
    )
    .argument('<call>', "the call's id, its SIP Call-ID, or `last`")
    .option('--out <folder>', 'where cases lie', 'regressions')
    .option('--name <name>', 'of the case (default: the call id)')
    .option('--personal <slots...>', 'slots and entities that are personal, besides those whose names say so')
    .option('--data <folder>', 'folder of the call records (default: store.folder of the configuration)')
    .option('--config <file>', 'configuration to read')
    .option('--force', 'write over a case of that name')
    .option('--json', 'print JSON')
    .action(run);
}

async function run(call: string, options: RegressOptions): Promise<void> {
  const { config, root } = loadConfig(options.config === undefined ? {} : { file: options.config });
  const data = resolve(options.data ?? resolve(root, config.store.folder));
  const record = await findRecord(data, call);
  if (!record) {
    throw new HearkenError('NOT_FOUND', `There is no record of the call "${call}" in ${data}.`, {
      hint: 'Records are kept for record.keepDays days; --data names another folder, `hearken regress last` takes the newest.',
    });
  }
  const name = options.name ?? record.id;
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,100}$/u.test(name)) {
    throw new HearkenError('REQUEST_INVALID', `"${name}" is no name for a case: letters, digits, dots and hyphens.`);
  }
  const folder = resolve(options.out);
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  if (!options.force && ENDINGS.some((ending) => existsSync(file(ending)))) {
    throw new HearkenError('REQUEST_INVALID', `There is a case ${name} in ${folder} already.`, {
      hint: 'Give it another --name, or --force to write over it.',
    });
  }
  const made = makeCase({ name, events: record.events, also: new Set(options.personal) });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  const write = (ending: string, content: string | Uint8Array): void => {
    writeFileSync(file(ending), content, { mode: 0o600 });
    written.push(file(ending));
  };
  if (record.audio !== null) {
    const { channels, sampleRate } = await readAudioChannels(join(data, 'calls', record.audio));
    const [caller = new Int16Array(0), bot = new Int16Array(0)] = channels;
    const spans = [made.silenceCaller, made.silenceBot] as const;
    write('wav', encodeWav([silenced(caller, sampleRate, spans[0]), silenced(bot, sampleRate, spans[1])], sampleRate));
    const { language, utterances } = made;
    write('json', `${JSON.stringify({ language, utterances }, null, 2)}\n`);
  }
  if (made.story !== undefined) write('yml', made.story);
  if (written.length === 0) {
    throw new HearkenError('REQUEST_INVALID', `Nothing of the call ${record.id} can be tested.`, {
      hint: 'It has no recording (record.audio), and nothing was said before its first personal answer.',
    });
  }
  // Nothing of a case that was there before is left beside this one.
  for (const ending of ENDINGS) if (!written.includes(file(ending))) rmSync(file(ending), { force: true });
  const { personalTurns, silenceCaller } = made;
  const silencedMs = Math.round(silenceCaller.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ name, files: written, personalTurns, silencedMs }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${written.join('\n')}\n${personalTurns} turns are personal: their words are left out and ${silencedMs} ms of the caller are silent. Listen before you share it.\n${
      record.audio === null
        ? ''
        : `Play it:  hearken replay ${file('wav')} --channel left --golden ${file('golden.json')} --accept\n          (then without --accept: exit code 1 when anything has changed)\n`
    }${made.story === undefined ? '' : `Test it:  copy ${name}.yml into the tests folder of the application, then hearken test\n`}`,
  );
}
