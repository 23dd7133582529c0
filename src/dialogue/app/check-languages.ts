import { nameIn } from './flow-names.js';
import { base } from './language-tags.js';
import type { Application, Flow, ResponseDefinition } from './types.js';
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
  // Its own words are said instead of the names.
  if (application.domain.responses.has('utter_what_can_you_do')) return;
  for (const flow of application.flows.values()) tellUnnamed(application, reader, flow, declared);
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

/** A flow that has a name is offered by "what can you do", in the languages it is named in. */
function tellUnnamed(
  { language: own }: Application,
  reader: YamlReader,
  flow: Flow,
  declared: readonly string[],
): void {
  if (flow.triggers.length === 0 || flow.name === flow.id) return;
  const missing = declared.filter((language) => nameIn(flow, language, own) === undefined);
  if (missing.length === 0) return;
  reader.warning(
    flow.file,
    flow.line,
    `the flow "${flow.id}" has no name in ${missing.join(', ')}`,
    `"What can you do" leaves it out there. Add "translation: {${missing.map((language) => `${language}: {name: …}`).join(', ')}}", or write utter_what_can_you_do.`,
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
