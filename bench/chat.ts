import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisMissing, TestRedis } from '../src/testing/redis-server.js';
import { type LoadReport, runLoad, TURNS } from './chat-load.js';
import { heardFrom, Service } from './chat-process.js';
import { cpuMsOf, type ServiceOptions, serve } from './chat-service.js';

/**
 * The claim: `/chat` does at least 2,200 turns a second with p99 at most 30 ms on two cores, with sessions in memory and in Redis. 500 conversations of 6 turns are open at
 * once, interleaved turn by turn, over real HTTP against the sample shop with its real understanding, each wish in many words. Service, load, and the application's actions (with
 * the mock shop) are processes of their own on the same cores; what a turn costs each of them is told, and the load's share. Two ways of asking: `inFlight` requests under way
 * (latency is that of a service at work), and all 500 at the same moment (latency is then mostly the queue: 500 turns at 2,200 a second take 227 ms). Then Redis is killed and
 * started again under the load. `wrong` (mixed up or senseless replies), `doubled` and `lost` must be 0. Prints JSON with `--json`. On a machine that does other things
 * look at `cpuMsPerTurn` and at `unhindered`, what two cores give that have nothing else to do: the service's thread, or all processes together, is the limit.
 */

const CONVERSATIONS = Number(process.env.BENCH_CONVERSATIONS ?? 500);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
/** Before those that count: with 2 of them the rounds that followed still became faster from one to the next, a service that was started just now. */
const WARM_ROUNDS = Number(process.env.BENCH_WARM_ROUNDS ?? 6);
/** With 20 or 24 no more is done in a second: only the queue and every latency grow. */
const IN_FLIGHT = Number(process.env.BENCH_IN_FLIGHT ?? 16);
const STORES = (process.env.BENCH_STORES ?? 'memory,redis').split(',');
const CORES = 2;
const SELF = fileURLToPath(import.meta.url);

interface Job {
  readonly port: number;
  readonly rounds: number;
  readonly conversations: number;
  readonly inFlight: number;
  readonly prefix: string;
  readonly retry: boolean;
}

interface Measured {
  readonly turns: number;
  readonly turnsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly wrong: number;
  readonly doubled: number;
  readonly retries: number;
  /** Of each round: a shared machine is not as fast in one second as in the next. */
  readonly rounds: Sums['rounds'];
  /** CPU of the load generator by the CPU of all. */
  readonly loadShare: number;
  /** What a turn costs each process, whatever else the machine does. */
  readonly cpuMsPerTurn: Readonly<Record<'service' | 'serviceThread' | 'load' | 'actions' | 'redis', number>>;
  /** Turns a second on two cores with nothing else to do, reckoned from that. */
  readonly unhindered: number;
  /** Time that a fixed piece of work took this machine just before and after (ms of processor): what it does at half its speed it does at twice these. */
  readonly fixedWorkMs: readonly [number, number];
}

/** The sums of a generator's rounds. */
interface Sums {
  readonly turns: number;
  readonly turnsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly wrong: number;
  readonly doubled: number;
  readonly retries: number;
  /** Of each round: a shared machine is not as fast in one second as in the next. */
  readonly rounds: readonly { readonly turnsPerSecond: number; readonly p99Ms: number }[];
  readonly cpuMs: number;
}

