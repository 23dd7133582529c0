"""Acoustic model: the voice's isolated words, and sentences of another speaker as donors of rhythm and intonation.

usage: train_voice.py WORD_PREFIX PINYIN.json LEXICON.txt SENTENCE_PREFIX SENTENCE_PINYIN.json OUT.pt SECONDS [--init other.pt]
"""
import argparse
import json
import numpy as np
import torch
import time
from dsp import *  # noqa: F403
from voice import *  # noqa: F403
from text import *  # noqa: F403
torch.set_num_threads(1)
torch.manual_seed(0)
SPK = {'w': 0, 'S0150': 1}     # 0 is the voice; S0150 lends sentence rhythm and intonation


def cont(f):
    v = f > 0
    if v.sum() < 3:
        return (None, v)
    return (np.interp(np.arange(len(f)), np.where(v)[0], f[v]).astype(np.float32), v)


def load_words(pre, pyf):
    items = json.load(open(pre + '.json'))['items']
    py = json.load(open(pyf))
    Z = np.load(pre + '.feat.npz')
    off = Z['off']
    env, f0 = (Z['env'], Z['f0'])
    ali = json.load(open(pre + '.ali.json'))
    thr = np.percentile([a[2] for a in ali], 2)
    data = []
    for k, d, s in ali:
        if s < thr:
            continue
        w = items[k][0]
        sy = word_sylls(w, py[w])
        tones = sandhi([x[2] for x in sy])
        ph, tn, er, du, bn = ([SIL], [0], [0], [d[0]], [0])
        j = 1
        for q, ((i, f, t, r), ts) in enumerate(zip(sy, tones)):
            if i != '0':
                di = d[j]
                j += 1
            else:
                di = 0
            df = d[j]
            j += 1
            if r:
                df += d[j]
                j += 1
            b = 2 * int(q == len(sy) - 1)     # a word on its own ends an utterance
            ph += [pid_i(IID[i]), pid_f(FID[f])]
            tn += [ts, ts]
            er += [r, r]
            du += [di, df]
            bn += [b, b]
        ph.append(SIL)
        tn.append(0)
        er.append(0)
        du.append(d[j])
        bn.append(0)
        assert j == len(d) - 1
        c, v = cont(f0[off[k]:off[k + 1]])
        if c is None:
            continue
        lo = max(0, du[0] - 8)
        hi = max(0, du[-1] - 10)
        du[0] -= lo
        du[-1] -= hi
        a, b = (off[k] + lo, off[k + 1] - hi)
        data.append(dict(k=k, ph=ph, tn=tn, er=er, bn=bn, du=du, env=env[a:b], lf=np.log(c[lo:len(c) - hi]), v=v[lo:len(v) - hi].astype(np.float32), spk=0))
    return data


def segment(text, lex):
    """greedy longest match, as sherpa-onnx's PhraseMatcher: word-final flag per character (multi-character words only)"""
    fl, i = ([], 0)
    while i < len(text):
        for n in range(min(10, len(text) - i), 0, -1):
            if n == 1 or text[i:i + n] in lex:
                fl += [0] * (n - 1) + [int(n > 1)]
                i += n
                break
    return fl


