import { didYouMean } from './nearest.js';
import type { YamlMap, YamlReader } from './yaml.js';

/** Tells keys that nothing reads: most often a known one mistyped. `silent`: Rasa's own that mean nothing here, and need no word. */
export function tellUnknownKeys(
  reader: YamlReader,
  map: YamlMap,
  of: string,
  known: readonly string[],
  silent: readonly string[] = [],
): void {
  for (const key of Object.keys(map)) {
    if (known.includes(key) || silent.includes(key)) continue;
    reader.warn(
      map,
      key,
      `${of} has the key "${key}", which is not known`,
      `It is not read.${didYouMean(key, known)} Keys are ${known.join(', ')}.`,
    );
  }
}
