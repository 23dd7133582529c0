/** A timer that fires this much too late means that the whole process stood still, not that the other side is slow. */
const STANDSTILL_MS = 50;

/**
 * The promise's outcome, or a rejection with `error()` after `limitMs`. Time in which this process could not run (a machine with too much to do, a long computation) does
 * not count: Node runs timers before it reads sockets, so an answer that has been lying there for long would otherwise lose against the limit. What comes after the
 * limit is ignored, rejections too.
 */
export async function withinMs<R>(promise: Promise<R>, limitMs: number, error: () => Error): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  let settled = false;
  const limit = new Promise<never>((_, reject) => {
    const arm = (ms: number): void => {
      const dueMs = performance.now() + ms;
      timer = setTimeout(() => {
        const lateMs = performance.now() - dueMs;
        // What has arrived meanwhile is read between a timer and an immediate.
        setImmediate(() => {
          if (settled) return;
          if (lateMs > STANDSTILL_MS) arm(limitMs);
          else reject(error());
        });
      }, ms);
    };
    arm(limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    settled = true;
    clearTimeout(timer);
  }
}
