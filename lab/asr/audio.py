"""Reading recordings, trimming them, and the telephone: what the stores and the evaluation share."""
import numpy as np
import soundfile as sf
import soxr


def load(path, rate=16000):
    """Mono float32 samples in [-1, 1] at `rate`."""
    x, sr = sf.read(path, dtype='float32', always_2d=True)
    x = x.mean(1)
    return (soxr.resample(x, sr, rate) if sr != rate else x).astype(np.float32)


def energy(x, hop=160, width=320):
    """Root mean square of each `width` samples, every `hop`."""
    w = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, width + hop)), width)[::hop]
    return np.sqrt((w ** 2).mean(1))


def trim(x, threshold=.03, pad=320):
    """Cuts the silence around the loud part."""
    e = energy(x)
    ix = np.nonzero(e > threshold * e.max())[0]
    return x[max(0, ix[0] * 160 - pad): ix[-1] * 160 + 320 + pad] if len(ix) else x


def normalise(x, peak=.5):
    return x * (peak / max(1e-3, float(np.abs(x).max())))


def g711(x, law='mu'):
    """G.711 round trip (companding formula, 8 bit) of samples in [-1, 1]."""
    x = np.clip(x, -1, 1)
    if law == 'mu':
        m = 255.
        y = np.sign(x) * np.log1p(m * np.abs(x)) / np.log1p(m)
        q = np.round((y + 1) * 127.5) / 127.5 - 1
        return (np.sign(q) * np.expm1(np.abs(q) * np.log1p(m)) / m).astype(np.float32)
    a, ax = 87.6, np.abs(x)
    c = 1 + np.log(a)
    y = np.sign(x) * np.where(ax < 1 / a, a * ax / c, (1 + np.log(np.maximum(a * ax, 1))) / c)
    q = np.round((y + 1) * 127.5) / 127.5 - 1
    aq = np.abs(q)
    return (np.sign(q) * np.where(aq < 1 / c, aq * c / a, np.exp(aq * c - 1) / a)).astype(np.float32)


def telephone(x, law='mu'):
    """16 kHz -> 8 kHz G.711 -> 16 kHz"""
    return soxr.resample(g711(soxr.resample(x, 16000, 8000), law), 8000, 16000).astype(np.float32)
