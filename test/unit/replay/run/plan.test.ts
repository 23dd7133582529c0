import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PlanOptions, planReplay } from '../../../../src/replay/run/plan.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options: PlanOptions = {
  ...{ mode: 'auto', timing: 'auto', band: 'auto', graph: 'general', nowMs: 0, trainedOn: [] },
};

function recording(...path: readonly string[]): string {
  const file = join(folder, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, file);
  return file;
}

describe('a plan with a table of transcripts', () => {
  it('finds rows by as much of the path as the table tells, wherever the table lies', async () => {
    for (const path of ['set/anna/1.wav', 'set/bert/1.wav', 'set/bert/2.wav']) recording(path);
    const table = recording('elsewhere', 'table.tsv');
    writeFileSync(table, 'file\ttranscript\nanna/1.wav\t你好\n./bert/1.wav\t再见\n2.wav\t查订单\n');
    const { jobs } = await planReplay([join(folder, 'set')], { ...options, transcripts: table });
    expect(jobs.map(({ reference }) => reference)).toEqual(['你好', '再见', '查订单']);
  });

  it('finds names whose marks are written in another way', async () => {
    // One machine writes é as one sign, another as an e and an accent.
    const file = recording('cafe\u0301.wav');
    const table = join(folder, 'table.tsv');
    writeFileSync(table, 'file\ttranscript\ncaf\u00e9.wav\thello\n');
    const { jobs } = await planReplay([file], { ...options, transcripts: table });
    expect(jobs[0]?.reference).toBe('hello');
  });

  it('takes languages as people write them', async () => {
    const names = ['zh', 'ZH', 'zh_CN', 'EN', 'en-us', 'no such tongue'];
    for (const [index] of names.entries()) recording(`${index}.wav`);
    const table = join(folder, 'table.tsv');
    const rows = names.map((name, index) => `${index}.wav\thello\t${name}`);
    writeFileSync(table, ['file\ttranscript\tlanguage', ...rows].join('\n'));
    const { jobs } = await planReplay([folder], { ...options, transcripts: table });
    expect(jobs.map(({ language }) => language)).toEqual(['zh-CN', 'zh-CN', 'zh-CN', 'en', 'en-US', 'no such tongue']);
  });
});

describe('a plan of many recordings', () => {
  it('is stopped between two of them, and knows how many there are', async () => {
    for (let index = 0; index < 5; index++) recording(`${index}.wav`);
    const plan = await planReplay([folder], options, AbortSignal.abort());
    expect(plan).toEqual({ jobs: [], failed: [], found: 5 });
  });

  it('tells of one whose name nobody can write', async () => {
    recording('a.wav');
    // 中 in GBK, as old archives have it.
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xd6, 0xd0]), Buffer.from('.wav')]), 'x');
    const { jobs, failed } = await planReplay([folder], options);
    expect(jobs).toHaveLength(1);
    expect(failed).toMatchObject([
      { reason: expect.stringContaining("can't be read"), hint: expect.stringContaining('UTF-8') },
    ]);
  });
});
