"""Trains the judge of the Mandarin voice: a small tonal-phone recogniser that has heard recordings of people only.

usage: train_judge.py --data DATA --text sentences_py.json --extra extra_py.json --out judge.pt --minutes M [--init other.pt]
DATA: lab/asr's stores `real`, `units`, `words` and `snips` (index without the voices that a vocoder made: `"v": "v0"` only); no store
of synthetic speech may lie there.  Unlike callers, a voice on trial speaks in a quiet room: little is changed but tempo and timbre.
"""
import argparse
import json
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../asr'), os.path.join(HERE, '../en')]
from compose import Composer  # noqa: E402
from fbank import FLOOR, NB  # noqa: E402
from loop import options, train  # noqa: E402
from phones import DIGITS, phones  # noqa: E402

SHARES = {'espeak': 0, 'resynth': 0, 'splice': .40, 'real': .16, 'words': .02, 'unit': .12, 'snips': .30}
SYNTHETIC = ('espeak', 'resynth')


class Quiet(Composer):
    """The recogniser's composer in a quiet room."""

    def augment(self, f, kind):
        r = self.rng
        f = self.warp(f, .05)
        low, high = {'unit': (-.2, .15), 'splice': (-.2, .2)}.get(kind, (-.3, .15))
        f = self.rhythm(f, int(len(f) * np.exp(r.uniform(low, high))))
        pad = [np.full((n, NB), FLOOR, np.float32) for n in (r.integers(4, 30), r.integers(12, 50))]
        f = np.concatenate([pad[0], f, pad[1]])
        x = np.linspace(0, 1, NB, dtype=np.float32)
        f = f + (sum(r.normal(0, .25) * np.cos(np.pi * j * x + r.uniform(0, 6)) for j in (1, 2, 3)) + r.uniform(-.8, .8) * (x - .5)).astype(np.float32)
        top = np.percentile(f.max(1), 90)
        if r.random() < .5:                  # a recording's own noise, far down
            level = top - r.uniform(6, 13)
            f = np.logaddexp(f, (level + np.log(r.gamma(3., size=f.shape) / 3)).astype(np.float32))
        return np.maximum(f + (r.uniform(-1.5, 2.) - top), FLOOR).astype(np.float32)


def texts(a):
    out = json.load(open(a.text, encoding='utf8'))
    return out + [dict(t, src='recorded') for t in json.load(open(a.extra, encoding='utf8'))]


def label_names(text):
    return ['<blk>'] + sorted({q for t in text for q in phones(t['py'])} | set(phones(DIGITS.values())) | {'ao1', 'ing2'})


def make(a):
    made = [n for n in SYNTHETIC if os.path.exists(f'{a.data}/{n}.json')]
    if made:
        raise SystemExit(f'{a.data} holds synthetic speech ({", ".join(made)}): the judge must not hear it')
    return Quiet(a.data, texts(a), seed=a.seed, mix=SHARES), lambda text, py: phones(py) if len(py) == len(text) else None


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('data', 'text', 'extra'):
        ap.add_argument('--' + k, required=True)
    a = options(ap)
    train(a, torch.load(a.init, map_location='cpu')['syls'] if a.init else label_names(texts(a)), make)


if __name__ == '__main__':
    main()
