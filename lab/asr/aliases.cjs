// usage: node aliases.cjs PHONES.json OUT.json [TEXT_py.json ...]
// (character, final) pairs that the exported model gets an output for: every reading of the 6,763 characters of GB 2312 and of
// what the given texts (with "py", see pinyin.cjs) hold, as far as the model has the phones.
const fs = require('node:fs');
const path = require('node:path');
const { pinyin } = require(path.join(__dirname, '../../node_modules/pinyin-pro'));
const [, , phonesFile, output, ...texts] = process.argv;
const phones = new Set(JSON.parse(fs.readFileSync(phonesFile, 'utf8')));
const INITIALS = 'zh ch sh b p m f d t n l g k h j q x r z c s y w'.split(' ');
const split = (s) => {
  const i = INITIALS.find((x) => s.startsWith(x) && s.length > x.length + 1);
  return i ? [i, s.slice(i.length)] : [s];
};
const pairs = new Map();
const missing = new Set();
const add = (char, syllable) => {
  const p = split(syllable);
  if (p.every((x) => phones.has(x))) pairs.set(`${char} ${p.at(-1)}`, [char, p.at(-1)]);
  else missing.add(char + syllable);
};
const decoder = new TextDecoder('gb2312');
for (let high = 0xb0; high <= 0xf7; high++) {
  for (let low = 0xa1; low <= 0xfe; low++) {
    const char = decoder.decode(Uint8Array.of(high, low));
    if (!/^\p{Script=Han}$/u.test(char)) continue;
    for (const s of pinyin(char, { multiple: true, toneType: 'num', type: 'array', v: true })) add(char, s);
  }
}
for (const s of ['yi1', 'yi2', 'yi4']) add('一', s);
for (const s of ['en1', 'en2', 'en4']) add('嗯', s);
for (const s of ['bu2', 'bu4', 'bu0']) add('不', s);
for (const file of texts)
  for (const { text, py } of JSON.parse(fs.readFileSync(file, 'utf8')))
    for (const [i, s] of py.entries()) add(text[i], s);
const list = [...pairs.values()].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : 1));
fs.writeFileSync(output, JSON.stringify(list));
console.log(
  list.length,
  'aliases of',
  new Set(list.map((x) => x[0])).size,
  'characters; readings without phones:',
  missing.size,
  [...missing].slice(0, 10).join(' '),
);
