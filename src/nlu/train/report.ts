import { OUT_OF_SCOPE_LABELS, type TrainingExample } from '../corpus/training-data.js';
import { calibrationError } from './calibrate.js';

export interface IntentReport {
  readonly intent: string;
  readonly examples: number;
  readonly precision: number;
  readonly recall: number;
}

export interface Confusion {
  readonly said: string;
  readonly heard: string;
  readonly count: number;
  readonly example: string;
}

export interface Suspect {
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly labelled: string;
  readonly looksLike: string;
  readonly confidence: number;
}

export interface TrainingReport {
  readonly examples: number;
  readonly intents: readonly IntentReport[];
  /** Share of held-out utterances in scope whose intent was right by argmax. */
  readonly accuracy: number;
  readonly macroF1: number;
  /** The same when what the threshold rejects counts as wrong. */
  readonly accuracyAtThreshold: number;
  /** Share of utterances out of scope that were rejected; undefined without such examples. */
  readonly outOfScopeRecall: number | undefined;
  /** The same for intents the fold's model was never taught. */
  readonly unknownIntentRecall: number | undefined;
  readonly calibrationError: number;
  readonly confusions: readonly Confusion[];
  readonly suspects: readonly Suspect[];
  readonly warnings: readonly string[];
}

/** One held-out utterance and what came of it. */
export interface Prediction {
  readonly example: number;
  /** Right label. */
  readonly label: string;
  readonly predicted: string;
  readonly confidence: number;
  readonly accepted: boolean;
  /** The fold's model was not taught this label. */
  readonly hidden: boolean;
}

const FEW_EXAMPLES = 8;
const SUSPECT_CONFIDENCE = 0.85;

export function makeReport(
  examples: readonly TrainingExample[],
  predictions: readonly Prediction[],
  warnings: readonly string[],
): TrainingReport {
  const outside = (label: string) => OUT_OF_SCOPE_LABELS.has(label);
  const inside = predictions.filter((prediction) => !outside(prediction.label) && !prediction.hidden);
  const out = predictions.filter((prediction) => outside(prediction.label));
  const hidden = predictions.filter((prediction) => prediction.hidden);
  const rate = (rows: readonly Prediction[], test: (row: Prediction) => boolean) =>
    rows.filter(test).length / Math.max(1, rows.length);
  const intents = perIntent(examples, inside);
  const scored = intents.filter((row) => row.examples > 0 && !outside(row.intent));
  return {
    examples: examples.length,
    intents,
    accuracy: rate(inside, (row) => row.predicted === row.label),
    macroF1:
      scored.reduce((sum, { precision: p, recall: r }) => sum + (p + r > 0 ? (2 * p * r) / (p + r) : 0), 0) /
      Math.max(1, scored.length),
    accuracyAtThreshold: rate(inside, (row) => row.accepted && row.predicted === row.label),
    outOfScopeRecall: out.length === 0 ? undefined : rate(out, (row) => !row.accepted),
    unknownIntentRecall: hidden.length === 0 ? undefined : rate(hidden, (row) => !row.accepted),
    calibrationError: calibrationError(
      inside.map((row) => ({ confidence: row.confidence, right: row.predicted === row.label })),
    ),
    confusions: confusionsOf(examples, inside),
    suspects: suspectsOf(examples, inside),
    warnings: [...warnings, ...dataWarnings(examples)],
  };
}

function perIntent(examples: readonly TrainingExample[], predictions: readonly Prediction[]): IntentReport[] {
  const names = [...new Set(examples.map((example) => example.intent))].sort();
  return names.map((intent) => {
    const said = predictions.filter((row) => row.label === intent);
    const heard = predictions.filter((row) => row.predicted === intent);
    const right = said.filter((row) => row.predicted === intent).length;
    return {
      intent,
      examples: examples.filter((example) => example.intent === intent).length,
      precision: heard.length === 0 ? 0 : right / heard.length,
      recall: said.length === 0 ? 0 : right / said.length,
    };
  });
}

function confusionsOf(examples: readonly TrainingExample[], predictions: readonly Prediction[]): Confusion[] {
  const byPair = new Map<string, Prediction[]>();
  for (const row of predictions) {
    if (row.predicted === row.label) continue;
    const key = `${row.label}\t${row.predicted}`;
    byPair.set(key, [...(byPair.get(key) ?? []), row]);
  }
  return [...byPair.values()]
    .map((rows): Confusion => {
      const worst = rows.reduce((a, b) => (b.confidence > a.confidence ? b : a));
      return {
        said: worst.label,
        heard: worst.predicted,
        count: rows.length,
        example: examples[worst.example]?.text ?? '',
      };
    })
    .sort((a, b) => b.count - a.count || a.said.localeCompare(b.said))
    .slice(0, 15);
}

/** Held-out utterances that a model which never saw them is very sure belong elsewhere. */
function suspectsOf(examples: readonly TrainingExample[], predictions: readonly Prediction[]): Suspect[] {
  return predictions
    .filter((row) => row.predicted !== row.label && row.confidence >= SUSPECT_CONFIDENCE)
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, 15)
    .map((row) => {
      const example = examples[row.example];
      return {
        text: example?.text ?? '',
        file: example?.file ?? '',
        line: example?.line ?? 0,
        labelled: row.label,
        looksLike: row.predicted,
        confidence: row.confidence,
      };
    });
}

function dataWarnings(examples: readonly TrainingExample[]): string[] {
  const counts = new Map<string, number>();
  const intentOf = new Map<string, TrainingExample>();
  const warnings: string[] = [];
  for (const example of examples) {
    counts.set(example.intent, (counts.get(example.intent) ?? 0) + 1);
    const key = example.text.trim().toLowerCase();
    const other = intentOf.get(key);
    if (other && other.intent !== example.intent) {
      warnings.push(
        `"${example.text}" is an example of both ${other.intent} (${other.file}:${other.line}) and ${example.intent} (${example.file}:${example.line}); keep one`,
      );
    } else intentOf.set(key, example);
  }
  for (const [intent, count] of counts) {
    if (count < FEW_EXAMPLES)
      warnings.push(
        `intent "${intent}" has ${count} example${count === 1 ? '' : 's'}; ${FEW_EXAMPLES} or more make it dependable, 20 are good`,
      );
  }
  return warnings;
}