const [, , role, given] = process.argv;
if (role === 'load') await load(JSON.parse(given ?? '{}') as Job);
else if (role === 'serve') await serve(JSON.parse(given ?? '{}') as ServiceOptions);
else await main();

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-bench-'));
  const missing = redisMissing();
  try {
    const memory = STORES.includes('memory') ? await measureStore(folder, undefined) : undefined;
    const withRedis = STORES.includes('redis');
    const redis = !withRedis ? undefined : missing === undefined ? await measureOnRedis(folder) : { skipped: missing };
    const machine = { cores: cpus().length, loadAverage: loadavg()[0] };
    const facts = { conversations: CONVERSATIONS, turnsEach: TURNS, inFlight: IN_FLIGHT, ...machine };
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ ...facts, memory, redis })}\n`);
    else
      process.stdout.write(
        `${JSON.stringify(facts)}\nmemory ${JSON.stringify(memory, null, 1)}\nredis  ${JSON.stringify(redis, null, 1)}\n`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureOnRedis(folder: string): Promise<unknown> {
  const redis = await TestRedis.start();
  try {
    return await measureStore(folder, redis);
  } finally {
    await redis.stop();
  }
}

async function measureStore(folder: string, redis: TestRedis | undefined): Promise<unknown> {
  const service = new Service(SELF, { folder, ...(redis === undefined ? {} : { redisUrl: redis.url }) });
  try {
    const port = await service.port();
    const kind = redis === undefined ? 'memory' : 'redis';
    const job = { port, rounds: ROUNDS, conversations: CONVERSATIONS, inFlight: IN_FLIGHT, retry: false };
    await run(service, redis, { ...job, prefix: `${kind}-warm`, rounds: WARM_ROUNDS });
    const atWork = await run(service, redis, { ...job, prefix: kind });
    const allInFlight = await run(service, redis, {
      ...job,
      prefix: `${kind}-all`,
      rounds: 1,
      inFlight: CONVERSATIONS,
    });
    const killed = redis === undefined ? undefined : await killUnderLoad(redis, service, `${kind}-killed`, job);
    return { ...atWork, allInFlight, ...(killed === undefined ? {} : { killed }) };
  } finally {
    await service.stop();
  }
}

/** Redis dies when two fifths of the turns are done and is back at three fifths. Each turn must stand in the log once. */
async function killUnderLoad(
  redis: TestRedis,
  service: Service,
  prefix: string,
  job: Omit<Job, 'prefix'>,
): Promise<unknown> {
  const total = CONVERSATIONS * TURNS;
  let step = Promise.resolve();
  let phase = 0;
  const result = await run(service, redis, { ...job, prefix, rounds: 1, retry: true }, (done) => {
    if (phase === 0 && done > total * 0.4) {
      phase = 1;
      step = redis.stop();
    } else if (phase === 1 && done > total * 0.6) {
      phase = 2;
      step = step.then(() => redis.resume());
    }
  });
  await step;
  if (phase === 1) await redis.resume();
  // A new Redis begins to count at 0.
  const { cpuMsPerTurn, unhindered: _, loadShare: __, ...rest } = result;
  const { redis: ___, ...own } = cpuMsPerTurn;
  return { ...rest, cpuMsPerTurn: own, ...(await service.log(`${prefix}-0`, CONVERSATIONS, TURNS)) };
}

async function run(
  service: Service,
  redis: TestRedis | undefined,
  job: Job,
  onTurn?: (done: number) => void,
): Promise<Measured> {
  const child = fork(SELF, ['load', JSON.stringify(job)], { execArgv: process.execArgv });
  // The generator loads its code first: that is nobody's turn.
  await heardFrom(child, 'ready', 'the load generator');
  const workBefore = fixedWorkMs();
  const before = await service.cpu();
  const redisBefore = cpuMsOf(redis?.pid ?? 0);
  if (onTurn !== undefined)
    child.on('message', (value: { readonly done?: number }) => value.done !== undefined && onTurn(value.done));
  const report = heardFrom(child, 'report', 'the load generator');
  child.send('go');
  const { cpuMs, ...made } = (await report) as Sums;
  const after = await service.cpu();
  const redisMs = cpuMsOf(redis?.pid ?? 0) - redisBefore;
  if (child.exitCode === null) await once(child, 'exit');
  const ms = {
    service: after.service - before.service,
    load: cpuMs,
    actions: after.actions - before.actions,
    redis: redisMs,
  };
  const all = ms.service + ms.load + ms.actions + ms.redis;
  const perTurn = (value: number): number => Number((value / made.turns).toFixed(3));
  return {
    ...made,
    loadShare: Number((ms.load / all).toFixed(2)),
    cpuMsPerTurn: {
      service: perTurn(ms.service),
      serviceThread: perTurn(after.thread - before.thread),
      load: perTurn(ms.load),
      actions: perTurn(ms.actions),
      redis: perTurn(ms.redis),
    },
    fixedWorkMs: [workBefore, fixedWorkMs()],
    unhindered: Math.floor((1000 * made.turns) / Math.max(after.thread - before.thread, all / CORES)),
  };
}

/** Writing and reading 25 kB of JSON, the kind of work a turn is; the median of 15 times. */
function fixedWorkMs(): number {
  const value = Array.from({ length: 200 }, (_, n) => ({ n, text: `订单号${n}`, deep: { share: n / 3 } }));
  const times: number[] = [];
  for (let time = 0; time < 15; time++) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < 50; turn++) JSON.parse(JSON.stringify(value));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return Number((times.sort((a, b) => a - b)[7] ?? 0).toFixed(2));
}

async function load(job: Job): Promise<void> {
  process.send?.({ ready: true });
  await once(process, 'message');
  const reports: LoadReport[] = [];
  for (let round = 0; round < job.rounds; round++) {
    const report = await runLoad({
      ...job,
      varied: true,
      prefix: `${job.prefix}-${round}`,
      ...(job.retry ? { onTurn: (done: number) => done % 100 === 0 && process.send?.({ done }) } : {}),
    });
    if (report.wrong.length > 0) process.stderr.write(`${report.wrong.slice(0, 5).join('\n')}\n`);
    reports.push(report);
  }
  const sum = (of: (report: LoadReport) => number): number => reports.reduce((total, each) => total + of(each), 0);
  const timesMs = reports.flatMap((report) => report.timesMs).sort((a, b) => a - b);
  const at = (share: number, times: readonly number[] = timesMs): number =>
    Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2));
  const report: Sums = {
    turns: timesMs.length,
    turnsPerSecond: Math.round(timesMs.length / sum((each) => each.seconds)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    wrong: sum((each) => each.wrong.length),
    doubled: sum((each) => each.doubled),
    retries: sum((each) => each.retries),
    rounds: reports.map((each) => ({
      turnsPerSecond: Math.round(each.turns / each.seconds),
      p99Ms: at(0.99, each.timesMs),
    })),
    cpuMs: sum((each) => each.cpuMs),
  };
  process.send?.({ report }, () => process.disconnect());
}
