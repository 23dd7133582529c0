import type { ConversationEvent } from '../conversation-log.js';
import { replaceSpokenRows } from './spoken-digits.js';

export const PERSONAL_KINDS = ['phone', 'email', 'id_card', 'bank_card'] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** Deepest data that is kept; what lies below is left out. */
const MAX_DEPTH = 12;

/**
 * An event as it may be kept: personal data of these kinds reads `138****5678`, and what no database takes (NUL, half a surrogate pair) is replaced. Ids, times and types
 * stay as they are, apart from the latter.
 */
export function maskEvent(event: ConversationEvent, kinds: readonly PersonalKind[]): ConversationEvent {
  const wanted = new Set(kinds);
  return {
    ...event,
    conversationId: storable(event.conversationId),
    type: storable(event.type),
    data: masked(event.data, wanted, 0) as ConversationEvent['data'],
  };
}

function masked(value: unknown, kinds: ReadonlySet<PersonalKind>, depth: number): unknown {
  if (typeof value === 'string') return maskText(storable(value), kinds);
  // A number long enough to be a card or a phone is one, whatever its type.
  if (typeof value === 'number') {
    const text = String(value);
    const shown = maskText(text, kinds);
    return shown === text ? value : shown;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((each) => masked(each, kinds, depth + 1));
  return maskedRecord(value as Readonly<Record<string, unknown>>, kinds, depth);
}

/** Most members stay as they are: a copy in one go, in which the others are replaced, takes half the time of one made member by member. */
function maskedRecord(
  record: Readonly<Record<string, unknown>>,
  kinds: ReadonlySet<PersonalKind>,
  depth: number,
): Readonly<Record<string, unknown>> {
  const shown = { ...record };
  let storableKeys = true;
  for (const key of Object.keys(shown)) {
    if (storable(key) !== key) storableKeys = false;
    const each = shown[key];
    const kept = KEPT.has(key) && typeof each !== 'object' ? each : masked(each, kinds, depth + 1);
    if (kept !== each) shown[key] = kept;
  }
  if (storableKeys) return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, each]) => [storable(key), each]));
}

/** Our own keys and numbers, which only look like somebody's. */
const KEPT: ReadonlySet<string> = new Set(['messageId', 'callId', 'atMs', 'confidence', 'durationMs', 'turn']);

/** Personal data in a text, replaced except for what lets people recognise it; numbers in figures and as they are spoken. */
export function maskText(text: string, kinds: ReadonlySet<PersonalKind>): string {
  const spoken = kinds.size === 0 ? text : maskSpoken(text, kinds);
  // Most texts have neither: all else that is personal here has a digit or an @ in it.
  return /[\d@]/.test(spoken) ? maskWritten(spoken, kinds) : spoken;
}

/** On the phone numbers come as words: 幺三八一二三四五六七八. */
function maskSpoken(text: string, kinds: ReadonlySet<PersonalKind>): string {
  return replaceSpokenRows(text, ({ said, digits, between }) => {
    const shown = (first: number, last: number): string =>
      [...said.slice(0, first), '****', ...said.slice(-last)].join(between);
    if (kinds.has('id_card') && WHOLE_ID_CARD.test(digits)) return shown(3, 2);
    if (kinds.has('phone') && isPhone(digits, digits)) return shown(3, 4);
    return kinds.has('bank_card') && isCard(digits) ? shown(0, 4) : undefined;
  });
}

function maskWritten(text: string, kinds: ReadonlySet<PersonalKind>): string {
  let shown = text;
  if (kinds.has('email'))
    shown = shown.replace(EMAIL, (_all, first: string, domain: string) => `${first}***@${domain}`);
  if (kinds.has('id_card')) shown = shown.replace(ID_CARD, (all) => keep(all, 3, 2));
  if (kinds.has('bank_card') || kinds.has('phone')) {
    shown = shown.replace(LONG_NUMBER, (all) => {
      const digits = all.replace(/\D/g, '');
      if (kinds.has('phone') && isPhone(all, digits)) {
        if (MOBILE.test(digits)) return keep(digits.slice(-11), 3, 4);
        return `${all.startsWith('+') ? '+' : ''}${keep(digits, 3, 4)}`;
      }
      return kinds.has('bank_card') && isCard(digits) ? keep(digits, 0, 4) : all;
    });
  }
  return shown;
}

/** Bounded repetitions: a text of nothing but letters must not take quadratic time. */
const EMAIL = /([A-Za-z0-9])[A-Za-z0-9._%+-]{0,63}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})/g;
/** Resident identity card of China: region, birth date, order, check digit (GB 11643-1999). */
const ID_CARD = /(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)/g;
const WHOLE_ID_CARD = new RegExp(`^(?:${ID_CARD.source})$`);
/** Digits with single blanks or hyphens between them. */
const LONG_NUMBER = /(?<![\d.])\+?\d(?:[ -]?\d){8,20}(?![\d])/g;

const MOBILE = /^(?:86)?1[3-9]\d{9}$/;

/** Mobile number of China, with or without +86, or any number that is written internationally (E.164: at most 15 digits). */
function isPhone(written: string, digits: string): boolean {
  if (MOBILE.test(digits)) return true;
  if (written.startsWith('+')) return digits.length >= 9 && digits.length <= 15;
  return /^0\d{2,3}[ -]?\d{7,8}$/.test(written);
}

function isCard(digits: string): boolean {
  return /^\d{13,19}$/.test(digits) && luhn(digits);
}

/** Check digit of cards (ISO/IEC 7812-1). */
function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit * 2 - (digit > 4 ? 9 : 0);
    sum += digit;
  }
  return sum % 10 === 0;
}

function keep(text: string, first: number, last: number): string {
  return `${text.slice(0, first)}****${text.slice(-last)}`;
}

function storable(text: string): string {
  if (text.isWellFormed() && !text.includes('\u0000')) return text;
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
