"""The voice: syllable tokens -> durations -> (spectral envelope, F0, voicing) -> harmonics plus noise.  10 ms frames.
"""
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from dsp import SR, HOP, NB, mel_interp_matrix
from text import INITIALS, FINALS
SIL = 0
NPH = 1 + len(INITIALS) + len(FINALS) + 4


def pid_i(i):
    return 1 + i


def pid_f(f):
    return 1 + len(INITIALS) + f


PAUSE0 = 1 + len(INITIALS) + len(FINALS)


class Res(nn.Module):

    def __init__(s, d, k=5, dil=1):
        super().__init__()
        s.c = nn.Conv1d(d, d, k, padding=dil * (k // 2), dilation=dil)
        s.n = nn.LayerNorm(d)

    def forward(s, x, m):
        y = s.c((x * m).transpose(1, 2)).transpose(1, 2)
        return s.n(x + F.gelu(y))


class Acoustic(nn.Module):

    def __init__(s, d=128, fd=192, nspk=2):
        super().__init__()
        s.ph = nn.Embedding(NPH, d)
        s.tone = nn.Embedding(7, d)
        s.er = nn.Embedding(2, d)
        s.bn = nn.Embedding(3, d)     # within a word, its end, the end of a phrase
        s.spk = nn.Embedding(nspk, fd)
        s.fspk = nn.Embedding(nspk, 96)
        s.dspk = nn.Embedding(nspk, 1)
        nn.init.zeros_(s.spk.weight)
        nn.init.zeros_(s.fspk.weight)
        nn.init.zeros_(s.dspk.weight)
        s.enc = nn.ModuleList([Res(d, 5), Res(d, 5), Res(d, 5)])
        s.dur = nn.ModuleList([Res(d, 3)])
        s.dout = nn.Linear(d, 1)
        s.pos = nn.Linear(6, fd)
        s.up = nn.Linear(d, fd)
        s.dec = nn.ModuleList([Res(fd, 5), Res(fd, 5), Res(fd, 5), Res(fd, 5)])
        s.eout = nn.Linear(fd, NB)
        s.fpos = nn.Linear(6, 96)
        s.fup = nn.Linear(d, 96)
        s.fdec = nn.ModuleList([Res(96, 5), Res(96, 5, 2), Res(96, 5)])
        s.fout = nn.Linear(96, 2)
        s.register_buffer('emean', torch.zeros(NB))
        s.register_buffer('estd', torch.ones(NB))
        s.register_buffer('fstat', torch.tensor([5.4, 0.25]))

    def encode(s, ph, tone, er, bn, m):
        h = (s.ph(ph) + s.tone(tone) + s.er(er) + s.bn(bn)) * m
        for l in s.enc:
            h = l(h, m)
        g = h
        for l in s.dur:
            g = l(g, m)
        return (h, s.dout(g)[..., 0])

    @staticmethod
    def posfeat(dcum, dur, idx, t):
        """idx [B,T] slot of frame, t [B,T] frame number"""
        d = torch.gather(dur, 1, idx)
        e = torch.gather(dcum, 1, idx)
        st = t - (e - d) + 0.5
        p = st / d.clamp(min=1)
        return torch.stack([p, torch.sin(math.pi * p), torch.cos(math.pi * p), (st / 10).clamp(max=2), ((d - st) / 10).clamp(max=2), torch.log1p(d) - 2], -1)

    def decode(s, h, idx, pf, fm, spk):
        x = torch.gather(h, 1, idx[..., None].expand(-1, -1, h.shape[-1]))
        y = s.up(x) + s.pos(pf) + s.spk(spk)[:, None]
        for l in s.dec:
            y = l(y, fm)
        z = s.fup(x) + s.fpos(pf) + s.fspk(spk)[:, None]
        for l in s.fdec:
            z = l(z, fm)
        f = s.fout(z)
        return (s.eout(y), f[..., 0], f[..., 1])


def with_phrases(state):
    """Weights from before ends of phrases were told from ends of words: both begin as ends of words."""
    w = state['bn.weight']
    return dict(state, **{'bn.weight': torch.cat([w, w[1:]])}) if w.shape[0] == 2 else state


class Vocoder(nn.Module):
    K = 36 if SR == 16000 else 44     # harmonics; above them the voiced part is noise

    def __init__(s, d=96, fm=0.475 * SR):
        super().__init__()
        s.inp = nn.Conv1d(NB + 2, d, 5, padding=2)
        s.res = nn.ModuleList([Res(d, 5), Res(d, 3)])
        s.out = nn.Linear(d, 3 * NB)
        nn.init.zeros_(s.out.weight)
        nn.init.zeros_(s.out.bias)
        s.register_buffer('W257', torch.from_numpy(mel_interp_matrix(SR * 2 // 125 + 1)))
        s.register_buffer('W161', torch.from_numpy(mel_interp_matrix(HOP + 1)))
        N = SR * 4 // 125
        I = np.eye(N // 2 + 1)
        full = np.concatenate([I, I[:, -2:0:-1]], 1)
        cep = np.fft.ifft(full, axis=1).real
        w = np.zeros(N)
        w[1:N // 2] = 2
        w[0] = w[N // 2] = 1
        s.register_buffer('MP', torch.from_numpy(np.fft.fft(cep * w, axis=1).imag[:, :N // 2 + 1].astype(np.float32)))
        M = 2 * HOP
        I = np.eye(HOP + 1)
        s.register_buffer('IR', torch.from_numpy(np.fft.irfft(I, M, axis=1).astype(np.float32)))
        s.register_buffer('II', torch.from_numpy(np.fft.irfft(1j * I, M, axis=1).astype(np.float32)))
        s.register_buffer('win', torch.sin(math.pi * (torch.arange(M) + 0.5) / M))
        s.register_buffer('k', torch.arange(1, s.K + 1).float())
        s.register_buffer('j', torch.arange(HOP).float() / HOP)
        s.register_buffer('emean', torch.zeros(NB))
        s.register_buffer('estd', torch.ones(NB))
        s.fm = fm

    def powers(s, env, f0, v):
        """Log power of the harmonics and of the noise at the points of the envelope, [B,T,NB] each."""
        x = torch.cat([(env - s.emean) / s.estd, (torch.log(f0) - 5.4)[..., None] * 4, v[..., None] * 2 - 1], -1)
        one = torch.ones_like(f0)[..., None]
        y = F.gelu(s.inp(x.transpose(1, 2)).transpose(1, 2))
        for l in s.res:
            y = l(y, one)
        a, gh, gn = s.out(y).split(NB, -1)
        a = a + (v[..., None] * 9 - 5)
        return env + F.logsigmoid(a) + gh, env + F.logsigmoid(-a) + gn

    def forward(s, env, f0, v, nscale=1.0):
        """env [B,T,NB] log power, f0 [B,T] Hz (continuous), v [B,T] in 0..1 -> [B,(T-1)*HOP]"""
        B, T = f0.shape
        ph, pn = s.powers(env, f0, v)
        lm = 0.5 * (ph @ s.W257)
        th = lm @ s.MP
        fk = f0[..., None] * s.k
        pos = (fk / (SR / (SR * 4 // 125))).clamp(max=SR * 2 // 125 - 0.01)
        i = pos.floor()
        q = pos - i
        i = i.long()

        def at(tab):
            return torch.gather(tab, 2, i) * (1 - q) + torch.gather(tab, 2, i + 1) * q
        A = torch.exp(at(lm)) * torch.sqrt(4 * f0 / SR)[..., None] * torch.sigmoid((s.fm - fk) / 40)
        P = at(th)
        C = A * torch.cos(P)
        S = A * torch.sin(P)
        inc = (f0[:, :-1] + f0[:, 1:]) * (0.5 * HOP / SR)
        ph0 = torch.cumsum(inc, 1) - inc
        ph0 = ph0 - ph0.floor()
        j = s.j
        f1 = f0[:, :-1, None]
        f2 = f0[:, 1:, None]
        cyc = ph0[..., None] + (f1 * j + (f2 - f1) * (j * j * 0.5)) * (HOP / SR)
        arg = 2 * math.pi * cyc[..., None] * s.k
        Cu = C[:, :-1, None] + (C[:, 1:, None] - C[:, :-1, None]) * j[:, None]
        Su = S[:, :-1, None] + (S[:, 1:, None] - S[:, :-1, None]) * j[:, None]
        har = (Cu * torch.cos(arg) - Su * torch.sin(arg)).sum(-1)
        mag = torch.exp(0.5 * (pn @ s.W161)) * math.sqrt(float(HOP)) * nscale
        z = torch.randn_like(mag) * mag @ s.IR + torch.randn_like(mag) * mag @ s.II
        z = z * s.win
        noi = z[:, :-1, HOP:] + z[:, 1:, :HOP]
        return (har + noi).reshape(B, -1)
