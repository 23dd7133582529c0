import { stopWhenAsked } from '@hearken/sip-bridge/stop';
import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { createLogger, startService } from '../main.js';

/** `hearken serve`: the service alone. Prints one JSON line to stdout when it is ready; logs go there too (pino). */
export function serveCommand(): Command {
  return new Command('serve')
    .description('start the service alone (the SIP bridge is a process of its own)')
    .option('--config <file>', 'configuration file (default: hearken.yml, if there is one)')
    .action(async (options: { config?: string }) => {
      const loaded = loadConfig(options.config === undefined ? {} : { file: options.config });
      const logger = createLogger(loaded.config.log.level);
      const service = await startService(loaded, logger);
      // Longer than the drain, so that callers finish before the process is ended the hard way.
      stopWhenAsked(
        { limitMs: loaded.config.drainMs + 10_000, onTrouble: (what) => logger.error(what) },
        async ({ by, error }) => {
          if (error) logger.fatal({ err: error }, 'the service ends because of an error');
          else logger.info({ by }, 'shutting down: no new calls, live ones finish');
          await service.stop();
        },
      );
      process.stdout.write(
        `${JSON.stringify({ event: 'ready', name: 'service', url: service.url, mediaUrl: service.mediaUrl, facts: service.facts })}\n`,
      );
    });
}
