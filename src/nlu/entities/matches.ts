const NONE: readonly RegExpExecArray[] = [];

/**
 * All matches of a pattern with the flag `g` (and not `u`), as `matchAll` gives them. That one makes a new pattern for every text, which takes longer
 * than to find that a short text has no match.
 */
export function matchesOf(pattern: RegExp, text: string): readonly RegExpExecArray[] {
  pattern.lastIndex = 0;
  let match = pattern.exec(text);
  if (match === null) return NONE;
  const out: RegExpExecArray[] = [];
  for (; match !== null; match = pattern.exec(text)) {
    out.push(match);
    if (match[0] === '') pattern.lastIndex++;
  }
  return out;
}
