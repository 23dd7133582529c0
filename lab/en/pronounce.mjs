// Adds pronunciations to sentences: node lab/en/pronounce.mjs CMUDICT_INDEX.js text.json text_ph.json
// CMUDICT_INDEX.js is index.js of the npm package cmu-pronouncing-dictionary (CMUdict, BSD). Phones are ARPAbet without stress.
// Each word gets all its readings; sentences with a word that the dictionary lacks are left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , dictionaryPath, input, output] = process.argv;
const { dictionary } = await import(pathToFileURL(resolve(dictionaryPath)).href);
const LETTERS =
  'A:EY B:B IY C:S IY D:D IY E:IY F:EH F G:JH IY H:EY CH I:AY J:JH EY K:K EY L:EH L M:EH M N:EH N O:OW P:P IY Q:K Y UW R:AA R S:EH S T:T IY U:Y UW V:V IY W:D AH B AH L Y UW X:EH K S Y:W AY Z:Z IY';
const letters = new Map(
  [...LETTERS.matchAll(/([A-Z]):((?:[A-Z]+ ?)+?)(?= [A-Z]:|$)/g)].map((m) => [m[1], m[2].trim()]),
);
// what the dictionary lacks or has in the wrong order for speech
const OWN = {
  a: ['AH', 'EY'],
  the: ['DH AH', 'DH IY'],
  to: ['T UW', 'T AH'],
  oh: ['OW'],
  okay: ['OW K EY'],
  ok: ['OW K EY'],
  and: ['AE N D', 'AH N D', 'AH N'],
  alexa: ['AH L EH K S AH'],
  jarvis: ['JH AA R V AH S'],
  snowboy: ['S N OW B OY'],
  rubout: ['R AH B AW T'],
};

function readings(word) {
  if (letters.has(word)) return [letters.get(word)];
  const lower = word.toLowerCase();
  if (Object.hasOwn(OWN, lower)) return OWN[lower];
  const found = [];
  for (const key of [lower, ...[1, 2, 3, 4].map((n) => `${lower}(${n})`)]) {
    if (Object.hasOwn(dictionary, key)) found.push(dictionary[key].replace(/\d| #.*/g, ''));
  }
  if (found.length === 0 && lower.endsWith("'s"))
    return readings(lower.slice(0, -2)).map(
      (p) => `${p} ${/ (?:S|Z|SH|CH|ZH|JH)$/.test(` ${p}`) ? 'AH Z' : /(?:P|T|K|F|TH)$/.test(p) ? 'S' : 'Z'}`,
    );
  return [...new Set(found)];
}

const out = [];
const missing = new Map();
for (const item of JSON.parse(readFileSync(input, 'utf8'))) {
  const ph = item.text.split(' ').map((w) => {
    const r = readings(w);
    if (r.length === 0) missing.set(w, (missing.get(w) ?? 0) + 1);
    return r;
  });
  if (ph.every((r) => r.length > 0)) out.push({ ...item, ph });
}
writeFileSync(output, JSON.stringify(out));
console.log(
  out.length,
  'sentences;',
  missing.size,
  'unknown words, most often',
  [...missing]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 12)
    .join(' '),
);
