import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { LoadedConfig } from '../config.js';
import { applicationFolder } from '../replay/pipeline/stage.js';
import { SERVICE_FLAGS } from './service-flags.js';
import { SupervisedProcess } from './supervised-process.js';

const cliFile = fileURLToPath(new URL('./run.js', import.meta.url));
const bridgeFile = fileURLToPath(new URL('../../sip-bridge/dist/main.js', import.meta.url));
const READY_LIMIT_MS = 120_000;

export interface OwnStage {
  readonly sip: string;
  readonly serviceUrl: string;
  stop(): Promise<void>;
}

/** Of the environment only what a program needs to run: a demo must not register as your line, or write into your Redis. */
function ownSettings(kept: readonly string[]): NodeJS.ProcessEnv {
  const mine = /^(?:HEARKEN_|REDIS_URL$|DATABASE_URL$|LOG_LEVEL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !mine.test(name) || kept.includes(name)));
}

/** What of a configuration decides what a call comes to, for a service whose configuration lies elsewhere; doors, lines and stores are not in it. */
function callSettings({ config, root }: LoadedConfig): Readonly<Record<string, unknown>> {
  const { app, nlu, speech, turn, handoff, media, store } = config;
  const at = (path: string): string => resolve(root, path);
  const folder = applicationFolder(config, root);
  const graphs = speech.graphs === undefined ? join(at(store.folder), 'graphs', basename(folder)) : at(speech.graphs);
  return {
    app: { ...app, folder },
    nlu: nlu.encoder === undefined ? {} : { encoder: at(nlu.encoder) },
    speech: {
      ...speech,
      modelFolders: speech.modelFolders.map(at),
      promptCacheFolder: at(speech.promptCacheFolder),
      ...(existsSync(graphs) ? { graphs } : {}),
      ...(speech.hotwordsFile === undefined ? {} : { hotwordsFile: at(speech.hotwordsFile) }),
    },
    turn,
    handoff: { timeoutMs: handoff.timeoutMs },
    media: { leadMs: media.leadMs },
  };
}

/** Service, bridge and agent's phone, each a process, all on free ports: a Hearken that is running already is not disturbed. `like`: the configuration that callers are to meet; without it the defaults. */
export async function startOwnStage(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  like?: LoadedConfig,
): Promise<OwnStage> {
  const started: SupervisedProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.reverse().splice(0)) await part.stop();
  };
  // A configuration of its own: most of what hearken.yml says is about the real line.
  const config = join(folder, 'hearken.yml');
  writeFileSync(config, stringify({ http: {}, ...(like && callSettings(like)) }));
  if (like) {
    // What was trained for the application need not be trained again; it is refused where its data has changed.
    const trained = join(resolve(like.root, like.config.store.folder), 'nlu');
    if (existsSync(trained)) cpSync(trained, join(folder, 'nlu'), { recursive: true });
  }
  // What that configuration tells of models and application counts, not the environment they came from.
  const inherited = ownSettings(like === undefined ? ['HEARKEN_MODELS', 'HEARKEN_APP'] : []);
  const launch = async (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const part = new SupervisedProcess({
      name,
      args,
      env: { ...inherited, ...env },
      readyLimitMs: READY_LIMIT_MS,
      stopLimitMs: 5000,
      onLine: () => undefined,
    });
    started.push(part);
    return part.start();
  };
  try {
    const agent = await launch('agent', [cliFile, 'answer', '--port', '0'], {});
    const service = await launch('service', [...SERVICE_FLAGS, cliFile, 'serve'], {
      HEARKEN_CONFIG: config,
      HEARKEN_PORT: '0',
      HEARKEN_DATA: folder,
      HEARKEN_AGENT: String(agent.sip),
      ...environment,
    });
    const bridge = await launch('bridge', [bridgeFile], {
      HEARKEN_CONFIG: config,
      HEARKEN_SIP_PORT: '0',
      HEARKEN_RTP_PORTS: '0',
      HEARKEN_BRIDGE_HEALTH: 'off',
      HEARKEN_MEDIA_URL: String(service.mediaUrl),
    });
    return { sip: String(bridge.sip), serviceUrl: String(service.url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
