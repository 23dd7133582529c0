import { HearkenError, messageOf } from '../../errors.js';
import { readCorrections } from '../corrections.js';
import type { SentenceEncoder } from '../encoder/encoder.js';
import { openSentenceEncoder } from '../encoder/onnx-encoder.js';
import type { CodeOptions } from '../entities/codes.js';
import { extractEntities } from '../entities/extract.js';
import type { Candidate } from '../entities/types.js';
import type { UserPatternsOptions } from '../entities/user-patterns.js';
import type { Entity, IntentModel, ParseOptions, ParseResult, SensitiveHit } from '../intent-model.js';
import { readMood } from '../sentiment/sentiment.js';
import { Tagger } from '../tagger/tagger.js';
import { type ModelFiles, type ModelManifest, readModelFolder } from './folder.js';
import { Guards, guardsSchema } from './guards.js';
import { IntentClassifier } from './intent-classifier.js';
import { OwnEntities, type OwnEntitiesData, ownEntitiesSchema } from './own-entities.js';
import { fallback, type Wish, WishReader } from './wishes.js';

export interface LoadOptions extends CodeOptions, UserPatternsOptions {
  readonly encoder?: SentenceEncoder;
  /** Words to be reported with each utterance. */
  readonly sensitive?: { find(text: string): SensitiveHit[] };
}

const MAX_RANKING = 10;
/** Longer texts are cut: nobody says more in one turn, and the work must be bounded. */
const MAX_CHARS = 1000;

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
  readonly #codes: CodeOptions;
  readonly #tagger: Tagger | undefined;
  readonly #wishes: WishReader;
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
    const own = ownEntitiesSchema.parse(readJson(files, 'entities.json') ?? { synonyms: {}, regexes: [], lookups: [] });
    this.#own = new OwnEntities(own, options.onTooSlow === undefined ? {} : { onTooSlow: options.onTooSlow });
    this.#codes = withoutUndefined(own.codes);
    const guards = readJson(files, 'guards.json');
    this.#wishes = new WishReader((text) => this.#intent(text), {
      guards: guards === undefined ? new Guards() : new Guards(guardsSchema.parse(guards)),
      labels: classifier.labels,
    });
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
    const heard = said.slice(0, MAX_CHARS);
    const { entities, retracted, correction } = readCorrections(heard, this.#entities(heard, options));
    const { intent, ranking, intents, negated, instead, vented } = await this.#wishes.read(heard);
    const sensitive = this.#options.sensitive?.find(said) ?? [];
    const { sentiment, urgency } = readMood(heard);
    return {
      text: said,
      intent,
      ranking: ranking.slice(0, MAX_RANKING),
      entities,
      sentiment,
      urgency,
      model: this.manifest.name,
      ...(intents ? { intents } : {}),
      ...(negated ? { negated } : {}),
      ...(instead ? { instead } : {}),
      ...(vented ? { vented } : {}),
      ...(correction ? { correction } : {}),
      ...(retracted.length > 0 ? { retracted } : {}),
      ...(sensitive.length > 0 ? { sensitive } : {}),
    };
  }

  async #intent(text: string): Promise<Wish> {
    const embedding = this.manifest.embeddingSize > 0 ? await this.#encoder?.embed(text) : undefined;
    const { ranking, inScope, scopeProbability } = await this.#classifier.classify(text, embedding);
    const best = ranking[0];
    return best && inScope ? { intent: best, ranking } : fallback(1 - scopeProbability, ranking);
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
    return extractEntities(text, { ...options, ...this.#codes, ...this.#options }, candidates);
  }

  async close(): Promise<void> {
    await this.#classifier.close();
    // An encoder that was given belongs to the giver.
    if (this.#encoder !== this.#options.encoder) await this.#encoder?.close();
  }
}

function withoutUndefined({ orderNumberLength, orderNumberChecksum }: OwnEntitiesData['codes']): CodeOptions {
  return {
    ...(orderNumberLength === undefined ? {} : { orderNumberLength }),
    ...(orderNumberChecksum === undefined ? {} : { orderNumberChecksum }),
  };
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

function readJson(files: ModelFiles, name: string): unknown {
  const bytes = files.read(name);
  return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
}
