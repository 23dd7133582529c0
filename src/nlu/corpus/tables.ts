import { HearkenError } from '../../errors.js';
import { type AnnotatedEntity, EMPTY_DATA, type TrainingData, type TrainingExample } from './training-data.js';

/** Data sets as tables: TSV and CSV with text and intent, token files with BIO tags, JSON lines. */

/**
 * `text<TAB>intent`, or `tokens<TAB>BIO tags<TAB>intent` when the second column has one tag for each token (SNIPS, ATIS).
 * Empty lines are skipped. Throws TRAINING_DATA_INVALID at the first line with no tab.
 */
export function readTsv(source: string, file: string): TrainingData {
  const examples: TrainingExample[] = [];
  source.split(/\r?\n/).forEach((raw, index) => {
    if (raw.trim() === '') return;
    const columns = raw.split('\t');
    const line = index + 1;
    if (columns.length < 2) throw badLine(file, line, 'has no tab', '"text<TAB>intent"');
    const [first = '', second = '', third] = columns;
    if (third !== undefined && third.trim() !== '') examples.push(fromTags(first, second, third.trim(), file, line));
    else examples.push({ text: first.trim(), intent: second.trim(), entities: [], file, line });
  });
  return { ...EMPTY_DATA, examples };
}

function fromTags(tokenText: string, tagText: string, intent: string, file: string, line: number): TrainingExample {
  const tokens = tokenText.trim().split(/\s+/);
  const tags = tagText.trim().split(/\s+/);
  if (tokens.length !== tags.length)
    throw badLine(file, line, `has ${tokens.length} tokens and ${tags.length} tags`, 'one tag for each token');
  return { ...joinTags(tokens, tags, ' '), intent, file, line };
}

/** Tokens with BIO or BIOES tags as text with spans. */
export function joinTags(
  tokens: readonly string[],
  tags: readonly string[],
  separator: string,
): { text: string; entities: AnnotatedEntity[] } {
  let text = '';
  const spans: { entity: string; start: number; end: number }[] = [];
  let open: { entity: string; start: number; end: number } | undefined;
  tokens.forEach((token, index) => {
    if (index > 0) text += separator;
    const start = text.length;
    text += token;
    const tag = tags[index] ?? 'O';
    const name = tag.slice(2);
    const continues = (tag.startsWith('I-') || tag.startsWith('E-')) && open?.entity === name;
    if (tag === 'O') open = undefined;
    else if (continues && open) open.end = text.length;
    else {
      open = { entity: name, start, end: text.length };
      spans.push(open);
    }
  });
  return { text, entities: spans.map((span) => ({ ...span, value: text.slice(span.start, span.end) })) };
}

/** RFC 4180 CSV with a header; the text column is `text` (or the first), the intent `intent`, `category` or `label` (or the second). */
export function readCsv(source: string, file: string): TrainingData {
  const rows = csvRows(source);
  const header = rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const textAt = Math.max(0, header.indexOf('text'));
  const named = header.findIndex((cell) => cell === 'intent' || cell === 'category' || cell === 'label');
  const intentAt = named < 0 ? 1 : named;
  const examples = rows.slice(1).flatMap(({ cells, line }) => {
    const text = cells[textAt];
    const intent = cells[intentAt];
    if (cells.length === 1 && text?.trim() === '') return [];
    if (text === undefined || intent === undefined) throw badLine(file, line, 'has too few columns', header.join(','));
    return [{ text: text.trim(), intent: intent.trim(), entities: [], file, line }];
  });
  return { ...EMPTY_DATA, examples };
}

function csvRows(source: string): { cells: string[]; line: number }[] {
  const rows: { cells: string[]; line: number }[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let rowLine = 1;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '\n') line++;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      cells.push(cell);
      cell = '';
    } else if (char === '\n') {
      rows.push({ cells: [...cells, cell.replace(/\r$/, '')], line: rowLine });
      cells = [];
      cell = '';
      rowLine = line;
    } else cell += char;
  }
  if (cell !== '' || cells.length > 0) rows.push({ cells: [...cells, cell], line: rowLine });
  return rows;
}

/** JSON lines with `text`, `intent` (or `domain`, joined as `domain/intent` when both are there) and optional `slots`. */
export function readJsonLines(source: string, file: string): TrainingData {
  const examples: TrainingExample[] = [];
  source.split(/\r?\n/).forEach((raw, index) => {
    if (raw.trim() === '') return;
    const line = index + 1;
    let record: Record<string, unknown>;
    try {
      record = JSON.parse(raw) as Record<string, unknown>;
    } catch {
      throw badLine(file, line, 'is not JSON', '{"text": …, "intent": …}');
    }
    const text = record.text;
    if (typeof text !== 'string') throw badLine(file, line, 'has no "text"', '{"text": …, "intent": …}');
    const parts = [record.domain, record.intent].filter(
      (part): part is string => typeof part === 'string' && part !== '',
    );
    const entities = Object.entries((record.slots ?? {}) as Record<string, unknown>).flatMap(([entity, value]) => {
      const start = typeof value === 'string' && value !== '' ? text.indexOf(value) : -1;
      return start < 0 ? [] : [{ entity, start, end: start + String(value).length, value: String(value) }];
    });
    examples.push({ text, intent: parts.join('/'), entities, file, line });
  });
  return { ...EMPTY_DATA, examples };
}

/** One `token tag` pair a line, an empty line between utterances (CAIS). There is no intent in such a file. */
export function readTokenLines(source: string, file: string): TrainingData {
  const examples: TrainingExample[] = [];
  let tokens: string[] = [];
  let tags: string[] = [];
  let first = 1;
  const flush = () => {
    if (tokens.length > 0) examples.push({ ...joinTags(tokens, tags, ''), intent: '', file, line: first });
    tokens = [];
    tags = [];
  };
  source.split(/\r?\n/).forEach((raw, index) => {
    if (raw.trim() === '') {
      flush();
      first = index + 2;
      return;
    }
    const [token = '', tag] = raw.trim().split(/\s+/);
    if (tag === undefined) throw badLine(file, index + 1, 'has no tag', '"token tag"');
    tokens.push(token);
    tags.push(tag);
  });
  flush();
  return { ...EMPTY_DATA, examples };
}

function badLine(file: string, line: number, what: string, expected: string): HearkenError {
  return new HearkenError('TRAINING_DATA_INVALID', `${file}:${line}:1: the line ${what}; expected ${expected}`, {
    hint: `Mend line ${line} of ${file}.`,
    data: { file, line, column: 1, expected },
  });
}
