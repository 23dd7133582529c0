/**
 * Conditions of flows (`if: slots.amount > 100 and not slots.member`), the subset of pypred that Rasa's flows use:
 * `and or not ( )`, `= == is != is not < <= > >= contains matches`, texts, numbers, true, false, null, and paths `slots.x`, `context.x`.
 */

export interface PredicateScope {
  readonly slots: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
}

export interface Predicate {
  readonly source: string;
  /** Slots it looks at. */
  readonly slots: readonly string[];
  /** Values written down that a slot is held against (`slots.x is "a"`). */
  readonly comparisons: readonly { readonly slot: string; readonly literal: unknown }[];
  test(scope: PredicateScope): boolean;
}

export class PredicateError extends Error {}

const MAX_CHARS = 2000;
/** A slot's text longer than this is cut before a pattern is tried on it, so that a bad pattern can't hang a call. */
const MAX_MATCHED_CHARS = 500;

type Value = (scope: PredicateScope) => unknown;

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.-]*)|(<=|>=|==|!=|[=<>()]))/y;

/** Throws PredicateError with what was expected. */
export function parsePredicate(source: string): Predicate {
  if (source.length > MAX_CHARS) throw new PredicateError(`the condition is longer than ${MAX_CHARS} characters`);
  const parser = new Parser(tokenize(source));
  const value = parser.parse();
  const { comparisons } = parser;
  return { source, slots: [...parser.slots], comparisons, test: (scope) => truthy(value(scope)) };
}

interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'sign';
  readonly text: string;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (source.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new PredicateError(`"${source.slice(at).trim().slice(0, 20)}" can't be read`);
    at = TOKEN.lastIndex;
    const [, text, number, word, sign] = match;
    if (text !== undefined) tokens.push({ kind: 'string', text: text.slice(1, -1).replace(/\\(.)/g, '$1') });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

class Parser {
  readonly slots = new Set<string>();
  readonly comparisons: { slot: string; literal: unknown }[] = [];
  readonly #operands = new Map<Value, { readonly slot: string } | { readonly literal: unknown }>();
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Value {
    const value = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new PredicateError(`"${rest.text}" was not expected there`);
    return value;
  }

  #or(): Value {
    let left = this.#and();
    while (this.#word('or')) {
      const [a, b] = [left, this.#and()];
      left = (scope) => truthy(a(scope)) || truthy(b(scope));
    }
    return left;
  }

  #and(): Value {
    let left = this.#not();
    while (this.#word('and')) {
      const [a, b] = [left, this.#not()];
      left = (scope) => truthy(a(scope)) && truthy(b(scope));
    }
    return left;
  }

  #not(): Value {
    if (++this.#depth > 50) throw new PredicateError('the condition is nested too deeply');
    try {
      if (!this.#word('not')) return this.#comparison();
      const inner = this.#not();
      return (scope) => !truthy(inner(scope));
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Value {
    const left = this.#operand();
    const operator = this.#operator();
    if (operator === undefined) return left;
    const right = this.#operand();
    if (operator === 'matches') return (scope) => matches(left(scope), right(scope));
    if (operator === 'contains') return (scope) => contains(left(scope), right(scope));
    if (operator === '==' || operator === '!=') this.#compared(left, right);
    return (scope) => compare(operator, left(scope), right(scope));
  }

  #compared(left: Value, right: Value): void {
    const sides = [this.#operands.get(left), this.#operands.get(right)];
    const slot = sides.find((side) => side !== undefined && 'slot' in side);
    const literal = sides.find((side) => side !== undefined && 'literal' in side);
    if (slot !== undefined && literal !== undefined)
      this.comparisons.push({ ...slot, ...literal } as { slot: string; literal: unknown });
  }

  #literal(literal: unknown): Value {
    const value = (): unknown => literal;
    this.#operands.set(value, { literal });
    return value;
  }

  #operator(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined) return undefined;
    if (token.kind === 'sign' && token.text !== '(' && token.text !== ')') {
      this.#at++;
      return token.text === '=' ? '==' : token.text;
    }
    if (this.#word('is')) return this.#word('not') ? '!=' : '==';
    if (this.#word('contains')) return 'contains';
    if (this.#word('matches')) return 'matches';
    return undefined;
  }

  #operand(): Value {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new PredicateError('the condition ends where a value was expected');
    if (token.kind === 'string') return this.#literal(token.text);
    if (token.kind === 'number') return this.#literal(Number(token.text));
    if (token.kind === 'sign') {
      if (token.text !== '(') throw new PredicateError(`"${token.text}" stands where a value was expected`);
      const inner = this.#or();
      const close = this.#tokens[this.#at++];
      if (close?.text !== ')') throw new PredicateError('a "(" is never closed');
      return inner;
    }
    return this.#named(token.text);
  }

  #named(name: string): Value {
    const word = name.toLowerCase();
    if (word === 'true' || word === 'false') return this.#literal(word === 'true');
    if (word === 'null' || word === 'none' || word === 'undefined' || word === 'empty') return () => null;
    const dot = name.indexOf('.');
    const [root, key] = [name.slice(0, dot), name.slice(dot + 1)];
    if (dot > 0 && root === 'slots') {
      this.slots.add(key);
      const value: Value = (scope) => scope.slots[key] ?? null;
      this.#operands.set(value, { slot: key });
      return value;
    }
    if (dot > 0 && root === 'context') return (scope) => scope.context[key] ?? null;
    throw new PredicateError(`"${name}" is not known: write slots.${name}, or put a text in quotes`);
  }

  #word(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }
}

function truthy(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== '' && value !== 0;
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === '==') return equal(left, right);
  if (operator === '!=') return !equal(left, right);
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a === undefined || b === undefined) return false;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  if (operator === '>') return a > b;
  return a >= b;
}

function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || right === null || left === undefined || right === undefined)
    return (left ?? null) === (right ?? null);
  if (typeof left === typeof right) return false;
  return String(left) === String(right);
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function contains(left: unknown, right: unknown): boolean {
  if (Array.isArray(left)) return left.some((item) => equal(item, right));
  return typeof left === 'string' && left.includes(String(right));
}

function matches(left: unknown, right: unknown): boolean {
  if (typeof left !== 'string' && typeof left !== 'number') return false;
  try {
    return new RegExp(String(right), 'u').test(String(left).slice(0, MAX_MATCHED_CHARS));
  } catch {
    return false;
  }
}
