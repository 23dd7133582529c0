import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SupervisedProcess } from '../../src/cli/supervised-process.js';

const root = resolve(import.meta.dirname, '../..');

export interface Stage {
  readonly sip: string;
  readonly serviceUrl: string;
  readonly dataFolder: string;
  /** CPU seconds so far of the processes under test, their workers included. */
  cpuSeconds(): { readonly service: number; readonly bridge: number };
  /** Process ids of the service, its workers, and the bridge, as they are at the moment. */
  processes(): { readonly service: number; readonly workers: readonly number[]; readonly bridge: number };
  stop(): Promise<void>;
}

/** Service, bridge and an agent's phone, as built, each a process of its own on free ports. */
export async function openStage(): Promise<Stage> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'hearken-bench-turns-'));
  const config = join(dataFolder, 'hearken.yml');
  writeFileSync(config, 'record:\n  audio: false\n');
  const started: SupervisedProcess[] = [];
  const launch = async (name: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
    const part = new SupervisedProcess({
      name,
      args,
      env: { ...plainEnvironment(), LOG_LEVEL: 'warn', HEARKEN_CONFIG: config, ...env },
      readyLimitMs: 120_000,
      stopLimitMs: 10_000,
      onLine: (line) => void process.stderr.write(`${name}: ${line}\n`),
    });
    started.push(part);
    return { part, facts: await part.start() };
  };
  const stop = async (): Promise<void> => {
    for (const part of started.reverse().splice(0)) await part.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  };
  try {
    const cli = join(root, 'dist/cli/run.js');
    const agent = await launch('agent', [cli, 'answer', '--port', '0'], {});
    const service = await launch('service', [cli, 'serve'], {
      HEARKEN_PORT: '0',
      HEARKEN_DATA: dataFolder,
      HEARKEN_AGENT: String(agent.facts.sip),
    });
    const bridge = await launch('bridge', [join(root, 'sip-bridge/dist/main.js')], {
      HEARKEN_SIP_PORT: '0',
      HEARKEN_RTP_PORTS: '0',
      HEARKEN_BRIDGE_HEALTH: 'off',
      HEARKEN_MEDIA_URL: String(service.facts.mediaUrl),
    });
    return {
      sip: String(bridge.facts.sip),
      serviceUrl: String(service.facts.url),
      dataFolder,
      processes: () => ({
        service: service.part.pid ?? 0,
        workers: childrenOf(service.part.pid ?? 0),
        bridge: bridge.part.pid ?? 0,
      }),
      cpuSeconds: () => ({ service: cpuOf(service.part.pid), bridge: cpuOf(bridge.part.pid) }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a program needs to run, and nothing of a Hearken that is configured on this machine. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(?:HEARKEN_|REDIS_URL$|LOG_LEVEL$)/.test(name) || name === 'HEARKEN_MODELS' || name === 'HEARKEN_APP',
    ),
  );
}

/** CPU time of a process and its children: /proc/<pid>/stat, fields 14 and 15, in ticks of 10 ms (proc(5)). */
function cpuOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const own = (Number(fields[11]) + Number(fields[12])) / 100;
    return childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), own);
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return list === '' ? [] : list.split(' ').map(Number);
  } catch {
    return [];
  }
}
