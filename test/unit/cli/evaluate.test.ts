import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, root, TestProcess } from '../../support/processes.js';

describe('hearken evaluate --log', () => {
  it("leaves no copy of callers' words behind when it is stopped", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-evaluate-cli-'));
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    mkdirSync(join(folder, 'data/conversations'), { recursive: true });
    writeFileSync(join(folder, 'data/conversations/2026-01-05.jsonl'), '{"what":"was said"}\n');
    const copies = (): readonly string[] => readdirSync(temporary).filter((name) => name.includes('evaluate-log'));
    const evaluate = new TestProcess({
      command: process.execPath,
      args: [join(root, 'dist/cli/run.js'), 'evaluate', '--log', '--data', join(folder, 'data')],
      env: { TMPDIR: temporary },
    });
    try {
      // The database of the copy takes its time.
      await eventually(
        'a copy of the log',
        () => copies().length > 0,
        60_000,
        () => evaluate.output,
      );
      evaluate.kill('SIGINT');
      await evaluate.exited();
      expect(evaluate.exitCode, evaluate.output).toBe(130);
      expect(copies()).toEqual([]);
    } finally {
      await evaluate.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
