import type { Application, Flow, FlowStep } from './types.js';

/** Flows as pictures: Mermaid for documents, SVG for everybody else. */

interface Box {
  readonly id: string;
  readonly label: string;
  readonly kind: 'ask' | 'do' | 'go' | 'end';
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

interface Graph {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** All flows as one Mermaid flowchart, a subgraph each. */
export function mermaid(application: Application): string {
  const lines = ['flowchart TD'];
  [...application.flows.values()].forEach((flow, index) => {
    const graph = graphOf(flow);
    const id = (box: string): string => `f${index}_${box.replace(/\W/g, '_')}`;
    lines.push(`  subgraph f${index}["${quote(flow.name)}"]`);
    for (const box of graph.boxes) lines.push(`    ${id(box.id)}${shape(box)}`);
    for (const arrow of graph.arrows)
      lines.push(`    ${id(arrow.from)} -->${arrow.label === '' ? '' : `|"${quote(arrow.label)}"|`} ${id(arrow.to)}`);
    lines.push('  end');
  });
  return `${lines.join('\n')}\n`;
}

function shape(box: Box): string {
  const label = quote(box.label);
  if (box.kind === 'ask') return `[/"${label}"/]`;
  if (box.kind === 'end') return `(("${label}"))`;
  return box.kind === 'go' ? `[["${label}"]]` : `["${label}"]`;
}

function quote(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '#quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function graphOf(flow: Flow): Graph {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  for (const step of flow.steps.values()) {
    boxes.push({ id: step.id, ...labelOf(step) });
    if (step.kind === 'link') continue;
    for (const branch of step.next) arrows.push({ from: step.id, to: branch.to ?? 'END', label: branch.label });
  }
  if (arrows.some((arrow) => arrow.to === 'END')) boxes.push({ id: 'END', label: 'end', kind: 'end' });
  return { boxes, arrows };
}

function labelOf(step: FlowStep): Pick<Box, 'label' | 'kind'> {
  switch (step.kind) {
    case 'collect':
      return { label: `ask ${step.slot}`, kind: 'ask' };
    case 'action':
      return { label: step.action, kind: 'do' };
    case 'set_slots':
      return {
        label: step.slots.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join(', '),
        kind: 'do',
      };
    case 'link':
    case 'call':
      return { label: `${step.kind} ${step.flow}`, kind: 'go' };
    case 'noop':
      return { label: step.id, kind: 'do' };
  }
}

const BOX_WIDTH = 240;
const BOX_HEIGHT = 36;
const GAP = 44;
const LANE = 26;
const FLOW_WIDTH = 560;

/** All flows as one SVG, a column each: boxes in the order of the file, arrows on the right that skip over boxes. */
export function svg(application: Application): string {
  const columns = [...application.flows.values()].map((flow) => ({ flow, graph: graphOf(flow) }));
  const tallest = Math.max(1, ...columns.map(({ graph }) => graph.boxes.length));
  const height = 60 + tallest * (BOX_HEIGHT + GAP);
  const parts = columns.map(({ flow, graph }, index) => column(flow, graph, 20 + index * FLOW_WIDTH));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${40 + columns.length * FLOW_WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#555"/></marker></defs>
${parts.join('\n')}
</svg>
`;
}

function column(flow: Flow, graph: Graph, x: number): string {
  const top = (id: string): number => 40 + graph.boxes.findIndex((box) => box.id === id) * (BOX_HEIGHT + GAP);
  const lines = [`<text x="${x}" y="24" font-weight="bold" font-size="14">${xml(flow.name)}</text>`];
  for (const box of graph.boxes) {
    const radius = box.kind === 'end' ? BOX_HEIGHT / 2 : box.kind === 'ask' ? 12 : 2;
    const fill = { ask: '#e8f1fd', do: '#ffffff', go: '#fdf3e0', end: '#eeeeee' }[box.kind];
    lines.push(
      `<rect x="${x}" y="${top(box.id)}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}" rx="${radius}" fill="${fill}" stroke="#555"/>`,
      `<text x="${x + 10}" y="${top(box.id) + 22}">${xml(box.label.slice(0, 36))}</text>`,
    );
  }
  graph.arrows.forEach((arrow, index) => {
    const [from, to] = [top(arrow.from), top(arrow.to)];
    const label = xml(arrow.label.slice(0, 34));
    if (to === from + BOX_HEIGHT + GAP) {
      lines.push(`<path d="M${x + 60} ${from + BOX_HEIGHT}V${to}" fill="none" stroke="#555" marker-end="url(#tip)"/>`);
      if (label !== '') lines.push(`<text x="${x + 66}" y="${from + BOX_HEIGHT + 26}" fill="#555">${label}</text>`);
      return;
    }
    const lane = x + BOX_WIDTH + LANE * (1 + (index % 5));
    const [start, end] = [from + BOX_HEIGHT / 2 + 6, to + BOX_HEIGHT / 2 - 6];
    lines.push(
      `<path d="M${x + BOX_WIDTH} ${start}H${lane}V${end}H${x + BOX_WIDTH}" fill="none" stroke="#555" marker-end="url(#tip)"/>`,
    );
    if (label !== '') lines.push(`<text x="${lane + 4}" y="${start + 12}" fill="#555">${label}</text>`);
  });
  return lines.join('\n');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
