#!/usr/bin/env node
import { bridgeConfigFile, loadBridgeConfig } from './config.js';
import { BridgeError, messageOf } from './errors.js';
import { createLogger } from './log.js';
import { Reloader } from './ops/reload.js';
import { SipBridge } from './server.js';
import { stopWhenAsked } from './stop-when-asked.js';

/** Time beyond the drain for sockets to close. */
const CLOSE_SLACK_MS = 5000;

async function main(): Promise<void> {
  const config = loadBridgeConfig();
  const logger = createLogger(config.log.level);
  const bridge = await SipBridge.start(config, logger);
  bridge.reloadSource = () => loadBridgeConfig();
  const reloader = new Reloader({
    file: bridgeConfigFile(),
    watchMs: config.reload.watchMs,
    reload: async () => bridge.reload(loadBridgeConfig()),
    logger,
  });
  reloader.start();
  stopWhenAsked({ limitMs: config.drainMs + CLOSE_SLACK_MS, keepHangup: true }, async ({ by, error }) => {
    if (error) logger.fatal({ err: error }, 'the bridge stops because of an unexpected error');
    else logger.info({ by }, 'draining');
    // After an error nothing here can be trusted for long: the callers are let go at once.
    reloader.stop();
    await bridge.drain(error ? 0 : config.drainMs);
    logger.info({ event: 'stopped' }, 'stopped');
  });
  // One line for machines, whatever the log level: `npm start` and the tests wait for it.
  process.stdout.write(
    `${JSON.stringify({
      event: 'ready',
      name: 'sip-bridge',
      sip: bridge.uri,
      sipPort: bridge.port,
      ...(bridge.tlsUri === undefined ? {} : { sips: bridge.tlsUri }),
      healthPort: bridge.healthPort,
      media: config.media.url,
      pid: process.pid,
    })}\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`sip-bridge: ${messageOf(error)}\n`);
  if (error instanceof BridgeError && error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
  process.exit(error instanceof BridgeError ? error.exitCode : 1);
});
