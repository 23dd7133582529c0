import { maskText, PERSONAL_KINDS } from '../../store/log/mask.js';
import { ENGLISH_DIGITS, HAN_DIGITS } from '../../store/log/spoken-digits.js';

/** What in a call is somebody's own business. */

const KINDS = new Set(PERSONAL_KINDS);
const PERSONAL_ENTITIES: ReadonlySet<string> = new Set([...KINDS, 'phone_number', 'name', 'person', 'address']);
/** Slots and entities that are personal, by their names: in doubt too many rather than too few. */
const PERSONAL_NAME = /phone|mobile|address|street|name|title|mail|card|code|identity|password|birth|account|tax/i;
/** Shorter rows of digits are order numbers' last four, years and amounts. */
const LONGEST_PLAIN = 8;

/** Numbers as people say them, written as digits: "幺三零…" and "one three oh …" read as what they are. */
function inDigits(text: string): string {
  const han = text.replace(/[零〇一幺二两三四五六七八九](?:[\s，,、]?[零〇一幺二两三四五六七八九]){3,}/g, (row) =>
    Array.from(row, (sign) => HAN_DIGITS[sign] ?? '').join(''),
  );
  const words = Object.keys(ENGLISH_DIGITS).join('|');
  const each = han.replace(
    new RegExp(`\\b(double|treble|triple)[\\s-]+(${words})\\b`, 'gi'),
    (_all, times: string, digit: string) =>
      Array(times.toLowerCase() === 'double' ? 2 : 3)
        .fill(digit)
        .join(' '),
  );
  return each.replace(new RegExp(`\\b(?:${words})(?:[\\s,-]+(?:${words}))+\\b`, 'gi'), (row) =>
    (row.toLowerCase().match(/[a-z]+/g) ?? []).map((word) => ENGLISH_DIGITS[word] ?? '').join(''),
  );
}

/** A text without what is personal in it; the very same where there is nothing. */
export function withoutPersonal(text: string): string {
  const digits = inDigits(text);
  const masked = maskText(digits, KINDS).replace(/\d[\d\s-]{7,}\d/g, (row) =>
    row.replace(/\D/g, '').length > LONGEST_PLAIN ? '****' : row,
  );
  return masked === digits ? text : masked;
}

/** Whether a slot or an entity is personal, by its name. */
function isPersonalName(name: string, also: ReadonlySet<string>): boolean {
  return also.has(name) || PERSONAL_ENTITIES.has(name) || PERSONAL_NAME.test(name);
}

/** What is known of somebody in the slots of a conversation: their values, where they can be told from any other word. */
export function personalValues(slots: Readonly<Record<string, unknown>>, also: ReadonlySet<string>): readonly string[] {
  return Object.entries(slots).flatMap(([name, value]) => {
    if (!isPersonalName(name, also) || (typeof value !== 'string' && typeof value !== 'number')) return [];
    const text = bare(String(value));
    return Array.from(text).length < 2 || /^(?:true|false|yes|no)$/.test(text) ? [] : [text];
  });
}

/** Whether a text tells something personal: by the numbers in it, or because it holds one of the values known of somebody, in digits or in words. */
export function tellsPersonal(text: string, values: readonly string[]): boolean {
  if (withoutPersonal(text) !== text) return true;
  const [written, counted] = [bare(text), bare(inDigits(text))];
  return values.some((value) => written.includes(value) || counted.includes(value));
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[\s\p{P}]/gu, '');
}

export interface PersonalFacts {
  readonly text: string;
  /** Slot that had been asked for. */
  readonly askedFor: string | undefined;
  /** Names of the entities found in it. */
  readonly entities: readonly string[];
  /** Slots and entities that are personal besides those whose names say so. */
  readonly also: ReadonlySet<string>;
  /** What is known of the caller, as `personalValues` has it. */
  readonly values?: readonly string[];
}

/** Whether a caller's words tell something personal: by the numbers in them, by what was found in them, or by what had been asked. */
export function isPersonal({ text, askedFor, entities, also, values = [] }: PersonalFacts): boolean {
  return tellsPersonal(text, values) || [...entities, askedFor ?? ''].some((name) => isPersonalName(name, also));
}
