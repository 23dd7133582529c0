import { SipBridge } from '../../src/index.js';

/**
 * A bridge in a process of its own that can be weighed: started with `--expose-gc`, the URL of the service as its only argument, over an IPC channel. What waits half a minute for
 * stray packets waits four seconds here, so that a test can see it go; an answer that is not acknowledged for so long ends its call, which a slow machine must not reach.
 */
const LONG_MS = 30_000;
const SHORT_MS = 4000;
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = Object.assign(
  (handler: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) =>
    realTimeout(handler, delayMs !== undefined && delayMs >= LONG_MS ? SHORT_MS : delayMs, ...args),
  realTimeout,
) as typeof setTimeout;

export interface Weight {
  readonly health: Awaited<ReturnType<SipBridge['health']>>;
  /** After the collector ran. */
  readonly heapBytes: number;
  readonly outsideBytes: number;
  /** What keeps the event loop busy, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

const bridge = await SipBridge.start({
  sip: { port: 0 },
  rtp: { portMin: 0, portMax: 0 },
  health: { enabled: false },
  media: { url: process.argv[2] ?? '' },
  // Traces are kept on purpose; here they would be in the way.
  trace: { calls: 0 },
});

process.on('message', () => {
  weigh().then(
    (weight) => process.send?.(weight),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: bridge.port });

async function weigh(): Promise<Weight> {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error('start it with --expose-gc');
  // What a finaliser frees is collected the next time.
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => realTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { health: await bridge.health(), heapBytes: heapUsed, outsideBytes: external, resources };
}
