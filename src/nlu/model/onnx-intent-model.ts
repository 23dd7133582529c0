import { HearkenError, messageOf } from '../../errors.js';
import { readCorrections } from '../corrections.js';
import type { SentenceEncoder } from '../encoder/encoder.js';
import { openSentenceEncoder } from '../encoder/onnx-encoder.js';
import type { CodeOptions } from '../entities/codes.js';
import { extractEntities } from '../entities/extract.js';
import type { Candidate } from '../entities/types.js';
import {
  type Entity,
  FALLBACK_INTENT,
  type IntentModel,
  type IntentRank,
  type IntentSpan,
  type ParseOptions,
  type ParseResult,
  type SensitiveHit,
} from '../intent-model.js';
import { readMood } from '../sentiment/sentiment.js';
import { Tagger } from '../tagger/tagger.js';
import { splitClauses } from './clauses.js';
import { type ModelFiles, type ModelManifest, readModelFolder } from './folder.js';
import { IntentClassifier } from './intent-classifier.js';
import { OwnEntities, ownEntitiesSchema } from './own-entities.js';

export interface LoadOptions extends CodeOptions {
  readonly encoder?: SentenceEncoder;
  /** Words to be reported with each utterance. */
  readonly sensitive?: { find(text: string): SensitiveHit[] };
}

const MAX_RANKING = 10;
/** A second wish counts when its own clause is this sure. */
const CLAUSE_CONFIDENCE = 0.5;

/** Loads a model folder. Throws MODEL_NOT_FOUND, MODEL_INVALID or MODEL_CHECKSUM. */
export async function loadIntentModel(folder: string, options: LoadOptions = {}): Promise<OnnxIntentModel> {
  return OnnxIntentModel.open(await readModelFolder(folder), folder, options);
}

/** The understanding of one application: intents by the trained classifier, entities by rules, lists and the trained tagger. */
export class OnnxIntentModel implements IntentModel {
  readonly folder: string;
  readonly manifest: ModelManifest;
  readonly smokeSet: readonly { readonly text: string; readonly intent: string }[];
  readonly #classifier: IntentClassifier;
  readonly #own: OwnEntities;
  readonly #tagger: Tagger | undefined;
  readonly #options: LoadOptions;
  readonly #encoder: SentenceEncoder | undefined;

