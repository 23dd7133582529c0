/** What the way from the service to here may take. */
const CLOCKS_AGREE_MS = 2000;

/** How far the service's clock (`atMs`: what it was when it wrote) is ahead of this machine's; 0 when they agree as far as can be told. Pure. */
export function clockAhead(atMs: number, nowMs: number): number {
  const aheadMs = atMs - nowMs;
  return Math.abs(aheadMs) > CLOCKS_AGREE_MS ? aheadMs : 0;
}
