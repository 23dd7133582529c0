"""Trains the judge of the Mandarin voice: a small tonal-phone recogniser that has heard recordings of people only.

usage: train_judge.py --data DATA --text sentences_py.json --extra extra_py.json --out judge.pt --minutes M [--init other.pt]
DATA: lab/asr's stores `real`, `prompts`, `units` and `words`, and `snips` from natural.py (those of resynth.py went through a vocoder); no store
of synthetic speech may lie there.  Unlike callers, a voice on trial speaks in a quiet room: what changes is tempo, timbre and vocal tract.
"""
import argparse
import json
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../asr'), os.path.join(HERE, '../en')]
from compose import Composer  # noqa: E402
from fbank import FLOOR, NB  # noqa: E402
from ears import Ears  # noqa: E402
from loop import options, train  # noqa: E402
from phones import DIGITS, phones  # noqa: E402

SHARES = {'espeak': 0, 'resynth': 0, 'splice': .24, 'real': .20, 'prompts': .10, 'words': .08, 'unit': .08, 'snips': .30}
SYNTHETIC = ('espeak', 'resynth')


class Quiet(Composer):
    """The recogniser's composer in a quiet room, with other mouths: what is on trial is a stranger to the judge."""

    def augment(self, f, kind):
        r = self.rng
        f = self.warp(f, .15)
        low, high = {'unit': (-.3, .15), 'splice': (-.3, .2), 'words': (-.3, .15)}.get(kind, (-.4, .15))
        f = self.rhythm(f, int(len(f) * np.exp(r.uniform(low, high))))
        if r.random() < .3:
            f = self.slur(f)
        if r.random() < .3:                  # sharper or blunter resonances
            s = f.copy()
            s[:, 1:-1] = .25 * f[:, :-2] + .5 * f[:, 1:-1] + .25 * f[:, 2:]
            f = f + np.float32(r.uniform(-.5, .45)) * (f - s)
        pad = [np.full((n, NB), FLOOR, np.float32) for n in (r.integers(4, 30), r.integers(12, 80))]
        f = np.concatenate([pad[0], f, pad[1]])
        x = np.linspace(0, 1, NB, dtype=np.float32)
        f = f + (sum(r.normal(0, .4) * np.cos(np.pi * j * x + r.uniform(0, 6)) for j in (1, 2, 3, 4)) + r.uniform(-1.2, 1.2) * (x - .5)).astype(np.float32)
        top = np.percentile(f.max(1), 90)
        if r.random() < .6:                  # a recording's own noise
            level = top - r.uniform(4, 13)
            f = np.logaddexp(f, (level + np.log(r.gamma(3., size=f.shape) / 3)).astype(np.float32))
        f = np.maximum(f + (r.uniform(-1.5, 2.) - top), FLOOR).astype(np.float32)
        for _ in range(r.integers(0, 3)):
            w = r.integers(1, 8)
            j = r.integers(0, NB - w)
            f[:, j:j + w] = f[:, j:j + w].mean()
        return f


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
    train(a, torch.load(a.init, map_location='cpu')['syls'] if a.init else label_names(texts(a)), make, Ears)


if __name__ == '__main__':
    main()
