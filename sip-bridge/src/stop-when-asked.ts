import closeWithGrace from 'close-with-grace';

export interface StopOptions {
  /** After this the process ends the hard way. */
  readonly limitMs: number;
  /** SIGHUP means something else here (a reload) and is left alone. */
  readonly keepHangup?: boolean;
  /** Where a second signal, an overstayed limit and a failing `close` are told. */
  readonly onTrouble?: (what: unknown) => void;
}

/** Why it stops: a signal's name, `supervisor`, or an error that nobody caught. */
export type StopReason =
  | { readonly by: string; readonly error?: undefined }
  | { readonly by: 'error'; readonly error: Error };

/** What a supervisor sends on the IPC channel. */
export const STOP_MESSAGE = 'stop';

/** npm passes a signal on that the terminal has already sent to everybody: the same wish, not an impatient second one. */
const SAME_WISH_MS = 1000;

/**
 * Runs `close` once, when the process is asked to end, and then ends it. Alone, SIGINT and SIGTERM ask (a second one, later, ends it at once). With an IPC channel a supervisor is
 * there and only its word counts: Ctrl+C and systemd send signals to all processes at once, but live calls are let finish in an order. A supervisor that disappears has asked, too.
 */
export function stopWhenAsked(options: StopOptions, close: (reason: StopReason) => Promise<void>): void {
  const trouble = options.onTrouble ?? (() => {});
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let askedBy: string | undefined;
  let askedMs = 0;
  const grace = closeWithGrace(
    { delay: options.limitMs, logger: { error: trouble }, skip: [...signals] },
    async ({ err, signal }) =>
      close(err === undefined ? { by: askedBy ?? signal ?? 'end' } : { by: 'error', error: err }),
  );
  const ask = (by: string): void => {
    if (askedBy === undefined) {
      askedBy = by;
      askedMs = performance.now();
      void grace.close();
    } else if (performance.now() - askedMs > SAME_WISH_MS) {
      trouble(`asked a second time (${by}): ending at once`);
      process.exit(1);
    }
  };
  const supervised = process.channel !== undefined;
  for (const signal of signals) {
    if (signal === 'SIGHUP' && options.keepHangup) continue;
    process.on(signal, supervised ? () => {} : () => ask(signal));
  }
  if (!supervised) return;
  process.on('message', (message) => {
    if (message === STOP_MESSAGE) ask('supervisor');
  });
  process.once('disconnect', () => ask('supervisor gone'));
}
