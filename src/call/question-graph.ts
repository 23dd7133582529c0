import type { Expectation } from '../dialogue/brain.js';
import type { Graph } from '../speech/graph.js';

/** Slot types that are answered with a string of digits. */
const DIGIT_TYPES = new Set(['digits', 'phone_number', 'order_number', 'tracking_number', 'id_number', 'pin']);

/** What to listen for when this is the question that is open: its answers first, anything else as well. */
export function graphFor(expectation: Expectation): Graph {
  if (expectation.type === 'confirm') return 'confirm';
  if (DIGIT_TYPES.has(expectation.type)) return 'digits';
  if (expectation.type === 'email') return 'email';
  // A menu: one key, or the word for it.
  return expectation.type === 'open' && expectation.maxLength === 1 ? 'confirm' : 'general';
}
