import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { FirstWords } from '../../call/language/first-words.js';
import type { Config } from '../../config.js';
import { type OpenApplication, openApplication } from '../../dialogue/create-brain.js';
import { asHearkenError, HearkenError } from '../../errors.js';
import { loadAppData } from '../../nlu/corpus/load.js';
import { type LiveModel, trainOrLoadForApp } from '../../nlu/index.js';
import { createSpeech, type Speech } from '../../speech/index.js';
import { PROGRAM_ROOT } from '../../speech/registry.js';
import { MemorySessionStore } from '../../store/memory-session-store.js';
import { refuseEffects } from '../effects.js';
import { readRecording, utterancesIn } from '../recordings/read-recording.js';
import type { FailedRecording, MeasuredRun, ReplayedRecording } from '../result.js';
import { CallRun } from './call-run.js';
import { InProcessRecognizer } from './in-process-recognizer.js';
import type { ReplayJob } from './job.js';
import { readCall } from './read-call.js';
import { RecognitionRun } from './recognition-run.js';
import { ReplayDesk } from './replay-desk.js';
import { Scheduler } from './scheduler.js';
import { steadyVoiceFile } from './steady-voice.js';

/** What a replay is done with: the configuration of a service, without its doors. */
export interface StageSettings {
  readonly config: Config;
  /** Relative paths of the configuration are relative to it. */
  readonly root: string;
  readonly appEnvironment: Readonly<Record<string, string>>;
  /** Folder for what is made once and used again (steady voices). */
  readonly workFolder: string;
  /** False: only recognition; neither application nor voices are loaded. */
  readonly dialogue: boolean;
  /** The application may ask other systems: what callers once ordered is ordered again there. */
  readonly allowEffects: boolean;
  /** Recordings under way at once in this process. */
  readonly atOnce: number;
}

export interface ReplayOutcome {
  readonly result: ReplayedRecording;
  readonly measured: MeasuredRun;
}

/** A stage for replays: recognisers, understanding, dialogue and voices of one configuration, loaded once, for many recordings side by side. */
export class ReplayStage {
  readonly #settings: StageSettings;
  readonly #speech: Speech;
  readonly #recognizers: readonly InProcessRecognizer[];
  readonly #dialogue: Dialogue | undefined;
  readonly #scheduler: Scheduler;
  readonly #logger: Logger;

  private constructor(
    settings: StageSettings,
    speech: Speech,
    recognizers: readonly InProcessRecognizer[],
    dialogue: Dialogue | undefined,
    logger: Logger,
  ) {
    this.#settings = settings;
    this.#speech = speech;
    this.#recognizers = recognizers;
    this.#dialogue = dialogue;
    this.#logger = logger;
    this.#scheduler = new Scheduler({ recognizers, atOnce: settings.atOnce });
  }

  /** Loads everything. Rejects with what the service would reject with, and with FORBIDDEN when the application would reach other systems. */
  static async open(settings: StageSettings): Promise<ReplayStage> {
    const { config, root, workFolder, dialogue } = settings;
    const logger = pino({ level: 'silent' });
    const recognizers: InProcessRecognizer[] = [];
    const dataFolder = resolve(root, config.store.folder);
    const appFolder = applicationFolder(config, root);
    const speechConfig = dialogue ? config.speech : { ...config.speech, synthesizers: {} };
    const speech = await createSpeech(
      { ...speechConfig, promptCacheDiskBytes: 0, synthesizerWorkers: 1 },
      root,
      logger,
      {
        preRollMs: config.turn.preRollMs,
        graphsFolder: join(dataFolder, 'graphs', basename(appFolder)),
        promptsFolder: join(appFolder, 'prompts'),
        openRecognizer: (init, corrections) => {
          const recognizer = new InProcessRecognizer(init, corrections);
          recognizers.push(recognizer);
          return recognizer;
        },
        voiceModelFile: (installed) => steadyVoiceFile(installed, join(workFolder, 'voices')),
      },
    );
    try {
      const parts = dialogue ? await openDialogue(settings, appFolder, dataFolder, logger) : undefined;
      return new ReplayStage(settings, speech, recognizers, parts, logger);
    } catch (error) {
      await speech.close();
      throw error;
    }
  }

  /** Which model serves what. */
  get models(): Speech['models'] {
    return this.#speech.models;
  }

  get hasRoom(): boolean {
    return this.#scheduler.hasRoom;
  }

  /** Real ms of decoding and voice activity so far, of all recordings together. */
  get decodingMs(): number {
    return this.#recognizers.reduce((sum, { busyMs }) => sum + busyMs, 0);
  }

  /** Replays one recording. Never rejects for the recording's sake: what is wrong with it is the result. */
  async replay(job: ReplayJob): Promise<ReplayOutcome> {
    const beganMs = performance.now();
    let partsMs = 0;
    let result: ReplayedRecording;
    try {
      [result, partsMs] = await this.#replay(job);
    } catch (error) {
      result = failedRecording(job, error);
    }
    return { result, measured: { wallMs: performance.now() - beganMs, partsMs } };
  }

