import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/config.js';
import { type Backend, openBackend } from '../../../../src/replay/simulate/backend.js';
import type { SimulatedCall } from '../../../../src/replay/simulate/call.js';
import { simulationPage } from '../../../../src/replay/simulate/page.js';
import { againCommand, bugReport, reportSimulation, simulationTable } from '../../../../src/replay/simulate/report.js';
import { simulate } from '../../../../src/replay/simulate/run.js';
import { readScenario, type Scenario } from '../../../../src/replay/simulate/scenario.js';
import { arrivals } from '../../../../src/replay/simulate/schedule.js';
import { openTypedStage, type TypedStage } from '../../../../src/replay/simulate/typed-stage.js';

const FILE = 'apps/retail/scenarios/callers.yml';

describe('a scenario file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-scenario-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const broken = (change: (text: string) => string): string => {
    const file = join(folder, 'broken.yml');
    writeFileSync(file, change(readFileSync(FILE, 'utf8')));
    return file;
  };
  const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

  it('that ships has twenty callers', () => {
    expect(readScenario(FILE).personas).toHaveLength(20);
  });

  it.each([
    ['mood: hurried', 'mood: sleepy', /personas\.2\.mood/],
    ['name: 王小明,', 'nmae: 王小明,', /personas\.0/],
    ['goal: person,', 'goal: persons,', /there is no goal "persons"; goals are order_state/],
    ['facts: { phone: "15200066789" }', 'facts: {}', /needs the fact \{phone\}/],
    ['name: Emma', 'name: 王小明', /two personas named "王小明"/],
  ])('with %s written as %s is refused with its line', (right, wrong, what) => {
    const file = broken((text) => text.replace(right, wrong));
    const line = lineOf(readFileSync(FILE, 'utf8'), right);
    expect(() => readScenario(file)).toThrow(what);
    expect(() => readScenario(file)).toThrow(new RegExp(`broken\\.yml:${line}:`));
  });

  it.each(['', '- 1', 'version: 1\n\tx', '&a [*a]', 'x: &a {y: *a}'])('that is no scenario is refused (%j)', (text) => {
    expect(() => readScenario(broken(() => text))).toThrow(/broken\.yml:\d+: /);
  });
});

describe('a load pattern', () => {
  const load: Scenario['load'] = {
    perMinute: 60,
    rampS: 60,
    atOnce: 8,
    peak: { fromS: 120, forS: 30, perMinute: 600 },
  };

  it('begins slowly, has its peak, and is the same for the same seed', () => {
    const times = arrivals(load, 500, 7);
    const during = (fromS: number, toS: number): number =>
      times.filter((ms) => ms >= fromS * 1000 && ms < toS * 1000).length / (toS - fromS);
    expect(during(0, 30)).toBeLessThan(during(60, 120) * 0.7);
    expect(during(120, 150)).toBeGreaterThan(during(60, 120) * 5);
    expect(arrivals(load, 500, 7)).toEqual(times);
    expect(arrivals(load, 500, 8)).not.toEqual(times);
  });
});

