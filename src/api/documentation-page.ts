import { createHash } from 'node:crypto';

/** The OpenAPI document as a page for people: plain HTML made on the server, without a script, so that its policy can forbid everything but its own style. */

type Json = Readonly<Record<string, unknown>>;

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{margin-bottom:0}h2{margin-top:3rem;border-bottom:2px solid #d5dbe3}nav ul{columns:2;padding-left:1.2rem}
section{margin:2rem 0;padding:0 1rem 1rem;border:1px solid #d5dbe3;border-radius:.5rem}h3{font-family:ui-monospace,monospace;font-size:1.1rem}
h3 b{display:inline-block;min-width:3.5rem;color:#0b5a3c}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-top:1px solid #e6eaf0}th{font-weight:600}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:#f3f5f8;padding:.8rem;overflow:auto;border-radius:.4rem}
.wide{overflow-x:auto}.must{color:#9b1c1c}
@media (prefers-color-scheme:dark){body{color:#e3e8ef;background:#14181e}section,th,td,h2{border-color:#36404d}pre{background:#1e252e}h3 b{color:#6fd3a6}.must{color:#f0a3a3}a{color:#8ab8ff}}`;

/** What the browser may do on the page: show its style, nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** Schemas nest; below this they are left to the JSON document. */
const MAX_DEPTH = 4;

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly json: Json;
}

/** `document`: OpenAPI 3.1; `jsonUrl`: where it lies for programs. */
export function documentationPage(document: Json, jsonUrl: string): string {
  const info = record(document.info);
  const operations = operationsOf(document);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const of = (tag: string): readonly Operation[] => operations.filter((each) => each.tag === tag);
  const links = (tag: string): string =>
    of(tag)
      .map(({ id, method, path, json }) => {
        const summary = text(json.summary);
        return `<li><a href="#${id}"><code>${method.toUpperCase()} ${escaped(path)}</code></a> ${escaped(summary)}</li>`;
      })
      .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(text(info.title))}: HTTP interface</title><style>${STYLE}</style></head>
<body><header><h1>${escaped(text(info.title))}: HTTP interface</h1>
<p>${escaped(text(info.description))}</p>
<p>For programs: <a href="${escaped(jsonUrl)}">the same as OpenAPI ${escaped(text(document.openapi))} (JSON)</a>.</p></header>
<nav aria-label="Routes">${tags.map((tag) => `<h2>${escaped(tag)}</h2><ul>${links(tag)}</ul>`).join('')}</nav>
<main>${tags.map((tag) => `<h2>${escaped(tag)}</h2>${of(tag).map(section).join('')}`).join('')}</main>
</body></html>
`;
}

function operationsOf(document: Json): readonly Operation[] {
  return Object.entries(record(document.paths)).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const json = record(item)[method];
      if (json === undefined) return [];
      const tag = list(record(json).tags)[0];
      const id = `${method}${path}`.replace(/[^\w-]+/g, '-');
      return [{ id, method, path, tag: typeof tag === 'string' ? tag : 'other', json: record(json) }];
    }),
  );
}

function section({ id, method, path, json }: Operation): string {
  const parameters = list(json.parameters).map(record);
  const bodies = Object.entries(record(record(json.requestBody).content));
  const responses = Object.entries(record(json.responses));
  return `<section id="${id}"><h3><b>${method.toUpperCase()}</b> ${escaped(path)}</h3>
<p>${escaped(text(json.summary))}</p>${json.description === undefined ? '' : `<p>${escaped(text(json.description))}</p>`}
${parameters.length === 0 ? '' : `<h4>Parameters</h4>${table(parameters.flatMap(parameterRows))}`}
${bodies.map(([type, body]) => `<h4>Body: <code>${escaped(type)}</code></h4>${shape(record(body).schema)}${example(record(body))}`).join('')}
<h4>Answers</h4>${responses.map(([status, response]) => answer(status, record(response))).join('')}</section>`;
}

function parameterRows(parameter: Json): string[] {
  const name = `${text(parameter.name)} (${text(parameter.in)})`;
  return [row(name, record(parameter.schema), parameter.required === true, text(parameter.description), 0)];
}

function answer(status: string, response: Json): string {
  const contents = Object.entries(record(response.content));
  const head = `<code>${escaped(status)}</code> ${escaped(text(response.description))}`;
  if (contents.length === 0) return `<p>${head}</p>`;
  return `<details><summary>${head}</summary>${contents
    .map(([type, content]) => `<p><code>${escaped(type)}</code></p>${shape(record(content).schema)}`)
    .join('')}</details>`;
}

function example(body: Json): string {
  if (body.example === undefined) return '';
  return `<p>For example:</p><pre>${escaped(JSON.stringify(body.example, null, 2))}</pre>`;
}

function shape(schema: unknown): string {
  const rows = members(record(schema), 0);
  return rows.length === 0 ? `<p>${escaped(kindOf(record(schema)))}</p>` : table(rows);
}

function members(schema: Json, depth: number): string[] {
  const inner = schema.type === 'array' ? record(schema.items) : schema;
  if (depth >= MAX_DEPTH) return [];
  const choices = [...list(inner.anyOf), ...list(inner.oneOf)].map(record);
  if (choices.length > 0) return choices.flatMap((choice) => members(choice, depth));
  const required = list(inner.required);
  return Object.entries(record(inner.properties)).flatMap(([name, value]) => {
    const member = record(value);
    const must = required.includes(name);
    return [row(name, member, must, text(member.description), depth), ...members(member, depth + 1)];
  });
}

function table(rows: readonly string[]): string {
  return `<div class="wide"><table><thead><tr><th scope="col">name</th><th scope="col">kind</th><th scope="col">what</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function row(name: string, schema: Json, required: boolean, description: string, depth: number): string {
  const mark = required ? ' <span class="must">required</span>' : '';
  return `<tr><td>${'&nbsp;&nbsp;'.repeat(depth)}<code>${escaped(name)}</code>${mark}</td><td>${escaped(kindOf(schema))}</td><td>${escaped(description)}</td></tr>`;
}

/** `text, 1 to 2000 long`, `list of object`, `"a" or "b"`. */
function kindOf(schema: Json): string {
  const choices = [...list(schema.anyOf), ...list(schema.oneOf)].map((choice) => kindOf(record(choice)));
  if (choices.length > 0) return [...new Set(choices)].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.type === 'array') return `list of ${kindOf(record(schema.items))}`;
  const limits = [
    ['minLength', 'at least', 'long'],
    ['maxLength', 'at most', 'long'],
    ['minimum', 'from', ''],
    ['maximum', 'to', ''],
  ] as const;
  const bounds = limits.flatMap(([key, before, after]) =>
    typeof schema[key] === 'number' && Math.abs(schema[key]) < Number.MAX_SAFE_INTEGER
      ? [`${before} ${schema[key]} ${after}`.trim()]
      : [],
  );
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type ?? 'anything']).join(' or ');
  const fallback = schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`];
  return [types, ...bounds, ...fallback].join(', ');
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
