"""How strangers' sounds are misheard: a matrix P(said | heard) of phones and blank, estimated with expectation maximisation on recordings
of people the checkpoint never heard.  export.py multiplies the posteriors by it.

usage: channel.py --ckpt model.pt --rows rows_py.json --out channel.npz [--weight 15] [--rounds 6]
rows: a list of {"file", "text", "py"}, and "check": true for those that are only measured.
--weight: how many frames' worth of belief the prior (as heard; the same sound in another tone; anything) counts for each phone.
"""
import argparse
import json
import re

import numpy as np
import torch
import torch.nn.functional as F

from audio import load, telephone
from fbank import fbank
from model import Net
from phones import phones


def prior(names):
    """Rows: heard; columns: said."""
    v = len(names)
    base = [re.sub(r'\d$', '', n) for n in names]
    m = np.full((v, v), .03 / v)
    for i in range(v):
        same = [j for j in range(v) if j != i and base[j] == base[i]]
        m[i, i] += .87
        m[i, 0] += .05
        for j in same:
            m[i, j] += .05 / len(same)
    m[0] = .01 / v
    m[0, 0] += .99
    return m / m.sum(1, keepdims=True)


def occupation(logp, target):
    """Posterior of every label at every frame, given that the target was said: minus the gradient of the CTC loss."""
    x = logp.detach().requires_grad_()
    loss = F.ctc_loss(x[:, None], target[None], torch.tensor([len(x)]), torch.tensor([len(target)]), reduction='sum', zero_infinity=True)
    g, = torch.autograd.grad(loss, x)
    # the gradient of ctc_loss is that of scores before a softmax: exp(x) - occupation, for normalised x
    return loss.item(), (x.detach().exp() - g).clamp(min=0)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('ckpt', 'rows', 'out'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--weight', type=float, default=15)
    ap.add_argument('--rounds', type=int, default=6)
    a = ap.parse_args()
    torch.set_num_threads(1)
    ck = torch.load(a.ckpt, map_location='cpu')
    net = Net(**ck['cfg']).eval()
    net.load_state_dict(ck['model'])
    names, ids = ck['syls'], {p: i for i, p in enumerate(ck['syls'])}
    material = []
    for r in json.load(open(a.rows, encoding='utf8')):
        q = phones(r['py'])
        if any(p not in ids for p in q):
            continue
        x = np.concatenate([telephone(load(r['file'])), np.zeros(16000, np.float32)])
        with torch.no_grad():
            y = net(torch.from_numpy(fbank(x))[None])[0][0].softmax(-1)
        if len(y) > 1.2 * len(q):
            material.append((y, torch.tensor([ids[p] for p in q]), bool(r.get('check'))))
    matrix = torch.from_numpy(prior(names)).float()
    floor = torch.eye(len(names)) * .98
    floor[:, 1:] += .02 / (len(names) - 1)
    belief = a.weight * matrix

    def losses(m):
        out = {}
        for y, t, check in material:
            out.setdefault(check, []).append((occupation((y @ m).clamp(min=1e-9).log(), t)[0], len(t)))
        return {k: round(sum(l for l, _ in v) / sum(n for _, n in v), 3) for k, v in out.items()}

    print('floor only: nats a phone', losses(floor))
    print('prior', losses(matrix))
    for i in range(a.rounds):
        counts = belief.clone()
        for y, t, check in material:
            if not check:
                p = (y @ matrix).clamp(min=1e-9)
                gamma = occupation((p / p.sum(1, keepdim=True)).log(), t)[1]
                counts += matrix * (y.T @ (gamma / p))
        # blank is heard nearly always: its row would need no belief, but a missed phone may be any
        matrix = counts / counts.sum(1, keepdim=True)
        print('round', i + 1, losses(matrix), 'kept', round(float(matrix.diag()[1:].mean()), 3), 'blank', round(float(matrix[0, 0]), 3), flush=True)
    np.savez(a.out, matrix=matrix.numpy(), names=np.array(names))


if __name__ == '__main__':
    main()
