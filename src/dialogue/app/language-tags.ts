const NAMES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** What to write instead of a tag that names no language (BCP 47); '' where nobody knows, undefined where it is right. */
export function betterTag(tag: string): string | undefined {
  try {
    const canonical = Intl.getCanonicalLocales(tag)[0] ?? '';
    if (base(canonical) !== base(tag)) return canonical;
    return NAMES.of(base(tag)) === undefined ? '' : undefined;
  } catch {
    return '';
  }
}

/** The language of a tag without its country or script. */
export function base(tag: string): string {
  return tag.split('-')[0]?.toLowerCase() ?? tag;
}
