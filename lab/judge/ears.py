"""The judge's network: hears a whole utterance before it writes (convolutions that look both ways, LSTMs in both directions).

`forward` as lab/asr/model.py's Net; `stream` puts it into the same container: one chunk is one whole utterance, the caches carry nothing.
"""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from fbank import NB  # noqa: E402
from model import ChannelDrop  # noqa: E402


class Block(nn.Module):
    def __init__(self, d, k, e, drop):
        super().__init__()
        self.k = k
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.conv = nn.Linear(k * d, d)
        self.a, self.b = nn.Linear(d, e * d), nn.Linear(e * d, d)
        self.dr = ChannelDrop(drop)

    def forward(self, x):
        size, half = x.shape[1], self.k // 2
        y = F.pad(self.n1(x).to(x.dtype), (0, 0, half, half))
        x = x + self.dr(F.relu(self.conv(torch.cat([y[:, i:i + size] for i in range(self.k)], -1))))
        return x + self.dr(self.b(F.relu(self.a(self.n2(x)))))


class Ears(nn.Module):
    """rnn: cells of each direction."""

    def __init__(self, vocab, syl, d=192, blocks=4, k=5, e=2, rnn=144, nrnn=2, c=(16, 32), drop=.1, look='both'):
        super().__init__()
        self.cfg = dict(vocab=vocab, syl=syl, d=d, blocks=blocks, k=k, e=e, rnn=rnn, nrnn=nrnn, c=list(c), drop=drop, look=look)
        # of the container, which carries nothing here
        self.d, self.k, self.nb, self.h, self.nr = 1, 2, 1, 1, 1
        self.register_buffer('mean', torch.zeros(NB))
        self.register_buffer('istd', torch.ones(NB))
        self.c1, self.c2 = nn.Conv2d(1, c[0], 3, stride=2), nn.Conv2d(c[0], c[1], 3, stride=2)
        self.proj = nn.Linear(c[1] * (((NB - 1) // 2 - 1) // 2), d)
        self.blocks = nn.ModuleList(Block(d, k, e, drop) for _ in range(blocks))
        self.rn = nn.ModuleList(nn.LayerNorm(d if i == 0 else 2 * rnn) for i in range(nrnn))
        self.rnns = nn.ModuleList(nn.LSTM(d if i == 0 else 2 * rnn, rnn, batch_first=True, bidirectional=True) for i in range(nrnn))
        self.dr, self.no, self.out = ChannelDrop(drop), nn.LayerNorm(2 * rnn), nn.Linear(2 * rnn, vocab)
        self.syl = nn.Linear(d, syl)

    def forward(self, x):
        """x: B,T,>=NB -> logits, auxiliary logits, both B,(T-3)//4,vocab"""
        x = ((x[..., :NB] - self.mean) * self.istd).unsqueeze(1)
        x = F.relu(self.c2(F.relu(self.c1(x))))
        x = self.proj(x.transpose(1, 2).flatten(2))
        for b in self.blocks:
            x = b(x)
        y = self.syl(x)
        for n, r in zip(self.rn, self.rnns):
            z, _ = r(n(x))
            x = self.dr(z) + x if z.shape == x.shape else self.dr(z)
        return self.out(self.no(x)), y

    def stream(self, x, conv, rnn):
        """x B,CHUNK+3,>=NB; the caches come back as they are."""
        return F.log_softmax(self.forward(x)[0], -1), conv + 0, rnn + 0
