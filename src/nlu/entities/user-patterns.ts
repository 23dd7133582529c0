import { createContext, Script } from 'node:vm';
import { RE2JS } from 're2js';

/** Where a user's regular expression matched. */
export interface PatternMatch {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A user's regular expression runs on at most this much text. */
const MAX_CHARS = 300;
const MAX_MATCHES = 50;
/** Patterns that need backtracking get this long on one utterance; a healthy one takes microseconds. */
const BACKTRACKING_LIMIT_MS = 20;

export interface UserPatternsOptions {
  /** Told once for each pattern that is left out because it takes too long. */
  readonly onTooSlow?: (pattern: { readonly name: string; readonly source: string }) => void;
}

/**
 * Regular expressions of an application, run so that none can hold up a turn. What RE2 can express (nearly everything) runs there, in time linear in the
 * text (https://github.com/google/re2/wiki/WhyRE2). Patterns with look-around or back-references need V8's backtracking engine: they run in a context of
 * their own under a time limit that V8 keeps by itself, and one that ran into it twice is left out. Matching ignores case, as Rasa's does by default.
 */
export class UserPatterns {
  readonly #linear: { readonly name: string; readonly pattern: RE2JS }[] = [];
  readonly #backtracking: { readonly name: string; readonly source: string; tooSlow: boolean }[] = [];
  readonly #cage: Cage | undefined;
  readonly #options: UserPatternsOptions;

  /** Throws SyntaxError for a source that is no regular expression. */
  constructor(
    patterns: readonly { readonly name: string; readonly source: string }[],
    options: UserPatternsOptions = {},
  ) {
    this.#options = options;
    for (const { name, source } of patterns) {
      const pattern = compileLinear(source);
      if (pattern !== undefined) this.#linear.push({ name, pattern });
      else this.#backtracking.push({ name, source, tooSlow: false });
    }
    this.#cage = this.#backtracking.length === 0 ? undefined : new Cage(this.#backtracking.map(({ source }) => source));
  }

  find(text: string): PatternMatch[] {
    const cut = text.slice(0, MAX_CHARS);
    const out: PatternMatch[] = [];
    for (const { name, pattern } of this.#linear) {
      const matcher = pattern.matcher(cut);
      while (out.length < MAX_MATCHES && matcher.find()) {
        if (matcher.end() > matcher.start()) out.push({ name, start: matcher.start(), end: matcher.end() });
      }
    }
    if (this.#cage !== undefined) this.#findCaged(this.#cage, cut, out);
    return out;
  }

  #findCaged(cage: Cage, text: string, out: PatternMatch[]): void {
    let left = this.#backtracking.flatMap(({ tooSlow }, index) => (tooSlow ? [] : [index]));
    let suspect: number | undefined;
    while (left.length > 0) {
      const { spans, stuck } = cage.run(text, left);
      for (const { which, start, end } of spans) {
        if (out.length >= MAX_MATCHES) return;
        out.push({ name: this.#backtracking[which]?.name ?? '', start, end });
      }
      if (stuck === undefined) return;
      left = left.slice(left.indexOf(stuck) + (stuck === suspect ? 1 : 0));
      if (stuck === suspect) this.#leaveOut(stuck);
      suspect = stuck;
    }
  }

  #leaveOut(which: number): void {
    const pattern = this.#backtracking[which];
    if (pattern === undefined) return;
    pattern.tooSlow = true;
    this.#options.onTooSlow?.({ name: pattern.name, source: pattern.source });
  }
}

/** What keeps a source from being a regular expression; undefined when it is one. */
export function patternProblem(source: string): string | undefined {
  if (compileLinear(source) !== undefined) return undefined;
  try {
    nativeFlags(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Undefined where RE2 can't express it. Spans of RE2JS are UTF-16 code units, as ours are. */
function compileLinear(source: string): RE2JS | undefined {
  // RE2 writes code points as \x{4e00}.
  const translated = source.replace(
    /\\u(?:\{([0-9a-f]+)\}|([0-9a-f]{4}))/gi,
    (_all, braced, plain) => `\\x{${braced ?? plain}}`,
  );
  try {
    return RE2JS.compile(translated, RE2JS.CASE_INSENSITIVE);
  } catch {
    return undefined;
  }
}

/** Flags under which V8 takes the source. Throws SyntaxError. */
function nativeFlags(source: string): string {
  try {
    new RegExp(source, 'giu');
    return 'giu';
  } catch {
    new RegExp(source, 'gi');
    return 'gi';
  }
}

interface Span {
  readonly which: number;
  readonly start: number;
  readonly end: number;
}

/** Runs inside the context. `at` says which pattern is at work, for when the time is over. */
const IN_CONTEXT = `
  const patterns = [];
  globalThis.at = -1;
  globalThis.add = (source, flags) => void patterns.push(new RegExp(source, flags));
  globalThis.run = (text, wanted, found) => {
    for (const which of wanted) {
      globalThis.at = which;
      let count = 0;
      for (const match of text.matchAll(patterns[which])) {
        if (match[0] !== '') found.push(which, match.index, match.index + match[0].length);
        if (++count >= ${MAX_MATCHES}) break;
      }
    }
  };`;

/** Native regular expressions under a time limit: V8 ends a script that is over its time also in the middle of a match. */
class Cage {
  readonly #context = createContext(Object.create(null) as Record<string, unknown>);
  readonly #call = new Script('run(text, wanted, found)');

  constructor(sources: readonly string[]) {
    new Script(IN_CONTEXT).runInContext(this.#context);
    const add = new Script('add(source, flags)');
    for (const source of sources) {
      this.#context.flags = nativeFlags(source);
      this.#context.source = source;
      add.runInContext(this.#context);
    }
  }

  /** Matches, and the pattern that was at work when the time was over: of that one there are none, and what comes after it was not tried. */
  run(text: string, wanted: readonly number[]): { readonly spans: Span[]; readonly stuck: number | undefined } {
    const found: number[] = [];
    let stuck: number | undefined;
    Object.assign(this.#context, { text, wanted, found, at: -1 });
    try {
      this.#call.runInContext(this.#context, { timeout: BACKTRACKING_LIMIT_MS });
    } catch {
      // Before the first one: the time was over while V8 came to it.
      stuck = Math.max(Number(this.#context.at), wanted[0] ?? 0);
    }
    const spans: Span[] = [];
    for (let index = 0; index + 2 < found.length; index += 3) {
      const [which = 0, start = 0, end = 0] = found.slice(index, index + 3);
      if (which !== stuck) spans.push({ which, start, end });
    }
    return { spans, stuck };
  }
}
