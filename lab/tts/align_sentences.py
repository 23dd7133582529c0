"""Alignment of sentence recordings with a frame classifier that starts from the aligned words (normalised by speaker, optional pauses).

usage: align_sentences.py WORD_PREFIX WORD_PINYIN.json SENTENCE_PREFIX SENTENCE_PINYIN.json
"""
import argparse
import json
import numpy as np
import time
import torch
import torch.nn as nn
from numba import njit
from scipy.fft import dct
from text import *  # noqa: F403
torch.set_num_threads(1)
torch.manual_seed(0)
ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('words')
ap.add_argument('words_pinyin')
ap.add_argument('sentences')
ap.add_argument('sentences_pinyin')
a_ = ap.parse_args()
wp, wpy, sp, spy = a_.words, a_.words_pinyin, a_.sentences, a_.sentences_pinyin
U = ['sil'] + ['I_' + i for i in INITIALS[1:]] + ['F_' + f for f in FINALS]
UID = {u: i for i, u in enumerate(U)}
NS = 3
S = len(U) * NS


def delta(x):
    return (np.roll(x, -2, 0) * 2 + np.roll(x, -1, 0) - np.roll(x, 1, 0) - np.roll(x, 2, 0) * 2) / 10


def load(pre):
    Z = np.load(pre + '.feat.npz')
    J = json.load(open(pre + '.json'))
    off = Z['off']
    c = dct(Z['mel'].astype(np.float32), axis=1, norm='ortho')[:, :13]
    X = np.concatenate([c, delta(c), delta(delta(c)), (Z['f0'] > 0)[:, None] * 1.0], 1).astype(np.float32)
    spk = J.get('spk', ['w'] * len(J['items']))
    for s in set(spk):
        m = np.concatenate([np.arange(off[k], off[k + 1]) for k in range(len(spk)) if spk[k] == s])
        X[m] = (X[m] - X[m].mean(0)) / (X[m].std(0) + 0.001)
    return (J['items'], X, off)


def useq(sy):
    o = []
    for i, f, t, r in sy:
        o.append(([UID['I_' + i]] if i != '0' else []) + [UID['F_' + f]] + ([UID['F_R']] if r else []))
    return o


wi, WX, wo = load(wp)
pyw = json.load(open(wpy))
ali = json.load(open(wp + '.ali.json'))
lab = np.full(len(WX), -1, np.int64)
for k, d, s in ali:
    u = [0] + sum(useq(word_sylls(wi[k][0], pyw[wi[k][0]])), []) + [0]
    p = wo[k]
    for a, n in zip(u, d):
        lab[p:p + n] = a * NS + np.minimum(np.arange(n) * NS // max(n, 1), NS - 1)
        p += n


si, SX, so = load(sp)
pys = json.load(open(spy))


@njit(cache=True)
def vit(L, st, p2):
    T = L.shape[0]
    N = len(st)
    D = np.full(N, -1e+30)
    bp = np.zeros((T, N), np.int32)
    D[0] = L[0, st[0]]
    for t in range(1, T):
        E = np.full(N, -1e+30)
        for i in range(N):
            b = D[i]
            k = i
            if i > 0 and D[i - 1] > b:
                b = D[i - 1]
                k = i - 1
            if p2[i] >= 0 and D[p2[i]] > b:
                b = D[p2[i]]
                k = p2[i]
            E[i] = b + L[t, st[i]]
            bp[t, i] = k
        D = E
    p = np.zeros(T, np.int32)
    i = N - 1
    for t in range(T - 1, -1, -1):
        p[t] = i
        i = bp[t, i]
    return p


G = []
for w, p, n in si:
    sy = word_sylls(w, pys[w])
    if sy is None:
        G.append(None)
        continue
    st, unit, p2 = ([], [], [])

    def addu(u, tag, first_skip=-1):
        for j in range(NS):
            st.append(u * NS + j)
            unit.append(tag)
            p2.append(first_skip if j == 0 else -1)
    tag = 0
    addu(0, tag)
    tags = [('sil', 0)]
    us = useq(sy)
    for q, u in enumerate(us):
        skip = -1
        if q > 0:
            skip = len(st) - 1
            tags.append(('pau', q))
            for j in range(4):
                st.append(1)
                unit.append(len(tags) - 1)
                p2.append(-1)
        for jj, x in enumerate(u):
            tags.append(('u', q, jj))
            addu(x, len(tags) - 1, skip if jj == 0 else -1)
    tags.append(('sil', 1))
    addu(0, len(tags) - 1)
    G.append((np.array(st), np.array(unit), np.array(p2), tags))


net = nn.Sequential(nn.Conv1d(40, 96, 5, padding=2), nn.ReLU(), nn.Conv1d(96, 96, 3, padding=1), nn.ReLU(), nn.Conv1d(96, S, 1))
opt = torch.optim.Adam(net.parameters(), 0.002)
XW, XS = (torch.from_numpy(WX), torch.from_numpy(SX))
slab = np.full(len(SX), -1, np.int64)
rng = np.random.RandomState(0)
t0 = time.time()


def train(n, withs):
    tl = []
    for _ in range(n):
        xs, ys = ([], [])
        for k in rng.randint(len(wi), size=40 if not withs else 20):
            xs.append(XW[wo[k]:wo[k + 1]])
            ys.append(torch.from_numpy(lab[wo[k]:wo[k + 1]]))
        if withs:
            for k in rng.randint(len(si), size=8):
                xs.append(XS[so[k]:so[k + 1]])
                ys.append(torch.from_numpy(slab[so[k]:so[k + 1]]))
        loss = nn.functional.cross_entropy(net(torch.cat(xs).T[None])[0].T, torch.cat(ys), ignore_index=-1, label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl.append(loss.item())
    return np.mean(tl[-50:])


pr = np.bincount(lab[lab >= 0], minlength=S) + 1.0
pr = np.log(pr / pr.sum()).astype(np.float32)
res = {}
for rnd, (n, ws) in enumerate([(250, False), (200, True), (200, True)]):
    tl = train(n, ws)
    ch = []
    for k, g in enumerate(G):
        if g is None:
            continue
        with torch.no_grad():
            LP = torch.log_softmax(net(XS[so[k]:so[k + 1]].T[None])[0].T, 1).numpy() - 0.7 * pr
        p = vit(LP, g[0], g[2])
        l = g[0][p]
        ch.append(np.mean(slab[so[k]:so[k + 1]] != l))
        slab[so[k]:so[k + 1]] = l
        res[k] = (p, float(np.mean(LP[np.arange(len(p)), l])))
    print('round', rnd, 'loss', round(float(tl), 3), 'changed', round(float(np.mean(ch)), 3), round(time.time() - t0), flush=True)


out = []
for k, (p, sc) in res.items():
    st, unit, p2, tags = G[k]
    d = np.bincount(unit[p], minlength=len(tags))
    out.append([k, [[list(t), int(n)] for t, n in zip(tags, d)], sc])


json.dump(out, open(sp + '.ali.json', 'w'))
sy = [sum((n for t, n in o[1] if t[0] == 'u')) / max(1, len({t[1] for t, n in o[1] if t[0] == 'u'})) for o in out]
print('frames/syllable', np.mean(sy), 'pauses/utt', np.mean([sum((n > 0 for t, n in o[1] if t[0] == 'pau')) for o in out]), 'score', np.percentile([o[2] for o in out], [1, 10, 50]))
