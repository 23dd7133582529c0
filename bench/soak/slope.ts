/** The slope of a line through points that a few wild ones can't bend: the median of the slopes of all pairs (Theil 1950, Sen 1968). NaN for fewer than two points. */
export function theilSen(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes: number[] = [];
  // Pairs of a long run are thinned out evenly: 500 points give 125,000 already.
  const step = Math.max(1, Math.floor(points.length / 500));
  const some = points.filter((_, index) => index % step === 0);
  for (const [index, [x, y]] of some.entries())
    for (const [otherX, otherY] of some.slice(index + 1)) if (otherX !== x) slopes.push((otherY - y) / (otherX - x));
  slopes.sort((a, b) => a - b);
  const middle = slopes.length / 2;
  if (slopes.length === 0) return Number.NaN;
  return slopes.length % 2 === 1
    ? (slopes[Math.floor(middle)] ?? Number.NaN)
    : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
}
