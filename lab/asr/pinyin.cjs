// usage: node pinyin.cjs IN.json OUT.json [NODE_MODULES]
// IN: list of {text}; OUT: the same with "py", one tone-numbered syllable a character (sandhi applied: what is spoken).
const fs = require('node:fs');
const path = require('node:path');
const [, , input, output, modules] = process.argv;
const { pinyin } = require(path.resolve(modules ?? path.join(__dirname, '../../node_modules'), 'pinyin-pro'));
const items = JSON.parse(fs.readFileSync(input, 'utf8'));
for (const item of items) item.py = pinyin(item.text, { toneType: 'num', type: 'array', v: true, toneSandhi: true });
fs.writeFileSync(output, JSON.stringify(items));
console.log(
  items.length,
  'items,',
  items.filter((i) => i.py.length !== i.text.length).length,
  'with a length that does not match',
);
