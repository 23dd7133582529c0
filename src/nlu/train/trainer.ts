import { HearkenError } from '../../errors.js';
import { type LoadedData, loadTrainingData } from '../corpus/load.js';
import { OUT_OF_SCOPE_LABELS, type TrainingExample } from '../corpus/training-data.js';
import type { SentenceEncoder } from '../encoder/encoder.js';
import { DEFAULT_NGRAMS } from '../features/ngrams.js';
import { checkReplaceable, type ModelManifest, writeModelFolder } from '../model/folder.js';
import { buildGraph } from '../model/graph.js';
import { learnGuards } from '../model/guards.js';
import { trainTagger } from '../tagger/train.js';
import { type Calibration, fitCalibration, probabilities } from './calibrate.js';
import { type ClassifierOptions, type LabelledText, trainClassifier } from './classifier.js';
import { crossValidate, type FoldResult } from './folds.js';
import { DEFAULT_MLP } from './mlp.js';
import { addNoise } from './noise.js';
import { makeReport, type Prediction, type TrainingReport } from './report.js';
import { fitScope, type ScopeExample, type ScopeModel, scopeFeatures, scopeScore } from './scope.js';
import { DEFAULT_SVM } from './svm.js';

export interface TrainOptions {
  /** Files and folders, or data already read. */
  readonly data: readonly string[] | LoadedData;
  /** Where the model folder is written; an older model there is replaced. */
  readonly out: string;
  /** The same data and seed give the same files, byte for byte. */
  readonly seed?: number;
  /** Cross-validation folds. Default: 3, or 5 for small data. */
  readonly folds?: number;
  /** The small net beside the SVM. Default: on. */
  readonly net?: boolean;
  /** Share of extra training utterances with recogniser-like errors (Chinese homophones); 0 = none. */
  readonly noiseShare?: number;
  /** Most that rejection may cost: share of right answers lost on held-out folds. */
  readonly maxScopeLoss?: number;
  readonly encoder?: SentenceEncoder;
  readonly onProgress?: (share: number, step: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly manifest: ModelManifest;
  readonly report: TrainingReport;
}

/** Share of right answers in scope that the threshold may cost. */
const DEFAULT_SCOPE_LOSS = 0.03;
const SMALL_DATA = 2000;
/** Each fold's model is not taught this share of the intents. */
const HIDDEN_INTENTS = 0.2;
const SMOKE_EXAMPLES = 60;

/**
 * Trains an intent model and writes its folder. Throws TRAINING_DATA_INVALID when the data can't make one (no examples, a single intent).
 */
export async function trainIntentModel(options: TrainOptions): Promise<TrainResult> {
  const seed = options.seed ?? 1;
  const progress = options.onProgress ?? (() => {});
  // Before the work, not after it.
  await checkReplaceable(options.out);
  const loaded = isLoaded(options.data) ? options.data : await loadTrainingData(options.data);
  const examples = loaded.data.examples.filter((example) => example.intent !== '' && example.text.trim() !== '');
  const labels = [...new Set(examples.map((example) => example.intent))].sort();
  checkData(labels, loaded);
  const labelled = await embed(examples, labels, options.encoder);
  const classifier: ClassifierOptions = {
    ngrams: DEFAULT_NGRAMS,
    svm: { ...DEFAULT_SVM, seed },
    mlp: options.net === false ? undefined : { ...DEFAULT_MLP, seed },
  };
  const folds = options.folds ?? (examples.length < SMALL_DATA ? 5 : 3);
  const outside = new Set(labels.flatMap((label, index) => (OUT_OF_SCOPE_LABELS.has(label) ? [index] : [])));
  const results = crossValidate(
    labelled,
    labels.length,
    classifier,
    { folds, seed, hiddenLabels: HIDDEN_INTENTS, keep: outside },
    (share) => progress(share * 0.65, 'cross-validation'),
  );
  options.signal?.throwIfAborted();
  const { calibration, scope, predictions } = judge(
    results,
    labelled,
    labels,
    outside,
    options.maxScopeLoss ?? DEFAULT_SCOPE_LOSS,
  );
  const report = makeReport(examples, predictions, loaded.data.warnings);
  const noisy = (options.noiseShare ?? 0) > 0 ? addNoise(labelled, options.noiseShare ?? 0, seed) : labelled;
  const model = trainClassifier(noisy, labels.length, classifier, (share) => progress(0.65 + share * 0.25, 'training'));
  options.signal?.throwIfAborted();
  progress(0.9, 'entities');
  const tagger = trainTagger(loaded.data, { seed });
  progress(0.98, 'writing');
  const manifest = await writeModelFolder(
    options.out,
    {
      labels,
      outOfScope: labels.filter((label) => OUT_OF_SCOPE_LABELS.has(label)),
      ngrams: model.vectorizer.options,
      featureCount: model.vectorizer.size,
      embeddingSize: model.embeddingSize,
      encoder: options.encoder ? { folder: options.encoder.folder, checksum: options.encoder.checksum } : null,
      net: model.mlp !== undefined,
      calibration,
      scope: { ...scope, threshold: Number.isFinite(scope.threshold) ? scope.threshold : null },
      dataChecksum: loaded.checksum,
      seed,
      metrics: metricsOf(report),
    },
    {
      'model.onnx': buildGraph(model.svm, model.mlp),
      'vocabulary.json': JSON.stringify({
        features: model.vectorizer.data.features,
        idf: model.vectorizer.data.idf.map((value) => Number(value.toFixed(5))),
      }),
      'entities.json': JSON.stringify({
        synonyms: loaded.data.synonyms,
        regexes: loaded.data.regexes,
        lookups: loaded.data.lookups,
        codes: loaded.codes,
      }),
      'guards.json': JSON.stringify(
        learnGuards(examples.filter((example) => !OUT_OF_SCOPE_LABELS.has(example.intent))),
      ),
      'smoke.json': JSON.stringify(smokeSet(examples, predictions)),
      ...(tagger ? { 'tagger.json': JSON.stringify(tagger) } : {}),
    },
  );
  progress(1, 'done');
  return { manifest, report };
}

function isLoaded(data: TrainOptions['data']): data is LoadedData {
  return 'checksum' in data;
}

function checkData(labels: readonly string[], loaded: LoadedData): void {
  const inside = labels.filter((label) => !OUT_OF_SCOPE_LABELS.has(label));
  if (inside.length >= 2) return;
  throw new HearkenError(
    'TRAINING_DATA_INVALID',
    `${loaded.files.join(', ')}: ${inside.length} intent(s) with examples; expected at least 2`,
    {
      hint: 'Add "- intent:" items with examples.',
    },
  );
}

async function embed(
  examples: readonly TrainingExample[],
  labels: readonly string[],
  encoder: SentenceEncoder | undefined,
): Promise<LabelledText[]> {
  const numbers = new Map(labels.map((label, index) => [label, index]));
  const out: LabelledText[] = [];
  for (const { text, intent } of examples) {
    const embedding = encoder ? await encoder.embed(text) : undefined;
    out.push({ text, label: numbers.get(intent) ?? 0, ...(embedding ? { embedding } : {}) });
  }
  return out;
}

interface Judgement {
  readonly calibration: Calibration;
  readonly scope: ScopeModel;
  readonly predictions: readonly Prediction[];
}

/** Temperature and threshold from what models said about utterances they had not seen. */
function judge(
  results: readonly FoldResult[],
  examples: readonly LabelledText[],
  labels: readonly string[],
  outside: ReadonlySet<number>,
  maxLoss: number,
): Judgement {
  const rows = results.map((result) => {
    const keep = result.labels.map((label, index) => (outside.has(label) ? -1 : index)).filter((index) => index >= 0);
    const pick = (scores: Float32Array) => Float32Array.from(keep, (index) => scores[index] as number);
    const known = keep.map((index) => result.labels[index] as number);
    const label = examples[result.example]?.label ?? 0;
    const outMargins = result.labels.flatMap((candidate, index) =>
      outside.has(candidate) ? [result.margins[index] as number] : [],
    );
    return {
      result,
      known,
      truth: label,
      label: known.indexOf(label),
      margins: pick(result.margins),
      logits: result.logits ? pick(result.logits) : undefined,
      outMargin: outMargins.length === 0 ? undefined : Math.max(...outMargins),
    };
  });
  const calibration = fitCalibration(rows);
  const judged = rows.map((row) => {
    const shares = probabilities(calibration, row.margins, row.logits);
    const best = shares.reduce((top, share, index) => (share > (shares[top] as number) ? index : top), 0);
    const features = scopeFeatures({
      margins: row.margins,
      probabilities: shares,
      outMargin: row.outMargin,
      coverage: row.result.coverage,
      featureCount: row.result.featureCount,
    });
    return { ...row, features, best, confidence: shares[best] ?? 0 };
  });
  const kinds = judged.map((row) => (row.label >= 0 ? 'in' : outside.has(row.truth) ? 'out' : 'hidden'));
  const count = (kind: string) => Math.max(1, kinds.filter((other) => other === kind).length);
  // Real examples of what is out of scope count as much as all hidden intents together, and both as much as all in scope.
  const halves = kinds.includes('out') && kinds.includes('hidden') ? 2 : 1;
  const scopeExamples = judged.map((row, index): ScopeExample => {
    const kind = kinds[index] ?? 'in';
    return {
      features: row.features,
      inScope: kind === 'in',
      right: row.best === row.label,
      weight: kind === 'in' ? 1 / count('in') : 1 / count(kind) / halves,
    };
  });
  const scope = fitScope(scopeExamples, maxLoss);
  const predictions = judged.map(
    (row, index): Prediction => ({
      example: row.result.example,
      label: labels[row.truth] ?? '',
      predicted: labels[row.known[row.best] ?? 0] ?? '',
      confidence: row.confidence,
      accepted: scopeScore(scope, row.features) >= scope.threshold,
      hidden: kinds[index] === 'hidden',
    }),
  );
  return { calibration, scope, predictions };
}

/** Training examples that held-out models got right and were surest of, some of each intent: a loaded model must know them. */
function smokeSet(
  examples: readonly TrainingExample[],
  predictions: readonly Prediction[],
): { text: string; intent: string }[] {
  const right = predictions
    .filter((row) => row.predicted === row.label && row.accepted)
    .sort((a, b) => b.confidence - a.confidence);
  const taken = new Map<string, number>();
  const out: { text: string; intent: string }[] = [];
  for (const row of right) {
    const count = taken.get(row.label) ?? 0;
    if (count >= 3 || out.length >= SMOKE_EXAMPLES) continue;
    taken.set(row.label, count + 1);
    out.push({ text: examples[row.example]?.text ?? '', intent: row.label });
  }
  return out;
}

function metricsOf(report: TrainingReport): Record<string, unknown> {
  const { accuracy, macroF1, accuracyAtThreshold, outOfScopeRecall, unknownIntentRecall, calibrationError, examples } =
    report;
  return {
    examples,
    accuracy,
    macroF1,
    accuracyAtThreshold,
    outOfScopeRecall: outOfScopeRecall ?? null,
    unknownIntentRecall: unknownIntentRecall ?? null,
    calibrationError,
  };
}
