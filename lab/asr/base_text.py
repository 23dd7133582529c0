"""Counts of n-grams of characters for the graph builder (`hearken grammar build` adds an application's own to them): the training
sentences, and general language (opengram.py) beneath them.

usage: base_text.py --text sentences_py.json --out base-text.json.gz [--exclude heldout.json] [--more recorded_py.json]
                    [--general general.npz --words words_py.json --share 3 --threshold 5] [--aliases aliases.json]
                    [--vocabulary jieba_py.json --vocabulary-share 1]
--more: further sentences (what the speaker of the recordings said).  --words: {"text", "py", "count"}: how the characters of general
language are read.  --vocabulary: words with counts (words.py) that come alone more often than in running text.  --share: its characters for each of the sentences'.  --threshold: see ngrams.prune; a size is chosen by it.
Output: {"ngrams": {"<s> 你 好": count, "你 <cut>": mass of followers that were dropped}, "readings": {"好": {"h ao3": count}}}
"""
import argparse
import gzip
import json
import re
from collections import Counter, defaultdict

import numpy as np

import ngrams
from phones import split


def reading(syllable):
    return ' '.join(split('en4' if re.fullmatch(r'(ng|n|hm|m)\d', syllable) else syllable))


def only_known(keys, n, known):
    """Which n-grams hold no character outside `known` (sorted numbers)."""
    ok = np.ones(len(keys), bool)
    for i in range(n):
        c = (keys >> ngrams.BITS * i) & ngrams.MASK
        ok &= (c == 0) | (ngrams.find(known, c) >= 0)
    return ok


def within(words, weights, order):
    """n-grams inside words; after a word's end comes anything: that mass belongs to the back-off."""
    grams, ends = [], []
    for n in range(1, order + 1):
        keys, values, last, mass = [], [], [], []
        for t, w in zip(words, weights):
            s = ngrams.numbers(t)
            for i in range(len(s) - n + 1):
                keys.append(sum(c << ngrams.BITS * (n - 1 - j) for j, c in enumerate(s[i:i + n])))
                values.append(w)
            if n > 1 and len(s) >= n - 1:
                last.append(sum(c << ngrams.BITS * (n - 2 - j) for j, c in enumerate(s[len(s) - n + 1:])))
                mass.append(w)
        grams.append(ngrams.summed(np.array(keys, np.int64), np.array(values)))
        ends.append(ngrams.summed(np.array(last, np.int64), np.array(mass)))
    return grams, ends


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--text', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--exclude')
    ap.add_argument('--more')
    ap.add_argument('--more-weight', type=float, default=1)
    ap.add_argument('--general')
    ap.add_argument('--words')
    ap.add_argument('--vocabulary')
    ap.add_argument('--vocabulary-share', type=float, default=.5)
    ap.add_argument('--aliases', help='(character, final) pairs that the model can print')
    ap.add_argument('--order', type=int, default=3)
    ap.add_argument('--share', type=float, default=3)
    ap.add_argument('--threshold', type=float, default=5)
    ap.add_argument('--own', type=float, default=5, help='how many times more than its count a training n-gram is worth keeping')
    ap.add_argument('--digits', type=float, default=.3, help='weight of bare digit strings')
    a = ap.parse_args()
    held = {r['text'] for r in json.load(open(a.exclude, encoding='utf8'))} if a.exclude else set()
    rows = [(t, a.digits if t['src'] == 'digits' else 1) for t in json.load(open(a.text, encoding='utf8')) if t['text'] not in held]
    if a.more:
        rows += [(t, a.more_weight) for t in json.load(open(a.more, encoding='utf8')) if t['text'] not in held]
    readings = defaultdict(Counter)
    for t, w in rows:
        for c, p in zip(t['text'], t['py']):
            readings[c][reading(p)] += w
    own = ngrams.count([t['text'] for t, _ in rows], [w for _, w in rows], a.order)
    total, cut = own, None
    listed = json.load(open(a.vocabulary, encoding='utf8')) if a.vocabulary else []
    scale = a.vocabulary_share * own[0][1].sum() / max(1, sum(w['count'] * len(w['text']) for w in listed))
    for w in listed:
        for c, p in zip(w['text'], w['py']):
            readings[c][reading(p)] += w['count'] * scale
    if a.general:
        z = np.load(a.general)
        words = json.load(open(a.words, encoding='utf8'))
        share = a.share * own[0][1].sum() / z['c1'].sum()
        printable = {tuple(p) for p in json.load(open(a.aliases, encoding='utf8'))} if a.aliases else None
        for w in words:
            for c, p in zip(w['text'], w['py']):
                r = reading(p)
                if printable is None or (c, r.split()[-1]) in printable:
                    readings[c][r] += w['count'] * share
        known = np.array(sorted(ngrams.numbers(''.join(readings))), np.int64)
        general, cut = [], []
        for n in range(1, a.order + 1):
            k, c, h, m = (z[f'{x}{n}'] for x in 'kchm')
            ok, known_history = only_known(k, n, known), only_known(h, n - 1, known)
            general.append((k[ok], c[ok].astype(float)))
            # what is followed by a character that can't be printed belongs to the back-off, too
            cut.append(ngrams.summed(np.concatenate([h[known_history], (k >> ngrams.BITS)[~ok & only_known(k >> ngrams.BITS, n - 1, known)]]),
                                     share * np.concatenate([m[known_history], c[~ok & only_known(k >> ngrams.BITS, n - 1, known)]])))
        total = ngrams.added(own, general, share)
        if listed:
            inside, ends = within([w['text'] for w in listed], [w['count'] * scale for w in listed], a.order)
            total = ngrams.added(total, inside)
            cut = [ngrams.summed(np.concatenate([x[0], y[0]]), np.concatenate([x[1], y[1]])) for x, y in zip(cut, ends)]
        cut[0] = (np.zeros(0, np.int64), np.zeros(0))
        worth = [ngrams.added([(g[0], g[1] * 0)], [o], a.own - 1)[0][1] + g[1] for g, o in zip(total, own)]
    else:
        worth = [c for _, c in total]
    kept, cut = ngrams.prune(total, worth, a.threshold, cut)
    out = {}
    for n, (keys, counts) in enumerate(kept, 1):
        for k, v in zip(keys.tolist(), counts.tolist()):
            out[' '.join(ngrams.characters(k, n))] = round(v, 2) or .01
    for n, (keys, mass) in enumerate(cut):
        for k, v in zip(keys.tolist(), mass.tolist()):
            if n and round(v, 2):
                out[' '.join([*ngrams.characters(k, n), '<cut>'])] = round(v, 2)
    known = {c for g in out if ' ' not in g for c in [g]}
    text = json.dumps({'ngrams': out, 'readings': {c: {r: round(v, 2) or .01 for r, v in x.items()} for c, x in readings.items() if c in known}},
                      ensure_ascii=False, separators=(',', ':'))
    with open(a.out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', compresslevel=9, mtime=0, filename='') as z:
        z.write(text.encode('utf8'))
    print('n-grams by order', [len(k) for k, _ in kept])


if __name__ == '__main__':
    main()
