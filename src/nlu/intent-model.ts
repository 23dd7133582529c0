/** Understanding of one utterance: the contract between channels and dialogue. */

export interface Entity {
  /** Type name, e.g. `order_number`, `phone_number`, `date`. */
  readonly entity: string;
  /** Canonical value: `"8765"`, `{ amount: 12.5, currency: "CNY" }`. */
  readonly value: unknown;
  /** Span in the text given, UTF-16 code units, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The words of the span. */
  readonly text: string;
  /** 0..1 */
  readonly confidence: number;
  readonly role?: string;
  readonly group?: string;
  /** Who found it, e.g. `spoken-digits`, `lookup`, `tagger`. */
  readonly extractor: string;
  /** True when the caller says that this replaces what was said before ("不对,是八七六五"): a filled slot is to be overwritten. */
  readonly corrects?: boolean;
}

/** One wish of an utterance that holds several, with the part of the text that expresses it. */
export interface IntentSpan extends IntentRank {
  readonly start: number;
  readonly end: number;
}

/** A listed word that was said; see `SensitiveWords`. */
export interface SensitiveHit {
  readonly word: string;
  readonly category: string;
  readonly start: number;
  readonly end: number;
}

export interface IntentRank {
  readonly name: string;
  /** 0..1, calibrated. */
  readonly confidence: number;
}

export interface ParseResult {
  readonly text: string;
  readonly intent: IntentRank;
  /** Best first, `intent` included. */
  readonly ranking: readonly IntentRank[];
  readonly entities: readonly Entity[];
  /** -1 (upset) .. 1 (pleased). */
  readonly sentiment: number;
  /** 0 (no hurry) .. 1 (now). */
  readonly urgency?: number;
  /** Two or more wishes in one utterance, in the order said; absent when there is one. `intent` is the first of them. */
  readonly intents?: readonly IntentSpan[];
  /** A wish that was named to say that it is not wanted ("不要转人工"); `intent` is then `deny` (or the fallback), or what is wanted instead. */
  readonly negated?: IntentRank;
  /** True when what is under way is given up for this wish ("算了，还是换货"). */
  readonly instead?: boolean;
  /** True when anger came before the wish ("你们怎么回事，我要退货"): an apology is due. */
  readonly vented?: boolean;
  /** True when the utterance takes back something said before, in it or in an earlier turn. */
  readonly correction?: boolean;
  /** What was said and taken back within this utterance; not among `entities`. */
  readonly retracted?: readonly Entity[];
  readonly sensitive?: readonly SensitiveHit[];
  /** Which model answered: its name or checksum, for the record. */
  readonly model: string;
}

export interface ParseOptions {
  /** The type that the open question asks for; steers what is ambiguous ("二十五": amount, day or digits). */
  readonly expectedSlot?: string;
  /** BCP 47; undefined = either. */
  readonly language?: string;
  /** "Now" for relative dates, epoch ms; and the caller's time zone. Defaults: the clock, Asia/Shanghai. */
  readonly nowMs?: number;
  readonly timeZone?: string;
  /** Lets a model on trial answer the same conversations throughout; without it the main model answers. */
  readonly conversationId?: string;
}

/** The name an utterance gets that belongs to no intent (Rasa's fallback intent). */
export const FALLBACK_INTENT = 'nlu_fallback';

export interface IntentModel {
  /** Never throws on text: empty, very long and odd input gets `nlu_fallback`. */
  parse(text: string, options?: ParseOptions): Promise<ParseResult>;
  readonly labels: readonly string[];
  close(): Promise<void>;
}