def load_sents(pre, pyf, lex):
    J = json.load(open(pre + '.json'))
    items, spk = (J['items'], J['spk'])
    py = json.load(open(pyf))
    Z = np.load(pre + '.feat.npz')
    off = Z['off']
    env, f0 = (Z['env'], Z['f0'])
    data = []
    for k, tags, s in json.load(open(pre + '.ali.json')):
        if spk[k] not in SPK or s < 1.5:
            continue
        w = items[k][0]
        sy = word_sylls(w, py[w])
        fl = segment(w, lex)
        if len(sy) != len(w):
            continue
        dur = {}
        pau = {}
        sil = [0, 0]
        for t, n in tags:
            if t[0] == 'u':
                dur.setdefault(t[1], []).append(n)
            elif t[0] == 'pau':
                pau[t[1]] = n
            else:
                sil[t[1]] = n
        ph, tn, er, du, bn = ([SIL], [0], [0], [sil[0]], [0])
        raw = [x[2] for x in sy]
        tones = [2 if t == 3 and i + 1 < len(raw) and (raw[i + 1] == 3) and (not pau.get(i + 1)) else t for i, t in enumerate(raw)]
        for q, ((i, f, t, r), ts) in enumerate(zip(sy, tones)):
            if pau.get(q):
                ph += [SIL, SIL]
                tn += [0, 0]
                er += [0, 0]
                bn += [0, 0]
                du += [0, pau[q]]
            d = dur[q]
            di = d[0] if i != '0' else 0
            b = 2 if q == len(sy) - 1 or pau.get(q + 1) else int(fl[q])     # 1 ends a word, 2 a phrase
            ph += [pid_i(IID[i]), pid_f(FID[f])]
            tn += [ts, ts]
            er += [r, r]
            bn += [b, b]
            du += [di, sum(d) - di]
        ph.append(SIL)
        tn.append(0)
        er.append(0)
        bn.append(0)
        du.append(sil[1])
        c, v = cont(f0[off[k]:off[k + 1]])
        if c is None or max(du) > 80:
            continue
        data.append(dict(k=k, ph=ph, tn=tn, er=er, bn=bn, du=du, env=env[off[k]:off[k + 1]], lf=np.log(c), v=v.astype(np.float32), spk=SPK[spk[k]]))
    return data


def batch(bs):
    B = len(bs)
    S = max((len(x['ph']) for x in bs))
    T = max((len(x['lf']) for x in bs))
    o = {q: np.zeros((B, S), np.int64) for q in ('ph', 'tn', 'er', 'bn')}
    du = np.zeros((B, S), np.float32)
    sm = np.zeros((B, S, 1), np.float32)
    E = np.zeros((B, T, NB), np.float32)
    f = np.zeros((B, T), np.float32)
    v = f.copy()
    fm = np.zeros((B, T, 1), np.float32)
    idx = np.zeros((B, T), np.int64)
    for b, x in enumerate(bs):
        n, t = (len(x['ph']), len(x['lf']))
        for q in o:
            o[q][b, :n] = x[q]
        du[b, :n] = x['du']
        sm[b, :n] = 1
        E[b, :t] = x['env']
        f[b, :t] = x['lf']
        v[b, :t] = x['v']
        fm[b, :t] = 1
        idx[b, :t] = np.repeat(np.arange(n), x['du'])
    return {k: torch.from_numpy(q) for k, q in dict(o, du=du, sm=sm, E=E, f=f, v=v, fm=fm, idx=idx, spk=np.array([x['spk'] for x in bs])).items()}


def forward(A, b):
    h, ld = A.encode(b['ph'], b['tn'], b['er'], b['bn'], b['sm'])
    t = torch.arange(b['E'].shape[1]).float()[None].expand(len(b['spk']), -1)
    pf = A.posfeat(torch.cumsum(b['du'], 1), b['du'], b['idx'], t)
    e, lf, vv = A.decode(h, b['idx'], pf, b['fm'], b['spk'])
    return (ld + A.dspk(b['spk']), e, lf, vv)


def losses(A, b, FS):
    ld, e, lf, vv = forward(A, b)
    fm, v = (b['fm'], b['v'])
    En = (b['E'] - A.emean) / A.estd
    fs = FS[b['spk']]
    fn = (b['f'] - fs[:, :1]) / fs[:, 1:]
    m = fm[..., 0]
    n = m.sum()
    le = ((e - En).abs() * fm).sum() / n / NB
    de = ((e[:, 1:] - e[:, :-1] - (En[:, 1:] - En[:, :-1])).abs() * fm[:, 1:]).sum() / n / NB
    dl = ((lf[:, 1:] - lf[:, :-1] - (fn[:, 1:] - fn[:, :-1])).abs() * m[:, 1:] * v[:, 1:] * v[:, :-1]).clamp(max=0.5).sum() / (m * v).sum()
    lfl = ((lf - fn).abs() * m * v).clamp(max=2.5).sum() / (m * v).sum()
    lv = (F.binary_cross_entropy_with_logits(vv, v, reduction='none') * m).sum() / n
    dm = (b['sm'][..., 0] > 0) & (b['du'] > 0) & (b['ph'] != SIL)
    ldl = ((ld - torch.log1p(b['du'])).abs() * dm).sum() / dm.sum()
    return (le + 0.5 * de + lfl + 2 * dl + 0.5 * lv + 0.7 * ldl, (le, de, lfl, lv, ldl), e, En)


