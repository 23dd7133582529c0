import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The training scripts are Python: they are tested where a Python with their libraries is, else reported as skipped. */
const python = process.env.HEARKEN_LAB_PYTHON ?? 'python3';
const able =
  spawnSync(python, ['-c', 'import numpy, scipy, soxr, soundfile, torch, onnx, onnxruntime'], { timeout: 60_000 })
    .status === 0;

describe.skipIf(!able)('the training scripts (need Python with torch, onnx, onnxruntime, scipy)', () => {
  it('pass their own tests on tiny data', { timeout: 280_000 }, () => {
    const run = spawnSync(python, ['-m', 'unittest', 'discover', '-s', 'lab/test'], {
      cwd: resolve(import.meta.dirname, '../../..'),
      encoding: 'utf8',
      timeout: 270_000,
    });
    expect(run.stderr).toContain('OK');
    expect(run.status).toBe(0);
  });
});
