import { type Place, readPlace } from './place.js';
import { Value } from './value.js';

export { address } from './place.js';

/**
 * Addresses are in the fragment: the service serves one page, a proxy needs no rule for deep links, and what is looked at (a caller's number in a search) is sent to nobody, not even
 * as a referrer.
 */
export const place = new Value<Place>(readPlace(location.hash));

addEventListener('hashchange', () => place.set(readPlace(location.hash)));

export function go(target: string, replace = false): void {
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, '', target);
  place.set(readPlace(target));
}
