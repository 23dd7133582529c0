import { html, Markup, type Piece } from './markup.js';

/** A page in one file: nothing is loaded from anywhere, and nothing could be (its own policy forbids it). Light or dark as the reader's system is. */

export interface PageOptions {
  readonly title: string;
  readonly lead?: Piece;
  readonly body: Piece;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5c6878;--paper:#fff;--raised:#f4f6f9;--line:#d9dfe7;--a:#2563ad;--b:#c2571a;--good:#1d7a46;--bad:#b3261e;--mid:#8a6d00}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa7b8;--paper:#12161c;--raised:#1b212a;--line:#323c49;--a:#6ea8ec;--b:#f0935a;--good:#5cc98a;--bad:#f2837b;--mid:#d8b84a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.mid{color:var(--mid)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.7rem;margin:1rem 0}
.card{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.card b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:.85rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:600}
td.n,th.n{text-align:right;white-space:nowrap}

.fact{font-size:.85rem;border:1px solid var(--line);border-radius:1rem;padding:.05rem .5rem;margin-left:.3rem;white-space:nowrap}
details{border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0;background:var(--raised)}
summary{cursor:pointer;padding:.5rem .8rem;overflow-wrap:anywhere}details>div{padding:.2rem .8rem .8rem}
ins,del,mark{text-decoration:none;border-radius:.2rem;padding:0 .12em}
del{background:color-mix(in srgb,var(--bad) 25%,transparent);text-decoration:line-through}ins{background:color-mix(in srgb,var(--good) 25%,transparent)}mark{background:color-mix(in srgb,var(--mid) 30%,transparent);color:inherit}
figure{margin:1.1rem 0}figcaption{font-weight:600;font-size:.95rem;margin:0 0 .4rem}
svg{display:block;max-width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}svg .grid{stroke:var(--line)}
svg .a{fill:var(--a)}svg .b{fill:var(--b)}svg .goodfill{fill:var(--good)}svg .badfill{fill:var(--bad)}svg .midfill{fill:var(--mid)}svg .whisker{stroke:var(--ink);stroke-width:1.5}svg .halo{stroke:var(--paper);stroke-width:4.5;opacity:.55}
svg .linea{stroke:var(--a);fill:none;stroke-width:2}svg .lineb{stroke:var(--b);fill:none;stroke-width:2}
`;

export function page({ title, lead, body }: PageOptions): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
${lead === undefined ? '' : html`<p class="soft">${lead}</p>`}
${body}
</body>
</html>
`.text;
}

export interface Card {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
}

/** Figures in boxes. */
export function cards(items: readonly Card[]): Markup {
  return html`<div class="cards">${items.map(
    ({ label, value, note }) =>
      html`<div class="card"><span>${label}</span><b>${value}</b><span>${note ?? ''}</span></div>`,
  )}</div>`;
}

export interface Column {
  readonly head: string;
  readonly numeric?: boolean;
}

export function table(columns: readonly Column[], rows: readonly (readonly Piece[])[]): Markup {
  const kind = (index: number): Markup => new Markup(columns[index]?.numeric ? ' class="n"' : '');
  return html`<div class="scroll"><table><thead><tr>${columns.map(({ head }, index) => html`<th${kind(index)}>${head}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, index) => html`<td${kind(index)}>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

export function section(title: string, body: Piece): Markup {
  return html`<section><h2>${title}</h2>${body}</section>`;
}

/** Something that is opened to be read. */
export function fold(summary: Piece, body: Piece): Markup {
  return html`<details><summary>${summary}</summary><div>${body}</div></details>`;
}
