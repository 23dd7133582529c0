"""Teaches the voice to be understood in sentences that nobody recorded: a recogniser listens and its error goes back into the acoustic model.

usage: train_clear.py WORD_PREFIX PINYIN.json LEXICON.txt SENTENCE_PREFIX SENTENCE_PINYIN.json INIT.pt VOCODER.pt OUT.pt SECONDS
                      --teacher asr.pt [--teacher other.pt] --text sentences_py.json --without sentences.txt [--without more.txt]
The teacher must not be the judge (lab/judge).  Recorded words and sentences stay in the lesson, so that the voice stays that voice.
--without: files of sentences that the voice is measured by; texts that share a clause with them are not spoken here.
"""
import argparse
import json
import math
import os
import re
import sys
import time

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '../asr'))
import train_voice as tv  # noqa: E402
from listener import Heard  # noqa: E402
from text import FID, IID, split, word_sylls  # noqa: E402
from voice import Acoustic, SIL, Vocoder, pid_f, pid_i, with_phrases  # noqa: E402
import fbank as fb  # noqa: E402
import model as ears  # noqa: E402
from phones import phones  # noqa: E402

F = torch.nn.functional


def half():
    return torch.autocast('cpu', dtype=torch.bfloat16)


class Lessons:
    """Clauses to speak: sentences of a contact centre and others, and words in any order, which no context gives away."""

    def __init__(self, texts, words, lexicon, without, names, rng):
        self.rng, self.lexicon, self.ids = rng, lexicon, {p: i for i, p in enumerate(names)}
        self.rows = [self.row([(t['text'], t['py'])], tv.segment(t['text'], lexicon)) for t in texts
                     if 2 <= len(t['text']) <= 16 and not any(c in t['text'] or t['text'] in c for c in without if len(c) > 3)]
        self.rows = [r for r in self.rows if r]
        self.words = [(w, py) for w, py in words if len(w) <= 4 and len(w) == len(py)]

    def row(self, parts, ends):
        """-> (initial, final, tone, end of word) of each syllable, labels; None when something cannot be said"""
        py = [p[:-1] + '5' if p[-1] == '0' else p for _, s in parts for p in s]
        text = ''.join(w for w, _ in parts)
        if len(py) != len(text) or '儿' in text:
            return None
        said = [split(p) for p in py]
        if any(s is None for s in said):
            return None
        tones = [2 if s[2] == 3 and i + 1 < len(said) and said[i + 1][2] == 3 else s[2] for i, s in enumerate(said)]
        labels = phones([p[:-1] + ('0' if t == 5 else str(t)) for p, t in zip(py, tones)])
        if any(q not in self.ids for q in labels):
            return None
        return [(pid_i(IID[i]), pid_f(FID[f]), t, int(i != '0'), e) for (i, f, _), t, e in zip(said, tones, ends)], [self.ids[q] for q in labels]

    def one(self, scrambled=.5):
        while True:
            if self.rng.random() > scrambled:
                return self.rows[self.rng.integers(len(self.rows))]
            parts = [self.words[i] for i in self.rng.integers(len(self.words), size=self.rng.integers(2, 7))]
            r = self.row(parts, [int(k == len(w) - 1 and len(w) > 1) for w, _ in parts for k in range(len(w))])
            if r and len(r[0]) <= 14:
                return r


def tokens(rows):
    """-> ph, tn, bn, mask, may sound: batch of slots (silence, initial and final of each syllable, silence)"""
    size = 2 + 2 * max(len(r) for r, _ in rows)
    ph, tn, bn = (np.zeros((len(rows), size), np.int64) for _ in range(3))
    mask, on = np.zeros((len(rows), size), np.float32), np.zeros((len(rows), size), np.float32)
    for b, (r, _) in enumerate(rows):
        n = 2 + 2 * len(r)
        mask[b, :n] = 1
        for q, (i, f, t, has, end) in enumerate(r):
            k = 1 + 2 * q
            ph[b, k:k + 2] = i, f
            tn[b, k:k + 2] = t
            bn[b, k:k + 2] = 2 if q == len(r) - 1 else end
            on[b, k:k + 2] = has, 1
    return [torch.from_numpy(z) for z in (ph, tn, bn, mask, on)]


