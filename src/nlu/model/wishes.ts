import { FALLBACK_INTENT, type IntentRank, type IntentSpan, type ParseResult } from '../intent-model.js';
import { readMood } from '../sentiment/sentiment.js';
import { splitClauses, splitListed } from './clauses.js';
import type { Guards } from './guards.js';
import { insteadStart } from './instead.js';
import { readNegation } from './negation.js';
import { wishAfterAnger } from './venting.js';
import { beforeNumber, withoutThanks } from './within.js';

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

/** One wish, as the classifier ranks what it could be. */
export interface Wish {
  readonly intent: IntentRank;
  readonly ranking: readonly IntentRank[];
  /** The part of the utterance that says it, where that is not the whole. */
  readonly span?: { readonly start: number; readonly end: number };
  readonly negated?: IntentRank;
}

export interface Wishes extends Omit<Wish, 'span'> {
  readonly intents?: readonly IntentSpan[];
}

/** Classifies a text that is taken to hold one wish; out of scope is `fallback`. */
export type Classify = (text: string) => Promise<Wish>;

/** What a caller wants: the wishes of an utterance, with an eye to what is not wanted, given up, said beside another wish, or said in anger. */
export class WishReader {
  readonly #classify: Classify;
  readonly #guards: Guards;
  readonly #labels: readonly string[];

  constructor(classify: Classify, model: { readonly guards: Guards; readonly labels: readonly string[] }) {
    this.#classify = classify;
    this.#guards = model.guards;
    this.#labels = model.labels;
  }

  /** What the caller wants, where they may first have given up what they wanted before, or let off steam. */
  async read(text: string): Promise<Wishes & Pick<ParseResult, 'instead' | 'vented'>> {
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
      if (isClearWish(intent)) return { intent, ranking: lead(intent, wishes.ranking) };
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
    if (found.some(({ name }) => name === negated?.name)) return this.#classify(text);
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
    for (const { text: part, start, end, joined } of splitListed(text)) {
      const { intent } = await this.#wish(part, start);
      if (!isClearWish(intent, joined ? JOINED_CONFIDENCE : LOOSE_CONFIDENCE)) return whole;
      const { name, confidence } = intent;
      if (!found.some((other) => other.name === name)) found.push({ name, confidence, start, end });
    }
    const [first] = found;
    if (first === undefined || found.length < 2) return whole;
    return { ...whole, intent: { name: first.name, confidence: first.confidence }, intents: found };
  }

  /** The wish of a text that holds one, with an eye to "not" and to beginnings that go nowhere. `at`: where the text begins in the utterance. */
  async #wish(text: string, at: number): Promise<Wish> {
    const heard = await this.#classify(text);
    if (this.#guards.isFragment(text)) return { ...heard, ...fallback(FRAGMENT_CONFIDENCE, heard.ranking) };
    const wish = readNegation(text);
    if (wish === undefined) return heard;
    const { intent: unwanted } = await this.#classify(wish.rest);
    // "不要帮我取消" sounds like an order to be cancelled, and "cancel" is itself what the caller says of something else.
    const cancels = unwanted.name === CANCEL_INTENT;
    const known =
      unwanted.name !== FALLBACK_INTENT &&
      unwanted.confidence >= NEGATED_CONFIDENCE &&
      (unwanted.name === GOODBYE_INTENT || !MINOR_INTENTS.has(cancels ? heard.intent.name : unwanted.name));
    const belongs = !cancels && this.#guards.saysNotOf(unwanted.name, wish.rest);
    const instead = wish.instead === '' ? undefined : await this.#classify(wish.instead);
    const span = { start: at + wish.insteadStart, end: at + wish.insteadStart + wish.instead.length };
    if (!known || belongs) {
      // "我不换了还是退吧": whatever is given up, another wish is clear.
      const clear = instead !== undefined && isClearWish(instead.intent) && MINOR_INTENTS.has(heard.intent.name);
      return clear ? { ...instead, span } : heard;
    }
    const replaces = instead !== undefined && ![FALLBACK_INTENT, unwanted.name].includes(instead.intent.name);
    if (replaces && instead.intent.confidence >= JOINED_CONFIDENCE) return { ...instead, span, negated: unwanted };
    const refused = unwanted.name === heard.intent.name || REFUSALS.has(heard.intent.name);
    return cancels || refused ? this.#declined(heard, unwanted) : heard;
  }

  /** A wish that is not wanted is a "no". */
  #declined(heard: Wish, unwanted: IntentRank): Wish {
    const others = heard.ranking.filter(({ name }) => name !== unwanted.name && name !== DENY_INTENT);
    if (!this.#labels.includes(DENY_INTENT))
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
}

/** Nothing that the application knows; `confidence`: how surely. */
export function fallback(confidence: number, ranking: readonly IntentRank[]): Wish {
  const intent = { name: FALLBACK_INTENT, confidence };
  return { intent, ranking: [intent, ...ranking] };
}

/** A wish that counts without a word that adds it to another. */
function isClearWish({ name, confidence }: IntentRank, least = LOOSE_CONFIDENCE): boolean {
  return name !== FALLBACK_INTENT && !MINOR_INTENTS.has(name) && confidence >= least;
}

/** The ranking with one intent brought to its head. */
function lead(intent: IntentRank, ranking: readonly IntentRank[]): IntentRank[] {
  return [intent, ...ranking.filter(({ name }) => name !== intent.name)];
}
