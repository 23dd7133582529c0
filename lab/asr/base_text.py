"""Counts of the training sentences, for the graph builder (`hearken grammar build` adds an application's own to them).

usage: base_text.py --text sentences_py.json --out base-text.json.gz [--exclude heldout.json] [--min-trigram 2] [--digits 0.3]
                    [--words words_py.json --words-share 0.4]
--words: a list of {"text", "py", "count"}, general vocabulary with frequencies (words.py): what callers say beyond the templates.
n-grams of characters with "<s>" as the beginning; readings as phones joined by spaces.
"""
import argparse
import gzip
import json
import re
from collections import Counter, defaultdict

from phones import split

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('--text', required=True)
ap.add_argument('--out', required=True)
ap.add_argument('--exclude')
ap.add_argument('--min-trigram', type=float, default=2)
ap.add_argument('--digits', type=float, default=.3, help='weight of bare digit strings')
ap.add_argument('--words')
ap.add_argument('--words-share', type=float, default=.4, help='characters of the vocabulary, against those of the sentences')
a = ap.parse_args()
held = {r['text'] for r in json.load(open(a.exclude, encoding='utf8'))} if a.exclude else set()
grams, readings = Counter(), defaultdict(Counter)
for t in json.load(open(a.text, encoding='utf8')):
    if t['text'] in held:
        continue
    w = a.digits if t['src'] == 'digits' else 1
    s = ['<s>'] + list(t['text'])
    for i in range(1, len(s)):
        for n in range(3):
            if i - n >= 0:
                grams[' '.join(s[i - n:i + 1])] += w
    for c, p in zip(t['text'], t['py']):
        readings[c][' '.join(split('en4' if re.fullmatch(r'(ng|n|hm|m)\d', p) else p))] += w
cut = Counter()
if a.words:
    words = json.load(open(a.words, encoding='utf8'))
    scale = a.words_share * sum(v for g, v in grams.items() if ' ' not in g) / sum(w['count'] * len(w['text']) for w in words)
    for w in words:
        s, v = list(w['text']), w['count'] * scale
        for i in range(len(s)):
            for n in range(min(3, i + 1)):
                grams[' '.join(s[i - n:i + 1])] += v
        # after its last character comes another word: that mass belongs to the back-off
        cut[s[-1] + ' <cut>'] += v
        if len(s) > 1:
            cut[' '.join(s[-2:]) + ' <cut>'] += v
        for c, p in zip(s, w['py']):
            readings[c][' '.join(split(p))] += v
kept = {}
for g, v in grams.items():
    if v >= a.min_trigram or g.count(' ') < 2:
        kept[g] = round(v, 2)
    else:
        cut[g.rsplit(' ', 1)[0] + ' <cut>'] += v     # what rare followers had together stays known
kept.update({g: round(v, 2) for g, v in cut.items()})
out = json.dumps({'ngrams': kept, 'readings': {c: {r: round(v, 2) for r, v in x.items()} for c, x in readings.items()}}, ensure_ascii=False, separators=(',', ':'))
with open(a.out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', compresslevel=9, mtime=0, filename='') as z:
    z.write(out.encode('utf8'))
print(len(kept), 'n-grams')
