/** As many columns as there is room for, each the highest of the peaks that fall into it. Pure. */
export function columnsOf(peaks: readonly number[], columns: number): number[] {
  if (columns <= 0 || peaks.length === 0) return [];
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * peaks.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columns));
    let highest = 0;
    for (let at = from; at < to; at++) highest = Math.max(highest, peaks[at] ?? 0);
    return highest;
  });
}
