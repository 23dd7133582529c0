import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../../src/store/conversation-log.js';
import { EventSpool } from '../../../src/store/log/spool.js';
import { eventually, root, TestProcess } from '../../support/processes.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-evaluate-cli-'));
  for (const part of ['tmp', 'data/conversations']) mkdirSync(join(folder, part), { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const said: ConversationEvent = {
  conversationId: 'a',
  atMs: Date.UTC(2026, 0, 5),
  type: 'turn',
  data: { input: { type: 'text', text: '查订单' }, intent: 'order_status', noMatch: false, replies: ['好'] },
};

const copies = (): readonly string[] =>
  readdirSync(join(folder, 'tmp')).filter((name) => name.includes('evaluate-log'));

/** On a log of events that no database has taken up yet. */
async function evaluate(events: readonly ConversationEvent[]): Promise<TestProcess> {
  const spool = await EventSpool.open({ folder: join(folder, 'data/conversations') });
  for (const event of events) spool.append(event);
  await spool.close();
  return new TestProcess({
    command: process.execPath,
    args: [join(root, 'dist/cli/run.js'), 'evaluate', '--log', '--json', '--data', join(folder, 'data')],
    env: { TMPDIR: join(folder, 'tmp') },
  });
}

describe('hearken evaluate --log', () => {
  it("leaves no copy of callers' words behind when it is stopped", async () => {
    const running = await evaluate([said]);
    try {
      // The database of the copy takes its time.
      await eventually(
        'a copy of the log',
        () => copies().length > 0,
        60_000,
        () => running.output,
      );
      running.kill('SIGINT');
      await running.exited();
      expect(running.exitCode, running.output).toBe(130);
      expect(copies()).toEqual([]);
    } finally {
      await running.stop();
    }
  }, 120_000);

  it('judges what is in the log, and leaves it as it was', async () => {
    const running = await evaluate([said]);
    try {
      await running.exited();
      expect(running.exitCode, running.output).toBe(0);
      const report = JSON.parse(running.output.slice(running.output.indexOf('{'))) as {
        readonly conversations: number;
      };
      expect(report.conversations).toBe(1);
      expect(copies()).toEqual([]);
      expect(readdirSync(join(folder, 'data'))).toEqual(['conversations']);
    } finally {
      await running.stop();
    }
  }, 120_000);
});
