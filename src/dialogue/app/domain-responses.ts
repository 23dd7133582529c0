import { betterTag } from './language-tags.js';
import { didYouMean, nearest } from './nearest.js';
import type { Button, ResponseDefinition, ResponseVariation } from './types.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

const MAX_TEXT_CHARS = 4000;
const CHANNELS: readonly string[] = ['voice', 'text'];

/**
 * `utter_x:` with its variations. Languages, three ways to write the same: a condition on the slot `language` (plain Rasa), `metadata.language`, or
 * Rasa's `translation: {en: …}` below a text. A variation without any of them is in the application's own language.
 */
export function readResponse(
  reader: YamlReader,
  name: string,
  value: unknown,
  map: YamlMap,
): ResponseDefinition | undefined {
  if (!Array.isArray(value)) {
    reader.wrong(map, name, `response "${name}" has no variations`, 'Write "- text: …" below it.');
    return undefined;
  }
  const variations: ResponseVariation[] = [];
  for (const [index, item] of value.entries()) {
    if (!isMapValue(item)) {
      reader.wrong(value, index, `a variation of "${name}" is not a mapping`, 'Write "- text: …".');
      continue;
    }
    if (
      typeof item.text !== 'string' &&
      item.custom === undefined &&
      item.image === undefined &&
      !Array.isArray(item.buttons)
    ) {
      reader.wrong(item, undefined, `a variation of "${name}" has nothing to say`, 'Add "text: …".');
      continue;
    }
    const text = typeof item.text === 'string' ? item.text.trim() : '';
    if (text.length > MAX_TEXT_CHARS) {
      reader.wrong(
        item,
        'text',
        `the text has ${text.length} characters`,
        `Nobody listens that long: at most ${MAX_TEXT_CHARS}.`,
      );
      continue;
    }
    tellKeys(reader, name, item);
    variations.push(...expand(reader, item, text));
  }
  return { name, variations, ...reader.place(map, name) };
}

const KEYS = [
  'text',
  'metadata',
  'channel',
  'condition',
  'buttons',
  'translation',
  'custom',
  'image',
  'attachment',
  'elements',
  'quick_replies',
  'button_type',
  'id',
];

/** Rasa's channels have keys of their own: only what is cut off or mistyped is told. */
function tellKeys(reader: YamlReader, name: string, item: YamlMap): void {
  for (const key of Object.keys(item).filter((each) => !KEYS.includes(each))) {
    if (item[key] === null) tellCutOff(reader, item, key);
    else if (nearest(key, KEYS) !== undefined)
      reader.warn(
        item,
        key,
        `a variation of "${name}" has the key "${key}", which is not known`,
        `It is not read.${didYouMean(key, KEYS)}`,
      );
  }
}

/** `{text: Yes, please.}`: the comma ends the text, and "please." is a key without a value. */
function tellCutOff(reader: YamlReader, map: YamlMap, key: string): void {
  reader.warn(
    map,
    key,
    `"${key}" is cut off from the words before it`,
    'A comma ends a text between braces: put the whole text in quotes.',
  );
}

function expand(reader: YamlReader, item: YamlMap, text: string): ResponseVariation[] {
  const metadata = isMapValue(item.metadata) ? item.metadata : {};
  const conditions = readConditions(reader, item);
  const byCondition = conditions.find((condition) => condition.slot === 'language');
  if (typeof item.channel === 'string' && !CHANNELS.includes(item.channel))
    reader.warn(
      item,
      'channel',
      `the channel "${item.channel}" is not known`,
      `This variation is left out wherever another one fits. Use ${CHANNELS.join(' or ')}, or leave "channel" out.`,
    );
  const own: ResponseVariation = {
    text,
    speech: typeof metadata.speech === 'string' ? metadata.speech : undefined,
    language:
      typeof metadata.language === 'string'
        ? metadata.language
        : typeof byCondition?.value === 'string'
          ? byCondition.value
          : undefined,
    channel: typeof item.channel === 'string' ? item.channel : undefined,
    conditions: conditions.filter((condition) => condition.slot !== 'language'),
    buttons: readButtons(item.buttons),
    bargeIn: metadata.barge_in !== false,
    custom: item.custom,
  };
  const translations = isMapValue(item.translation) ? Object.entries(item.translation) : [];
  for (const [tag] of translations) tellTag(reader, item, tag);
  const translated = translations
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .map(([language, words]) => ({ ...own, text: words.trim(), speech: undefined, language }));
  return [own, ...translated];
}

function tellTag(reader: YamlReader, item: YamlMap, tag: string): void {
  if (isMapValue(item.translation) && item.translation[tag] === null) {
    tellCutOff(reader, item.translation as YamlMap, tag);
    return;
  }
  const better = betterTag(tag);
  if (better === undefined) return;
  reader.warn(
    item.translation,
    tag,
    `"${tag}" is no language`,
    better === '' ? 'Write a tag such as en, de or zh-CN.' : `Write "${better}".`,
  );
}

function readConditions(reader: YamlReader, item: YamlMap): { slot: string; value: unknown }[] {
  if (item.condition === undefined || item.condition === null) return [];
  if (!Array.isArray(item.condition)) {
    reader.wrong(item, 'condition', 'a condition is a list', 'Write "- type: slot", "name: …", "value: …".');
    return [];
  }
  const conditions: { slot: string; value: unknown }[] = [];
  for (const each of item.condition) {
    if (isMapValue(each) && each.type === 'slot' && typeof each.name === 'string') {
      conditions.push({ slot: each.name, value: each.value ?? null });
    } else {
      reader.wrong(
        item,
        'condition',
        'only conditions of type slot are known',
        'Write "- type: slot", "name: …", "value: …".',
      );
    }
  }
  return conditions;
}

function readButtons(value: unknown): Button[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isMapValue)
    .map((item) => ({ title: String(item.title ?? ''), payload: String(item.payload ?? item.title ?? '') }))
    .filter((button) => button.title !== '');
}
