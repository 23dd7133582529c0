import { resolve } from 'node:path';
import { Command } from 'commander';
import { formatLineQuality, lineQuality } from '../call/line-quality.js';
import { findRecord } from '../call/record.js';
import { formatTrace, traceOf } from '../call/trace.js';
import { loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import { printable } from './printable.js';

/** `hearken trace <call>`: where the time of each turn of a recorded call went. */
export function traceCommand(): Command {
  return new Command('trace')
    .description('print each turn of a recorded call as a waterfall: where its time went')
    .argument('<call>', "the call's id, its SIP Call-ID, or `last`")
    .option('--data <folder>', 'folder of the call records (default: store.folder of the configuration)')
    .option('--config <file>', 'configuration to read')
    .option('--json', 'print JSON')
    .action(async (call: string, options: { data?: string; config?: string; json?: boolean }) => {
      const { config, root } = loadConfig(options.config === undefined ? {} : { file: options.config });
      const folder = resolve(options.data ?? resolve(root, config.store.folder));
      const record = await findRecord(folder, call);
      if (!record) {
        throw new HearkenError('NOT_FOUND', `There is no record of the call "${call}" in ${folder}.`, {
          hint: 'Records are kept for record.keepDays days; --data names another folder, `hearken trace last` shows the newest.',
        });
      }
      const turns = traceOf(record.events);
      const line = lineQuality(record.events);
      const shown = options.json
        ? JSON.stringify({ id: record.id, turns, ...(line === undefined ? {} : { line }) }, null, 2)
        : [formatTrace(turns), ...(line === undefined ? [] : ['', formatLineQuality(line)])].join('\n');
      process.stdout.write(`${printable(shown)}\n`);
    });
}
