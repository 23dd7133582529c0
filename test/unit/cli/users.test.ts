import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserStore, usersFile } from '../../../src/api/console/user-store.js';
import { run } from '../../../src/cli/main.js';

let folder: string;
let printed: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-users-'));
  printed = '';
  vi.stubEnv('HEARKEN_DATA', folder);
  const take = (text: unknown): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
  await rm(folder, { recursive: true, force: true });
});

describe('hearken users', () => {
  it('makes up a password where nobody can be asked, and that password opens the console', async () => {
    await run(['users', 'add', 'anna', '--role', 'agent', 'supervisor', '--display-name', 'Anna Li']);
    const password = /The password: (\S+)/.exec(printed)?.[1] ?? '';
    expect(password.length).toBeGreaterThanOrEqual(20);
    const user = await new UserStore(usersFile(folder)).verify('anna', password);
    expect(user).toMatchObject({ displayName: 'Anna Li', roles: ['agent', 'supervisor'] });
  });

  it('lists, changes and removes, and says what is wrong', async () => {
    await run(['users', 'add', 'anna']);
    await run(['users', 'change', 'anna', '--role', 'admin']);
    printed = '';
    await run(['users', 'change', 'anna']);
    expect(printed).toMatch(/Nothing is said that should change about anna/);
    printed = '';
    await run(['users', 'list', '--json']);
    expect(JSON.parse(printed)).toEqual([{ name: 'anna', displayName: 'anna', roles: ['admin'] }]);
    await run(['users', 'remove', 'anna']);
    printed = '';
    await run(['users', 'list']);
    expect(printed).toMatch(/There are no users/);
    await run(['users', 'add', 'bo', '--role', 'boss']);
    expect(printed).toMatch(/There is no role "boss"/);
    expect(process.exitCode).toBe(1);
  });
});
