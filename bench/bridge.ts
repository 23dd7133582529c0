import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The claim: at least 150 calls a core with RTP both ways and p99 packet spacing at most 25 ms, at most 0.7 % of a core and 1 MB a call, 50 new calls a second. The bridge, the callers
 * and a service that sends every frame back are three processes; each one's CPU is told. `npm run -s bench:bridge -- --json`; `--calls <n>` (150), `--seconds <n>` (20); the codec is
 * PCMU. `callsPerCore` is 100 % by the CPU of one call at that load. Where the callers themselves could not send in time (`valid: false`) the machine was too busy to measure anything.
 */

const root = resolve(import.meta.dirname, '..');
const calls = Number(option('--calls') ?? 150);
const seconds = Number(option('--seconds') ?? 20);
const CHURNED = 300;

const built = (await import(join(root, 'scripts/bootstrap.mjs'))) as {
  ensureReady(options: { quiet: boolean }): Promise<unknown>;
};
if (!process.argv.includes('--no-build')) await built.ensureReady({ quiet: true });

const folder = mkdtempSync(join(tmpdir(), 'hearken-bench-bridge-'));
const children: ChildProcess[] = [];
try {
  const service = await start('bench/bridge/service.ts', []);
  const config = join(folder, 'hearken.yml');
  writeFileSync(config, configFor(service.port));
  const bridge = await startBridge(config);
  const callers = await start('bench/bridge/callers.ts', [String(bridge.port)]);
  // The first calls pay for what is compiled and loaded late.
  await callers.ask({ order: 'churn', count: 50, atOnce: 5 });
  const before = residentBytes(bridge.pid);
  const ramped = (await callers.ask({ order: 'ramp', count: calls, perSecond: 75 })) as { tookMs: number };
  await pause(3000);
  const first = { bridge: cpuSeconds(bridge.pid), service: cpuSeconds(service.pid), callers: cpuSeconds(callers.pid) };
  await callers.ask({ order: 'count' });
  const startMs = performance.now();
  await pause(seconds * 1000);
  const measured = (await callers.ask({ order: 'report' })) as Report;
  const tookS = (performance.now() - startMs) / 1000;
  const share = (pid: number, from: number): number => ((cpuSeconds(pid) - from) / tookS) * 100;
  const bridgePercent = share(bridge.pid, first.bridge);
  const bytes = (residentBytes(bridge.pid) - before) / measured.up;
  const cpuPercentPerCall = bridgePercent / measured.up;
  const others = { service: share(service.pid, first.service), callers: share(callers.pid, first.callers) };
  await callers.ask({ order: 'hangup' });
  await pause(500);
  const churned = (await callers.ask({ order: 'churn', count: CHURNED, atOnce: 25 })) as {
    perSecond: number;
    setupMs: number[];
  };
  const sorted = churned.setupMs.toSorted((a, b) => a - b);
  const result = {
    callsPerCore: Math.floor(100 / cpuPercentPerCall),
    cpuPercentPerCall: round(cpuPercentPerCall, 3),
    bytesPerCall: Math.round(bytes),
    spacing: { p50Ms: measured.p50Ms, p99Ms: measured.p99Ms, maxMs: measured.maxMs },
    setupsPerSecond: round(churned.perSecond, 1),
    setup: {
      p50Ms: round(sorted[sorted.length >> 1] ?? 0, 1),
      p99Ms: round(sorted[Math.floor(sorted.length * 0.99)] ?? 0, 1),
    },
    valid: measured.sent > measured.up * 50 * tookS * 0.99,
    calls: measured.up,
    failures: measured.failures,
    rampMs: Math.round(ramped.tookMs),
    /** Packets that reached the callers, of those that 50 a second make. */
    receivedPercent: round((measured.received / (measured.up * 50 * tookS)) * 100, 2),
    sentPercent: round((measured.sent / (measured.up * 50 * tookS)) * 100, 2),
    cpuPercent: {
      bridge: round(bridgePercent, 1),
      service: round(others.service, 1),
      callers: round(others.callers, 1),
    },
    load: loadavg().map((value) => round(value, 2)),
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
  else console.dir(result, { depth: 4 });
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

interface Report {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly received: number;
  readonly sent: number;
  readonly failures: number;
  readonly up: number;
}

function configFor(servicePort: number): string {
  return `bridge:
  sip: { port: 0 }
  rtp: { portMin: 0, portMax: 0 }
  media: { url: "ws://127.0.0.1:${servicePort}/media" }
  health: { enabled: false }
  maxCalls: ${calls + 100}
  abuse: { callsPerSecond: 10000 }
  log: { level: warn }
`;
}

async function startBridge(config: string): Promise<{ pid: number; port: number }> {
  const profile = option('--profile');
  const child = fork(join(root, 'sip-bridge/dist/main.js'), [], {
    execArgv: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
    env: { PATH: process.env.PATH ?? '', HEARKEN_CONFIG: config },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const port = await new Promise<number>((done, fail) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const ready = /\{"event":"ready".*\}/.exec(text)?.[0];
      if (ready) done((JSON.parse(ready) as { sipPort: number }).sipPort);
      else if (text.length > 100_000) text = text.slice(-10_000);
    });
    child.once('exit', (code) => fail(new Error(`the bridge ended with ${code}: ${text.slice(-500)}`)));
  });
  return { pid: child.pid ?? 0, port };
}

async function start(
  file: string,
  args: readonly string[],
): Promise<{ pid: number; port: number; ask(message: object): Promise<unknown> }> {
  const child = fork(join(root, file), [...args], { execArgv: ['--import', 'tsx'] });
  children.push(child);
  const answer = (): Promise<Record<string, unknown>> =>
    new Promise((done, fail) => {
      child.once('message', (message) => done(message as Record<string, unknown>));
      child.once('exit', (code) => fail(new Error(`${file} ended with ${code}`)));
    });
  const { ready } = await answer();
  return {
    pid: child.pid ?? 0,
    port: Number(ready),
    ask: async (message) => {
      const reply = answer();
      child.send(message);
      return (await reply).answer;
    },
  };
}

/** All threads; utime and stime of /proc (clock ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
