"""Counts of characters in a row as a general language model sees them: open-gram's word trigrams (Debian's sunpinyin-data,
CC BY-SA 3.0), turned into text at random and counted.

usage: opengram.py --data sunpinyin/data --tslminfo sunpinyin-utils/usr/bin/tslminfo --out general.npz [--words 40e6] [--vocabulary words.json]
       (apt-get download sunpinyin-data sunpinyin-utils libsunpinyin3v5; dpkg-deb -x each; LD_LIBRARY_PATH for the library)
general.npz: k1..k4 n-grams of characters packed 15 bits each (0 = the beginning of a clause), c1..c4 how often; h, m: histories
and how often something rare followed them.
--vocabulary: the words and how often they came, for pinyin.cjs and base_text.py (readings).
"""
import argparse
import json
import os
import re
import subprocess
import tempfile

import numpy as np
from numba import njit

HAN = re.compile('[\u4e00-\u9fff]+$')
FIRST_WORD = 100        # below: unknown words, punctuation, numbers, names of kinds


def dictionary(path):
    """Words by number: at the third word of the header begins a list of UTF-32 strings, each ended by 0."""
    raw = open(path, 'rb').read()
    count, _, start = np.frombuffer(raw[:12], np.uint32)
    chars = np.frombuffer(raw[start:start + (len(raw) - start) // 4 * 4], np.uint32)
    ends = np.nonzero(chars == 0)[0][:count]
    return [''.join(map(chr, chars[a:b])) for a, b in zip(np.concatenate([[0], ends[:-1] + 1]), ends)]


def tables(tslminfo, model):
    """Arrays of the unigrams (word, p, back-off), bigrams (two words, p, back-off) and trigrams (three words, p)."""
    with tempfile.TemporaryFile('w+b') as f:
        subprocess.run([tslminfo, '-v', '-p', model], stdout=f, check=True)
        f.seek(0)
        text = re.sub(rb'\(.*?\)', b'', f.read())
    parts = re.split(rb'\\\d-gram\\\d+\n', text)[-3:]
    return [np.fromstring(p.decode('ascii'), sep=' ').reshape(-1, n) for p, n in zip(parts, (3, 4, 4))]


@njit
def walk(count, seed, cumulated, start2, next2, sum2, keys2, size, start3, end3, next3, sum3):
    """Words drawn one after the other from the back-off trigram model."""
    np.random.seed(seed)
    out = np.empty(count, np.int32)
    before, last = -1, FIRST_WORD - 30
    for i in range(count):
        word, lo, hi = -1, 0, 0
        if before >= 0:
            key = before * size + last
            k = np.searchsorted(keys2, key)
            if k < len(keys2) and keys2[k] == key and end3[k] > start3[k]:
                lo, hi = start3[k], end3[k]
                r = np.random.random() + (sum3[lo - 1] if lo else 0.)
                if r < sum3[hi - 1]:
                    word = next3[lo + np.searchsorted(sum3[lo:hi], r, side='right')]
        tries = 0
        while word < 0:
            a, b = start2[last], start2[last + 1]
            if b > a:
                r = np.random.random() + (sum2[a - 1] if a else 0.)
                if r < sum2[b - 1]:
                    word = next2[a + np.searchsorted(sum2[a:b], r, side='right')]
            for _ in range(20):
                if word >= 0:
                    break
                w = np.searchsorted(cumulated, np.random.random(), side='right')
                j = np.searchsorted(next2[a:b], w)
                if j == b - a or next2[a + j] != w:
                    word = w
            tries += 1
            if word >= 0 and tries < 20:
                for q in range(lo, hi):      # has a probability of its own after these two: not by way of the back-off
                    if next3[q] == word:
                        word = -1
                        break
        out[i] = word
        before, last = last, word
    return out


def sample(uni, bi, tri, size, count, seed):
    p = np.zeros(size)
    p[uni[:, 0].astype(int)] = uni[:, 1]
    cumulated = np.cumsum(p / p.sum())
    first, second = bi[:, 0].astype(np.int64), bi[:, 1].astype(np.int64)
    keys2, keys3 = first * size + second, tri[:, 0].astype(np.int64) * size + tri[:, 1].astype(np.int64)
    return walk(count, seed, cumulated, np.searchsorted(first, np.arange(size + 1)), second, np.cumsum(bi[:, 2]), keys2, size,
                np.searchsorted(keys3, keys2), np.searchsorted(keys3, keys2, side='right'), tri[:, 2].astype(np.int64), np.cumsum(tri[:, 3]))


def characters(words, stream):
    """The stream's characters as numbers, 0 for one break or more."""
    spoken = [i >= FIRST_WORD and bool(HAN.match(w)) for i, w in enumerate(words)]
    sizes = np.array([len(w) if s else 1 for w, s in zip(words, spoken)])
    offset = np.concatenate([[0], np.cumsum(sizes)])
    flat = np.zeros(offset[-1], np.int32)
    for i, (w, s) in enumerate(zip(words, spoken)):
        if s:
            flat[offset[i]:offset[i + 1]] = [ord(c) - 0x4e00 + 1 for c in w]
    n = sizes[stream]
    at = np.repeat(offset[stream], n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    s = flat[at].astype(np.int64)
    return s[np.concatenate([[True], (s[1:] > 0) | (s[:-1] > 0)])]


def count(s, n, least):
    """n-grams of the stream without a break inside, how often each was met, and for each history how often it was followed by what was
    met less than `least` times and is left out."""
    k, good = np.zeros(len(s) - n + 1, np.int64), np.ones(len(s) - n + 1, bool)
    for j in range(n):
        c = s[j:len(s) - n + 1 + j]
        k = (k << 15) + c
        if j or n == 1:
            good &= c > 0
    keys, times = np.unique(k[good], return_counts=True)
    keep = times >= least
    gone, inverse = np.unique(keys[~keep] >> 15, return_inverse=True)
    mass = np.bincount(inverse, times[~keep], len(gone)).astype(np.int64)
    known = np.isin(gone, keys[keep] >> 15)
    return keys[keep], times[keep], gone[known], mass[known]


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--data', required=True)
    ap.add_argument('--tslminfo', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--vocabulary')
    ap.add_argument('--words', type=float, default=40e6)
    ap.add_argument('--seed', type=int, default=7)
    a = ap.parse_args()
    words = dictionary(os.path.join(a.data, 'pydict_sc.bin'))
    stream = sample(*tables(a.tslminfo, os.path.join(a.data, 'lm_sc.t3g')), len(words), int(a.words), a.seed)
    s = characters(words, stream)
    out = {}
    for n, least in ((1, 1), (2, 2), (3, 3), (4, 3)):
        out[f'k{n}'], out[f'c{n}'], out[f'h{n}'], out[f'm{n}'] = count(s, n, least)
        print(n, len(out[f'k{n}']), flush=True)
    np.savez(a.out, **out)
    if a.vocabulary:
        times = np.bincount(stream, minlength=len(words))
        rows = [{'text': w, 'count': int(t)} for i, (w, t) in enumerate(zip(words, times)) if i >= FIRST_WORD and t and HAN.match(w)]
        json.dump(rows, open(a.vocabulary, 'w', encoding='utf8'), ensure_ascii=False)
    print((s > 0).sum(), 'characters')


if __name__ == '__main__':
    main()
