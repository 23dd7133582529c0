import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePorts, root, TestProcess } from './processes.js';

export interface ServiceFacts {
  readonly url: string;
  readonly mediaUrl: string;
}

const promptCache = join(root, 'node_modules/.cache/hearken-test-prompts');
const modelCache = join(root, 'node_modules/.cache/hearken-test-nlu');

/** Whole or not at all: whoever breaks a run off must not leave half a model to the next one. */
function keepModel(folder: string): void {
  const copy = `${modelCache}.${process.pid}`;
  mkdirSync(dirname(modelCache), { recursive: true });
  cpSync(folder, copy, { recursive: true });
  try {
    renameSync(copy, modelCache);
  } catch {
    // Another one was faster.
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The built service as a process of its own. */
export class ServiceProcess extends TestProcess {
  static async start(
    dataFolder: string,
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): Promise<ServiceProcess & ServiceFacts> {
    // The application's model is trained at the first start; later tests take it over (it is refused if the data has changed).
    if (existsSync(modelCache)) cpSync(modelCache, join(dataFolder, 'nlu'), { recursive: true });
    // Rendered prompts lie relative to the configuration; kept between tests, outside what git looks at.
    const config = join(dataFolder, 'hearken.yml');
    writeFileSync(config, `speech:\n  promptCacheFolder: ${JSON.stringify(promptCache)}\n`);
    const service = new ServiceProcess({
      command: process.execPath,
      args: [join(root, 'dist/cli/run.js'), 'serve'],
      cwd: root,
      through,
      env: {
        HEARKEN_PORT: '0',
        HEARKEN_DATA: dataFolder,
        HEARKEN_CONFIG: config,
        ...env,
      },
    });
    const [line] = await service.ready(/\{"event":"ready".*\}/, 150_000);
    const { url, mediaUrl } = JSON.parse(line) as ServiceFacts;
    if (!existsSync(modelCache)) keepModel(join(dataFolder, 'nlu'));
    return Object.assign(service, { url, mediaUrl });
  }
}

/** The built bridge as a process of its own. */
export class BridgeProcess extends TestProcess {
  readonly sipPort: number;

  private constructor(sipPort: number, env: Readonly<Record<string, string>>, through: readonly string[]) {
    super({ command: process.execPath, args: [join(root, 'sip-bridge/dist/main.js')], env, through });
    this.sipPort = sipPort;
  }

  static async start(
    mediaUrl: string,
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): Promise<BridgeProcess> {
    const sipPort = await freePorts(2);
    const own = {
      HEARKEN_SIP_HOST: '127.0.0.1',
      HEARKEN_SIP_PORT: String(sipPort),
      HEARKEN_BRIDGE_HEALTH: '0',
      HEARKEN_MEDIA_URL: mediaUrl,
      HEARKEN_CONFIG: join(root, 'test/fixtures/hearken.yml'),
    };
    const bridge = new BridgeProcess(sipPort, { ...own, ...env }, through);
    await bridge.ready(/"event":"ready"/);
    return bridge;
  }
}
