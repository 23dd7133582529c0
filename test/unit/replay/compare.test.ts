import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config.js';
import { compareReports } from '../../../src/replay/compare/compare.js';
import { comparisonTable } from '../../../src/replay/compare/compare-table.js';
import { diffRecordings, pairTurns } from '../../../src/replay/compare/diff-turns.js';
import { acceptGolden, readReport } from '../../../src/replay/compare/golden.js';
import { gateFailures } from '../../../src/replay/report/gate.js';
import { histogram } from '../../../src/replay/report/html/charts.js';
import { comparePage } from '../../../src/replay/report/html/compare-page.js';
import { reportPage } from '../../../src/replay/report/html/report-page.js';
import { buildReport, type ReplayReport } from '../../../src/replay/report/report.js';
import { reportTable } from '../../../src/replay/report/table.js';
import type { ReplayedCall, ReplayedRecording, ReplayedTurn } from '../../../src/replay/result.js';
import { projectRoot } from '../../support/speech.js';

function turn(turnId: number, heard: string, changes: Partial<ReplayedTurn> = {}): ReplayedTurn {
  return {
    turnId,
    atMs: turnId * 5000,
    input: 'text',
    heard,
    said: heard,
    confidence: 0.9,
    intent: 'order_status',
    intentConfidence: 0.8,
    expectedIntent: null,
    entities: [],
    slots: {},
    expectedSlots: [],
    reply: '好的。',
    noMatch: false,
    end: { atMs: turnId * 5000, reason: 'complete answer', delayMs: 250, cut: false },
    responseMs: 330,
    stages: [{ stage: 'end of turn', ms: 250 }],
    ...changes,
  };
}

function call(file: string, turns: readonly ReplayedTurn[], changes: Partial<ReplayedCall> = {}): ReplayedCall {
  const heard = turns.map((each) => each.heard).join(' ');
  return {
    kind: 'call',
    file,
    content: file,
    language: 'zh-CN',
    audioMs: 9000,
    channel: { index: 0, of: 1, because: 'the only channel' },
    source: '',
    speaker: null,
    task: null,
    trainedOn: false,
    reference: turns.map(({ said }) => said ?? '').join(' '),
    heard,
    timing: 'answer',
    durationMs: 20_000,
    turns,
    bargeIns: [],
    outcome: 'contained',
    endedBy: 'us',
    transferReason: null,
    problems: [],
    said: [],
    ...changes,
  };
}

function report(results: readonly ReplayedRecording[]): ReplayReport {
  const set = {
    results,
    measured: new Map(),
    planned: results.length,
    resumed: 0,
    freshAudioMs: 9000,
    wallMs: 10,
    setup: 'x',
  };
  return buildReport(set, { config: configSchema.parse({}), root: projectRoot, startedAt: new Date(0) });
}

describe('two replays of a recording', () => {
  it('differ turn by turn, and not where nothing changed', () => {
    const before = call('a', [turn(1, '查订单'), turn(2, '没有了')]);
    expect(diffRecordings(before, structuredClone(before))).toEqual([]);
    const after = call('a', [turn(1, '查订单', { intent: 'cancel_order' }), turn(2, '没有了')]);
    expect(diffRecordings(before, after)).toEqual([
      { turn: 1, what: 'intent', before: 'order_status', after: 'cancel_order' },
    ]);
  });

  it('pair their turns by what was said when one has more', () => {
    const before = [turn(1, '查订单'), turn(2, '没有了')];
    const after = [turn(1, '查订单'), turn(2, '喂', { said: '喂' }), turn(3, '没有了')];
    expect(pairTurns(before, after).map(([was, is]) => [was?.turnId, is?.turnId])).toEqual([
      [1, 1],
      [undefined, 2],
      [2, 3],
    ]);
  });
});

