import { HearkenError, messageOf } from '../../errors.js';
import { readCorrections } from '../corrections.js';
import type { SentenceEncoder } from '../encoder/encoder.js';
import { openSentenceEncoder } from '../encoder/onnx-encoder.js';
import type { CodeOptions } from '../entities/codes.js';
import { extractEntities } from '../entities/extract.js';
import type { Candidate } from '../entities/types.js';
import type { UserPatternsOptions } from '../entities/user-patterns.js';
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
import { splitClauses, splitListed } from './clauses.js';
import { type ModelFiles, type ModelManifest, readModelFolder } from './folder.js';
import { Guards, guardsSchema } from './guards.js';
import { insteadStart } from './instead.js';
import { IntentClassifier } from './intent-classifier.js';
import { readNegation } from './negation.js';
import { OwnEntities, type OwnEntitiesData, ownEntitiesSchema } from './own-entities.js';
import { wishAfterAnger } from './venting.js';
import { beforeNumber, withoutThanks } from './within.js';

export interface LoadOptions extends CodeOptions, UserPatternsOptions {
  readonly encoder?: SentenceEncoder;
  /** Words to be reported with each utterance. */
  readonly sensitive?: { find(text: string): SensitiveHit[] };
}

const MAX_RANKING = 10;
/** Longer texts are cut: nobody says more in one turn, and the work must be bounded. */
const MAX_CHARS = 1000;
/** A second wish counts when its own clause is this sure: one said with "and also", one that only stands beside another. */
const JOINED_CONFIDENCE = 0.5;
const LOOSE_CONFIDENCE = 0.85;
const LOOSE_SHARE = 0.1;
/** Sentiment of a wish that is itself a complaint ("我要投诉": -0.8; "我要退货": -0.1). */
const ANGRY = -0.5;
/** What is not wanted must be as clear as this. */
const NEGATED_CONFIDENCE = 0.5;
/** The intent of "no" (Rasa's usual name): what a wish that is not wanted comes to. */
const DENY_INTENT = 'deny';
/** Those of thanks and of an answer that holds only values; what gives up what is under way. */
const THANKS_INTENT = 'thanks';
const INFORM_INTENT = 'inform';
const CANCEL_INTENT = 'cancel';
/** "Please don't hang up" is none. */
const GOODBYE_INTENT = 'goodbye';
const REFUSALS: ReadonlySet<string> = new Set([DENY_INTENT, CANCEL_INTENT]);
/** A beginning that could go anywhere is surely not understood. */
const FRAGMENT_CONFIDENCE = 0.9;

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
  readonly #guards: Guards;
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
    this.#guards = guards === undefined ? new Guards() : new Guards(guardsSchema.parse(guards));
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
    const { intent, ranking, intents, negated, instead, vented } = await this.#wished(heard);
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

  /** What the caller wants, where they may first have given up what they wanted before, or let off steam. */
  async #wished(text: string): Promise<Wishes & Pick<ParseResult, 'instead' | 'vented'>> {
    const start = insteadStart(text);
    const instead = start === undefined ? undefined : await this.#wishesFrom(text, start);
    if (instead !== undefined) return { ...instead, instead: true };
    const whole = await this.#within(text, await this.#wishes(text));
    const afterAnger = wishAfterAnger(text);
    const calm = afterAnger === undefined ? undefined : await this.#wishesFrom(text, afterAnger);
    if (calm === undefined) return whole;
    // A complaint that follows has its own words of regret.
    return readMood(text.slice(afterAnger)).sentiment <= ANGRY ? calm : { ...calm, vented: true };
  }

  /** What is wanted in the text from `start` on; undefined when that is no clear wish. */
  async #wishesFrom(text: string, start: number): Promise<Wishes | undefined> {
    const rest = text.slice(start);
    const wishes = await this.#within(rest, await this.#wishes(rest));
    const { name, confidence } = wishes.intent;
    if (name === FALLBACK_INTENT || MINOR_INTENTS.has(name) || confidence < JOINED_CONFIDENCE) return undefined;
    const intents = wishes.intents?.map((wish) => ({ ...wish, start: wish.start + start, end: wish.end + start }));
    return { ...wishes, ...(intents === undefined ? {} : { intents }) };
  }

  /** "不退了，谢谢" is no thanks, and "我要退货订单号八七六五" more than a number. */
  async #within(text: string, wishes: Wishes): Promise<Wishes> {
    const { name } = wishes.intent;
    if (name === THANKS_INTENT) {
      const rest = withoutThanks(text);
      const other = rest === undefined ? undefined : await this.#wishes(rest);
      const counts = other !== undefined && (REFUSALS.has(other.intent.name) || !MINOR_INTENTS.has(other.intent.name));
      if (counts && other.intent.name !== FALLBACK_INTENT && other.intent.confidence >= LOOSE_CONFIDENCE) return other;
    }
    if (name === INFORM_INTENT) {
      const rest = beforeNumber(text);
      const other = rest === undefined ? undefined : await this.#wish(rest, 0);
      if (other === undefined || other.negated !== undefined) return wishes;
      const { intent } = other;
      const counts = intent.name !== FALLBACK_INTENT && !MINOR_INTENTS.has(intent.name);
      if (counts && intent.confidence >= LOOSE_CONFIDENCE) return { intent, ranking: lead(intent, wishes.ranking) };
    }
    return wishes;
  }

  /** One wish, several, or one that is wanted in place of another. */
  async #wishes(text: string): Promise<Wishes> {
    const whole = await this.#wish(text, 0);
    const clauses = splitClauses(text);
    if (clauses.length < 2) return whole.negated === undefined ? this.#listed(text, whole) : whole;
    const found: IntentSpan[] = [];
    const joined = clauses.some((clause) => clause.joined);
    let negated = whole.negated;
    for (const clause of clauses) {
      const wish = await this.#wish(clause.text, clause.start);
      negated ??= wish.negated;
      const { name, confidence } = wish.intent;
      if (name === FALLBACK_INTENT || MINOR_INTENTS.has(name)) continue;
      // What stands beside something unwanted ("不要转人工 我要查订单") needs no "and" to count.
      const loose = !joined && negated === undefined;
      if (confidence < (loose ? LOOSE_CONFIDENCE : JOINED_CONFIDENCE)) continue;
      // Sentences that only stand beside each other often say one thing twice: the whole must show both wishes too.
      if (loose && !whole.ranking.some((rank) => rank.name === name && rank.confidence >= LOOSE_SHARE)) continue;
      const { start, end } = wish.span ?? clause;
      if (!found.some((other) => other.name === name)) found.push({ name, confidence, start, end });
    }
    // "I don't want the coat, can I get a refund": said with "not" and wanted all the same.
    if (found.some(({ name }) => name === negated?.name)) return this.#intent(text);
    const [first] = found;
    if (first === undefined) return negated?.name === whole.intent.name ? this.#declined(whole, negated) : whole;
    if (found.length < 2 && negated === undefined) return whole;
    const intent = { name: first.name, confidence: first.confidence };
    return {
      intent,
      // Of several wishes the ranking tells about the whole.
      ranking: negated === undefined ? whole.ranking : lead(intent, whole.ranking),
      ...(found.length < 2 ? {} : { intents: found }),
      ...(negated === undefined ? {} : { negated }),
    };
  }

  /** "我要退货和开发票": each part is a clear wish of its own, or all of it is one. */
  async #listed(text: string, whole: Wish): Promise<Wishes> {
    const found: IntentSpan[] = [];
    for (const { text: part, start, end } of splitListed(text)) {
      const { intent } = await this.#wish(part, start);
      if (!isClearWish(intent)) return whole;
      const { name, confidence } = intent;
      if (!found.some((other) => other.name === name)) found.push({ name, confidence, start, end });
    }
    const [first] = found;
    if (first === undefined || found.length < 2) return whole;
    return { ...whole, intent: { name: first.name, confidence: first.confidence }, intents: found };
  }

  /** The wish of a text that holds one, with an eye to "not" and to beginnings that go nowhere. `at`: where the text begins in the utterance. */
  async #wish(text: string, at: number): Promise<Wish> {
    const heard = await this.#intent(text);
    if (this.#guards.isFragment(text)) return { ...heard, ...fallback(FRAGMENT_CONFIDENCE, heard.ranking) };
    const wish = readNegation(text);
    if (wish === undefined) return heard;
    const { intent: unwanted } = await this.#intent(wish.rest);
    // "不要帮我取消" sounds like an order to be cancelled, and "cancel" is itself what the caller says of something else.
    const cancels = unwanted.name === CANCEL_INTENT;
    const known =
      unwanted.name !== FALLBACK_INTENT &&
      unwanted.confidence >= NEGATED_CONFIDENCE &&
      (unwanted.name === GOODBYE_INTENT || !MINOR_INTENTS.has(cancels ? heard.intent.name : unwanted.name));
    const belongs = !cancels && this.#guards.saysNotOf(unwanted.name, wish.rest);
    const instead = wish.instead === '' ? undefined : await this.#intent(wish.instead);
    const span = { start: at + wish.insteadStart, end: at + wish.insteadStart + wish.instead.length };
    if (!known || belongs) {
      // "我不换了还是退吧": whatever is given up, another wish is clear.
      const clear = instead !== undefined && isClearWish(instead.intent) && MINOR_INTENTS.has(heard.intent.name);
      return clear ? { ...instead, span } : heard;
    }
    const other = instead?.intent.name !== FALLBACK_INTENT && instead?.intent.name !== unwanted.name;
    if (instead !== undefined && other && instead.intent.confidence >= JOINED_CONFIDENCE)
      return { ...instead, span, negated: unwanted };
    return cancels || unwanted.name === heard.intent.name ? this.#declined(heard, unwanted) : heard;
  }

  /** A wish that is not wanted is a "no". */
  #declined(heard: Wish, unwanted: IntentRank): Wish {
    const others = heard.ranking.filter(({ name }) => name !== unwanted.name && name !== DENY_INTENT);
    if (!this.labels.includes(DENY_INTENT))
      return { ...fallback(unwanted.confidence, heard.ranking), negated: unwanted };
    const intent = { name: DENY_INTENT, confidence: unwanted.confidence };
    return {
      intent,
      ranking: [
        intent,
        ...others.map((rank) => ({ ...rank, confidence: Math.min(rank.confidence, 1 - intent.confidence) })),
      ],
      negated: unwanted,
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

interface Wish {
  readonly intent: IntentRank;
  readonly ranking: readonly IntentRank[];
  /** The part of the utterance that says it, where that is not the whole. */
  readonly span?: { readonly start: number; readonly end: number };
  readonly negated?: IntentRank;
}

interface Wishes extends Omit<Wish, 'span'> {
  readonly intents?: readonly IntentSpan[];
}

function fallback(confidence: number, ranking: readonly IntentRank[]): Wish {
  const intent = { name: FALLBACK_INTENT, confidence };
  return { intent, ranking: [intent, ...ranking] };
}

/** A wish that counts without a word that adds it to another. */
function isClearWish({ name, confidence }: IntentRank): boolean {
  return name !== FALLBACK_INTENT && !MINOR_INTENTS.has(name) && confidence >= LOOSE_CONFIDENCE;
}

/** The ranking with one intent brought to its head. */
function lead(intent: IntentRank, ranking: readonly IntentRank[]): IntentRank[] {
  return [intent, ...ranking.filter(({ name }) => name !== intent.name)];
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
