import { base } from './language-tags.js';
import type { Application, ResponseDefinition } from './types.js';
import type { YamlReader } from './yaml.js';

/**
 * Responses in languages that the application does not speak, and without words in those that it does. `declared`: `language` and `additional_languages` of config.yml; nothing is
 * told where there are no additional ones.
 */
export function checkLanguages(application: Application, reader: YamlReader, declared: readonly string[]): void {
  if (declared.length < 2) return;
  for (const response of application.domain.responses.values()) {
    tellMissing(application, reader, response, declared);
    tellUndeclared(reader, response, declared);
  }
}

function tellMissing(
  { language: own }: Application,
  reader: YamlReader,
  { name, variations, file, line }: ResponseDefinition,
  declared: readonly string[],
): void {
  if (!variations.some(({ text, speech }) => hasWords(text) || hasWords(speech ?? ''))) return;
  const spoken = new Set(variations.map(({ language }) => base(language ?? own)));
  const missing = declared.filter((language) => !spoken.has(base(language)));
  if (missing.length === 0) return;
  reader.warning(
    file,
    line,
    `the response "${name}" has no words in ${missing.join(', ')}`,
    `They are said in ${own}. Add "translation: {${missing.map((language) => `${language}: …`).join(', ')}}" to its text.`,
  );
}

function tellUndeclared(
  reader: YamlReader,
  { name, variations, file, line }: ResponseDefinition,
  declared: readonly string[],
): void {
  const known = new Set(declared.map(base));
  const others = new Set(variations.flatMap(({ language }) => (language === undefined ? [] : [language])));
  for (const language of [...others].filter((each) => !known.has(base(each))))
    reader.warning(
      file,
      line,
      `the response "${name}" has words in "${language}", which config.yml does not list`,
      `Callers could then speak it. Add it to "additional_languages", or write one of ${declared.join(', ')}.`,
    );
}

/** Something besides placeholders, numbers and signs: only that has to be translated. */
function hasWords(text: string): boolean {
  return /\p{L}/u.test(text.replace(/\{[^{}]*\}/g, ''));
}
