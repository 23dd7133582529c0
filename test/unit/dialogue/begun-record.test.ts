import { writeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BegunRecord, RECORD_BYTES } from '../../../src/dialogue/actions/worker/begun-record.js';

it('the record of what was begun last leaves no file behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-record-'));
  const record = BegunRecord.open(join(folder, 'worker.mjs'));
  expect(await readdir(folder)).toEqual([]);
  expect(record?.last()).toBeUndefined();
  const bytes = Buffer.alloc(RECORD_BYTES);
  for (const id of [1, 2 ** 40 + 1]) {
    bytes.writeDoubleLE(id);
    writeSync(record?.fd ?? -1, bytes, 0, RECORD_BYTES, 0);
    expect(record?.last()).toBe(id);
  }
  record?.close();
  expect(record?.last()).toBeUndefined();
  await rm(folder, { recursive: true });
});

it('where no record can be made there is none', () => {
  expect(BegunRecord.open('/nowhere/worker.mjs')).toBeUndefined();
});