  async close(): Promise<void> {
    this.#scheduler.stop();
    await this.#dialogue?.application.close();
    await this.#dialogue?.intentModel.close();
    await this.#speech.close();
  }

  async #replay(job: ReplayJob): Promise<[ReplayedRecording, number]> {
    const audio = await readRecording(job.path, {
      channel: job.channel,
      ownRecord: job.labels.record !== undefined,
      band: job.band,
    });
    const { pcm, sampleRate } = audio;
    const facts = {
      file: job.file,
      content: job.content,
      audioMs: Math.round((pcm.length * 1000) / sampleRate),
      channel: { index: audio.channel.index, of: audio.channels, because: audio.channel.because },
      source: job.source,
      speaker: job.speaker ?? null,
      task: job.task ?? null,
      trainedOn: job.trainedOn,
      reference: job.reference ?? null,
    };
    const { config } = this.#settings;
    if (job.kind === 'recognition') {
      const language = job.language ?? config.app.language;
      const stream = this.#speech.recognizer.open({ streamId: job.file, sampleRate, language });
      const run = new RecognitionRun({
        stream,
        graph: job.graph,
        pcm,
        sampleRate,
        endSilenceMs: config.turn.endSilenceMs,
      });
      try {
        await this.#scheduler.run(run);
      } finally {
        stream.close();
      }
      if (run.failure !== undefined)
        throw new HearkenError('WORKER_LOST', `The recogniser gave up on ${job.file}: ${run.failure}`);
      const heard = run.utterances.map(({ text }) => text).join(' ');
      return [{ kind: 'recognition', ...facts, language, heard, graph: job.graph, utterances: run.utterances }, 0];
    }
    if (!this.#dialogue) throw new HearkenError('INTERNAL', 'Calls need a stage with a dialogue.');
    const { application, firstWords } = this.#dialogue;
    const utterances = utterancesIn(audio, job.labels);
    const run = new CallRun(
      {
        config,
        recognizer: this.#speech.recognizer,
        synthesizer: this.#speech.synthesizer,
        brain: (own) => application.brain(own),
        heard: this.#speech.models.flatMap(({ kind, language, name }) =>
          kind === 'recognizer' && name !== 'none' ? [language] : [],
        ),
        firstWords,
        logger: this.#logger,
      },
      job,
      { pcm, sampleRate, utterances },
      () => this.#scheduler.poke(),
    );
    await this.#scheduler.run(run);
    const { events, session, caller, durationMs } = run;
    const { ended } = session;
    const call = readCall(job, facts, {
      events,
      said: caller.said,
      botHeard: session.heard,
      durationMs,
      transferred: session.transferred,
      ended: ended && { by: ended.by, failed: ended.cause === 'error' },
    });
    return [call, run.partsMs];
  }
}

export function failedRecording(job: Pick<ReplayJob, 'file' | 'content' | 'source'>, thrown: unknown): FailedRecording {
  const error = asHearkenError(thrown);
  const { file, content, source } = job;
  return { kind: 'failed', file, content, source, reason: error.message, hint: error.hint ?? null };
}

/** Relative to the configuration, else to the program, as the service finds it. */
export function applicationFolder(config: Config, root: string): string {
  const beside = resolve(root, config.app.folder);
  return existsSync(beside) ? beside : resolve(PROGRAM_ROOT, config.app.folder);
}

interface Dialogue {
  readonly application: OpenApplication;
  readonly intentModel: LiveModel;
  readonly firstWords: FirstWords;
}

async function openDialogue(
  settings: StageSettings,
  appFolder: string,
  dataFolder: string,
  logger: Logger,
): Promise<Dialogue> {
  const { config, root, appEnvironment } = settings;
  const intentModel = await trainOrLoadForApp(appFolder, join(dataFolder, 'nlu'), {
    ...(config.nlu.encoder === undefined ? {} : { encoderFolder: resolve(root, config.nlu.encoder) }),
  });
  try {
    const application = await openApplication({
      appFolder,
      // Whoever keeps something in memory keeps it for each conversation apart.
      environment: { ...appEnvironment, APP_REPLAY: '1' },
      privateHosts: config.app.privateHosts,
      allowedHosts: config.app.allowedHosts,
      cacheFolder: join(dataFolder, 'app'),
      intentModel,
      sessions: new MemorySessionStore({ ttlMs: 60_000 }),
      log: { append() {}, history: async () => [], flush: async () => {}, close: async () => {} },
      desk: new ReplayDesk(),
      logger,
      handoffTarget: config.handoff.target,
      defaultLanguage: config.app.language,
      maxNoInput: config.turn.maxNoInput,
      maxNoMatch: config.turn.maxNoMatch,
    });
    if (!settings.allowEffects) {
      try {
        refuseEffects(appFolder, application.application);
      } catch (error) {
        await application.close();
        throw error;
      }
    }
    const { examples } = (await loadAppData(appFolder)).data;
    const firstWords = new FirstWords({
      languages: application.application.languages,
      sentences: examples.map(({ text }) => text),
      understand: intentModel,
    });
    return { application, intentModel, firstWords };
  } catch (error) {
    await intentModel.close();
    throw error;
  }
}
