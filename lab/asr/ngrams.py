"""Counts of n-grams of characters as sorted arrays, their model (absolute discounting, each order interpolated with the next shorter
one: what src/speech/grammar/ngram.ts does with the result) and pruning.

An n-gram is a number of 15 bits a character: 1 + its distance from U+4E00, 0 the beginning of a sentence.
"""
import numpy as np

BITS = 15
MASK = (1 << BITS) - 1
DISCOUNT = .6


def numbers(text):
    return [ord(c) - 0x4e00 + 1 for c in text]


def characters(key, n):
    """The n characters of a number, '<s>' for the beginning."""
    return ['<s>' if x == 0 else chr(0x4e00 + x - 1) for x in ((key >> BITS * (n - 1 - i)) & MASK for i in range(n))]


def summed(keys, weights):
    keys, inverse = np.unique(keys, return_inverse=True)
    return keys, np.bincount(inverse, weights, len(keys))


def count(texts, weights, order):
    """[(keys, counts) of each order] of sentences (Chinese characters only)."""
    sentences = [np.array([0] + numbers(t), np.int64) for t in texts]
    out = []
    for n in range(1, order + 1):
        first = 1 if n == 1 else 0
        keys, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for s, w in zip(sentences, weights):
            size = len(s) - first - n + 1
            if size > 0:
                k = np.zeros(size, np.int64)
                for j in range(n):
                    k = (k << BITS) + s[first + j:first + j + size]
                keys.append(k)
                values.append(np.full(size, w))
        out.append(summed(np.concatenate(keys), np.concatenate(values)))
    return out


def added(a, b, scale=1.):
    return [summed(np.concatenate([x[0], y[0]]), np.concatenate([x[1], y[1] * scale])) for x, y in zip(a, b)]


def find(keys, wanted):
    """Places of `wanted` in the sorted `keys`, -1 where they are not."""
    i = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[i] == wanted, i, -1)


class Model:
    """`cut`: for each order (history, mass) of followers that were dropped."""

    def __init__(self, grams, cut=None):
        self.grams, self.total = grams, grams[0][1].sum()
        self.histories = [None]
        for n, (keys, counts) in enumerate(grams[1:], 1):
            h = keys >> BITS
            u, start = np.unique(h, return_index=True)
            parts = [(u, np.add.reduceat(counts, start), np.add.reduceat(np.minimum(counts, DISCOUNT), start))] if len(u) else []
            if cut and len(cut[n][0]):
                parts.append((cut[n][0], cut[n][1], cut[n][1]))
            u, inverse = np.unique(np.concatenate([p[0] for p in parts]), return_inverse=True)
            self.histories.append((u, *(np.bincount(inverse, np.concatenate([p[i] for p in parts])) for i in (1, 2))))

    def step(self, n, history, last, p):
        """Interpolates p, the probability after the shorter history, with order n + 1 (history of n characters)."""
        u, total, left = self.histories[n]
        a, b = find(u, history), find(self.grams[n][0], (history << BITS) + last)
        share = np.minimum(left[a] / total[a], .99)
        own = np.where(b >= 0, np.maximum(self.grams[n][1][b] - DISCOUNT, 0), 0) / total[a]
        return np.where(a >= 0, own + share * p, p), np.where(a >= 0, share, 1.)

    def unigram(self, last):
        i = find(self.grams[0][0], last)
        return np.where(i >= 0, np.maximum(self.grams[0][1][i], .1), .1) / self.total

    def below(self, n, keys):
        """(probability of the last character after one character less, back-off of the full history) for keys of order n + 1."""
        last, history = keys & MASK, keys >> BITS
        p = self.unigram(last)
        for j in range(1, n):
            p, _ = self.step(j, history & ((1 << BITS * j) - 1), last, p)
        q, share = self.step(n, history, last, p)
        return p, q, share

    def perplexity(self, texts):
        """Of the characters that the model knows."""
        order, rows = len(self.grams), []
        for t in texts:
            s = [-1] * (order - 2) + [0] + numbers(t)
            rows += [s[i - order + 1:i + 1] for i in range(order - 1, len(s))]
        rows = np.array(rows, np.int64)
        last = rows[:, -1]
        known = find(self.grams[0][0], last) >= 0
        p = self.unigram(last)
        for n in range(1, order):
            context = rows[:, order - 1 - n:-1]
            whole = (context >= 0).all(1)
            history = np.zeros(len(rows), np.int64)
            for j in range(n):
                history = (history << BITS) + np.maximum(context[:, j], 0)
            p = np.where(whole, self.step(n, history, last, p)[0], p)
        return float(np.exp(-np.log(p[known]).mean()))


def prune(grams, worth, threshold, cut=None):
    """Drops n-grams of two and more characters whose absence costs little: worth x log(probability / what the back-off gives) below
    the threshold.  `worth`: counts by order to weigh with.  Prefixes of what stays, stay.  `cut`: mass that is away already, as (histories, mass) by order.  -> grams, cut"""
    model, out = Model(grams, cut), list(grams)
    cut = list(cut or [(np.zeros(0, np.int64), np.zeros(0))] * len(grams))
    for n in range(len(grams) - 1, 0, -1):
        keys, counts = grams[n]
        low, p, share = model.below(n, keys)
        keep = worth[n] * np.log(p / np.maximum(low * share, 1e-12)) > threshold
        if n + 1 < len(grams):
            keep |= np.isin(keys, out[n + 1][0] >> BITS)
        out[n] = (keys[keep], counts[keep])
        gone = summed(np.concatenate([keys[~keep] >> BITS, cut[n][0]]), np.concatenate([counts[~keep], cut[n][1]]))
        stays = np.isin(gone[0], out[n][0] >> BITS)
        cut[n] = (gone[0][stays], gone[1][stays])
    return out, cut
