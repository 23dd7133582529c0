import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import type { OpenLine } from './api/console/playground-talk.js';
import { CallManager, type CallManagerParts } from './call/manager.js';
import { systemClock } from './clock.js';
import type { Config } from './config.js';
import { createSpeech, type Speech } from './speech/index.js';

/** A part of the composition root: calls to applications that are not live. */

export interface PlaygroundLineParts extends Pick<CallManagerParts, 'apology' | 'music'> {
  readonly config: Config;
  readonly root: string;
  readonly dataFolder: string;
  /** Of the live application. */
  readonly speech: Speech;
  readonly logger: Logger;
}

/**
 * Calls to a playground, with the ears and voices that callers have: a playground's own call is one more beside theirs, and is refused like any when there is no room. An application that
 * has graphs, recordings or readings of its own gets a recogniser and voices of its own, for as long as its playground lasts. Nothing is recorded.
 */
export function playgroundLine(parts: PlaygroundLineParts): OpenLine {
  return async ({ app, brain, watch }) => {
    const { config, root, dataFolder, logger } = parts;
    const graphsFolder = join(dataFolder, 'graphs', basename(app.folder));
    const promptsFolder = join(app.folder, 'prompts');
    const own = !app.live && (existsSync(join(graphsFolder, 'graphs.json')) || hasOwnWords(promptsFolder));
    const speech = own ? await ownSpeech() : parts.speech;
    const calls = new CallManager({
      config: { ...config, record: { ...config.record, audio: false, events: false } },
      dataFolder,
      recognizer: speech.recognizer,
      synthesizer: speech.synthesizer,
      brain,
      clock: systemClock,
      logger,
      apology: parts.apology,
      music: parts.music,
      heard: speech.models.flatMap(({ kind, language, name }) =>
        kind === 'recognizer' && name !== 'none' ? [language] : [],
      ),
      watch,
    });
    return {
      accept: calls.accept,
      close: async () => {
        await calls.drain(0);
        if (own) await speech.close();
      },
    };

    function ownSpeech(): Promise<Speech> {
      // The graphs that the configuration names are the live application's.
      const { graphs: _ofTheLiveOne, ...ofAll } = config.speech;
      return createSpeech({ ...ofAll, recognizerWorkers: 1, synthesizerWorkers: 1 }, root, logger, {
        preRollMs: config.turn.preRollMs,
        graphsFolder,
        promptsFolder,
      });
    }
  };
}

function hasOwnWords(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => /^(prompts|lexicon\..+)\.tsv$/.test(name));
  } catch {
    return false;
  }
}
