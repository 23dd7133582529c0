"""How many tonal syllables a judge reads wrong in recordings or in a voice: what its own floor is, and of what kind errors are.

usage: listen.py --ckpt judge.pt|exported_folder --rows rows_py.json [--telephone] [--split] [--group NAME]
rows: a list of {"file", "py", "group"} (lab/asr/pinyin.cjs adds "py").  Any syllable may follow any other, as in bench:models.
--split tells substituted initials, finals and tones, lost and added syllables apart, and by the place in the clause.
"""
import argparse
import json
import os
import re
import sys
from collections import Counter, defaultdict

import numpy as np
import torch
from numba import njit

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../asr')]
from audio import load, telephone  # noqa: E402
from fbank import FLOOR, NB, fbank  # noqa: E402
from phones import split  # noqa: E402

TOKENS = os.path.join(HERE, '../../models/tts-zh-yue/tokens.txt')


@njit(cache=True)
def best_path(lp, initials, finals, pairs, alone):
    """Viterbi over blank | initial (blank) final; pairs[i, f] says what may follow, alone[f] which finals need no initial."""
    frames, ni, nf = lp.shape[0], len(initials), len(finals)
    low = -1e18
    si, sf, rest = np.full(ni, low), np.full(nf, low), 0.
    back_i, back_f, back_r = np.zeros((frames, ni), np.int32), np.zeros((frames, nf), np.int32), np.zeros(frames, np.int32)
    for t in range(frames):
        edge, where = rest, -1
        for f in range(nf):
            if sf[f] > edge:
                edge, where = sf[f], f
        blank = lp[t, 0]
        ti, tf = np.full(ni, low), np.full(nf, low)
        for i in range(ni):
            p = lp[t, initials[i]]
            stay, go = si[i] + max(p, blank), edge + p
            if stay >= go:
                ti[i], back_i[t, i] = stay, -2
            else:
                ti[i], back_i[t, i] = go, where
        for f in range(nf):
            p = lp[t, finals[f]]
            v, b = sf[f] + p, -2
            if alone[f] and edge + p > v:
                v, b = edge + p, 10000 + where
            for i in range(ni):
                if pairs[i, f] and si[i] + p > v:
                    v, b = si[i] + p, i
            tf[f], back_f[t, f] = v, b
        back_r[t] = where
        rest = edge + blank
        si, sf = ti, tf
    out = []
    kind, at, best = 0, 0, rest
    for f in range(nf):
        if sf[f] > best:
            kind, at, best = 2, f, sf[f]
    t = frames - 1
    while t >= 0:
        if kind == 0:
            w = back_r[t]
            kind, at = (0, 0) if w < 0 else (2, w)
        elif kind == 1:
            w = back_i[t, at]
            if w != -2:
                kind, at = (0, 0) if w < 0 else (2, w)
        else:
            b = back_f[t, at]
            if b >= 9999:
                out.append((-1, at, t))
                w = b - 10000
                kind, at = (0, 0) if w < 0 else (2, w)
            elif b >= 0:
                out.append((b, at, t))
                kind, at = 1, b
        t -= 1
    return out[::-1]


class Loop:
    """The graph of all syllables, for one judge's phones."""

    def __init__(self, names):
        ids = {p: i for i, p in enumerate(names)}
        with open(TOKENS, encoding='utf8') as f:
            syllables = [l.split()[0] for l in f]
        syllables = {s[:-1] + '0' if s[-1] == '5' else s for s in syllables if re.fullmatch('[a-z]+[0-5]', s)}
        parts = [q for q in (split(s) for s in sorted(syllables)) if all(p in ids for p in q)]
        self.i, self.f = sorted({q[0] for q in parts if len(q) > 1}), sorted({q[-1] for q in parts})
        self.pairs, self.alone = np.zeros((len(self.i), len(self.f)), bool), np.zeros(len(self.f), bool)
        for q in parts:
            if len(q) > 1:
                self.pairs[self.i.index(q[0]), self.f.index(q[1])] = True
            else:
                self.alone[self.f.index(q[0])] = True
        self.ii, self.fi = np.array([ids[p] for p in self.i]), np.array([ids[p] for p in self.f])

    def read(self, lp):
        """Log-probabilities (frames, labels) -> syllables"""
        return [((self.i[i] if i >= 0 else '') + self.f[f]) for i, f, _ in best_path(lp.astype(np.float64), self.ii, self.fi, self.pairs, self.alone)]


def spoken(py):
    """A third tone before a third is second; a neutral tone is 0."""
    py = [p[:-1] + '0' if p[-1] == '5' else p for p in py]
    return [p[:-1] + '2' if p[-1] == '3' and i + 1 < len(py) and py[i + 1][-1] == '3' else p for i, p in enumerate(py)]


