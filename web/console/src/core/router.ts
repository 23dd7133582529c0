import { Value } from './value.js';

/** Where the console is: `#/calls/<id>?t=12` has the parts `calls`, `<id>` and the query. */
export interface Place {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * Addresses are in the fragment: the service serves one page, a proxy needs no rule for deep links, and what is looked at (a caller's number in a search) is sent to nobody, not even
 * as a referrer.
 */
export const place = new Value<Place>(readPlace(location.hash));

addEventListener('hashchange', () => place.set(readPlace(location.hash)));

export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { parts: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** The address of a place, for links. Parameters without a value are left out. */
export function address(parts: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return `#/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function go(target: string, replace = false): void {
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, '', target);
  place.set(readPlace(target));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
