import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { HearkenError } from '../../errors.js';
import { patternProblem } from '../entities/user-patterns.js';
import { AnnotationError, readAnnotated } from './annotation.js';
import type { NamedPatterns, TrainingData, TrainingExample } from './training-data.js';

/** Larger files are refused: no hand-written data comes near it. */
const MAX_FILE_CHARS = 64 * 1024 * 1024;
const KINDS = ['intent', 'synonym', 'regex', 'lookup'] as const;

/**
 * Reads the `nlu` part of one Rasa file (2.0 and 3.1); other top keys (stories, rules, domain) are left to their own readers.
 * Throws TRAINING_DATA_INVALID with file, line, column and what was expected.
 */
export function readRasaNlu(source: string, file: string): TrainingData {
  if (source.length > MAX_FILE_CHARS)
    throw invalid(file, 1, 1, 'the file is too large', `at most ${MAX_FILE_CHARS} characters`);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const broken = document.errors[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw invalid(file, line, col, `the YAML is broken: ${broken.message}`, 'valid YAML');
  }
  return new Reader(file, lines, source).read(document.contents);
}

interface Line {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

class Reader {
  readonly #examples: TrainingExample[] = [];
  readonly #synonyms: Record<string, string> = {};
  readonly #regexes: NamedPatterns[] = [];
  readonly #lookups: NamedPatterns[] = [];
  readonly #warnings: string[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #sourceLines: readonly string[];

  constructor(file: string, lines: LineCounter, source: string) {
    this.#sourceLines = source.split('\n');
    this.#file = file;
    this.#lines = lines;
  }

  read(root: Node | null): TrainingData {
    if (root !== null && !isMap(root))
      throw this.#invalid(root, 'the file is not a mapping', 'top keys such as "version" and "nlu"');
    const map = root as YAMLMap | null;
    const version = map?.get('version');
    if (version !== undefined && !/^[23](\.\d+)?$/.test(String(version))) {
      this.#warnings.push(`${this.#file}: version "${String(version)}" is not known; read as 3.1`);
    }
    const nlu = map?.get('nlu', true) as Node | undefined;
    if (nlu !== undefined && !(isScalar(nlu) && nlu.value === null)) {
      if (!isSeq(nlu))
        throw this.#invalid(
          nlu,
          '"nlu" is not a list',
          'items that start with "- intent:", "- synonym:", "- regex:" or "- lookup:"',
        );
      for (const item of nlu.items) this.#item(item as Node);
    }
    return {
      examples: this.#examples,
      synonyms: this.#synonyms,
      regexes: this.#regexes,
      lookups: this.#lookups,
      warnings: this.#warnings,
    };
  }

  #item(item: Node): void {
    if (!isMap(item))
      throw this.#invalid(item, 'an item of "nlu" is not a mapping', '"- intent: name" with "examples:"');
    const kind = KINDS.find((key) => item.has(key));
    if (kind === undefined)
      throw this.#invalid(item, 'an item of "nlu" has no kind', '"intent", "synonym", "regex" or "lookup"');
    const name = item.get(kind);
    if (typeof name !== 'string' || name.trim() === '')
      throw this.#invalid(item, `"${kind}" has no name`, `"${kind}: <name>"`);
    const examples = item.get('examples', true) as Node | undefined;
    const lines = examples === undefined ? [] : this.#exampleLines(examples);
    if (lines.length === 0)
      throw this.#invalid(
        item,
        `${kind} "${name}" has no examples`,
        '"examples: |" followed by lines that start with "- "',
      );
    const values = lines.map((line) => line.text);
    if (kind === 'intent') for (const line of lines) this.#example(name.trim(), line);
    else if (kind === 'synonym') for (const value of values) this.#synonyms[value.toLowerCase()] = name;
    else if (kind === 'lookup') this.#lookups.push({ name, values });
    else {
      for (const line of lines) this.#checkPattern(line);
      this.#regexes.push({ name, values });
    }
  }

  #example(intent: string, line: Line): void {
    try {
      const { text, entities } = readAnnotated(line.text);
      this.#examples.push({ text, intent, entities, file: this.#file, line: line.line });
      for (const { start, end, value } of entities) {
        const said = text.slice(start, end);
        if (value !== said) this.#synonyms[said.toLowerCase()] = value;
      }
    } catch (error) {
      if (!(error instanceof AnnotationError)) throw error;
      throw invalid(this.#file, line.line, line.column + error.column, error.message, error.expected);
    }
  }

  #checkPattern(line: Line): void {
    const problem = patternProblem(line.text);
    if (problem === undefined) return;
    const what = `the pattern ${line.text} is not a regular expression`;
    throw invalid(this.#file, line.line, line.column, what, `one (${problem})`);
  }

  /** `examples` as a block of "- " lines, or as a list of strings or `{text, metadata}`. */
  #exampleLines(node: Node): Line[] {
    if (isScalar(node)) {
      if (node.value === null) return [];
      return this.#blockLines(node as { value: unknown; range?: [number, number, number] | null; type?: string });
    }
    if (!isSeq(node))
      throw this.#invalid(node, '"examples" is neither text nor a list', '"examples: |" or a list of "text:" items');
    return node.items.flatMap((entry) => {
      const item = entry as Node;
      const textNode = isMap(item) ? (item.get('text', true) as Node | undefined) : item;
      const raw = isScalar(textNode) ? textNode.value : undefined;
      if (raw === undefined || raw === null) throw this.#invalid(item, 'an example has no text', '"text: …"');
      const { line, column } = this.#position(textNode as Node);
      const text = String(raw)
        .replace(/^\s*-\s+/, '')
        .trim();
      return text === '' ? [] : [{ text, line, column }];
    });
  }

  #blockLines(node: { value: unknown; range?: [number, number, number] | null; type?: string }): Line[] {
    const { line: first, column } = this.#position(node as unknown as Node);
    const block = node.type?.startsWith('BLOCK') === true;
    const out: Line[] = [];
    String(node.value)
      .split('\n')
      .forEach((raw, index) => {
        const line = first + (block ? 1 : 0) + index;
        const trimmed = raw.trim();
        if (trimmed === '' || trimmed.startsWith('#')) return;
        const dash = /^-\s*(.*)$/s.exec(trimmed);
        if (dash === null)
          throw invalid(
            this.#file,
            line,
            column,
            `"${trimmed.slice(0, 40)}" is not an example`,
            'a line that starts with "- "',
          );
        const text = (dash[1] ?? '').trim();
        if (text !== '')
          out.push({ text, line, column: Math.max(1, (this.#sourceLines[line - 1] ?? '').indexOf(text) + 1) });
      });
    return out;
  }

  #position(node: Node): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0);
    return { line, column: col };
  }

  #invalid(node: Node, what: string, expected: string): HearkenError {
    const { line, column } = this.#position(node);
    return invalid(this.#file, line, column, what, expected);
  }
}

function invalid(file: string, line: number, column: number, what: string, expected: string): HearkenError {
  return new HearkenError('TRAINING_DATA_INVALID', `${file}:${line}:${column}: ${what}; expected ${expected}`, {
    hint: `Mend line ${line} of ${file}.`,
    data: { file, line, column, expected },
  });
}
