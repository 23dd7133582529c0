/**
 * Where boxes and arrows of a flow go: layers from top to bottom (Sugiyama's way: break cycles, layer by longest path, order by barycentres, straighten). Labels
 * are nodes of their own between two layers, so that none lies on another. Pure.
 */

export interface LayoutBox {
  readonly id: string;
  readonly width: number;
}

export interface LayoutArrow {
  readonly from: string;
  readonly to: string;
  /** 0 = no label. */
  readonly labelWidth: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Centres. */
  readonly boxes: ReadonlyMap<string, Point>;
  /** For each arrow its way from box to box, in drawing order, and where its label stands. */
  readonly ways: readonly { readonly points: readonly Point[]; readonly label: Point | undefined }[];
}

interface Node {
  readonly width: number;
  readonly rank: number;
  readonly above: Node[];
  readonly below: Node[];
  x: number;
}

/** Half a layer: boxes stand on even ranks, labels on odd ones. */
const RANK_HEIGHT = 40;
const GAP = 18;
const SWEEPS = 12;

export function layOut(boxes: readonly LayoutBox[], arrows: readonly LayoutArrow[]): Layout {
  const back = backArrows(boxes, arrows);
  const ends = arrows.map((arrow, at) =>
    back.has(at) ? { top: arrow.to, bottom: arrow.from } : { top: arrow.from, bottom: arrow.to },
  );
  const ranks = rank(boxes, ends);
  const nodes = new Map<string, Node>();
  const layers: Node[][] = [];
  const add = (width: number, at: number): Node => {
    const node: Node = { width, rank: at, above: [], below: [], x: 0 };
    layers[at] = [...(layers[at] ?? []), node];
    return node;
  };
  for (const box of boxes) nodes.set(box.id, add(box.width, ranks.get(box.id) ?? 0));
  const chains = ends.map(({ top, bottom }, at): Node[] => {
    const [first, last] = [nodes.get(top), nodes.get(bottom)];
    if (first === undefined || last === undefined || first === last) return [];
    const chain = [first];
    const labelAt = back.has(at) ? last.rank - 1 : first.rank + 1;
    for (let rankAt = first.rank + 1; rankAt < last.rank; rankAt++)
      chain.push(add(rankAt === labelAt ? Math.max(8, arrows[at]?.labelWidth ?? 0) : 8, rankAt));
    chain.push(last);
    chain.slice(1).forEach((node, index) => {
      chain[index]?.below.push(node);
      node.above.push(chain[index] as Node);
    });
    return chain;
  });
  const filled = Array.from({ length: layers.length }, (_, at) => layers[at] ?? []);
  place(filled);
  const left = Math.min(0, ...filled.flat().map((node) => node.x - node.width / 2));
  const point = (node: Node): Point => ({ x: node.x - left, y: node.rank * RANK_HEIGHT + RANK_HEIGHT / 2 });
  return {
    width: Math.max(0, ...filled.flat().map((node) => node.x + node.width / 2)) - left,
    height: filled.length * RANK_HEIGHT,
    boxes: new Map([...nodes].map(([id, node]) => [id, point(node)])),
    ways: chains.map((chain, at) => {
      const upwards = back.has(at);
      const points = (upwards ? [...chain].reverse() : chain).map(point);
      return { points, label: (arrows[at]?.labelWidth ?? 0) > 0 ? points[1] : undefined };
    }),
  };
}

/** Arrows that lead back to a box on the way to them. */
function backArrows(boxes: readonly LayoutBox[], arrows: readonly LayoutArrow[]): ReadonlySet<number> {
  const back = new Set<number>();
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (id: string): void => {
    open.add(id);
    arrows.forEach((arrow, at) => {
      if (arrow.from !== id) return;
      if (open.has(arrow.to)) back.add(at);
      else if (!done.has(arrow.to)) visit(arrow.to);
    });
    open.delete(id);
    done.add(id);
  };
  for (const box of boxes) if (!done.has(box.id)) visit(box.id);
  return back;
}

function rank(
  boxes: readonly LayoutBox[],
  ends: readonly { readonly top: string; readonly bottom: string }[],
): ReadonlyMap<string, number> {
  const ranks = new Map(boxes.map((box) => [box.id, 0]));
  // Without cycles the longest way has fewer steps than there are boxes.
  for (let round = 0; round < boxes.length; round++) {
    let moved = false;
    for (const { top, bottom } of ends) {
      const wanted = (ranks.get(top) ?? 0) + 2;
      if (top === bottom || (ranks.get(bottom) ?? 0) >= wanted) continue;
      ranks.set(bottom, wanted);
      moved = true;
    }
    if (!moved) break;
  }
  return ranks;
}

function place(layers: Node[][]): void {
  for (const layer of layers)
    spread(
      layer,
      layer.map((_, at) => at * 100),
    );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wanted = new Map(layer.map((node) => [node, mean(down ? node.above : node.below) ?? node.x]));
      // The order may change while it is sought, and is kept in the last rounds, which only straighten.
      if (sweep < SWEEPS - 4) layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      spread(
        layer,
        layer.map((node) => wanted.get(node) ?? node.x),
      );
    }
  }
}

/** Puts a layer's nodes as near to where they want to be as their widths allow, in their order. */
function spread(layer: readonly Node[], wanted: readonly number[]): void {
  const room = (at: number): number => ((layer[at - 1]?.width ?? 0) + (layer[at]?.width ?? 0)) / 2 + GAP;
  layer.forEach((node, at) => {
    const before = layer[at - 1];
    node.x = before === undefined ? (wanted[at] ?? 0) : Math.max(wanted[at] ?? 0, before.x + room(at));
  });
  // What was pushed to the right pulls the whole layer back by half of it.
  const drift = mean(layer.map((node, at) => ({ x: node.x - (wanted[at] ?? 0) }))) ?? 0;
  for (const node of layer) node.x -= drift;
}

function mean(nodes: readonly { readonly x: number }[]): number | undefined {
  return nodes.length === 0 ? undefined : nodes.reduce((sum, node) => sum + node.x, 0) / nodes.length;
}
