import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Where the values of a configuration came from. */
export interface ConfigSources {
  readonly file: string;
  /** What stands in the file, undefined when there is none. */
  readonly text?: string | undefined;
  /** The section of the file that was checked; none: all of it. */
  readonly section?: string;
  /** Names of environment variables by the key that they set (`http.port`). */
  readonly environment: ReadonlyMap<string, string>;
}

/** What is wrong, a line each: the environment variable or the line of the file, the key, and what was expected of it. */
export function configFaults(issues: readonly Issue[], sources: ConfigSources): string {
  const lines = new LineCounter();
  const document = sources.text === undefined ? undefined : parseDocument(sources.text, { lineCounter: lines });
  const prefix = sources.section === undefined ? [] : [sources.section];
  const place = (path: Path): string => {
    const variable = sources.environment.get(path.slice(0, 2).join('.'));
    if (variable !== undefined) return variable;
    const offset = document && offsetOf(document, [...prefix, ...path]);
    return offset === undefined ? sources.file : `${sources.file}:${lines.linePos(offset).line}`;
  };
  return issues
    .flatMap((issue) => faultsOf(issue))
    .map(({ path, what }) => `✖ ${place(path)}: ${keyName(path)}${what}`)
    .join('\n');
}

function faultsOf(issue: Issue): readonly { readonly path: Path; readonly what: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, what: ` – ${issue.message}` }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], what: ' – there is no such key' }));
}

/** `trunks[0].from`, `speech.recognizers["zh-CN"]`. */
function keyName(path: Path): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    const text = String(part);
    if (!/^\w+$/.test(text)) return `${name}[${JSON.stringify(text)}]`;
    return name === '' ? text : `${name}.${text}`;
  }, '');
}

/** Where the key begins, or the nearest one above it that is there. */
function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents;
  let found: number | undefined;
  for (const part of path) {
    const next = inside(node, part);
    if (next === undefined) break;
    found = next.offset ?? found;
    node = next.value;
  }
  return found;
}

function inside(node: unknown, part: PropertyKey): { value: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
    return pair && { value: pair.value, offset: startOf(pair.key) };
  }
  if (typeof part !== 'number' || typeof node !== 'object' || node === null || !('items' in node)) return undefined;
  const item = (node.items as unknown[])[part];
  return item === undefined ? undefined : { value: item, offset: startOf(item) };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
