import { fileURLToPath } from 'node:url';
import { stopWhenAsked } from '@hearken/sip-bridge/stop';
import { Command } from 'commander';
import pretty from 'pino-pretty';
import { loadConfig } from '../config.js';
import { printableLog } from './printable.js';
import { SERVICE_FLAGS } from './service-flags.js';
import { SupervisedProcess } from './supervised-process.js';

const cliFile = fileURLToPath(new URL('./run.js', import.meta.url));
const bridgeFile = fileURLToPath(new URL('../../sip-bridge/dist/main.js', import.meta.url));

/** First start may train the application's model and render prompts. */
const READY_LIMIT_MS = 120_000;
const BRIDGE_STOP_LIMIT_MS = 40_000;

/** `hearken start` (what `npm start` runs): service and bridge, each a process, each started again should it die. */
export function startCommand(): Command {
  return new Command('start')
    .description('start the service and the SIP bridge, and say how to call and where to look')
    .option('--config <file>', 'configuration file (default: hearken.yml, if there is one)')
    .action(async (options: { config?: string }) => {
      const { config, file } = loadConfig(options.config === undefined ? {} : { file: options.config });
      const env = { ...process.env, ...(file === undefined ? {} : { HEARKEN_CONFIG: file }) };
      const log = logWriter();
      const service = new SupervisedProcess({
        name: 'service',
        args: [...SERVICE_FLAGS, cliFile, 'serve'],
        env,
        readyLimitMs: READY_LIMIT_MS,
        stopLimitMs: config.drainMs + 15_000,
        onLine: log,
      });
      const parts = [service];
      stopWhenAsked({ limitMs: config.drainMs + BRIDGE_STOP_LIMIT_MS }, async () => {
        for (const part of parts) part.expectEnd();
        // The bridge first: it refuses new callers and lets live ones finish, for which they need the service.
        for (const part of parts.reverse()) await part.stop();
      });

      const serviceFacts = await service.start();
      const bridge = new SupervisedProcess({
        name: 'bridge',
        args: [bridgeFile],
        env: {
          ...env,
          HEARKEN_MEDIA_URL: process.env.HEARKEN_MEDIA_URL ?? String(serviceFacts.mediaUrl),
          ...(config.media.token === undefined ? {} : { HEARKEN_MEDIA_TOKEN: config.media.token }),
        },
        readyLimitMs: READY_LIMIT_MS,
        stopLimitMs: BRIDGE_STOP_LIMIT_MS,
        onLine: log,
      });
      parts.push(bridge);
      let bridgeFacts: Readonly<Record<string, unknown>>;
      try {
        bridgeFacts = await bridge.start();
      } catch (error) {
        await service.stop();
        throw error;
      }
      for (const [name, part] of [
        ['service', service],
        ['bridge', bridge],
      ] as const) {
        part.on('restarting', (code, inMs) => {
          process.stderr.write(
            `The ${name} ended unexpectedly (code ${code ?? 'none, killed'}); starting it again in ${inMs / 1000} s.\n`,
          );
        });
      }
      process.stdout.write(banner(serviceFacts, bridgeFacts, config.handoff.target, config.widget.demo));
    });
}

function banner(
  service: Readonly<Record<string, unknown>>,
  bridge: Readonly<Record<string, unknown>>,
  agent: string,
  demo: boolean,
): string {
  const facts = (service.facts as { readonly name: string; readonly value: string }[] | undefined) ?? [];
  const rows: [string, string][] = [
    ['Call', String(bridge.sip ?? '')],
    ['Agent', `${agent}   (none at hand? npx hearken answer)`],
    ...(demo ? [['Talk', `${String(service.url)}/widget/   in a browser on this machine`] as [string, string]] : []),
    ['Chat', `POST ${String(service.url)}/chat   or   WebSocket ${String(service.url).replace('http', 'ws')}/ws`],
    ['Look', `${String(service.url)}/health   ${String(service.url)}/documentation`],
    ...facts.map(({ name, value }): [string, string] => [name, value]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return `\nHearken is ready.\n\n${lines.join('\n')}\n\n  No phone at hand? In another terminal: npm run demo\n  Stop with Ctrl+C.\n\n`;
}

/** For people: readable lines on a terminal; for machines: pino's JSON as it is. */
function logWriter(): (line: string) => void {
  if (!process.stdout.isTTY) return (line) => void process.stdout.write(`${line}\n`);
  const stream = pretty({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    messageFormat: '[{part}] {msg}',
  });
  return (line) => void stream.write(`${printableLog(line)}\n`);
}
