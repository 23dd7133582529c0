import type { FstBuilder } from '../../../../src/speech/grammar/fst.js';

/**
 * The cheapest cost of a sequence of labels (one a frame, as the network would emit them; token id + 1, 1 = blank) through a
 * graph, ending included; Infinity when the graph does not accept it. Epsilon arcs are free moves.
 */
export function costOf(fst: FstBuilder, start: number, labels: readonly number[]): number {
  let front = closure(fst, new Map([[start, 0]]));
  for (const label of labels) {
    const next = new Map<number, number>();
    for (const [state, cost] of front) {
      for (const arc of fst.arcsOf(state)) {
        if (arc.input === label) improve(next, arc.next, cost + arc.weight);
      }
    }
    front = closure(fst, next);
  }
  return Math.min(Number.POSITIVE_INFINITY, ...Array.from(front, ([state, cost]) => cost + fst.finalOf(state)));
}

function closure(fst: FstBuilder, front: Map<number, number>): Map<number, number> {
  const open = Array.from(front.keys());
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const cost = front.get(state) ?? 0;
    for (const arc of fst.arcsOf(state)) {
      if (arc.input === 0 && improve(front, arc.next, cost + arc.weight)) open.push(arc.next);
    }
  }
  return front;
}

function improve(costs: Map<number, number>, state: number, cost: number): boolean {
  if (cost >= (costs.get(state) ?? Number.POSITIVE_INFINITY)) return false;
  costs.set(state, cost);
  return true;
}
