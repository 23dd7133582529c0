import type { IncomingHttpHeaders } from 'node:http';

/**
 * Browsers tell whether a request is of the same origin (https://www.w3.org/TR/fetch-metadata/); older ones at least the origin. Programs tell neither: they have no cookies of
 * somebody else's.
 */
export function sameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