  private constructor(
    folder: string,
    files: ModelFiles,
    classifier: IntentClassifier,
    options: LoadOptions,
    encoder: SentenceEncoder | undefined,
  ) {
    this.folder = folder;
    this.manifest = files.manifest;
    this.#classifier = classifier;
    this.#options = options;
    this.#encoder = encoder;
    this.#own = new OwnEntities(
      ownEntitiesSchema.parse(readJson(files, 'entities.json') ?? { synonyms: {}, regexes: [], lookups: [] }),
    );
    const tagger = readJson(files, 'tagger.json');
    this.#tagger = tagger === undefined ? undefined : new Tagger(tagger as ConstructorParameters<typeof Tagger>[0]);
    this.smokeSet = (readJson(files, 'smoke.json') ?? []) as { text: string; intent: string }[];
  }

  static async open(files: ModelFiles, folder: string, options: LoadOptions): Promise<OnnxIntentModel> {
    const encoder = await encoderFor(files.manifest, folder, options.encoder);
    const classifier = await IntentClassifier.open(files);
    try {
      return new OnnxIntentModel(folder, files, classifier, options, encoder);
    } catch (error) {
      await classifier.close();
      if (encoder !== options.encoder) await encoder?.close();
      throw new HearkenError('MODEL_INVALID', `the model in ${folder} can't be loaded: ${messageOf(error)}`, {
        hint: 'Train it again.',
        cause: error,
      });
    }
  }

  get labels(): readonly string[] {
    return this.#classifier.labels;
  }

  async parse(text: string, options: ParseOptions = {}): Promise<ParseResult> {
    const said = String(text);
    const { entities, retracted, correction } = readCorrections(said, this.#entities(said, options));
    const whole = await this.#intent(said);
    const intents = await this.#several(said);
    const sensitive = this.#options.sensitive?.find(said) ?? [];
    const { sentiment, urgency } = readMood(said);
    const first = intents?.[0];
    return {
      text: said,
      intent: first ? { name: first.name, confidence: first.confidence } : whole.intent,
      ranking: whole.ranking.slice(0, MAX_RANKING),
      entities,
      sentiment,
      urgency,
      model: this.manifest.name,
      ...(intents ? { intents } : {}),
      ...(correction ? { correction } : {}),
      ...(retracted.length > 0 ? { retracted } : {}),
      ...(sensitive.length > 0 ? { sensitive } : {}),
    };
  }

  async #intent(text: string): Promise<{ intent: IntentRank; ranking: readonly IntentRank[]; inScope: boolean }> {
    const embedding = this.manifest.embeddingSize > 0 ? await this.#encoder?.embed(text) : undefined;
    const { ranking, inScope, scopeProbability } = await this.#classifier.classify(text, embedding);
    const best = ranking[0];
    if (best && inScope) return { intent: best, ranking, inScope };
    const fallback = { name: FALLBACK_INTENT, confidence: 1 - scopeProbability };
    return { intent: fallback, ranking: [fallback, ...ranking], inScope: false };
  }

  /** Two or more wishes, each sure in its own clause and different from the others; undefined when there is one. */
  async #several(text: string): Promise<IntentSpan[] | undefined> {
    const clauses = splitClauses(text);
    if (clauses.length < 2) return undefined;
    const found: IntentSpan[] = [];
    for (const clause of clauses) {
      const { intent, inScope } = await this.#intent(clause.text);
      if (!inScope || intent.confidence < CLAUSE_CONFIDENCE || MINOR_INTENTS.has(intent.name)) continue;
      const same = found.find((other) => other.name === intent.name);
      if (!same) found.push({ ...intent, start: clause.start, end: clause.end });
    }
    return found.length >= 2 ? found : undefined;
  }

  #entities(text: string, options: ParseOptions): Entity[] {
    const listed = this.#own.find(text);
    const tagged = this.#tagger?.tag(text) ?? [];
    // Where the tagger and a list see the same thing, the list knows its bounds and value, the tagger its role and group.
    const candidates: Candidate[] = listed.map((own) => {
      const other = tagged.find((entity) => overlaps(entity, own) && entity.entity === own.entity);
      const { role, group } = other ?? {};
      return { ...own, ...(role === undefined ? {} : { role }), ...(group === undefined ? {} : { group }) };
    });
    for (const entity of tagged) {
      if (listed.some((own) => overlaps(entity, own) && entity.entity === own.entity)) continue;
      candidates.push({ ...entity, value: this.#own.canonical(entity.text), priority: TAGGER_PRIORITY });
    }
    return extractEntities(text, { ...options, ...this.#options }, candidates);
  }

  async close(): Promise<void> {
    await this.#classifier.close();
    // An encoder that was given belongs to the giver.
    if (this.#encoder !== this.#options.encoder) await this.#encoder?.close();
  }
}

/** The encoder a model needs: the one given, else the one it was trained with where that still lies. Undefined for models without. */
async function encoderFor(
  manifest: ModelManifest,
  folder: string,
  given: SentenceEncoder | undefined,
): Promise<SentenceEncoder | undefined> {
  if (manifest.embeddingSize === 0) return given;
  const encoder = given ?? (manifest.encoder ? await openSentenceEncoder(manifest.encoder.folder) : undefined);
  if (encoder && encoder.checksum === manifest.encoder?.checksum && encoder.size === manifest.embeddingSize)
    return encoder;
  if (encoder !== given) await encoder?.close();
  throw new HearkenError(
    'MODEL_INVALID',
    `the model in ${folder} was trained with another sentence encoder than there is now`,
    {
      hint: 'Point to the encoder it was trained with, or train it again.',
    },
  );
}

/** What somebody annotated goes before what is built in, but for answers to the question asked. */
const TAGGER_PRIORITY = 86;

function overlaps(a: Entity, b: Entity): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Small words around a wish ("喂你好, 我想查订单", "对, 退货"): they are no wish of their own beside another. */
const MINOR_INTENTS: ReadonlySet<string> = new Set([
  'greet',
  'affirm',
  'deny',
  'thanks',
  'goodbye',
  'inform',
  'correct',
  'repeat',
  'cancel',
]);

function readJson(files: ModelFiles, name: string): unknown {
  const bytes = files.read(name);
  return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
}
