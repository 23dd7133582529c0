// usage: node pinyin_words.mjs OUT.json TEXTS.txt ...   (one text a line -> {text: [tonal syllables]}, 5 = neutral)
import fs from 'node:fs';
import { pinyin } from 'pinyin-pro';

const [output, ...inputs] = process.argv.slice(2);
const out = {};
for (const text of inputs.flatMap((file) => fs.readFileSync(file, 'utf8').split('\n')).filter(Boolean)) {
  const syllables = pinyin(text, { toneType: 'num', type: 'array', toneSandhi: true, v: true, nonZh: 'removed' });
  out[text] = syllables.map((s) => s.replace(/0$/, '5').replace(/ü/g, 'v'));
}
fs.writeFileSync(output, JSON.stringify(out));
