import type { Line, Turn } from '../api/contract.js';

/** The turn that each of the caller's lines began: as the service says, else by its words, in order. Pure. */
export function turnsOfLines(lines: readonly Line[], turns: readonly Turn[]): ReadonlyMap<string, Turn> {
  const found = new Map<string, Turn>();
  const open = turns.filter(({ inputType }) => inputType !== 'event');
  let from = 0;
  for (const line of lines) {
    if (line.who !== 'caller' || !line.final) continue;
    const at =
      line.turnId != null
        ? open.findIndex(({ turnId }) => turnId === line.turnId)
        : open.findIndex((turn, index) => index >= from && turn.input.trim() === line.text.trim());
    const turn = open[at];
    if (turn === undefined) continue;
    found.set(line.id, turn);
    from = at + 1;
  }
  return found;
}

/** The line that is heard at this moment: the last that has begun and is not over (with a little patience between two). Pure. */
export function lineAt(lines: readonly Line[], atMs: number): Line | undefined {
  let found: Line | undefined;
  for (const line of lines) {
    if (line.fromMs === null || line.fromMs > atMs) continue;
    const toMs = line.toMs ?? Number.POSITIVE_INFINITY;
    if (atMs <= toMs + 300 && (found?.fromMs ?? -1) <= line.fromMs) found = line;
  }
  return found;
}
