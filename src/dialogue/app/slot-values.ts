import type { SlotDefinition } from './types.js';

/** Slots the engine keeps itself: no domain need list them. */
export const BUILT_IN_SLOTS: ReadonlySet<string> = new Set([
  'requested_slot',
  'language',
  'channel',
  'sender',
  'session_started_metadata',
]);

/** Slots of the two ready actions that every application has; a domain may leave them out. */
export const READY_SLOTS: ReadonlySet<string> = new Set([
  'ticket_subject',
  'ticket_text',
  'ticket_number',
  'call_back_phone',
  'call_back_time',
  'call_back_subject',
  'call_back_number',
]);

/** Rasa's own word for "none of the values". */
const OTHER = '__other__';

type Shape = Pick<SlotDefinition, 'type' | 'values'>;

/**
 * What code or a file puts into a slot, in the slot's type; undefined when it does not fit. What clearly means a value of the type becomes one ("3" into a float, "true" into a
 * bool, a single thing into a list, as Rasa does it). Null fits everywhere.
 */
export function fitted(slot: Shape, value: unknown): unknown {
  if (value === null) return null;
  switch (slot.type) {
    case 'bool':
      return asBool(value);
    case 'float':
      return asFloat(value);
    case 'categorical':
      return slot.values.find((each) => sameWord(each, value)) ?? (slot.values.includes(OTHER) ? value : undefined);
    case 'list':
      return Array.isArray(value) ? value : [value];
    case 'text':
      return typeof value === 'object' ? undefined : value;
    default:
      return value;
  }
}

/** What may be put into it, for people. */
export function whatFits({ type, values }: Shape): string {
  switch (type) {
    case 'bool':
      return 'true or false';
    case 'float':
      return 'a number';
    case 'categorical':
      return `one of ${values.map(String).join(', ')}`;
    default:
      return 'a text';
  }
}

function asBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (/^(?:true|yes|1)$/i.test(String(value))) return true;
  return /^(?:false|no|0)$/i.test(String(value)) ? false : undefined;
}

function asFloat(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function sameWord(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return typeof other !== 'object' && String(one).toLowerCase() === String(other).toLowerCase();
}
