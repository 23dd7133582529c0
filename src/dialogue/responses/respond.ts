import type { Button, ResponseDefinition, ResponseVariation } from '../app/types.js';
import type { Channel } from '../brain.js';
import { speakDigits } from '../digits.js';

/** Which words a response has for this conversation. All pure: the same conversation and turn always give the same words. */

export interface ResponseContext {
  readonly conversationId: string;
  readonly turn: number;
  readonly language: string;
  /** The language of variations that name none. */
  readonly ownLanguage: string;
  readonly channel: Channel;
  readonly slots: Readonly<Record<string, unknown>>;
  /** Index said last time, to say another now; undefined = never said. */
  readonly last: number | undefined;
  /** Slots whose values are digit strings, to be read out digit by digit. */
  readonly digitSlots: ReadonlySet<string>;
}

export interface Worded {
  readonly text: string;
  readonly speech: string;
  readonly variation: number;
  readonly buttons: readonly Button[];
  readonly bargeIn: boolean;
}

/**
 * Picks a variation. First by language (the conversation's; where a response has none in it, the application's own), then as Rasa does: those whose
 * conditions hold before those without, those for the channel before those for all. Undefined when none fits.
 */
export function respond(definition: ResponseDefinition, context: ResponseContext): Worded | undefined {
  const fitting = byLanguage(definition.variations, context).filter((variation) => holds(variation, context.slots));
  const conditional = fitting.filter((variation) => variation.conditions.length > 0);
  const candidates = conditional.length > 0 ? conditional : fitting;
  const written = forChannel(candidates, 'text');
  const chosen = pick(written.length > 0 ? written : candidates, definition, context);
  if (chosen === undefined) return undefined;
  const spokenOnly = candidates.filter((variation) => variation.channel === 'voice');
  const spoken = chosen.speech !== undefined ? undefined : (pick(spokenOnly, definition, context) ?? chosen);
  return {
    text: fill(chosen.text, context, false),
    speech: fill(spoken === undefined ? (chosen.speech ?? chosen.text) : (spoken.speech ?? spoken.text), context, true),
    variation: definition.variations.indexOf(chosen),
    buttons: chosen.buttons,
    bargeIn: (spoken ?? chosen).bargeIn,
  };
}

function byLanguage(variations: readonly ResponseVariation[], context: ResponseContext): readonly ResponseVariation[] {
  const base = (tag: string): string => tag.split('-')[0] ?? tag;
  const inLanguage = (language: string, match: (tag: string) => string) =>
    variations.filter((variation) => match(variation.language ?? context.ownLanguage) === match(language));
  for (const language of [context.language, context.ownLanguage]) {
    const exact = inLanguage(language, (tag) => tag);
    if (exact.length > 0) return exact;
    const near = inLanguage(language, base);
    if (near.length > 0) return near;
  }
  return variations;
}

function holds(variation: ResponseVariation, slots: Readonly<Record<string, unknown>>): boolean {
  return variation.conditions.every(
    ({ slot, value }) => (slots[slot] ?? null) === value || String(slots[slot]) === String(value),
  );
}

/** Those for this channel, and those for any. A channel we have no name for (`slack`) is never chosen. */
function forChannel(variations: readonly ResponseVariation[], channel: Channel): readonly ResponseVariation[] {
  const own = variations.filter((variation) => variation.channel === channel);
  return own.length > 0 ? own : variations.filter((variation) => variation.channel === undefined);
}

function pick(
  variations: readonly ResponseVariation[],
  definition: ResponseDefinition,
  context: ResponseContext,
): ResponseVariation | undefined {
  if (variations.length === 0) return undefined;
  const start = hash(`${context.conversationId}\n${context.turn}\n${definition.name}`) % variations.length;
  const first = variations[start];
  if (first === undefined || definition.variations.indexOf(first) !== context.last) return first;
  return variations[(start + 1) % variations.length];
}

/** FNV-1a, 32 bit: spreads evenly and needs no library. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value ^= text.charCodeAt(at);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

const PLACEHOLDER = /\{\{|\}\}|\{([\p{L}_][\p{L}\p{N}_.]*)\}/gu;
const MAX_VALUE_CHARS = 300;
/** Control characters, and those that change the direction of what is written or are not seen. */
const CONTROL = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Puts slots into `{name}`; `{{` and `}}` are braces. A value never brings placeholders, markup or line ends of its own. */
export function fill(
  template: string,
  context: Pick<ResponseContext, 'slots' | 'language' | 'digitSlots'>,
  forEars: boolean,
): string {
  return template.replace(PLACEHOLDER, (match, name: string | undefined) => {
    if (match === '{{') return '{';
    if (match === '}}') return '}';
    if (name === undefined) return match;
    const value = context.slots[name];
    const digits = context.digitSlots.has(name) && /^\d+$/.test(String(value));
    if (digits && forEars) return speakDigits(String(value), context.language);
    return valueText(value, context.language);
  });
}

/** Names of the slots that a text is filled from. */
export function slotsIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

function valueText(value: unknown, language: string): string {
  if (value === null || value === undefined) return '';
  const text = Array.isArray(value)
    ? value.map((each) => valueText(each, language)).join(language.startsWith('zh') ? '、' : ', ')
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
  return text.replace(CONTROL, ' ').replace(/[<>]/g, '').slice(0, MAX_VALUE_CHARS);
}

/** True when a text has nothing to fill in: it can be rendered ahead of time. */
export function isFixed(text: string): boolean {
  return !/\{[\p{L}_]/u.test(text.replaceAll('{{', ''));
}