def align(a, b):
    """-> edits, pairs (i or None, j or None)"""
    d = np.zeros((len(a) + 1, len(b) + 1))
    d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            near = 0 if x == y else 1 - .01 * (x[:-1] == y[:-1]) - .001 * (x[-1] == y[-1])
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + near)
    i, j, out = len(a), len(b), []
    while i or j:
        near = 0 if i and j and a[i - 1] == b[j - 1] else 1 - .01 * (i and j and a[i - 1][:-1] == b[j - 1][:-1]) - .001 * (i and j and a[i - 1][-1] == b[j - 1][-1])
        if i and j and abs(d[i, j] - d[i - 1, j - 1] - near) < 1e-9:
            i, j = i - 1, j - 1
            out.append((i, j))
        elif i and abs(d[i, j] - d[i - 1, j] - 1) < 1e-9:
            i -= 1
            out.append((i, None))
        else:
            j -= 1
            out.append((None, j))
    return out[::-1]


def exported(folder):
    """The judge as bench:models uses it (export_judge.py): one chunk, weights stored as int8."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(folder + '/model.onnx', options)
    names = json.load(open(folder + '/units.json', encoding='utf8'))['phones']
    meta = session.get_modelmeta().custom_metadata_map
    window, shape = int(meta['window_size']), [1 if d in ('N', None) else d for d in session.get_inputs()[0].shape]

    def hear(x):
        f = np.full((window, shape[1]), FLOOR, np.float32)
        g = fbank(x)[:window]
        f[:len(g)] = g
        zeros = [np.zeros([1 if not isinstance(d, int) else d for d in i.shape], np.float32) for i in session.get_inputs()[2:4]]
        y = session.run(None, dict(zip((i.name for i in session.get_inputs()),
                                       (f.T[None], np.array([window]), *zeros, np.zeros(1, np.int64)))))[0][0]
        return y[:len(g) // 4 + 15, :len(names)]
    return hear, names


def judge(path):
    """-> function from samples (16 kHz) to log-probabilities, label names"""
    if os.path.isdir(path):
        return exported(path)
    ck = torch.load(path, map_location='cpu')
    if 'look' in ck['cfg']:
        from ears import Ears
        net = Ears(**ck['cfg']).eval()
    else:
        from model import Net
        net = Net(**ck['cfg']).eval()
    net.load_state_dict(ck['model'])

    def hear(x):
        f = fbank(x, NB)
        f = np.concatenate([f, np.full((60, NB), FLOOR, np.float32)])
        with torch.no_grad():
            return net(torch.from_numpy(f)[None])[0][0].log_softmax(-1).numpy()
    return hear, ck['syls']


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--ckpt', required=True)
    ap.add_argument('--rows', required=True)
    ap.add_argument('--group', default='')
    ap.add_argument('--telephone', action='store_true')
    ap.add_argument('--split', action='store_true')
    a = ap.parse_args()
    torch.set_num_threads(1)
    hear, names = judge(a.ckpt)
    loop, total, kinds, what = Loop(names), defaultdict(lambda: np.zeros(4)), defaultdict(Counter), defaultdict(Counter)
    for r in json.load(open(a.rows, encoding='utf8')):
        if a.group not in r['group']:
            continue
        x = load(r['file'])
        lp = hear(telephone(x) if a.telephone else x)
        if not os.path.isdir(a.ckpt):       # the floor that the exported judge has
            lp[:, 1:] = np.log(.98 * np.exp(lp[:, 1:]) + .02 / len(names))
        want, heard = spoken(r['py']), spoken(loop.read(lp))
        pairs = align(want, heard)
        bare = align([w[:-1] + '.' for w in want], [h[:-1] + '.' for h in heard])
        wrong = sum(i is None or j is None or want[i] != heard[j] for i, j in pairs)
        total[r['group']] += [wrong, sum(i is None or j is None or want[i][:-1] != heard[j][:-1] for i, j in bare), len(want), 1]
        for i, j in pairs:
            k = kinds[r['group']]
            if i is None or j is None:
                k['lost' if j is None else 'added'] += 1
                if j is None:
                    what[r['group']]['-' + want[i]] += 1
                continue
            p, q = split(want[i]), split(heard[j])
            p, q = (('',) + p)[-2:], (('',) + q)[-2:]
            if want[i] != heard[j]:
                k['substituted'] += 1
                k['initial'] += p[0] != q[0]
                k['final'] += p[1][:-1] != q[1][:-1]
                k['tone'] += p[1][-1] != q[1][-1]
                k['only tone'] += want[i][:-1] == heard[j][:-1]
                if p[0] != q[0]:
                    what[r['group']][p[0] + '>' + q[0]] += 1
                if p[1][:-1] != q[1][:-1]:
                    what[r['group']][p[1][:-1] + '>' + q[1][:-1]] += 1
                if p[1][-1] != q[1][-1]:
                    what[r['group']][p[1][-1] + '>' + q[1][-1]] += 1
    for g, (wrong, bare, n, rows) in sorted(total.items()):
        print(f'{g:24s} {int(rows):4d} rows {int(n):5d} syllables: wrong {100 * wrong / n:.1f} %, without tones {100 * bare / n:.1f} %')
        if a.split:
            print('   ', dict(kinds[g]))
            print('   ', what[g].most_common(30))


if __name__ == '__main__':
    main()