describe('two replays of many recordings', () => {
  const good = (index: number) => call(`call-${index}`, [turn(1, '查订单')]);
  const bad = (index: number) =>
    call(`call-${index}`, [turn(1, '茶', { said: '查订单', noMatch: true })], {
      outcome: 'abandoned',
      endedBy: 'caller',
      reference: '查订单',
    });
  const names = Array.from({ length: 20 }, (_, index) => index);
  const before = report(names.map((index) => (index < 10 ? bad(index) : good(index))));
  const after = report(names.map((index) => (index === 19 ? bad(index) : good(index))));
  const comparison = compareReports(before, after, { baseline: 'A', candidate: 'B' });

  it('tell what got better and worse, and how sure that is', () => {
    expect(comparison.verdicts).toEqual({ better: 10, worse: 1, mixed: 0, changed: 0, same: 9 });
    const contained = comparison.figures.find(({ name }) => name === 'contained');
    expect(contained).toMatchObject({ before: 0.5, after: 0.95, improved: 10, worsened: 1 });
    // 2 · (1 + 11) / 2048
    expect(contained?.mcNemarP).toBeCloseTo(24 / 2048, 10);
    expect(contained?.paired.p).toBeLessThan(0.05);
  });

  it('say what to listen to, worst first', () => {
    expect(comparison.changed[0]?.file).toBe('call-19');
    expect(comparison.changed).toHaveLength(11);
    expect(comparisonTable(comparison)).toContain('call-19: worse');
  });

  it('are neither better nor worse where a recording failed both times', () => {
    const failed = (reason: string) => ({
      kind: 'failed' as const,
      file: 'a',
      content: '',
      source: '',
      reason,
      hint: null,
    });
    const compared = compareReports(report([failed('one')]), report([failed('two')]), {
      baseline: 'A',
      candidate: 'B',
    });
    expect(compared.verdicts).toMatchObject({ better: 0, worse: 0, changed: 1 });
    const mended = compareReports(report([failed('one')]), report([good(1)].map((each) => ({ ...each, file: 'a' }))), {
      ...{ baseline: 'A', candidate: 'B' },
    });
    expect(mended.verdicts.better).toBe(1);
  });

  it('have figures over those that are in both, and name the others', () => {
    const compared = compareReports(report([good(1), bad(2)]), report([bad(2), good(3)]), {
      baseline: 'A',
      candidate: 'B',
    });
    expect(compared).toMatchObject({ paired: 1, unpaired: ['call-1', 'call-3'], changed: [] });
    expect(compared.figures.find(({ name }) => name === 'contained')).toMatchObject({ before: 0, after: 0 });
    const none = compareReports(report([]), report([good(1)]), { baseline: 'A', candidate: 'B' });
    expect(none).toMatchObject({ paired: 0, figures: [], unpaired: ['call-1'] });
  });

  it('are held against what was accepted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-golden-'));
    try {
      // Its folder need not be there.
      const file = join(folder, 'accepted', 'golden.json');
      acceptGolden(file, before);
      expect(compareReports(readReport(file), before, { baseline: 'g', candidate: 'now' }).changed).toEqual([]);
      expect(compareReports(readReport(file), after, { baseline: 'g', candidate: 'now' }).changed).toHaveLength(11);
      expect(() => readReport(join(folder, 'none.json'))).toThrow(/none\.json is not a report/);
      // One that can't be written leaves nothing behind, and what was accepted as it was.
      expect(() => acceptGolden(folder, after)).toThrow(/can't be written to/);
      expect(() => acceptGolden(join(file, 'x.json'), after)).toThrow(/can't be written to/);
      expect(readdirSync(folder)).toEqual(['accepted']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are counted in the same words, whoever wrote the report', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-golden-'));
    try {
      const file = join(folder, 'report.json');
      const old = structuredClone(before) as unknown as { recordings: { score: { recognition: { words: object } } }[] };
      // A program that took each character for a word.
      for (const { score } of old.recordings) score.recognition.words = { ...score.recognition.words, units: 99 };
      writeFileSync(file, JSON.stringify(old));
      const compared = compareReports(readReport(file), before, { baseline: 'old', candidate: 'now' });
      expect(compared.verdicts.same).toBe(20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fail a gate with the figure and what was wanted', () => {
    const gate = { key: 'contained', label: 'contained', unit: '%', kind: 'least', limit: 0.9 } as const;
    expect(gateFailures(before, [gate])).toEqual(['contained: 50.0 %, wanted at least 90.0 %']);
    expect(gateFailures(after, [gate])).toEqual([]);
    expect(gateFailures(after, [{ ...gate, key: 'intentAccuracy', label: 'intents right' }])[0]).toContain(
      'nothing to measure',
    );
  });
});

describe('pages and tables', () => {
  const hostile = '</script><img src=x onerror="alert(1)">\u001b[31m&\'';
  const evil = call(`${hostile}.wav`, [turn(1, hostile, { said: hostile, intent: hostile, reply: hostile })], {
    reference: hostile,
    source: hostile,
    problems: [hostile],
    bargeIns: [{ atMs: 5, decision: 'stop', text: hostile }],
  });
  const broken = { kind: 'failed', file: hostile, content: '', source: '', reason: hostile, hint: hostile } as const;
  const page = reportPage(report([evil, broken]));

  it('let nothing in that a transcript or a file name holds', () => {
    for (const text of [
      page,
      comparePage(
        compareReports(report([evil]), report([call(evil.file, [turn(1, '好')])]), {
          baseline: hostile,
          candidate: hostile,
        }),
      ),
    ]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('</script>');
      expect(text).not.toContain('\u001b');
      expect(text).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
    }
    expect(reportTable(report([evil, broken]))).not.toContain('\u001b');
  });

  it('name no range for a figure of one recording', () => {
    const one = report([call('a', [turn(1, '查订单')])]);
    expect(one.totals.contained).toMatchObject({ value: 1, n: 1 });
    expect(reportTable(one)).not.toContain('100.0 – 100.0');
    expect(reportPage(one)).not.toContain('100.0 – 100.0');
    expect(reportTable(report([call('a', [turn(1, '查订单')]), call('b', [turn(1, '查订单')])]))).toContain(
      '100.0 – 100.0 %',
    );
  });

  it('draw a hundred thousand calls as well', () => {
    const values = Array.from({ length: 200_000 }, (_, index) => index % 700);
    expect(String(histogram(values, { title: 'x', format: String }))).toContain('200000 values from 0 to 699');
  });

  it('load nothing from anywhere', () => {
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/https?:/);
    expect(page).toContain('<svg');
  });

  it('are the same but for what was measured', () => {
    const { timing: first, ...one } = report([evil]);
    const { timing: second, ...two } = report([evil]);
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    expect(Object.keys(first)).toEqual(Object.keys(second));
  });
});