class Speaker:
    """Speaks a batch of clauses as the exported graph does (export_voice.py), up to envelope, F0 and voicing."""

    def __init__(self, rate, sharpen, rng):
        self.rate, self.sharpen, self.rng = rate, sharpen, rng

    def plan(self, A, rows):
        ph, tn, bn, mask, on = tokens(rows)
        B, size = ph.shape
        with torch.no_grad():
            h, ld = A.encode(ph, tn, torch.zeros_like(ph), bn, mask[..., None])
            d = (torch.exp(ld + A.dspk.weight[1]) - 1) * self.rate
            tempo = torch.from_numpy(np.exp(self.rng.uniform(-.22, .1, (B, 1)) + self.rng.normal(0, .06, (B, size))).astype(np.float32))
            d = torch.where(on > 0, torch.round(d * tempo).clamp(2, 60), torch.zeros(()))
            d[:, 0] = 4
            for b, (r, _) in enumerate(rows):
                d[b, 1 + 2 * len(r)] = 4 + int(self.rng.integers(8, 20))
            cum = torch.cumsum(d, 1)
            T = int(cum[:, -1].max())
            t = torch.arange(T)[None].float().expand(B, -1)
            idx = (t[..., None] >= cum[:, None]).sum(-1).clamp(max=size - 1)
            fm = (t < cum[:, -1:]).float()[..., None]
            quiet = torch.gather(1 - on, 1, idx)
            dd = torch.gather(d, 1, idx)
            st = t - (torch.gather(cum, 1, idx) - dd)
            gate = -6 * quiet * ((st - 3) / 4).clamp(0, 1) * ((dd - st) / 3).clamp(0, 1)
            gate = gate - 6 * (1 - fm[..., 0])
            decl = .04 * (.5 - (t / cum[:, -1:]).clamp(0, 1))
        return dict(ph=ph, tn=tn, bn=bn, mask=mask[..., None], pf=A.posfeat(cum, d, idx, t), idx=idx, fm=fm, gate=gate, decl=decl, on=1 - quiet, frames=cum[:, -1].long())

    def say(self, A, p):
        with half():
            h, _ = A.encode(p['ph'], p['tn'], torch.zeros_like(p['ph']), p['bn'], p['mask'])
            e, lf, vv = (z.float() for z in A.decode(h, p['idx'], p['pf'], p['fm'], torch.zeros(len(p['ph']), dtype=torch.long)))
        env = e * A.estd + A.emean
        wide = F.avg_pool1d(F.pad(env, (4, 4), mode='replicate'), 9, 1)
        env = env + self.sharpen * (env - wide) + p['gate'][..., None]
        f0 = torch.exp(lf * A.fstat[1] + A.fstat[0] + p['decl']).clamp(90, 460)
        return env, f0, torch.sigmoid(vv * 1.5), (e, lf, vv)


def room(x, rng):
    """Another line and another room for each clause: what is learnt must not hang on one."""
    B, T, n = x.shape
    g = np.linspace(0, 1, n)
    curve = np.stack([sum(rng.normal(0, .4) * np.cos(np.pi * j * g + rng.uniform(0, 6)) for j in (1, 2, 3, 4)) + rng.uniform(-1.2, 1.2) * (g - .5) for _ in range(B)])
    x = x + torch.from_numpy(curve.astype(np.float32))[:, None]
    top = torch.quantile(x.detach().amax(2), .9, dim=1)[:, None, None]
    snr = torch.from_numpy(rng.uniform(3.5, 13, (B, 1, 1)).astype(np.float32))
    noise = top - snr + torch.from_numpy(np.log(rng.gamma(3., size=(B, T, n)) / 3).astype(np.float32))
    noisy = torch.from_numpy((rng.random((B, 1, 1)) < .7).astype(np.float32))
    x = torch.logaddexp(x, noise - 30 * (1 - noisy))
    return x + torch.from_numpy(rng.uniform(-1.5, 2., (B, 1, 1)).astype(np.float32)) - top


