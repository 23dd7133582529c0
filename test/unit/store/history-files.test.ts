import fs from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ConversationEvent } from '../../../src/store/conversation-log.js';
import { FileConversationLog } from '../../../src/store/file-conversation-log.js';

/** Files that were opened to be read. */
const opened: string[] = [];
const { createReadStream } = fs;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-log-'));
  fs.createReadStream = (file, options) => {
    opened.push(basename(String(file)));
    return createReadStream(file, options);
  };
  syncBuiltinESMExports();
});
afterEach(async () => {
  fs.createReadStream = createReadStream;
  syncBuiltinESMExports();
  await rm(folder, { recursive: true, force: true });
});

const turn = (id: string, number: number, channel = 'text'): ConversationEvent => ({
  conversationId: id,
  atMs: Date.UTC(2026, 9, 1),
  type: 'turn',
  data: { turn: number, channel },
});
const day = (number: number): string => `conversations-2026-10-${String(number).padStart(2, '0')}.jsonl`;
const fill = async (number: number, events: readonly ConversationEvent[]): Promise<void> => {
  await writeFile(join(folder, day(number)), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
};
/** What was opened since it was asked last. */
const files = (): string[] => opened.splice(0);

it('a call whose beginning is found is looked for in no earlier day', async () => {
  for (let number = 1; number <= 20; number++) await fill(number, [turn(`old-${number}`, 1)]);
  const log = new FileConversationLog({ folder });
  files();
  log.append(turn('call', 1, 'voice'));
  log.append(turn('call', 2, 'voice'));
  expect(await log.history('call', 100)).toHaveLength(2);
  expect(files()).toHaveLength(1);
  await log.close();
});

it('days that are over are read once, and opened again only for those who are in them', async () => {
  for (let number = 1; number <= 20; number++)
    await fill(number, [turn(`old-${number}`, 1), turn('friend "f"', number)]);
  await fill(21, [turn('old-21', 1)]);
  const log = new FileConversationLog({ folder });
  log.append(turn('new', 1));
  files();
  expect(await log.history('new', 100)).toHaveLength(1);
  expect(new Set(files()).size).toBe(22);
  expect(await log.history('new', 100)).toHaveLength(1);
  expect(files()).toHaveLength(1);
  expect((await log.history('friend "f"', 3)).map(({ data }) => data.turn)).toEqual([18, 19, 20]);
  expect(files().filter((name) => name.includes('2026-10'))).toEqual([day(20), day(19), day(18)]);
  // A day that another process has added to is read again.
  await fill(21, [turn('old-21', 1), turn('new', 9)]);
  expect(await log.history('new', 100)).toHaveLength(2);
  await log.close();
});
