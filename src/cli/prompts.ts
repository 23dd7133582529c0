import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { fallbackPrompts } from '../call/fallback-prompts.js';
import { type LoadedConfig, loadConfig } from '../config.js';
import { loadApplication } from '../dialogue/app/load.js';
import { fixedPrompts } from '../dialogue/fixed-prompts.js';
import { concat } from '../dsp/framing.js';
import { encodeWav } from '../dsp/wav.js';
import { createSpeech } from '../speech/index.js';
import { SILENT_LOGGER } from '../speech/worker-process.js';

interface RenderOptions {
  readonly out?: string;
  readonly rate: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `hearken prompts render`: what an application always says in the same words, made once and for all. */
export function promptsCommand(): Command {
  const command = new Command('prompts').description("an application's fixed prompts");
  command
    .command('render')
    .description(
      'render the fixed prompts into the prompt cache, so that no caller waits for them; --out writes them as WAV too',
    )
    .argument('[application]', 'its folder (default: app.folder of the configuration)')
    .option('--out <folder>', 'write a WAV file for each prompt, and prompts.tsv that says which is which')
    .option('--rate <hz>', 'sample rate', '8000')
    .option('--config <file>', 'configuration to read')
    .option('--json', 'print JSON')
    .action(render);
  return command;
}

async function render(application: string | undefined, options: RenderOptions): Promise<void> {
  const loaded = loadConfig(options.config === undefined ? {} : { file: options.config });
  const sampleRate = Number(options.rate) === 16_000 ? 16_000 : 8000;
  const folder = application === undefined ? resolve(loaded.root, loaded.config.app.folder) : resolve(application);
  const prompts = await promptsOf(folder, loaded);
  const speech = await createSpeech(loaded.config.speech, loaded.root, SILENT_LOGGER, {
    promptsFolder: join(folder, 'prompts'),
  });
  const lines = ['# language\tfile\ttext'];
  try {
    for (const { language, texts } of prompts) {
      await speech.synthesizer.warm(texts, { language, sampleRate });
      if (options.out === undefined) continue;
      for (const text of texts) {
        const pieces: Int16Array[] = [];
        for await (const { samples } of speech.synthesizer.speak(text, { language, sampleRate })) pieces.push(samples);
        const file = `${language}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.wav`;
        await mkdir(resolve(options.out), { recursive: true });
        await writeFile(join(resolve(options.out), file), encodeWav([concat(pieces)], sampleRate));
        lines.push(`${language}\t${file}\t${text.replace(/\s+/g, ' ')}`);
      }
    }
    if (options.out !== undefined) await writeFile(join(resolve(options.out), 'prompts.tsv'), `${lines.join('\n')}\n`);
    const { cacheHits, cacheMisses } = speech.synthesizer.health();
    const counts = Object.fromEntries(prompts.map(({ language, texts }) => [language, texts.length]));
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ prompts: counts, clausesMade: cacheMisses, clausesThere: cacheHits }, null, 2)}\n`
        : `${Object.entries(counts)
            .map(([language, count]) => `${language}: ${count} prompts`)
            .join(', ')}; ${cacheMisses} clauses made, ${cacheHits} were there\n`,
    );
  } finally {
    await speech.close();
  }
}

/** For each language that the application speaks and that has a voice. */
async function promptsOf(folder: string, { config }: LoadedConfig) {
  const { application } = await loadApplication(folder);
  return application.languages
    .filter((language) => config.speech.synthesizers[language] !== undefined)
    .map((language) => ({ language, texts: [...fallbackPrompts(language), ...fixedPrompts(application, language)] }));
}
