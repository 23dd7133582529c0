import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { createApi } from './api/app.js';
import type { UserStore } from './api/console/user-store.js';
import { refuseUpgrade, UpgradeRouter } from './api/upgrade.js';
import { WidgetGate } from './api/widget/gate.js';
import { fallbackPrompts } from './call/fallback-prompts.js';
import { loadHoldMusic } from './call/hold-music.js';
import { FirstWords } from './call/language/first-words.js';
import { CallManager } from './call/manager.js';
import { removeOldRecords } from './call/record.js';
import { measuredTurns } from './call/turn-metrics.js';
import { systemClock } from './clock.js';
import type { LoadedConfig } from './config.js';
import { consoleParts } from './console-parts.js';
import { linkedBrain } from './dialogue/continue/linked-brain.js';
import { createBrain } from './dialogue/create-brain.js';
import { FileProfileStore } from './dialogue/profile/file-profile-store.js';
import { decodeMulaw } from './dsp/g711.js';
import { FileDeskStore } from './handoff/file-desk-store.js';
import { measuredBrain } from './insight/brain-metrics.js';
import { Metrics } from './insight/metrics.js';
import { byLanguageModel } from './llm/index.js';
import { HearkenV1Server } from './media/hearken-v1/server.js';
import { Platforms } from './media/platforms/index.js';
import { loadAppData } from './nlu/corpus/load.js';
import { ThreadedModel } from './nlu/index.js';
import { playgroundLine } from './playground-line.js';
import { createSpeech } from './speech/index.js';
import { NO_MODEL } from './speech/registry.js';
import { listenFault, requireApplication, requireDataFolder } from './start-faults.js';
import { createStores, type SearchableLog } from './store/index.js';
import { ShortCodes } from './store/short-codes.js';

/** The composition root: picks the concrete parts, starts them in order, drains and stops them in the opposite one. */

export interface RunningService {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** `ws://127.0.0.1:8080/media` */
  readonly mediaUrl: string;
  /** What it runs on, for the banner: models and why, stores, application. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** No new calls; live ones finish (bounded by `drainMs`); then everything stops. Idempotent. */
  stop(): Promise<void>;
}

export function createLogger(level: string): Logger {
  return pino({ level, base: { part: 'service' }, timestamp: pino.stdTimeFunctions.isoTime });
}

/** Once an hour is often enough for what is kept for days. */
const SWEEP_MS = 3_600_000;

const programFolder = fileURLToPath(new URL('../', import.meta.url));

