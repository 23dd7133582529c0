/** What a model is trained on, whatever file it came from. */

export interface AnnotatedEntity {
  readonly entity: string;
  /** Span in the example's text, UTF-16 code units, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Canonical value where the annotation gives one, else the words of the span. */
  readonly value: string;
  readonly role?: string;
  readonly group?: string;
}

export interface TrainingExample {
  readonly text: string;
  /** Empty for examples that only teach entities. */
  readonly intent: string;
  readonly entities: readonly AnnotatedEntity[];
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

export interface NamedPatterns {
  readonly name: string;
  readonly values: readonly string[];
}

export interface TrainingData {
  readonly examples: readonly TrainingExample[];
  /** Said form, lower case → canonical value. */
  readonly synonyms: Readonly<Record<string, string>>;
  readonly regexes: readonly NamedPatterns[];
  readonly lookups: readonly NamedPatterns[];
  readonly warnings: readonly string[];
}

export const EMPTY_DATA: TrainingData = { examples: [], synonyms: {}, regexes: [], lookups: [], warnings: [] };

/** Intents that mean "belongs to none of the others"; they are never the answer of a parse but teach the threshold. */
export const OUT_OF_SCOPE_LABELS: ReadonlySet<string> = new Set(['out_of_scope', 'oos', 'nlu_fallback']);

/** Many data sets as one. Patterns of the same name are joined; a later synonym wins. */
export function mergeData(parts: readonly TrainingData[]): TrainingData {
  return {
    examples: parts.flatMap((part) => part.examples),
    synonyms: Object.assign({}, ...parts.map((part) => part.synonyms)),
    regexes: joinPatterns(parts.flatMap((part) => part.regexes)),
    lookups: joinPatterns(parts.flatMap((part) => part.lookups)),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

function joinPatterns(patterns: readonly NamedPatterns[]): NamedPatterns[] {
  const byName = new Map<string, string[]>();
  for (const { name, values } of patterns) byName.set(name, [...(byName.get(name) ?? []), ...values]);
  return [...byName].map(([name, values]) => ({ name, values: [...new Set(values)] }));
}
