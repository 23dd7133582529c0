import { OUT_OF_SCOPE_LABELS, type TrainingData } from './corpus/training-data.js';
import { FALLBACK_INTENT, type IntentModel } from './intent-model.js';
import { calibrationError } from './train/calibrate.js';

export interface Evaluation {
  readonly model: string;
  readonly utterances: number;
  /** In scope, whatever the threshold says. 0..1, as all shares here. */
  readonly accuracyArgmax: number;
  /** In scope, rejected ones counted as wrong. */
  readonly accuracy: number;
  readonly macroF1: number;
  readonly calibrationError: number;
  /** Share of utterances out of scope that were rejected, and share of rejected ones that were out of scope. */
  readonly outOfScope: { readonly utterances: number; readonly recall: number; readonly precision: number } | undefined;
  readonly entities: EntityScores | undefined;
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number };
}

export interface EntityScores {
  readonly annotated: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface SpanKey {
  readonly entity: string;
  readonly start: number;
  readonly end: number;
  readonly role?: string;
  readonly group?: string;
}

/** Parsed before the clock counts: a running service is warm. */
const WARM_UP = 300;

/** Runs a model over test data. Only the intent is judged where an example has one, only entities where any example is annotated. */
export async function evaluate(model: IntentModel, data: TrainingData): Promise<Evaluation> {
  const examples = data.examples.filter((example) => example.text.trim() !== '');
  const warmUp = examples.slice(0, WARM_UP);
  for (const example of warmUp) await model.parse(example.text);
  const rows: { label: string; best: string; predicted: string; confidence: number }[] = [];
  const types = new Set(examples.flatMap((example) => example.entities.map((entity) => entity.entity)));
  const spans = new SpanCounter();
  const times: number[] = [];
  let name = '';
  for (const example of examples) {
    const startedMs = performance.now();
    const result = await model.parse(example.text);
    times.push(performance.now() - startedMs);
    name = result.model;
    const best = result.ranking.find((rank) => rank.name !== FALLBACK_INTENT);
    if (example.intent !== '') {
      rows.push({
        label: example.intent,
        best: best?.name ?? FALLBACK_INTENT,
        predicted: result.intent.name,
        confidence: best?.confidence ?? 0,
      });
    }
    // Only types that the data annotates are judged: what else was found is nobody's mistake.
    spans.add(
      example.entities,
      result.entities.filter((entity) => types.has(entity.entity)),
    );
  }
  times.sort((a, b) => a - b);
  const inside = rows.filter((row) => !OUT_OF_SCOPE_LABELS.has(row.label));
  const outside = rows.filter((row) => OUT_OF_SCOPE_LABELS.has(row.label));
  const rejected = rows.filter((row) => row.predicted === FALLBACK_INTENT).length;
  const caught = outside.filter((row) => row.predicted === FALLBACK_INTENT).length;
  return {
    model: name,
    utterances: examples.length,
    accuracyArgmax: share(inside, (row) => row.best === row.label),
    accuracy: share(inside, (row) => row.predicted === row.label),
    macroF1: macroF1(inside),
    calibrationError: calibrationError(
      inside.map((row) => ({ confidence: row.confidence, right: row.best === row.label })),
    ),
    outOfScope:
      outside.length === 0
        ? undefined
        : {
            utterances: outside.length,
            recall: caught / outside.length,
            precision: rejected === 0 ? 0 : caught / rejected,
          },
    entities: examples.some((example) => example.entities.length > 0) ? spans.scores() : undefined,
    latency: { p50Ms: times[Math.floor(times.length * 0.5)] ?? 0, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0 },
  };
}

/** Micro-averaged scores over exact spans, types, roles and groups (as conlleval counts). */
export class SpanCounter {
  #annotated = 0;
  #found = 0;
  #right = 0;

  add(wanted: readonly SpanKey[], found: readonly SpanKey[]): void {
    const keys = new Set(wanted.map(keyOf));
    this.#annotated += wanted.length;
    this.#found += found.length;
    this.#right += found.filter((span) => keys.has(keyOf(span))).length;
  }

  scores(): EntityScores {
    const precision = this.#found === 0 ? 0 : this.#right / this.#found;
    const recall = this.#annotated === 0 ? 0 : this.#right / this.#annotated;
    const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { annotated: this.#annotated, precision, recall, f1 };
  }
}

function keyOf(span: SpanKey): string {
  return `${span.start}:${span.end}:${span.entity}:${span.role ?? ''}:${span.group ?? ''}`;
}

function share<T>(rows: readonly T[], test: (row: T) => boolean): number {
  return rows.length === 0 ? 0 : rows.filter(test).length / rows.length;
}

function macroF1(rows: readonly { label: string; predicted: string }[]): number {
  const labels = [...new Set(rows.map((row) => row.label))];
  const scores = labels.map((label) => {
    const right = rows.filter((row) => row.label === label && row.predicted === label).length;
    const said = rows.filter((row) => row.label === label).length;
    const heard = rows.filter((row) => row.predicted === label).length;
    return right === 0 ? 0 : (2 * right) / (said + heard);
  });
  return labels.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / labels.length;
}