/** Starts the service. Throws HearkenError when a part can't start; what was started before it is stopped again. */
export async function startService(loaded: LoadedConfig, logger: Logger): Promise<RunningService> {
  const { config, root, appEnvironment } = loaded;
  const stops: (() => Promise<unknown>)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.reverse().splice(0))
      await stop().catch((err: unknown) => logger.error({ err }, 'a part did not stop cleanly'));
  };
  try {
    // One registry for all rooms: hand it to whatever has something to count.
    const metrics = new Metrics({ process: true });
    const dataFolder = resolve(root, config.store.folder);
    requireDataFolder(dataFolder);
    const appFolder = findFolder(config.app.folder, root);
    requireApplication(appFolder);

    const speech = await createSpeech(config.speech, root, logger, {
      preRollMs: config.turn.preRollMs,
      graphsFolder: join(dataFolder, 'graphs', basename(appFolder)),
      promptsFolder: join(appFolder, 'prompts'),
    });
    stops.push(() => speech.close());
    const stores = await createStores({ config: config.store, dataFolder, logger });
    stops.push(() => stores.close());
    const intentModel = await ThreadedModel.open(
      {
        appFolder,
        cacheFolder: join(dataFolder, 'nlu'),
        ...(config.nlu.encoder === undefined ? {} : { encoderFolder: resolve(root, config.nlu.encoder) }),
      },
      { logger },
    );
    stops.push(() => intentModel.close());
    const desk = await FileDeskStore.open(join(dataFolder, 'desk.jsonl'));
    stops.push(() => desk.close());
    const brain = await createBrain({
      appFolder,
      desk,
      profiles: await FileProfileStore.open(join(dataFolder, 'profiles')),
      environment: appEnvironment,
      privateHosts: config.app.privateHosts,
      allowedHosts: config.app.allowedHosts,
      cacheFolder: join(dataFolder, 'app'),
      intentModel,
      sessions: stores.sessions,
      log: stores.log,
      logger,
      handoffTarget: config.handoff.target,
      defaultLanguage: config.app.language,
      maxNoInput: config.turn.maxNoInput,
      maxNoMatch: config.turn.maxNoMatch,
      ...byLanguageModel(config.llm, config.store.mask),
    });
    stops.push(() => brain.close());
    const music = await loadHoldMusic(holdMusicOf(config.handoff.holdMusic, root));
    const people = await consoleParts({
      ...{ loaded, dataFolder, appFolder, logger, tickets: desk, log: stores.log },
      openLine: playgroundLine({ config, root, dataFolder, speech, logger, apology: loadApology, music }),
      findFolder: (folder) => findFolder(folder, root),
      ping: () => stores.sessions.ping(),
      facts: () => ({
        calls: calls.live,
        models: speech.models.map(({ kind, language, name, reason }) => ({
          kind,
          language,
          name: name === NO_MODEL ? null : name,
          reason,
        })),
        stores: [
          { name: 'sessions', kind: stores.sessions.kind, ok: true, detail: '' },
          {
            ...{ name: 'conversations', kind: stores.log.kind },
            ...{ ok: stores.log.dropped === 0 && stores.log.problem === undefined, detail: logDetail(stores.log) },
          },
        ],
        workers: workerFacts(speech),
      }),
    });
    stops.push(() => people.close());
    const codes = new ShortCodes(stores.sessions, config.continue);
    const watchedBrain = measuredBrain(
      linkedBrain({ brain: people.brain(brain), sessions: stores.sessions, codes, log: stores.log }),
      metrics,
    );

    const { examples } = (await loadAppData(appFolder)).data;
    const firstWords = new FirstWords({
      languages: brain.languages,
      sentences: examples.map(({ text }) => text),
      understand: intentModel,
    });

    const calls = new CallManager({
      config,
      dataFolder,
      recognizer: speech.recognizer,
      synthesizer: speech.synthesizer,
      brain: watchedBrain,
      clock: systemClock,
      logger,
      apology: loadApology,
      music,
      onTiming: measuredTurns(metrics),
      watch: people.watch,
      heard: speech.models.flatMap(({ kind, language, name }) =>
        kind === 'recognizer' && name !== NO_MODEL ? [language] : [],
      ),
      doubts: (own, first) => firstWords.doubts(own, first),
      ...(config.app.followFirstSentence ? { areOther: (own, other) => firstWords.areOther(own, other) } : {}),
    });
    const gate = new WidgetGate(config.widget);
    const media = new HearkenV1Server({
      config: config.media,
      logger,
      onSession: (session) => calls.accept(people.withDesk(session)),
      admitBrowser: gate.admit,
    });
    stops.push(() => media.close());
    const platforms = new Platforms({
      config: config.media,
      logger,
      onSession: (session) => calls.accept(people.withDesk(session)),
      refuse: refuseUpgrade,
    });
    stops.push(() => platforms.close());
    for (const { kind, language, name, reason } of speech.models)
      if (name === NO_MODEL) logger.error({ kind, language, reason }, 'there is no model for this: see hearken models');
    const facts = [
      ...speech.models.map(({ kind, language, name, reason }) => ({
        name: `${kind} ${language}`,
        value: `${name} (${reason})`,
      })),
      { name: 'sessions', value: stores.sessions.kind },
      { name: 'conversations', value: stores.log.kind },
      { name: 'application', value: `${config.app.folder}, ${brain.languages.join(' and ')}` },
    ];
    metrics.watch(
      'log_events_waiting',
      'Events of conversations that are not yet in their database',
      () => stores.log.waiting,
    );
    metrics.watch('log_events_dropped', 'Events lost: no room in memory or on disk', () => stores.log.dropped);
    metrics.watch('recognizer_load', 'Share of its time that the busiest recogniser process is at work', () => {
      return speech.recognizer.health().load;
    });
    metrics.watch('calls_refused', 'Calls refused because every recogniser process was too busy', () => calls.refused);
    metrics.watch('calls_live', 'Calls that are up now', () => calls.live);
    const api = await createApi({
      metrics,
      brain: watchedBrain,
      logger,
      config: config.http,
      wechat: config.wechat,
      codes,
      health: () => ({
        calls: calls.live,
        recognizer: speech.recognizer.health(),
        synthesizer: speech.synthesizer.health(),
        sessions: stores.sessions.kind,
        conversations: {
          ...{ ok: stores.log.problem === undefined, waiting: stores.log.waiting, lost: stores.log.dropped },
          ...(stores.log.problem === undefined ? {} : { reason: stores.log.problem }),
        },
        facts,
      }),
      ping: () => stores.sessions.ping(),
      intentModel,
      widget: { gate, config: config.widget, mediaPath: config.media.path },
      log: stores.log,
      visitors: people.desk.visitors,
      ...(config.console.enabled ? { console: people.options } : {}),
      calls: { dataFolder, idOf: (callId) => calls.idOf(callId) },
    });
    const router = new UpgradeRouter();
    router.register(config.media.path, media.upgrade);
    for (const { path, upgrade } of platforms.endpoints) router.registerWithBelow(path, upgrade);
    api.registerUpgrades(router);
    router.attach(api.app.server);
    platforms.registerRoutes(api.app);
    const { host: listenHost, port: listenPort } = config.http;
    await api.app.listen({ host: listenHost, port: listenPort }).catch((error: unknown) => {
      throw listenFault(error, listenHost, listenPort);
    });
    stops.push(() => api.app.close());
    stops.push(async () => {
      media.drain();
      platforms.drain();
      await calls.drain(config.drainMs);
    });

    if (!isLoopback(config.http.host) && config.media.token === undefined) {
      logger.warn(
        'anybody who reaches this machine can place calls on /media: set HEARKEN_MEDIA_TOKEN, or listen on 127.0.0.1',
      );
    }
    const sweeper = setInterval(sweep, SWEEP_MS).unref();
    stops.push(async () => clearInterval(sweeper));
    sweep();

    // The database of what was said takes its time; events wait on disk meanwhile.
    stores.start();
    // Fixed prompts are rendered while the first caller is still dialling; a miss only means that the first one is made on the fly.
    void warmPrompts();
    const { port } = api.app.server.address() as AddressInfo;
    const host = config.http.host === '0.0.0.0' || config.http.host === '::' ? '127.0.0.1' : config.http.host;
    if (config.console.enabled) facts.push(await consoleFact(people.users, `http://${host}:${port}`));
    facts.push(...(await platforms.start(`ws://${host}:${port}`)));
    let stopping: Promise<void> | undefined;
    return {
      url: `http://${host}:${port}`,
      mediaUrl: `ws://${host}:${port}${config.media.path}`,
      facts,
      stop: () => {
        stopping ??= stopAll();
        return stopping;
      },
    };

    function sweep(): void {
      removeOldRecords(dataFolder, config.record.keepDays, new Date()).then(
        (days) => days.length > 0 && logger.info({ days }, 'old call records were removed'),
        (error: unknown) => logger.error({ err: error }, 'old call records could not be removed'),
      );
    }

    async function warmPrompts(): Promise<void> {
      const languages = new Set([config.app.language, ...Object.values(config.app.languageByCallee)]);
      // The web widget's rate too, where there are sites that use it.
      const rates = config.widget.origins.length > 0 ? [8000, 16_000] : [8000];
      for (const sampleRate of rates)
        for (const language of languages) {
          await speech.synthesizer
            .warm([...fallbackPrompts(language), ...brain.prompts(language)], { language, sampleRate })
            .catch((error: unknown) =>
              logger.warn({ err: error, language }, 'fixed prompts could not be rendered ahead of time'),
            );
        }
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Where the people who run it look; nobody has a password before somebody was given one. */
async function consoleFact(users: UserStore, url: string): Promise<{ readonly name: string; readonly value: string }> {
  const all = await users.list().catch(() => undefined);
  const first = all?.length === 0 ? '   (first user: npx hearken users add NAME --role admin)' : '';
  return { name: 'console', value: `${url}/console/${first}` };
}

function logDetail({ waiting, dropped, problem }: SearchableLog): string {
  return [...(problem === undefined ? [] : [problem]), `${waiting} events wait, ${dropped} lost`].join('; ');
}

function workerFacts(speech: Awaited<ReturnType<typeof createSpeech>>) {
  const recognizer = speech.recognizer.health();
  const synthesizer = speech.synthesizer.health();
  const restarts = (count: number): string => (count === 0 ? '' : `, started again ${count} times`);
  return [
    {
      ...{ name: 'recogniser', ok: recognizer.alive === recognizer.workers },
      value: `${recognizer.alive} of ${recognizer.workers}`,
      detail: `${recognizer.streams} streams, load ${Math.round(recognizer.load * 100)} %${restarts(recognizer.restarts)}`,
    },
    {
      ...{ name: 'synthesiser', ok: synthesizer.alive === synthesizer.workers },
      value: `${synthesizer.alive} of ${synthesizer.workers}`,
      detail: `${synthesizer.cacheHits} of ${synthesizer.cacheHits + synthesizer.cacheMisses} prompts from the cache${restarts(synthesizer.restarts)}`,
    },
  ];
}

function isLoopback(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost';
}

/** Relative to the configuration, else to the program: the sample application is found wherever `hearken.yml` lies. */
function findFolder(folder: string, root: string): string {
  const beside = resolve(root, folder);
  return existsSync(beside) ? beside : resolve(programFolder, folder);
}

function holdMusicOf(name: string, root: string): string {
  return name === 'built-in' || name === 'off' ? name : resolve(root, name);
}

function loadApology(language: string): Int16Array | undefined {
  for (const name of [language, 'en']) {
    try {
      return decodeMulaw(readFileSync(join(programFolder, 'audio/apology', `${name}.ulaw`)));
    } catch {
      // The next language, or none: then there is only silence before the hang-up.
    }
  }
  return undefined;
}
