"""Builds tokens.txt and model.onnx (sherpa-onnx `vits` container): tokens -> sandhi -> durations -> waveform, all in one graph.

usage: export_voice.py AC.pt VOCODER.pt VOICE_DIR [--rate 1] [--pitch 1] [--declination 0.04] [--gate 6] [--donor 1]
VOICE_DIR must hold sylls.json (build_lexicon.mjs).
"""
import argparse
import json
import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import math
from voice import *  # noqa: F403
from text import *  # noqa: F403
ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('acoustic')
ap.add_argument('vocoder')
ap.add_argument('folder')
ap.add_argument('--rate', type=float, default=1.0, help='tempo: larger is slower')
ap.add_argument('--gate', type=float, default=6.0, help='how far pauses are silenced, in nats')
ap.add_argument('--donor', type=float, default=1.0, help='share of the sentence donor in the durations')
ap.add_argument('--pitch', type=float, default=1.0, help='factor on F0')
ap.add_argument('--declination', type=float, default=0.04, help='fall of log F0 over a clause')
ap.add_argument('--span', type=float, default=1.0, help='factor on the distance of log F0 from its mean: averages speak too flat')
ap.add_argument('--melody', type=float, default=0.0, help='share of the sentence donor in the F0')
ap.add_argument('--question', type=float, default=0.0, help='rise of log F0 over the last syllables before a question mark')
ap.add_argument('--sharpen', type=float, default=0.0, help='how far resonances are raised over their surroundings: averages are blunt')
ap.add_argument('--onset', type=float, default=1.0, help='factor on the length of initials: the sentence donor hurries them')
ap.add_argument('--gain', type=float, default=1.6, help='of the output')
a_ = ap.parse_args()
acf, vof, vd = a_.acoustic, a_.vocoder, a_.folder
opt = dict(rate=1.0, gate=6.0, dmix=1.0, pit=1.0, decl=0.04)
opt.update(rate=a_.rate, gate=a_.gate, dmix=a_.donor, pit=a_.pitch, decl=a_.declination, span=a_.span, melody=a_.melody, question=a_.question, sharp=a_.sharpen, onset=a_.onset, gain=a_.gain)
sylls = sorted(json.load(open(vd + '/sylls.json')))
PUN = {'，': 14, '。': 22, '！': 22, '？': 22, '、': 10, '：': 14, '；': 18, '“': 1, '”': 1, '…': 20, '—': 12, '(': 4, ')': 4, '（': 4, '）': 4, '·': 1, '-': 3, ' ': 0}
toks = ['_', '/']
rows = [(0, 0, 0, 0, 0, 0), (2, 0, 0, 0, 0, 0)]
for p, n in PUN.items():
    if p == ' ':
        continue
    toks.append(p)
    rows.append((3, 0, 0, 0, 0, n))


for s in sylls:
    er = 0
    b = s
    if s == 'bu6':
        r = ('b', 'u', 6)
    else:
        r = split(s)
        if r is None and s[-2] == 'r':
            er = 1
            b = s[:-2] + s[-1]
            r = split(b)
    if r is None:
        print('unsplittable', s)
        r = ('0', 'e', 5)
    toks.append(s)
    rows.append((1, pid_i(IID[r[0]]), pid_f(FID[r[1]]), r[2], er, 0))


open(vd + '/tokens.txt', 'w').write(''.join((f'{t} {i}\n' for i, t in enumerate(toks))))
tab = torch.tensor(rows)


