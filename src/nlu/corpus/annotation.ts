import type { AnnotatedEntity } from './training-data.js';

export interface AnnotatedText {
  readonly text: string;
  readonly entities: readonly AnnotatedEntity[];
}

/** An annotation that can't be read; `column` is the 0-based position in the line given. */
export class AnnotationError extends Error {
  constructor(
    message: string,
    readonly column: number,
    readonly expected: string,
  ) {
    super(message);
  }
}

/**
 * Reads Rasa's inline annotation: `[text](entity)`, `[text](entity:value)`, `[text]{"entity": …, "role": …, "group": …, "value": …}`.
 * Square brackets that nothing follows are ordinary text, as in Rasa. Throws AnnotationError when an annotation does not close.
 */
export function readAnnotated(line: string): AnnotatedText {
  const entities: AnnotatedEntity[] = [];
  let text = '';
  let at = 0;
  while (at < line.length) {
    const open = line.indexOf('[', at);
    if (open < 0) break;
    text += line.slice(at, open);
    const close = line.indexOf(']', open);
    if (close < 0)
      throw new AnnotationError(
        'an entity annotation is opened with "[" and never closed',
        open,
        '"]" after the words of the entity',
      );
    const next = line[close + 1];
    const words = line.slice(open + 1, close);
    if (next !== '(' && next !== '{') {
      text += line.slice(open, close + 1);
      at = close + 1;
      continue;
    }
    if (words === '') throw new AnnotationError('an entity annotation has no words', open, 'words between "[" and "]"');
    const end = next === '(' ? line.indexOf(')', close) : closingBrace(line, close + 1);
    if (end < 0) {
      throw new AnnotationError(
        `the entity annotation of "${words}" is opened with "${next}" and never closed`,
        close + 1,
        next === '(' ? '")" after the entity\'s name' : '"}" after the entity\'s properties',
      );
    }
    const body = line.slice(close + 2, end);
    const properties = next === '(' ? fromParentheses(body, close + 1) : fromBraces(`{${body}}`, close + 1);
    const start = text.length;
    text += words;
    entities.push({ ...properties, value: properties.value ?? words, start, end: text.length });
    at = end + 1;
  }
  return { text: text + line.slice(at), entities };
}

interface Properties {
  readonly entity: string;
  readonly value?: string;
  readonly role?: string;
  readonly group?: string;
}

function fromParentheses(body: string, column: number): Properties {
  const colon = body.indexOf(':');
  const entity = (colon < 0 ? body : body.slice(0, colon)).trim();
  if (entity === '')
    throw new AnnotationError('an entity annotation has no name', column, 'the entity\'s name, e.g. "(city)"');
  return colon < 0 ? { entity } : { entity, value: body.slice(colon + 1).trim() };
}

function fromBraces(json: string, column: number): Properties {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new AnnotationError(
      `the properties ${json} of an entity are not JSON`,
      column,
      '{"entity": "…", "role": "…", "group": "…", "value": "…"}',
    );
  }
  const record = parsed as Record<string, unknown>;
  const entity = record.entity;
  if (typeof entity !== 'string' || entity === '')
    throw new AnnotationError('an entity annotation has no "entity"', column, '"entity": "<name>"');
  const optional = (key: string) =>
    record[key] === undefined || record[key] === null ? {} : { [key]: String(record[key]) };
  return { entity, ...optional('value'), ...optional('role'), ...optional('group') };
}

/** Index of the brace that closes the one at `open`, minding strings; -1 when there is none. */
function closingBrace(line: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = open; at < line.length; at++) {
    const char = line[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at;
  }
  return -1;
}