class Teacher:
    def __init__(self, path):
        ck = torch.load(path, map_location='cpu')
        self.net, self.names = ears.Net(**ck['cfg']).eval(), ck['syls']
        self.net.load_state_dict(ck['model'])
        for p in self.net.parameters():
            p.requires_grad_(False)

    def loss(self, x, frames, rows, names):
        mine = {p: i for i, p in enumerate(self.names)}
        target = torch.zeros(len(rows), max(len(q) for _, q in rows), dtype=torch.long)
        for b, (_, q) in enumerate(rows):
            target[b, :len(q)] = torch.tensor([mine[names[k]] for k in q])
        with torch.autocast('cpu', dtype=torch.bfloat16):
            y, _ = self.net(x)
        return ears.CTC.apply(y, target, ((frames + 20 - 3) // 4).clamp(max=y.shape[1]), torch.tensor([len(q) for _, q in rows]))


def arguments():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('words', 'words_pinyin', 'lexicon', 'sentences', 'sentences_pinyin', 'init', 'vocoder', 'out'):
        ap.add_argument(k)
    ap.add_argument('seconds', type=float)
    ap.add_argument('--teacher', action='append', required=True)
    ap.add_argument('--text', required=True)
    ap.add_argument('--without', action='append', default=[])
    ap.add_argument('--weight', type=float, default=1., help="of the teachers' error")
    ap.add_argument('--near', type=float, default=.3, help='of the distance from the voice before the lesson')
    ap.add_argument('--pitch', type=float, default=1., help='share of the lesson that reaches F0')
    ap.add_argument('--begin', help='go on from this checkpoint; INIT stays what the voice must be near to')
    ap.add_argument('--rate', type=float, default=1.08)
    ap.add_argument('--sharpen', type=float, default=.7)
    ap.add_argument('--lr', type=float, default=5e-4)
    ap.add_argument('--clauses', type=int, default=16)
    ap.add_argument('--seed', type=int, default=5)
    return ap.parse_args()


def clauses(path):
    return re.split(r'[^\u4e00-\u9fff]+', open(path, encoding='utf8').read())


def main():
    a = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    lexicon = {l.split(' ', 1)[0] for l in open(a.lexicon, encoding='utf8')}
    W, S = tv.load_words(a.words, a.words_pinyin), tv.load_sents(a.sentences, a.sentences_pinyin, lexicon)
    words, sents = [x for x in W if x['k'] % 40], [x for x in S if x['k'] % 20]
    held = [x for x in W if x['k'] % 40 == 0]
    teachers = [Teacher(p) for p in a.teacher]
    names = teachers[0].names
    without = [c for p in a.without for c in clauses(p) if c]
    py = json.load(open(a.words_pinyin, encoding='utf8'))
    listed = json.load(open(a.words + '.json', encoding='utf8'))['items']
    lessons = Lessons(json.load(open(a.text, encoding='utf8')), [(w, py[w]) for w, *_ in listed if w in py], lexicon, without, names, rng)
    print('clauses', len(lessons.rows), 'words', len(lessons.words), flush=True)
    A, before = Acoustic(), Acoustic().eval()
    for m in (A, before):
        m.load_state_dict(with_phrases(torch.load(a.init)))
    if a.begin:
        A.load_state_dict(torch.load(a.begin))
    V = Vocoder().eval()
    V.load_state_dict(torch.load(a.vocoder))
    heard = Heard(V)
    for p in [*V.parameters(), *before.parameters()]:
        p.requires_grad_(False)
    FS = np.ones((len(tv.SPK), 2), np.float32)
    for s in range(len(tv.SPK)):
        l = np.concatenate([x['lf'][x['v'] > 0] for x in (words if s == 0 else sents) if x['spk'] == s])
        FS[s] = l.mean(), l.std()
    FS = torch.from_numpy(FS)
    speaker = Speaker(a.rate, a.sharpen, rng)
    opt = torch.optim.AdamW(A.parameters(), a.lr, betas=(.9, .98), weight_decay=.01)
    start, step, recent = time.time(), 0, []
    ema = {k: v.clone() for k, v in A.state_dict().items()}
    while (done := (time.time() - start) / a.seconds) < 1:
        for g in opt.param_groups:
            g['lr'] = a.lr * min(1, (step + 1) / 50) * max(.03, min(1, 1.4 * (1 - done)))
        real = [words[i] for i in rng.integers(len(words), size=20)] if step % 3 < 2 else [sents[i] for i in rng.integers(len(sents), size=5)]
        with half():
            base, parts, _, _ = tv.losses(A, tv.batch(real), FS)
        rows = sorted((lessons.one() for _ in range(a.clauses)), key=lambda r: len(r[0]))
        plan = speaker.plan(A, rows)
        env, f0, v, now = speaker.say(A, plan)
        with torch.no_grad():
            was = speaker.say(before, plan)[3]
        m = plan['fm'][..., 0] * plan['on']
        far = (((now[0] - was[0]).abs() - .25).clamp(min=0).mean(-1) * m).sum() / m.sum() + .3 * (((now[1] - was[1]).abs() - .25).clamp(min=0) * m).sum() / m.sum()
        f0 = a.pitch * f0 + (1 - a.pitch) * f0.detach()
        with half():
            x = heard(env, f0, v, 1.45, rng)
        x = room(x, rng)
        pad = torch.full((len(rows), 40, fb.NB), 0.) + x[:, -1:].detach()
        x = torch.cat([x, pad], 1).clamp(min=fb.FLOOR)
        lesson = sum(t.loss(x, plan['frames'], rows, names) for t in teachers) / len(teachers)
        opt.zero_grad()
        (base + a.weight * lesson + a.near * far).backward()
        torch.nn.utils.clip_grad_norm_(A.parameters(), 1.)
        opt.step()
        step += 1
        decay = min(.995, 1 - 1 / (step * .1 + 1))
        with torch.no_grad():
            for k, q in A.state_dict().items():
                ema[k].lerp_(q, 1 - decay) if q.is_floating_point() else ema[k].copy_(q)
        recent.append([lesson.item(), far.item()] + [p.item() for p in parts])
        if step % 25 == 0:
            print(step, np.mean(recent, 0).round(4).tolist(), round(time.time() - start, 1), flush=True)
            recent = []
            torch.save(ema, a.out)
    with torch.no_grad():
        A.load_state_dict(ema)
        print('held words', np.mean([[p.item() for p in tv.losses(A, tv.batch(held[i:i + 16]), FS)[1]] for i in range(0, len(held), 16)], 0).round(4).tolist(), 'steps', step, flush=True)
    torch.save(ema, a.out)


if __name__ == '__main__':
    main()
