import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ownTemporaryFolder } from '../../src/temporary-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-own-folder-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('a temporary folder of one user', () => {
  it('is the same each time, of this user by its name, and shut to others', () => {
    const own = ownTemporaryFolder('things');
    expect(dirname(own)).toBe(folder);
    expect(basename(own)).toBe(`things-${process.getuid?.()}`);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(ownTemporaryFolder('things')).toBe(own);
  });

  it('is refused where others could lay something in it, or where its name leads elsewhere', () => {
    const own = ownTemporaryFolder('things');
    chmodSync(own, 0o777);
    expect(() => ownTemporaryFolder('things')).toThrow(/others may write/);
    rmSync(own, { recursive: true });
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), own);
    expect(() => ownTemporaryFolder('things')).toThrow(/somebody else's/);
  });
});
