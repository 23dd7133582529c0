import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';
import { PGliteDialect } from '../../../src/store/log/pglite-dialect.js';
import { eventually } from '../../support/processes.js';

/** Processes that have this in their command line. */
function running(words: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(words));
}

it('a database that is being made is given up when its service stops: nobody writes there any more, and the next start makes it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-pglite-'));
  const open = () => new Kysely<unknown>({ dialect: new PGliteDialect({ folder, logger: SILENT_LOGGER }) });
  try {
    const first = open();
    const asked = sql`select 1`.execute(first).catch(() => undefined);
    const making = join(folder, '.new');
    await eventually(
      'a database being made',
      async () => existsSync(making) && (await readdir(making)).length > 0,
      180_000,
    );
    await first.destroy();
    await asked;
    expect(running(folder)).toEqual([]);
    expect(existsSync(join(folder, 'PG_VERSION'))).toBe(false);

    const second = open();
    const { rows } = await sql<{ one: number }>`select 1 as one`.execute(second);
    await second.destroy();
    expect(rows).toEqual([{ one: 1 }]);
    expect(existsSync(making)).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 600_000);
