"""What a recogniser hears of the voice, as a differentiable function of envelope, F0 and voicing: its log-mel features without a waveform.

Harmonics are resolved by the recogniser's 25 ms window, so the power in a mel band is the sum over harmonics of their power times
the band's response to a sinusoid at that frequency (a table), plus the noise's power density through the band.
"""
import math
import os
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
import fbank as fb  # noqa: E402

GRID = 4.           # Hz between rows of the table
TOP = 4200.         # Hz: nothing above is heard (fb.NB bands)


def tables():
    """[rows, bands] power of a unit sinusoid at row * GRID; [257, bands] what unit noise density at a bin adds."""
    w = fb._WINDOW.numpy().astype(np.float64)
    f = np.arange(int(TOP / GRID) + 2) * GRID
    bins = np.arange(fb.NFFT // 2 + 1) * fb.SR / fb.NFFT
    t = np.arange(fb.WIN) - (fb.WIN - 1) / 2
    resp = np.cos(2 * np.pi * (bins[None] - f[:, None])[..., None] * (t / fb.SR)).dot(w) ** 2        # symmetric window: the transform is real
    pre = lambda hz: 1 + .97 ** 2 - 2 * .97 * np.cos(2 * np.pi * hz / fb.SR)
    banks = fb._BANKS.numpy()[:, :fb.NB].astype(np.float64)
    return (.25 * pre(f)[:, None] * resp.dot(banks)).astype(np.float32), (pre(bins)[:, None] * banks * (w ** 2).sum()).astype(np.float32)


class Heard(torch.nn.Module):
    def __init__(s, vocoder):
        super().__init__()
        s.V = vocoder
        sine, noise = tables()
        s.register_buffer('sine', torch.from_numpy(sine), persistent=False)
        s.register_buffer('noise', torch.from_numpy(noise), persistent=False)

    def forward(s, env, f0, v, gain=1., rng=None):
        """env [B,T,NB], f0 [B,T], v [B,T] -> log-mel [B,T-1,bands], frames between the voice's, as the recogniser's are"""
        V = s.V
        ph, pn = V.powers(env, f0, v)
        with torch.autocast('cpu', enabled=False):
            return s.bands(ph.float(), pn.float(), f0, gain, rng)

    def bands(s, ph, pn, f0, gain, rng):
        V = s.V
        lm = .5 * (ph @ V.W257)
        fk = f0[..., None] * V.k
        pos = (fk / 31.25).clamp(max=255.99)
        i = pos.floor().long()
        q = pos - i
        at = torch.gather(lm, 2, i) * (1 - q) + torch.gather(lm, 2, i + 1) * q
        power = torch.exp(2 * at) * (4 * f0 / fb.SR)[..., None] * (torch.sigmoid((V.fm - fk) / 40) ** 2) * (fk < TOP - GRID)
        pos = (fk / GRID).clamp(max=s.sine.shape[0] - 2)
        j = pos.floor().long()
        u = pos - j
        B, T, K = j.shape
        weights = torch.cat([power * (1 - u), power * u], 2).reshape(B * T, 2 * K)
        har = torch.nn.functional.embedding_bag(torch.cat([j, j + 1], 2).reshape(B * T, 2 * K), s.sine, per_sample_weights=weights, mode='sum').reshape(B, T, -1)
        noi = torch.exp(pn @ V.W257) @ s.noise
        if rng is not None:
            noi = noi * torch.from_numpy((rng.gamma(2.5, size=tuple(noi.shape)) / 2.5).astype(np.float32))
        p = har + noi
        p = .5 * (p[:, :-1] + p[:, 1:])
        return torch.log(p * gain ** 2 + math.exp(fb.FLOOR))