class Voice(nn.Module):

    def __init__(s, A, V):
        super().__init__()
        s.A, s.V = (A, V)
        s.register_buffer('tab', tab)
        s.register_buffer('zero', torch.zeros(1, dtype=torch.long))
        s.register_buffer('asks', torch.tensor([float(t == '？') for t in toks]))

    def forward(s, x, x_length, noise_scale, length_scale, noise_scale_w):
        known = torch.clamp(x[0], 0, len(rows) - 1)
        r = s.tab[known]
        kind = r[:, 0]
        # ends of words, and of phrases: before a mark that pauses, or the end, with or without the word's own end between
        end = torch.ones(2, dtype=torch.bool)
        stop = torch.cat([(kind == 3) & (r[:, 5] >= 10), end])
        last = torch.cat([kind == 2, ~end])
        phrase = stop[1:-1] | (last[1:-1] & stop[2:])
        bn = torch.where(phrase, 2, (torch.cat([kind, torch.full((1,), 2)])[1:] >= 2).long())
        keep = torch.nonzero((kind == 1) | (kind == 3))[:, 0]
        r = r[keep]
        asks = s.asks[known][keep]
        bn = bn[keep]
        kind = r[:, 0]
        tone = r[:, 3]
        nx = torch.cat([tone[1:], torch.zeros(1, dtype=torch.long)])
        tone = torch.where(tone == 6, torch.where(nx == 4, 2, 4), tone)
        tone = torch.where((tone == 3) & (nx == 3), 2, tone)
        two = lambda a, b: torch.stack([a, b], 1).reshape(-1)
        z = torch.zeros(1, dtype=torch.long)
        ph = torch.cat([z, two(torch.where(kind == 1, r[:, 1], 0), torch.where(kind == 1, r[:, 2], 0)), z])
        tn = torch.cat([z, two(tone, tone), z])
        er = torch.cat([z, two(r[:, 4], r[:, 4]), z])
        m = torch.ones_like(ph)[None, :, None].float()
        bb = bn.long()
        bs = torch.cat([z, two(bb * (kind == 1), bb * (kind == 1)), z])
        h, ld = s.A.encode(ph[None], tn[None], er[None], bs[None], m)
        dw = s.A.dspk.weight[:, 0]
        ld = ld + (1 - opt['dmix']) * dw[0] + opt['dmix'] * dw[1]
        d = torch.exp(ld[0]) - 1
        sil0 = torch.ones(1)
        d = d * opt['rate'] * length_scale
        issyl = torch.cat([sil0 * 0, two((kind == 1) & (r[:, 1] != pid_i(0)), kind == 1).float(), sil0 * 0])
        initial = torch.cat([sil0 * 0, two((kind == 1).float(), (kind == 1).float() * 0), sil0 * 0])
        d = d * (1 + (opt['onset'] - 1) * initial)
        pause = torch.cat([sil0 * 4, two(r[:, 5] * 0, r[:, 5]).float() * length_scale, sil0 * 4])
        d = torch.where(issyl > 0, torch.clamp(torch.round(d), 2, 60), torch.round(pause))
        cum = torch.cumsum(d, 0)
        T = cum[-1].long() + 1
        t = torch.arange(T)[None].float()
        idx = torch.clamp((t[0][:, None] >= cum[None]).sum(1), max=ph.shape[0] - 1)[None]
        pf = s.A.posfeat(cum[None], d[None], idx, t)
        e, lf, vv = s.A.decode(h, idx, pf, torch.ones_like(t)[..., None], s.zero)
        n = torch.clamp(t / T.float(), 0, 1)
        # the last syllables before a question mark rise
        begin = cum - d
        left = (begin[:, None] - t) / 28
        rise = ((1 - left).clamp(0, 1) * (left >= 0).float() * torch.cat([sil0 * 0, two(asks * 0, asks), sil0 * 0])[:, None]).sum(0, keepdim=True)
        f0 = torch.exp(opt['question'] * rise + lf * s.A.fstat[1] * opt['span'] + s.A.fstat[0] + opt['decl'] * (0.5 - n)) * opt['pit']
        f0 = torch.clamp(f0, 90, 460)
        gs = torch.gather(1 - issyl[None], 1, idx)
        dd = torch.gather(d[None], 1, idx)
        st = t - (torch.gather(cum[None], 1, idx) - dd)
        gate = -opt['gate'] * gs * torch.clamp((st - 3) / 4, 0, 1) * torch.clamp((dd - st) / 3, 0, 1)
        env = e * s.A.estd + s.A.emean
        if opt['sharp']:
            wide = F.avg_pool1d(F.pad(env, (4, 4), mode='replicate'), 9, 1)
            env = env + opt['sharp'] * (env - wide)
        y = s.V(env + gate[..., None], f0, torch.sigmoid(vv * 1.5), noise_scale / 0.667)
        return torch.clamp(y * opt['gain'] + 0 * noise_scale_w + 0 * x_length.float(), -0.99, 0.99)


A = Acoustic()
A.load_state_dict(with_phrases(torch.load(acf)))
with torch.no_grad():
    A.fspk.weight[0].lerp_(A.fspk.weight[1], opt['melody'])
V = Vocoder()
V.load_state_dict(torch.load(vof))
M = Voice(A, V).eval()
ex = (torch.tensor([[toks.index(q) for q in ('nin2', 'hao3', '/', '，', 'qing3', 'wen4', '/')]]), torch.tensor([7]), torch.tensor([0.667]), torch.tensor([1.0]), torch.tensor([0.8]))
with torch.no_grad():
    print('torch out', M(*ex).shape)


names = ['x', 'x_length', 'noise_scale', 'length_scale', 'noise_scale_w']
torch.onnx.export(M, ex, vd + '/model.onnx', input_names=names, output_names=['y'], dynamic_axes={'x': {1: 'L'}, 'y': {1: 'N'}}, opset_version=17, dynamo=False)
import onnx
m = onnx.load(vd + '/model.onnx')
for k, v in dict(model_type='vits', comment='harmonic-plus-noise voice', language='Chinese', voice='zh', jieba=1, has_espeak=0, n_speakers=1, sample_rate=SR, add_blank=0, punctuation=' '.join((p for p in PUN if p != ' ')), frontend='', license='CC BY-SA, voice data: Yue Tan / Shtooka cmn-caen-tan').items():
    q = m.metadata_props.add()
    q.key, q.value = (k, str(v))


onnx.save(m, vd + '/model.onnx')
print('inputs', [i.name for i in m.graph.input], os.path.getsize(vd + '/model.onnx') / 1000000.0, 'MB', sorted({n.op_type for n in m.graph.node}))
