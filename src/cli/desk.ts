import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config.js';
import type { DeskItem } from '../handoff/desk-store.js';
import { FileDeskStore } from '../handoff/file-desk-store.js';
import { printable } from './printable.js';

/** `hearken desk`: tickets and call-backs that callers were promised. Reads only; the service may be running. */
export function deskCommand(): Command {
  return new Command('desk')
    .description('list the tickets and call-backs that callers were promised')
    .option('--all', 'those that are done or cancelled too')
    .option('--limit <count>', 'at most this many, newest first', '100')
    .option('--json', 'print one JSON document')
    .action(async (options: { all?: boolean; limit: string; json?: boolean }) => {
      const { config, root } = loadConfig();
      const desk = await FileDeskStore.read(join(resolve(root, config.store.folder), 'desk.jsonl'));
      try {
        const limit = Number.parseInt(options.limit, 10) || 100;
        const items = await desk.list({ limit, ...(options.all ? {} : { status: 'open' }) });
        if (options.json) process.stdout.write(`${JSON.stringify(items, null, 2)}\n`);
        else {
          for (const item of items) process.stdout.write(`${printable(line(item)).replace(/\s/g, ' ')}\n`);
          process.stdout.write(`${items.length} ${options.all ? '' : 'open '}tickets and call-backs\n`);
        }
      } finally {
        await desk.close();
      }
    });
}

function line(item: DeskItem): string {
  const what =
    item.kind === 'ticket'
      ? `ticket (${item.priority})`
      : `call ${item.phone}${item.when === '' ? '' : ` at ${item.when}`}`;
  return `${item.number}  ${item.createdAt}  ${item.status}  ${what}  ${item.subject}  ${item.summary}`;
}
