"""Short adversarial fine-tuning of the envelope decoder: it fights over-smoothing.

usage: train_adversarial.py WORD_PREFIX PINYIN.json LEXICON.txt SENTENCE_PREFIX SENTENCE_PINYIN.json INIT.pt OUT.pt SECONDS [--weight 0.2]
"""
import argparse
import numpy as np
import torch
import torch.nn as nn
import time
from train_voice import *  # noqa: F403
ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('words')
ap.add_argument('words_pinyin')
ap.add_argument('lexicon')
ap.add_argument('sentences')
ap.add_argument('sentences_pinyin')
ap.add_argument('init')
ap.add_argument('out')
ap.add_argument('seconds')
ap.add_argument('--weight', type=float, default=0.2, help='of the discriminator')
a_ = ap.parse_args()
wp, wpy, lexf, sp, spy, init, out, budget = a_.words, a_.words_pinyin, a_.lexicon, a_.sentences, a_.sentences_pinyin, a_.init, a_.out, float(a_.seconds)
lam = a_.weight
torch.manual_seed(1)
lex = {l.split(' ', 1)[0] for l in open(lexf)}
W = load_words(wp, wpy)
Sx = load_sents(sp, spy, lex)
tr = [x for x in W if x['k'] % 40]
va = [x for x in W if x['k'] % 40 == 0]
ts = [x for x in Sx if x['k'] % 20]
A = Acoustic()
A.load_state_dict(with_phrases(torch.load(init)))
FS = np.ones((len(SPK), 2), np.float32)
for s in range(len(SPK)):
    l = np.concatenate([x['lf'][x['v'] > 0] for x in (tr if s == 0 else ts) if x['spk'] == s])
    FS[s] = (l.mean(), l.std())


FS = torch.from_numpy(FS)


class D2(nn.Module):
    """2-D conv discriminator over (time, envelope points); LSGAN"""

    def __init__(s, c=24):
        super().__init__()
        s.l = nn.ModuleList([nn.Conv2d(1, c, (3, 5), (1, 2), (1, 2)), nn.Conv2d(c, 2 * c, (3, 5), (2, 2), (1, 2)), nn.Conv2d(2 * c, 2 * c, (3, 3), (2, 2), (1, 1)), nn.Conv2d(2 * c, 1, (3, 3), 1, (1, 1))])
        for i in range(4):
            s.l[i] = nn.utils.parametrizations.weight_norm(s.l[i])

    def forward(s, x):
        fm = []
        for i, l in enumerate(s.l):
            x = l(x)
            if i < 3:
                x = F.leaky_relu(x, 0.2)
                fm.append(x)
        return (x, fm)


D = D2()
og = torch.optim.AdamW(A.parameters(), 0.0003, betas=(0.8, 0.98))
od = torch.optim.AdamW(D.parameters(), 0.0004, betas=(0.8, 0.98))
rng = np.random.RandomState(2)
t0 = time.time()
step = 0
acc = []


def crops(e, E, n, T=40):
    a, b = ([], [])
    for i in range(len(n)):
        if n[i] <= T:
            continue
        s = rng.randint(0, n[i] - T)
        a.append(e[i, s:s + T])
        b.append(E[i, s:s + T])
    return (torch.stack(a)[:, None], torch.stack(b)[:, None])


while time.time() - t0 < budget:
    words = step % 5 != 4
    q = [tr[i] for i in rng.randint(len(tr), size=16)] if words else [ts[i] for i in rng.randint(len(ts), size=6)]
    og.param_groups[0]['lr'] = 0.0003 * max(0.1, 1 - (time.time() - t0) / budget)
    L, parts, e, En = losses(A, batch(q), FS)
    g = torch.zeros(())
    if words:
        f, r = crops(e, En, [len(x['lf']) for x in q])
        df, _ = D(f.detach())
        dr, _ = D(r)
        LD = ((dr - 1) ** 2).mean() + (df ** 2).mean()
        od.zero_grad()
        LD.backward()
        od.step()
        df, ff = D(f)
        with torch.no_grad():
            _, fr = D(r)
        adv = ((df - 1) ** 2).mean()
        fml = sum(((x - y).abs().mean() for x, y in zip(ff, fr)))
        g = lam * min(1, step / 150) * (adv + fml)
    og.zero_grad()
    (L + g).backward()
    torch.nn.utils.clip_grad_norm_(A.parameters(), 1.0)
    og.step()
    step += 1
    if words:
        acc.append([p.item() for p in parts] + [LD.item(), adv.item(), fml.item()])
    if step % 100 == 0:
        with torch.no_grad():
            sr, sf = ([], [])
            for i in range(0, 96, 32):
                b = batch(va[i:i + 32])
                _, _, ee, EE = losses(A, b, FS)
                m = b['fm'][..., 0] > 0
                sf.append(ee[m].std(0))
                sr.append(EE[m].std(0))
        print(step, np.mean(acc, 0).round(3).tolist(), 'std ratio', round((torch.stack(sf).mean(0) / torch.stack(sr).mean(0)).mean().item(), 3), round(time.time() - t0, 1), flush=True)
        acc = []
        torch.save(A.state_dict(), out)


torch.save(A.state_dict(), out)
