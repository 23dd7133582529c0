/** The best of `known` languages (BCP 47) for a wanted one: the same, else the same language in another region; undefined when none is. */
export function matchLanguage(wanted: string, known: Iterable<string>): string | undefined {
  const lower = wanted.toLowerCase();
  const primary = lower.split('-')[0];
  let related: string | undefined;
  for (const language of known) {
    if (language.toLowerCase() === lower) return language;
    if (language.toLowerCase().split('-')[0] === primary) related ??= language;
  }
  return related;
}