describe('simulated callers of the sample shop', () => {
  const scenario = readScenario(FILE);
  const facts = { file: FILE, seed: 1, way: 'typed' as const };
  let backend: Backend | undefined;
  let stage: TypedStage;
  const folder = mkdtempSync(join(tmpdir(), 'hearken-simulate-test-'));

  beforeAll(async () => {
    backend = await openBackend(scenario, FILE, folder);
    const config = configSchema.parse({ http: {}, media: {}, speech: {} });
    stage = await openTypedStage('apps/retail', backend?.environment ?? {}, config);
  }, 120_000);
  afterAll(async () => {
    await stage?.close();
    await backend?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (calls: readonly number[], of: Scenario = scenario) =>
    simulate({
      scenario: of,
      calls,
      seed: 1,
      spoken: false,
      atOnce: 8,
      paced: false,
      connect: (spec, index, seed) => stage.connect(spec, index, seed),
      backendUrl: backend?.url,
      desk: () => stage.desk(),
      signal: new AbortController().signal,
    });

  it('all get what they want, each checked in the shop', async () => {
    const simulation = await run(scenario.personas.map((_, index) => index));
    const report = reportSimulation(scenario, simulation, facts);
    const failures = report.calls.filter(({ reached }) => !reached).map((call) => bugReport(call, report));
    expect(failures).toEqual([]);
    expect(report.calls.every(({ checks }) => checks.length > 0)).toBe(true);
    expect(report.gates.every(({ reached }) => reached)).toBe(true);
    expect(simulationTable(report)).toContain('20 calls (typed)');
    expect(simulationPage(report)).toContain('周敏，平板坏了');
  }, 180_000);

  it('the same call with the same seed is the same conversation', async () => {
    const words = async () => (await run([3])).calls[0]?.transcript.map(({ responseMs: _, ...line }) => line);
    const first = await words();
    expect(first?.length).toBeGreaterThan(5);
    expect(await words()).toEqual(first);
  });

  it('a failure reads like a bug report: who, what, where, what is missing and how to see it again', async () => {
    // An order that is too old to be returned: the shop says no, and nothing is written down.
    const [first] = scenario.personas.filter(({ goal }) => goal === 'return');
    const late: Scenario = {
      ...scenario,
      personas: [{ ...(first as Scenario['personas'][number]), name: '退太晚的人', facts: { order: '33057781' } }],
    };
    const simulation = await run([0], late);
    const report = reportSimulation(late, simulation, facts);
    const [call] = report.calls;
    const text = call ? bugReport(call, report) : '';
    expect(text).toMatch(/^FAILED call 0: 退太晚的人 \(zh-CN, calm\)/);
    expect(text).toContain('wanted:  to send back what came with order 33057781');
    expect(text).toMatch(
      /missing: GET \/written\/return\?key=simulated-1-0- has \{"order":"33057781"\}; there is: \[\]/,
    );
    expect(text).toMatch(/→ *\d+ caller/);
    expect(text).toContain(`again:   hearken simulate ${FILE} --only 0 --seed 1`);
    expect(report.gates.find(({ what }) => what === 'goals reached')?.reached).toBe(false);
  });

  it('who hangs up half-way has nothing written down', async () => {
    const index = scenario.personas.findIndex(({ hangsUpAfter }) => hangsUpAfter !== undefined);
    const [call] = (await run([index])).calls;
    expect(call).toMatchObject({ ended: 'left', reached: true, turns: 2 });
    expect(call?.checks[0]?.wanted).toContain('they hung up');
  });
});

describe('simulated callers who are stopped', () => {
  it('are told of as far as they came, and what broke off is no failure', async () => {
    const scenario = readScenario(FILE);
    const stop = new AbortController();
    const view = {
      texts: ['请问？'],
      slot: undefined,
      confirms: false,
      noMatch: false,
      intent: undefined,
      responseMs: 1,
    };
    const { calls } = await simulate({
      scenario,
      calls: [0, 1, 2],
      ...{ seed: 1, spoken: false, atOnce: 1, paced: false, backendUrl: undefined, desk: undefined },
      connect: (_spec, index) => ({
        conversationId: String(index),
        begin: async () => ({ ...view, ended: undefined }),
        say: async () => {
          if (index === 1) stop.abort();
          return { ...view, ended: index === 0 ? 'hangup' : undefined };
        },
        silence: async () => ({ ...view, ended: undefined }),
        end: async () => {},
      }),
      signal: stop.signal,
    });
    expect(calls.map(({ index }) => index)).toEqual([0]);
  });
});

describe('the command that plays a call again', () => {
  it('is one that a shell takes, whatever the scenario is called', () => {
    const call = { index: 3, seed: 1 } as SimulatedCall;
    const again = (scenario: string): string => againCommand(call, { scenario, way: 'typed' });
    expect(again('apps/retail/场景.yml')).toBe('hearken simulate apps/retail/场景.yml --only 3 --seed 1');
    expect(again("my callers' file.yml")).toBe("hearken simulate 'my callers'\\'' file.yml' --only 3 --seed 1");
  });
});

describe('a back end', () => {
  it('that does not start is told of with its name, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-backend-'));
    try {
      writeFileSync(join(folder, 'shop.ts'), 'process.exit(3);\n');
      const scenario = { ...readScenario(FILE), backend: { run: 'shop.ts', env: 'APP_SHOP_URL' } };
      await expect(openBackend(scenario, join(folder, 's.yml'), folder)).rejects.toThrow(
        /shop\.ts did not start.*code 3/,
      );
      expect(readdirSync(folder)).toEqual(['shop.ts']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
