import { layOut, type Point } from './layout.js';
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
    for (const branch of step.next)
      arrows.push({ from: step.id, to: branch.to ?? 'END', label: branch.label.replaceAll('slots.', '') });
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

const BOX_HEIGHT = 30;
const FONT = 12;
const PADDING = 24;
const TITLE = 34;
/** Flows stand side by side up to this width, then a new row begins. */
const PAGE_WIDTH = 1800;
const MAX_LABEL_CHARS = 46;

/** All flows as one SVG, from top to bottom each. */
export function svg(application: Application): string {
  const drawings = [...application.flows.values()].map(draw);
  const parts: string[] = [];
  let [x, y, rowHeight, width] = [PADDING, PADDING, 0, 0];
  for (const drawing of drawings) {
    if (x > PADDING && x + drawing.width > PAGE_WIDTH) [x, y, rowHeight] = [PADDING, y + rowHeight + PADDING * 2, 0];
    parts.push(`<g transform="translate(${round(x)} ${round(y)})">`, ...drawing.lines, '</g>');
    width = Math.max(width, x + drawing.width);
    rowHeight = Math.max(rowHeight, drawing.height);
    x += drawing.width + PADDING * 2;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width + PADDING)}" height="${round(y + rowHeight + PADDING)}" font-family="sans-serif" font-size="${FONT}">
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#555"/></marker></defs>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function draw(flow: Flow): { readonly width: number; readonly height: number; readonly lines: readonly string[] } {
  const graph = graphOf(flow);
  const layout = layOut(
    graph.boxes.map((box) => ({ id: box.id, width: Math.max(70, textWidth(cut(box.label)) + 24) })),
    graph.arrows.map((arrow) => ({ ...arrow, labelWidth: arrow.label === '' ? 0 : textWidth(cut(arrow.label)) + 8 })),
  );
  const lines = [
    `<text x="0" y="14" font-weight="bold" font-size="14">${xml(flow.name)}</text>`,
    `<g transform="translate(0 ${TITLE})">`,
  ];
  layout.ways.forEach(({ points, label }, at) => {
    lines.push(`<path d="${curve(points)}" fill="none" stroke="#777" marker-end="url(#tip)"/>`);
    if (label === undefined) return;
    const words = cut(graph.arrows[at]?.label ?? '');
    lines.push(
      `<rect x="${round(label.x - textWidth(words) / 2 - 3)}" y="${round(label.y - 9)}" width="${round(textWidth(words) + 6)}" height="18" fill="#fff"/>`,
      `<text x="${round(label.x)}" y="${round(label.y + 4)}" text-anchor="middle" fill="#555" font-size="11">${xml(words)}</text>`,
    );
  });
  for (const box of graph.boxes) {
    const at = layout.boxes.get(box.id);
    if (at === undefined) continue;
    const wide = Math.max(70, textWidth(cut(box.label)) + 24);
    const radius = box.kind === 'end' ? BOX_HEIGHT / 2 : box.kind === 'ask' ? 12 : 2;
    const fill = { ask: '#e8f1fd', do: '#ffffff', go: '#fdf3e0', end: '#eeeeee' }[box.kind];
    lines.push(
      `<rect x="${round(at.x - wide / 2)}" y="${round(at.y - BOX_HEIGHT / 2)}" width="${round(wide)}" height="${BOX_HEIGHT}" rx="${radius}" fill="${fill}" stroke="#555"/>`,
      `<text x="${round(at.x)}" y="${round(at.y + 4)}" text-anchor="middle">${xml(cut(box.label))}</text>`,
    );
  }
  lines.push('</g>');
  return { width: Math.max(layout.width, textWidth(flow.name) * 1.2), height: layout.height + TITLE, lines };
}

/** A smooth line that leaves one box at its edge and ends at the other's. */
function curve(points: readonly Point[]): string {
  const [first, second] = points;
  const [last, before] = [points.at(-1), points.at(-2)];
  if (first === undefined || second === undefined || last === undefined || before === undefined) return '';
  const down = second.y > first.y ? 1 : -1;
  const way = [
    { x: first.x, y: first.y + (down * BOX_HEIGHT) / 2 },
    ...points.slice(1, -1),
    { x: last.x, y: last.y - (down * BOX_HEIGHT) / 2 },
  ];
  const [start, ...rest] = way;
  if (start === undefined) return '';
  let from = start;
  const bends = rest.map((to) => {
    const middle = (from.y + to.y) / 2;
    const bend = `C${round(from.x)} ${round(middle)} ${round(to.x)} ${round(middle)} ${round(to.x)} ${round(to.y)}`;
    from = to;
    return bend;
  });
  return `M${round(start.x)} ${round(start.y)}${bends.join('')}`;
}

/** About how wide a text is: Chinese characters are as wide as they are high, others a good half of it. */
function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += /[\u2e80-\uffef]/u.test(char) ? FONT : FONT * 0.6;
  return width;
}

function cut(text: string): string {
  return text.length <= MAX_LABEL_CHARS ? text : `${text.slice(0, MAX_LABEL_CHARS - 1)}…`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
