import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** What is wrong in an application's file, where, and what to do about it. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based; 0 = the file as a whole. */
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

export type YamlMap = { readonly [key: string]: unknown };

/** Hand-written files stay far below these; what is above is a mistake or an attack. */
const MAX_FILE_CHARS = 8 * 1024 * 1024;
const MAX_NODES = 500_000;
const MAX_DEPTH = 60;

/**
 * Files as plain values that remember their lines. Values come out as ordinary objects, arrays and scalars; `line` tells where an object,
 * or the value of one of its keys, stands.
 */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly #lines = new WeakMap<
    object,
    { readonly file: string; readonly line: number; readonly keys: Map<string, number> }
  >();

  /** The file's value; undefined when it can't be read, and then a problem is noted. */
  parse(source: string, file: string): unknown {
    if (source.length > MAX_FILE_CHARS) {
      this.error(file, 0, `the file has ${source.length} characters`, `Split it: at most ${MAX_FILE_CHARS} are read.`);
      return undefined;
    }
    const counter = new LineCounter();
    const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
    const broken = document.errors[0];
    if (broken !== undefined) {
      const { line } = counter.linePos(broken.pos[0]);
      this.error(
        file,
        line,
        `broken YAML: ${broken.message}`,
        'Check indentation, quotes and colons around this line.',
      );
      return undefined;
    }
    const walker = new Walker(document, counter, file, (value, line, keys) =>
      this.#lines.set(value, { file, line, keys }),
    );
    try {
      return walker.value(document.contents, 0);
    } catch (error) {
      if (!(error instanceof WalkError)) throw error;
      this.error(file, error.line, error.message, error.hint);
      return undefined;
    }
  }

  /** Where `value` (or its key `key`) stands. */
  place(value: unknown, key?: string | number): { readonly file: string; readonly line: number } {
    if (typeof value !== 'object' || value === null) return { file: '', line: 0 };
    const known = this.#lines.get(value);
    if (known === undefined) return { file: '', line: 0 };
    const line = key === undefined ? undefined : known.keys.get(String(key));
    return { file: known.file, line: line ?? known.line };
  }

  /** Notes a mistake at a value or one of its keys. */
  wrong(value: unknown, key: string | number | undefined, message: string, hint: string): void {
    const { file, line } = this.place(value, key);
    this.error(file, line, message, hint);
  }

  warn(value: unknown, key: string | number | undefined, message: string, hint: string): void {
    const { file, line } = this.place(value, key);
    this.problems.push({ severity: 'warning', file, line, message, hint });
  }

  warning(file: string, line: number, message: string, hint: string): void {
    this.problems.push({ severity: 'warning', file, line, message, hint });
  }

  error(file: string, line: number, message: string, hint: string): void {
    this.problems.push({ severity: 'error', file, line, message, hint });
  }
}

class WalkError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly line: number,
  ) {
    super(message);
  }
}

class Walker {
  readonly #document: Document;
  readonly #counter: LineCounter;
  readonly #note: (value: object, line: number, keys: Map<string, number>) => void;
  #nodes = 0;

  constructor(
    document: Document,
    counter: LineCounter,
    _file: string,
    note: (value: object, line: number, keys: Map<string, number>) => void,
  ) {
    this.#document = document;
    this.#counter = counter;
    this.#note = note;
  }

  value(node: unknown, depth: number): unknown {
    const line = this.#line(node as Node | null);
    if (++this.#nodes > MAX_NODES) {
      throw new WalkError(
        `more than ${MAX_NODES} values once its aliases are followed`,
        'Use fewer or smaller anchors.',
        line,
      );
    }
    if (depth > MAX_DEPTH)
      throw new WalkError(`nested deeper than ${MAX_DEPTH} levels`, 'Flatten the structure.', line);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.value(node.resolve(this.#document), depth + 1);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return this.#list(node.items, line, depth);
    if (isMap(node)) return this.#map(node.items as { key: unknown; value: unknown }[], line, depth);
    return null;
  }

  #list(items: readonly unknown[], line: number, depth: number): unknown[] {
    const keys = new Map<string, number>();
    const list = items.map((item, index) => {
      keys.set(String(index), this.#line(item as Node | null) || line);
      return this.value(item, depth + 1);
    });
    this.#note(list, line, keys);
    return list;
  }

  #map(items: readonly { key: unknown; value: unknown }[], line: number, depth: number): YamlMap {
    const keys = new Map<string, number>();
    const map: Record<string, unknown> = {};
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : '';
      const at = this.#line(key as Node | null) || line;
      if (name === '__proto__' || name === 'constructor' || name === 'prototype') {
        throw new WalkError(`the key "${name}" is not allowed`, 'Choose another name.', at);
      }
      keys.set(name, at);
      map[name] = this.value(value, depth + 1);
    }
    this.#note(map, line, keys);
    return map;
  }

  #line(node: Node | null | undefined): number {
    const start = (node as { range?: readonly number[] | null } | null)?.range?.[0];
    return start === undefined ? 0 : this.#counter.linePos(start).line;
  }
}

export function isMapValue(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
