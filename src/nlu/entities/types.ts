import type { Entity } from '../intent-model.js';

/** Types that the built-in extractors read; the trained tagger leaves them alone. */
export const BUILT_IN_ENTITIES: ReadonlySet<string> = new Set([
  'digits',
  'order_number',
  'tracking_number',
  'phone_number',
  'id_number',
  'number',
  'ordinal',
  'quantity',
  'money',
  'percentage',
  'date',
  'time',
  'datetime',
  'duration',
  'person',
  'address',
  'email',
]);

export interface EntityContext {
  /** As said; spans refer to it. */
  readonly text: string;
  /** Same length as `text`: lower case, simplified characters, half-width digits and letters. */
  readonly plain: string;
  /** Kind of answer the open question asks for. */
  readonly expected: string | undefined;
  readonly nowMs: number;
  readonly timeZone: string;
}

export interface Candidate extends Entity {
  /** Higher wins where spans overlap. */
  readonly priority: number;
}