if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('words')
    ap.add_argument('words_pinyin')
    ap.add_argument('lexicon')
    ap.add_argument('sentences')
    ap.add_argument('sentences_pinyin')
    ap.add_argument('out')
    ap.add_argument('seconds')
    ap.add_argument('--init', type=str, default=None, help='go on from this checkpoint')
    a_ = ap.parse_args()
    wp, wpy, lexf, sp, spy, out, budget = a_.words, a_.words_pinyin, a_.lexicon, a_.sentences, a_.sentences_pinyin, a_.out, float(a_.seconds)
    lex = {l.split(' ', 1)[0] for l in open(lexf)}
    W = load_words(wp, wpy)
    Sx = load_sents(sp, spy, lex) if sp != '-' else []
    tr = [x for x in W if x['k'] % 40]
    va = [x for x in W if x['k'] % 40 == 0]
    ts = [x for x in Sx if x['k'] % 20]
    vs = [x for x in Sx if x['k'] % 20 == 0]
    A = Acoustic()
    fr = np.concatenate([x['env'].astype(np.float32) for x in tr[::5]])
    A.emean.copy_(torch.from_numpy(fr.mean(0)))
    A.estd.copy_(torch.from_numpy(fr.std(0)))
    FS = np.zeros((len(SPK), 2), np.float32)
    FS[:, 1] = 1
    for s in range(len(SPK)):
        l = [x['lf'][x['v'] > 0] for x in (tr if s == 0 else ts) if x['spk'] == s]
        if l:
            l = np.concatenate(l)
            FS[s] = (l.mean(), l.std())
    A.fstat.copy_(torch.from_numpy(FS[0]))
    FS = torch.from_numpy(FS)
    print('words', len(tr), len(va), 'sents', len(ts), len(vs), 'F0 stats', FS.tolist())
    if a_.init:
        A.load_state_dict(with_phrases(torch.load(a_.init)))
    print('params', sum((p.numel() for p in A.parameters())))
    opt = torch.optim.AdamW(A.parameters(), 0.002, betas=(0.9, 0.98), weight_decay=0.01)
    rng = np.random.RandomState(1)
    t0 = time.time()
    step = 0
    acc = []

    def batches():
        o = rng.permutation(len(tr))
        o = sorted(o, key=lambda i: len(tr[i]['lf']) // 12 + rng.rand() * 2)
        bt = [[tr[j] for j in o[i:i + 32]] for i in range(0, len(o) - 31, 32)]
        if ts:
            for _ in range(2):
                o = sorted(rng.permutation(len(ts)), key=lambda i: len(ts[i]['lf']) // 25 + rng.rand() * 2)
                bt += [[ts[j] for j in o[i:i + 8]] for i in range(0, len(o) - 7, 8)]
        rng.shuffle(bt)
        return bt
    ep = 0
    L0 = 0.0006 if a_.init else 0.002
    while time.time() - t0 < budget:
        for b in batches():
            pr = (time.time() - t0) / budget
            if pr >= 1:
                break
            opt.param_groups[0]['lr'] = L0 * min(1, (step + 1) / 200) * max(0.03, 1 - pr)
            A.train()
            L, parts, _, _ = losses(A, batch(b), FS)
            opt.zero_grad()
            L.backward()
            torch.nn.utils.clip_grad_norm_(A.parameters(), 1.0)
            opt.step()
            acc.append([p.item() for p in parts])
            step += 1
            if step % 100 == 0:
                print(step, np.mean(acc, 0).round(4).tolist(), round(time.time() - t0, 1), flush=True)
                acc = []
        ep += 1
        with torch.no_grad():
            A.eval()
            r = [np.mean([[p.item() for p in losses(A, batch(q[i:i + 16]), FS)[1]] for i in range(0, len(q), 16)], 0).round(4).tolist() for q in (va, vs) if q]
        print('== epoch', ep, 'val words / sents', r, round(time.time() - t0, 1), flush=True)
        torch.save(A.state_dict(), out)
