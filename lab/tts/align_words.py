"""Forced alignment of isolated words: 3-state diagonal-GMM HMMs from a flat start, then a small convolutional frame classifier realigns.

usage: align_words.py PREFIX PINYIN.json      (PREFIX.json, PREFIX.feat.npz -> PREFIX.ali.json)
"""
import argparse
import json
import numpy as np
import time
from numba import njit
from scipy.fft import dct
from text import *  # noqa: F403
ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('prefix')
ap.add_argument('pinyin')
a_ = ap.parse_args()
pre, pyf = a_.prefix, a_.pinyin
items = json.load(open(pre + '.json'))['items']
py = json.load(open(pyf))
Z = np.load(pre + '.feat.npz')
off = Z['off']
mel = Z['mel'].astype(np.float32)
c = dct(mel, axis=1, norm='ortho')[:, :13]


def delta(x):
    return (np.roll(x, -2, 0) * 2 + np.roll(x, -1, 0) - np.roll(x, 1, 0) - np.roll(x, 2, 0) * 2) / 10


X = np.concatenate([c, delta(c), delta(delta(c)), (Z['f0'] > 0)[:, None] * 1.0], 1).astype(np.float32)
X = (X - X.mean(0)) / X.std(0)
U = ['sil'] + ['I_' + i for i in INITIALS[1:]] + ['F_' + f for f in FINALS]
UID = {u: i for i, u in enumerate(U)}
NS = 3
seqs, keep = ([], [])
for k, (w, p, n) in enumerate(items):
    s = word_sylls(w, py[w]) if w in py else None
    if not s:
        continue
    u = [0]
    for i, f, t, r in s:
        if i != '0':
            u.append(UID['I_' + i])
        u.append(UID['F_' + f])
        if r:
            u.append(UID['F_R'])
    u.append(0)
    T = off[k + 1] - off[k]
    if len(u) * NS + 2 > T:
        continue
    seqs.append(np.array(u))
    keep.append(k)


print('usable', len(keep), 'of', len(items))


@njit(cache=True)
def viterbi(L, st):
    """L [T, S_all] loglik, st: state ids in order; left-to-right, no skip. returns per-frame position in st"""
    T = L.shape[0]
    N = len(st)
    D = np.full(N, -1e+30)
    bp = np.zeros((T, N), np.uint8)
    D[0] = L[0, st[0]]
    for t in range(1, T):
        for i in range(N - 1, -1, -1):
            a = D[i]
            b = D[i - 1] if i > 0 else -1e+30
            if b > a:
                D[i] = b + L[t, st[i]]
                bp[t, i] = 1
            else:
                D[i] = a + L[t, st[i]]
    p = np.zeros(T, np.int16)
    i = N - 1
    for t in range(T - 1, -1, -1):
        p[t] = i
        if bp[t, i]:
            i -= 1
    return p


S = len(U) * NS
states = [np.array([[u * NS + j for j in range(NS)] for u in s]).ravel() for s in seqs]
lab = np.full(len(X), -1, np.int32)
en = mel.mean(1)
for s, k, st in zip(seqs, keep, states):
    a, b = (off[k], off[k + 1])
    T = b - a
    e = en[a:b]
    thr = np.percentile(e, 10) + 0.25 * (np.percentile(e, 95) - np.percentile(e, 10))
    act = np.where(e > thr)[0]
    lo, hi = (max(NS, act[0]), min(T - NS, act[-1] + 1))
    n = len(st) - 2 * NS
    if hi - lo < n:
        lo, hi = (NS, T - NS)
    l = np.zeros(T, np.int32)
    l[:lo] = st[:NS][np.arange(lo) * NS // lo]
    l[hi:] = st[-NS:][np.arange(T - hi) * NS // (T - hi)]
    wts = np.repeat([1.0 if U[u][0] == 'F' else 0.6 for u in s[1:-1]], NS)
    cb = np.cumsum(wts) / wts.sum()
    l[lo:hi] = st[NS:-NS][np.minimum(np.searchsorted(cb, (np.arange(hi - lo) + 0.5) / (hi - lo)), n - 1)]
    lab[a:b] = l


pos_of = {}
t0 = time.time()


def estep(LL):
    tot = 0
    for s, k, st in zip(seqs, keep, states):
        a, b = (off[k], off[k + 1])
        p = viterbi(LL[a:b], st)
        lab[a:b] = st[p]
        pos_of[k] = p


for it in range(9):
    m = lab >= 0
    idx = lab[m]
    Xm = X[m]
    cnt = np.bincount(idx, minlength=S) + 0.001
    mu = np.stack([np.bincount(idx, Xm[:, d], S) for d in range(X.shape[1])], 1) / cnt[:, None]
    va = np.stack([np.bincount(idx, Xm[:, d] ** 2, S) for d in range(X.shape[1])], 1) / cnt[:, None] - mu ** 2
    va = np.maximum(va, 0.02)
    LL = -0.5 * (X ** 2 @ (1 / va).T - 2 * X @ (mu / va).T + (mu ** 2 / va + np.log(va)).sum(1)[None]).astype(np.float32)
    old = lab.copy()
    estep(LL)
    print(it, 'changed', np.mean(old[m] != lab[m]).round(4), round(time.time() - t0, 1), flush=True)


import torch
import torch.nn as nn
torch.set_num_threads(1)
torch.manual_seed(0)
net = nn.Sequential(nn.Conv1d(40, 96, 5, padding=2), nn.ReLU(), nn.Conv1d(96, 96, 3, padding=1), nn.ReLU(), nn.Conv1d(96, S, 1))
opt = torch.optim.Adam(net.parameters(), 0.002)
Xt = torch.from_numpy(X)
for rnd in range(2):
    y = torch.from_numpy(lab.astype(np.int64))
    prior = np.bincount(lab[lab >= 0], minlength=S) + 1.0
    prior = np.log(prior / prior.sum())
    order = np.random.RandomState(rnd).permutation(len(keep))
    tl = 0
    B = 64
    nb = 0
    for bi in range(0, len(order) - B, B):
        ks = [keep[j] for j in order[bi:bi + B]]
        xb = torch.cat([Xt[off[k]:off[k + 1]] for k in ks]).T[None]
        yb = torch.cat([y[off[k]:off[k + 1]] for k in ks])
        loss = nn.functional.cross_entropy(net(xb)[0].T, yb, label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl += loss.item()
        nb += 1
    with torch.no_grad():
        LP = torch.cat([torch.log_softmax(net(Xt[i:i + 20000].T[None])[0].T, 1) for i in range(0, len(Xt), 20000)]).numpy() - 0.8 * prior[None].astype(np.float32)
    old = lab.copy()
    estep(LP)
    m = lab >= 0
    print('nn', rnd, 'loss', round(tl / nb, 3), 'changed', np.mean(old[m] != lab[m]).round(4), round(time.time() - t0, 1), flush=True)


sc = {}
ali = []
for s, k, st in zip(seqs, keep, states):
    p = pos_of[k] // NS
    d = np.bincount(p, minlength=len(s))
    a = off[k]
    score = float(np.mean(LP[a + np.arange(len(p)), st[pos_of[k]]]))
    ali.append([int(k), d.tolist(), score])


json.dump(ali, open(pre + '.ali.json', 'w'))
scs = np.array([a[2] for a in ali])
print('score pct', np.percentile(scs, [1, 5, 25, 50]))
for j in [10, 500, 3000, 5000]:
    print(items[ali[j][0]][0], [U[u] for u in seqs[j]], ali[j][1])


order = np.argsort(scs)[:30]
print('worst', [items[ali[j][0]][0] for j in order])
