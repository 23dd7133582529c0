import { base } from './language-tags.js';
import type { Flow } from './types.js';

/** What a flow is called in a language; undefined where nobody has named it in that one. `own`: the application's language, in which `name` is. */
export function nameIn({ id, name, names }: Flow, language: string, own: string): string | undefined {
  const exact = names.get(language);
  if (exact !== undefined) return exact;
  if (base(language) === base(own)) return name === id ? undefined : name;
  return [...names].find(([tag]) => base(tag) === base(language))?.[1];
}
