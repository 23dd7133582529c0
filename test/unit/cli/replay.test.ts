import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema, loadConfig } from '../../../src/config.js';
import type { Comparison } from '../../../src/replay/compare/compare.js';
import { buildReport, type ReplayReport } from '../../../src/replay/report/report.js';
import type { ReplayedRecognition } from '../../../src/replay/result.js';
import { loadSetup } from '../../../src/replay/run/setup.js';
import { endProcess } from '../../../src/testing/server-process.js';
import { eventually, removeFolder, root } from '../../support/processes.js';
import { writeShortCalls } from '../replay/short-calls.js';

const LIMIT_MS = 240_000;
const TRAINED = join(root, 'node_modules/.cache/hearken-test-nlu');

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-replay-cli-'));
  children = [];
  writeFileSync(join(folder, 'hearken.yml'), 'store: { folder: data }\n');
});
afterEach(async () => {
  for (const child of children) await endProcess(child, 'SIGKILL');
  removeFolder(folder);
});

type Printed = ReplayReport & { readonly comparison?: Comparison };

interface Run {
  readonly child: ChildProcess;
  readonly done: Promise<{ readonly code: number | null; readonly report: Printed; readonly errors: string }>;
}

/** The built `hearken replay …` as a process, with a data folder of its own. */
function replay(...args: readonly string[]): Run {
  const child = spawn(
    process.execPath,
    [join(root, 'dist/cli/run.js'), 'replay', '--json', '--config', join(folder, 'hearken.yml')].concat(args),
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const done = new Promise<Awaited<Run['done']>>((resolve, reject) => {
    child.once('close', (code) => {
      if (output === '') reject(new Error(`nothing was printed, exit ${code}: ${errors}`));
      try {
        resolve({ code, report: JSON.parse(output) as Printed, errors });
      } catch (error) {
        reject(error);
      }
    });
  });
  // A test that fails earlier does not wait for it.
  done.catch(() => undefined);
  return { child, done };
}

/** Results that are kept so far. */
const kept = (): number => {
  try {
    return readdirSync(join(folder, 'data/replay/journal')).filter((name) => name.endsWith('.json')).length;
  } catch {
    return 0;
  }
};

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The processes that a process has started. */
function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe('hearken replay', () => {
  it(
    'is stopped by Ctrl+C with what is done, and the next run goes on from there',
    async () => {
      const calls = join(folder, 'calls');
      writeShortCalls(calls, 64);
      const args = [calls, '--mode', 'recognition', '--jobs', '1'];
      const first = replay(...args);
      await eventually('a result', () => kept() > 0, 120_000);
      const workers = childrenOf(first.child.pid ?? 0);
      expect(workers.length).toBeGreaterThan(0);
      first.child.kill('SIGINT');
      const stopped = await first.done;
      expect(stopped.code, stopped.errors).toBe(130);
      expect(stopped.report).toMatchObject({ complete: false, planned: 64, failed: [] });
      const done = stopped.report.recordings.length;
      expect(done).toBeLessThan(64);
      // Nothing of it goes on behind one's back.
      await eventually('the end of its processes', () => workers.every((pid) => !alive(pid)));

      const second = await replay(...args).done;
      expect(second.code, second.errors).toBe(0);
      expect(second.report).toMatchObject({ complete: true, planned: 64 });
      expect(second.report.recordings).toHaveLength(64);
      expect(second.report.timing.resumed).toBeGreaterThan(0);
      // What was under way when it was stopped may have been kept or not.
      expect(second.report.timing.resumed).toBeGreaterThanOrEqual(done);
      expect(second.report.timing.resumed).toBeLessThan(64);
    },
    LIMIT_MS,
  );

  it(
    'ends both sides of a comparison with Ctrl+C',
    async () => {
      const calls = join(folder, 'calls');
      writeShortCalls(calls, 64);
      const other = join(folder, 'other.yml');
      writeFileSync(other, 'store: { folder: data }\nturn: { endSilenceMs: 900 }\n');
      const sides = ['--baseline', join(folder, 'hearken.yml'), '--candidate', other];
      const run = replay(calls, '--mode', 'recognition', '--jobs', '1', ...sides);
      await eventually('a result', () => kept() > 0, 120_000);
      run.child.kill('SIGINT');
      const { code, report, errors } = await run.done;
      expect(code, errors).toBe(130);
      // The report is the candidate's, and nothing of it was begun.
      expect(report).toMatchObject({ complete: false, planned: 64, recordings: [], failed: [] });
      expect(report.comparison?.paired).toBe(0);
      expect(errors.match(/stopping/g)).toHaveLength(1);
    },
    LIMIT_MS,
  );

  it(
    'loses nothing when one of its processes is killed, and a file that is no recording costs only itself',
    async () => {
      const calls = join(folder, 'calls');
      writeShortCalls(calls, 40);
      writeFileSync(join(calls, 'broken.wav'), 'RIFF of nothing');
      const run = replay(calls, '--mode', 'recognition', '--jobs', '1');
      await eventually('a result', () => kept() > 0, 120_000);
      for (const pid of childrenOf(run.child.pid ?? 0)) process.kill(pid, 'SIGKILL');
      const { code, report, errors } = await run.done;
      expect(report.recordings).toHaveLength(40);
      expect(report.failed.map(({ file }) => file)).toEqual([join(calls, 'broken.wav')]);
      expect(report.complete).toBe(true);
      // One recording could not be replayed, and none may fail by default.
      expect(code).toBe(1);
      expect(errors).toContain('1 recordings could not be replayed');
    },
    LIMIT_MS,
  );

  it(
    'compares two applications call by call',
    async () => {
      const calls = join(folder, 'calls');
      writeShortCalls(calls, 2);
      // The shop's model is trained once for all tests.
      if (existsSync(TRAINED)) cpSync(TRAINED, join(folder, 'data/nlu'), { recursive: true });
      const next = join(folder, 'retail-next');
      cpSync(join(root, 'apps/retail'), next, { recursive: true });
      const answers = join(next, 'domain/basics.yml');
      const changed = readFileSync(answers, 'utf8').replaceAll('九点', '八点');
      expect(changed).not.toBe(readFileSync(answers, 'utf8'));
      writeFileSync(answers, changed);
      const page = join(folder, 'compare.html');
      const args = [calls, '--jobs', '1', '--baseline', 'apps/retail', '--candidate', next, '--html', page];
      const { code, report, errors } = await replay(...args).done;
      expect(code, errors).toBe(0);
      // "转人工" is answered as before, "营业时间是几点" is not.
      expect(report.comparison).toMatchObject({
        paired: 2,
        verdicts: { same: 1, changed: 1 },
        changed: [{ file: join(calls, 'call-01.wav'), changes: [{ what: 'reply' }] }],
      });
      const [{ before = '', after = '' } = {}] = report.comparison?.changed[0]?.changes ?? [];
      expect([before.includes('九点'), after.includes('八点')]).toEqual([true, true]);
      expect(readFileSync(page, 'utf8')).toContain('call-01.wav');
    },
    LIMIT_MS,
  );

  it(
    'compares two stored reports without any recordings',
    async () => {
      const [before, after] = [join(folder, 'before.json'), join(folder, 'after.json')];
      writeFileSync(before, JSON.stringify(reportOf('转人工')));
      writeFileSync(after, JSON.stringify(reportOf('人工')));
      const { report } = await replay('--baseline', before, '--candidate', after).done;
      expect(report.comparison?.changed).toMatchObject([
        { verdict: 'worse', changes: [{ what: 'heard', before: '转人工', after: '人工' }] },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'is no failure for somebody who reads only its beginning',
    async () => {
      const [before, out] = [join(folder, 'before.json'), join(folder, 'out.json')];
      const report = reportOf('转人工');
      const recordings = Array.from({ length: 500 }, (_, index) => ({ ...report.recordings[0], file: `${index}.wav` }));
      writeFileSync(before, JSON.stringify({ ...report, recordings }));
      const { child } = replay('--baseline', before, '--candidate', before, '--out', out);
      let errors = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        errors += chunk.toString('utf8');
      });
      child.stdout?.once('data', () => child.stdout?.destroy());
      await once(child, 'exit');
      expect(child.exitCode, errors).toBe(0);
      expect(JSON.parse(readFileSync(out, 'utf8')).comparison.paired).toBe(500);
    },
    LIMIT_MS,
  );

  it(
    'tells its figures though their file can not be written, and refuses what makes no sense before it begins',
    async () => {
      const before = join(folder, 'before.json');
      writeFileSync(before, JSON.stringify(reportOf('转人工')));
      const sides = ['--baseline', before, '--candidate', before];
      const [told, seed, accepted] = [
        replay(...sides, '--out', join(before, 'report.json')),
        replay(join(folder, 'nowhere'), '--seed', 'x'),
        replay(...sides, '--accept'),
      ];
      const { code, report, errors } = await told.done;
      expect(code).toBe(1);
      expect(report.comparison?.verdicts.same).toBe(1);
      expect(errors).toMatch(/^The report can't be written to .*before\.json\/report\.json/);
      // Not after an hour, and not that there is nothing to replay.
      await expect(seed.done).rejects.toThrow(/exit 1: --seed must be a whole number/);
      await expect(accepted.done).rejects.toThrow(/exit 1: --accept stores what one replay came to/);
    },
    LIMIT_MS,
  );
});

/** A stored report of one recording in which "转人工" was said. */
function reportOf(heard: string): ReplayReport {
  const recording: ReplayedRecognition = {
    kind: 'recognition',
    file: 'a.wav',
    content: '',
    language: 'zh-CN',
    audioMs: 900,
    graph: 'general',
    channel: { index: 0, of: 1, because: 'the only channel' },
    source: '',
    speaker: null,
    task: null,
    trainedOn: false,
    reference: '转人工',
    heard,
    utterances: [],
  };
  const set = { results: [recording], measured: new Map(), planned: 1, resumed: 0, freshAudioMs: 900, wallMs: 1 };
  return buildReport({ ...set, setup: '' }, { config: configSchema.parse({}), root, startedAt: new Date(0) });
}

describe('one side of a comparison', () => {
  it('is a configuration, an application, a folder of models, or several of them', () => {
    const base = loadConfig({ file: join(folder, 'hearken.yml'), env: {} });
    writeFileSync(join(folder, 'patient.yml'), 'turn: { endSilenceMs: 900 }\n');
    mkdirSync(join(folder, 'models/asr-zh-phone'), { recursive: true });
    writeFileSync(join(folder, 'models/asr-zh-phone/model.onnx'), '');
    const all = ['patient.yml', 'models'].map((name) => join(folder, name)).concat(join(root, 'apps/retail'));
    const { config } = loadSetup(all.join('+'), base);
    expect(config.turn.endSilenceMs).toBe(900);
    expect(config.speech.modelFolders).toEqual([join(folder, 'models')]);
    expect(config.app.folder).toBe(join(root, 'apps/retail'));
    mkdirSync(join(folder, 'empty'));
    expect(() => loadSetup(join(folder, 'empty'), base)).toThrow(/neither an application .* nor a folder of models/);
    expect(() => loadSetup('nowhere', base)).toThrow(/no configuration, application or folder of models nowhere/);
  });
});
