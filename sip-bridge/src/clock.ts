/** Milliseconds of the system's monotonic clock: the same value in every thread of this process (`performance.now()` is not). */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
