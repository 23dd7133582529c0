"""Trains the small network that splits an envelope into harmonic and noise power, on real features.

usage: train_vocoder.py PREFIX OUT.pt SECONDS [--init other.pt]
"""
import argparse
import json
import numpy as np
import torch
import time
from dsp import *  # noqa: F403
from voice import *  # noqa: F403
torch.set_num_threads(1)
torch.manual_seed(0)
ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('prefix')
ap.add_argument('out')
ap.add_argument('seconds')
ap.add_argument('--init', type=str, default=None, help='go on from this checkpoint')
a_ = ap.parse_args()
pre, out, budget = a_.prefix, a_.out, float(a_.seconds)
wav = np.load(pre + '.wav.npy', mmap_mode='r')
items = json.load(open(pre + '.json'))['items']
Z = np.load(pre + '.feat.npz')
env = Z['env'].astype(np.float32)
f0 = Z['f0']
off = Z['off']


def cont(f):
    v = f > 0
    if not v.any():
        return (np.full(len(f), 220.0, np.float32), v)
    return (np.interp(np.arange(len(f)), np.where(v)[0], f[v]).astype(np.float32), v)


V = Vocoder()
V.emean.copy_(torch.from_numpy(env.mean(0)))
V.estd.copy_(torch.from_numpy(env.std(0)))
if a_.init:
    V.load_state_dict(torch.load(a_.init))


heldout = set(range(0, len(items), 40))
train = [k for k in range(len(items)) if k not in heldout and off[k + 1] - off[k] > 45]
opt = torch.optim.Adam(V.parameters(), 0.002, betas=(0.8, 0.99))
wins = {n: torch.hann_window(n) for n in (64, 128, 256, 512)}


def stft(x, n):
    return torch.stft(x, n, n // 4, window=wins[n], return_complex=True, center=True).abs().clamp(min=1e-05)


def loss_fn(y, x):
    L = 0
    for n in wins:
        a, b = (stft(y, n), stft(x, n))
        e = 0.001 * n ** 0.5
        L = L + (torch.log(a + e) - torch.log(b + e)).abs().mean() + 0.5 * ((a - b).pow(2).sum((1, 2)).sqrt() / b.pow(2).sum((1, 2)).sqrt().clamp(min=0.05)).mean()
    return L / len(wins)


rng = np.random.RandomState(0)
Bn, T = (16, 41)
t0 = time.time()
step = 0
acc = 0
while time.time() - t0 < budget:
    lr = (0.001 if a_.init else 0.002) * max(0.05, 1 - (time.time() - t0) / budget)
    opt.param_groups[0]['lr'] = lr
    E, Fq, Vv, X = ([], [], [], [])
    for _ in range(Bn):
        k = train[rng.randint(len(train))]
        n = off[k + 1] - off[k]
        s = rng.randint(0, n - T)
        c, v = cont(f0[off[k]:off[k + 1]])
        w, p, ln = items[k]
        xx = np.zeros((T - 1) * HOP, np.float32)
        seg = wav[p + s * HOP:min(p + ln, p + (s + T - 1) * HOP)]
        xx[:len(seg)] = seg / 32768.0
        E.append(env[off[k] + s:off[k] + s + T])
        Fq.append(c[s:s + T])
        Vv.append(v[s:s + T].astype(np.float32))
        X.append(xx)
    y = V(*[torch.from_numpy(np.stack(q)) for q in (E, Fq, Vv)])
    x = torch.from_numpy(np.stack(X))
    L = loss_fn(y, x)
    opt.zero_grad()
    L.backward()
    torch.nn.utils.clip_grad_norm_(V.parameters(), 1.0)
    opt.step()
    acc += L.item()
    step += 1
    if step in (1, 10) or step % 100 == 0:
        print(step, round(acc / (1 if step == 1 else 9 if step == 10 else 90 if step == 100 else 100), 4), round(time.time() - t0, 1), flush=True)
        acc = 0
    if step % 500 == 0:
        torch.save(V.state_dict(), out)


torch.save(V.state_dict(), out)
print('saved', step)
