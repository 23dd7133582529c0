import { createHash } from 'node:crypto';
import { HearkenError } from '../../errors.js';
import type { DeskItem, DeskStore, NewDeskItem } from '../../handoff/desk-store.js';

/** A desk on which nothing stays: what replayed callers are promised gets a number that follows from who asked, and nobody has to do it. */
export class ReplayDesk implements DeskStore {
  async add(item: NewDeskItem): Promise<DeskItem> {
    const sum = createHash('sha256').update(item.key).digest().readUInt32BE(0);
    const at = new Date(0).toISOString();
    const number = String(10_000_000 + (sum % 90_000_000));
    return { ...item, number, status: 'open', createdAt: at, updatedAt: at, notes: [] } as DeskItem;
  }

  async list(): Promise<readonly DeskItem[]> {
    return [];
  }

  async get(): Promise<DeskItem | undefined> {
    return undefined;
  }

  async update(number: string): Promise<DeskItem> {
    throw new HearkenError('NOT_FOUND', `There is no ticket or call-back ${number} in a replay.`);
  }

  async close(): Promise<void> {}
}
