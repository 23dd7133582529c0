import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
function ownSettings(): NodeJS.ProcessEnv {
  const mine = /^(?:HEARKEN_|REDIS_URL$|LOG_LEVEL$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !mine.test(name) || name === 'HEARKEN_MODELS' || name === 'HEARKEN_APP',
    ),
  );
}

/** Service, bridge and agent's phone, each a process, all on free ports: a Hearken that is running already is not disturbed. */
export async function startOwnStage(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnStage> {
  const started: SupervisedProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.reverse().splice(0)) await part.stop();
  };
  // An empty configuration of its own: whatever hearken.yml says is about the real line.
  const config = join(folder, 'hearken.yml');
  writeFileSync(config, 'http: {}\n');
  const launch = async (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const part = new SupervisedProcess({
      name,
      args,
      env: { ...ownSettings(), ...env },
      readyLimitMs: READY_LIMIT_MS,
      stopLimitMs: 5000,
      onLine: () => undefined,
    });
    started.push(part);
    return part.start();
  };
  try {
    const agent = await launch('agent', [cliFile, 'answer', '--port', '0'], {});
    const service = await launch('service', [cliFile, 'serve'], {
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
