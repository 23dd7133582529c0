"""Word n-gram counts of the English sentences, for the graph builder (`hearken grammar build` adds an application's own to them).

usage: base_text.py --text text_ph.json --out base-text.json.gz [--exclude heldout.json ...] [--free .5] [--min-word 3] [--min-gram 3]
Words are lower case with "<s>" as the beginning; how they are said is the lexicon's business, so `readings` stays empty.
"""
import argparse
import gzip
import json
from collections import Counter

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('--text', required=True)
ap.add_argument('--out', required=True)
ap.add_argument('--exclude', action='append', default=[])
ap.add_argument('--free', type=float, default=.5, help='weight of a sentence of the free sets, against one of the templates')
ap.add_argument('--min-word', type=float, default=3)
ap.add_argument('--min-gram', type=float, default=3, help='rarer pairs and triples are dropped; their mass goes to the back-off')
a = ap.parse_args()
held = {r['text'] for path in a.exclude for r in json.load(open(path, encoding='utf8'))}
sentences = [(t['text'].lower().split(), a.free if t['src'] == 'free' else 1.) for t in json.load(open(a.text, encoding='utf8')) if t['text'] not in held]
words = Counter()
for s, w in sentences:
    for x in s:
        words[x] += w
known = {x for x, v in words.items() if v >= a.min_word} | {'<s>'}
grams = Counter()
for s, w in sentences:
    s = ['<s>'] + s
    for i in range(1, len(s)):
        for n in range(3):
            if i - n >= 0 and all(x in known for x in s[i - n:i + 1]):
                grams[' '.join(s[i - n:i + 1])] += w
kept, cut = {}, Counter()
for g, v in grams.items():
    if ' ' not in g or v >= a.min_gram:
        kept[g] = round(v, 2)
    else:
        cut[g.rsplit(' ', 1)[0] + ' <cut>'] += v
kept.update({g: round(v, 2) for g, v in cut.items()})
out = json.dumps({'ngrams': kept, 'readings': {}}, ensure_ascii=False, separators=(',', ':'))
with open(a.out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', compresslevel=9, mtime=0, filename='') as z:
    z.write(out.encode('utf8'))
print(len(known), 'words', len(kept), 'n-grams')
