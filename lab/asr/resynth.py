"""More voices from few: recordings are taken apart (pitch, envelope, voicing; tools of lab/tts) and put together again
with another pitch, pitch span, vocal tract and tempo, at 8 kHz.

usage: resynth.py --vocoder voc.pt --sentences PREFIX [--words PREFIX] --pinyin py.json --out DATA [--variants 6] [--virtual 8]
                  [--part N] [--seed S]
PREFIX: PREFIX.json, PREFIX.feat.npz (lab/tts/analyse.py) and, for sentences, PREFIX.ali.json (lab/tts/align_sent.py).
Writes the store `resynth` (words and sentences, each rendering with its own voice) and the store `snips` (aligned
sentences of the original and of `--virtual` constant voices, with the frames of every syllable: material for splicing);
with --part, `resynth.N` and `snips.N`: more beside what is there, of another seed or other people.
"""
import argparse
import json
import os
import re
import sys
import time

import numpy as np
import soxr
import torch

from audio import normalise
from build_data import Store, cuts
from fbank import NB, fbank

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../tts'))
from dsp import MELPTS, SR  # noqa: E402
from voice import Vocoder  # noqa: E402


class Material:
    def __init__(self, prefix):
        j = json.load(open(prefix + '.json', encoding='utf8'))
        z = np.load(prefix + '.feat.npz')
        self.items, self.off, self.speakers = j['items'], z['off'], j.get('spk') or ['one'] * len(j['items'])
        self.env, self.f0 = z['env'], z['f0']

    def get(self, k):
        a, b = self.off[k], self.off[k + 1]
        return self.env[a:b].astype(np.float32), self.f0[a:b].astype(np.float32)


def draw_voice(rng, median):
    """Pitch ratio towards a random speaker (75..290 Hz), a vocal tract that goes along with it, span, tempo, tilt."""
    target = np.exp(rng.uniform(np.log(80), np.log(285)))
    ratio = target / median
    tract = np.exp(np.clip(.3 * np.log(ratio) + rng.normal(0, .06), -.24, .24))
    return dict(ratio=ratio, tract=tract, span=rng.uniform(.7, 1.35), tilt=rng.normal(0, .5), breath=rng.uniform(0, 1.2))


def drift(rng, n, knot, spread):
    """A smooth random curve of n frames with a random value every `knot`."""
    knots = max(2, n // knot + 2)
    return np.interp(np.arange(n), np.linspace(0, n - 1, knots), rng.normal(0, spread, knots))


def articulate(rng, env):
    """Another mouth's habits: formants that stray by a few per cent from moment to moment, and targets that are not quite reached."""
    n, bins = env.shape
    x = np.linspace(0, 1, bins)
    bend = sum(drift(rng, n, 9, .5)[:, None] * np.cos(np.pi * k * x + rng.uniform(0, 6))[None] for k in (1, 2)) * bins * rng.uniform(0, .022)
    at = np.clip(np.arange(bins)[None] + bend, 0, bins - 1.001)
    i = at.astype(int)
    w = (at - i).astype(np.float32)
    t = np.arange(n)[:, None]
    env = env[t, i] * (1 - w) + env[t, i + 1] * w
    half = int(rng.integers(1, 6))
    kernel = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
    kernel /= kernel.sum()
    padded = np.pad(env, ((half, half), (0, 0)), 'edge')
    smooth = sum(c * padded[k:k + n] for k, c in enumerate(kernel))
    return (env + np.float32(rng.uniform(0, .7)) * (smooth - env)).astype(np.float32)


def render(vocoder, env, f0, voice, tempo, rng=None):
    """-> float32 samples at 8 kHz; with a random generator, articulated and timed another way as well."""
    v = f0 > 0
    if v.sum() < 4:
        return None
    n = len(f0)
    if rng is not None:
        env = articulate(rng, env)
    c = np.interp(np.arange(n), np.where(v)[0], f0[v])
    mean = np.exp(np.log(c[v]).mean())
    c = np.clip(mean * voice['ratio'] * (c / mean) ** voice['span'], 65, 460)
    # envelope at frequency f of the new voice = the old one at f / tract
    at = np.interp(MELPTS / voice['tract'], MELPTS, np.arange(len(MELPTS)))
    i = np.minimum(at.astype(int), len(MELPTS) - 2)
    w = (at - i).astype(np.float32)
    e = env[:, i] * (1 - w) + env[:, i + 1] * w
    e = e + np.float32(voice['tilt']) * np.linspace(-1, 1, e.shape[1], dtype=np.float32)
    m = max(4, int(n * tempo))
    p = np.linspace(0, n - 1, m)
    if rng is not None:                  # each sound its own length
        p = np.cumsum(np.exp(drift(rng, m, 7, .3)))
        p = (p - p[0]) * ((n - 1) / max(1e-6, p[-1] - p[0]))
    j = np.minimum(p.astype(int), n - 2)
    u = (p - j)[:, None].astype(np.float32)
    e = e[j] * (1 - u) + e[j + 1] * u
    c = np.interp(p, np.arange(n), c).astype(np.float32)
    vv = np.clip(np.interp(p, np.arange(n), v.astype(np.float32)) - .08 * voice['breath'], 0, 1).astype(np.float32)
    with torch.no_grad():
        return vocoder(torch.from_numpy(e)[None], torch.from_numpy(c)[None], torch.from_numpy(vv)[None])[0].numpy()


def features(y):
    return fbank(soxr.resample(normalise(y), SR, 16000).astype(np.float32), NB)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('vocoder', 'sentences', 'pinyin', 'out'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--words')
    ap.add_argument('--part', default='', help='name of this part of the stores')
    ap.add_argument('--variants', type=int, default=6, help='renderings a sentence')
    ap.add_argument('--virtual', type=int, default=8, help='constant voices for the snips')
    ap.add_argument('--seed', type=int, default=21)
    a = ap.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(a.seed)
    # the recogniser writes the neutral tone as 0, the voice as 5
    pinyin = {t: [re.sub('5$', '0', s) for s in py] for t, py in json.load(open(a.pinyin, encoding='utf8')).items()}
    vocoder = Vocoder()
    vocoder.load_state_dict(torch.load(a.vocoder, map_location='cpu'))
    vocoder.eval()
    start = time.time()

    sentences = Material(a.sentences)
    voiced = sentences.f0[sentences.f0 > 0]
    median = float(np.median(voiced))
    part = '.' + a.part if a.part else ''
    snips = Store(a.out, 'snips' + part)
    voices = [None] + [draw_voice(rng, median) for _ in range(a.virtual)]
    neutral = dict(ratio=1., tract=1., span=1., tilt=0., breath=0.)
    for k, alignment, score in json.load(open(a.sentences + '.ali.json')):
        text = sentences.items[k][0]
        cut = cuts(alignment, len(text))
        if score < 1.2 or None in cut or len(pinyin[text]) != len(text):
            continue
        env, f0 = sentences.get(k)
        speaker = sentences.speakers[k]
        for i, voice in enumerate(voices):
            y = render(vocoder, env, f0, voice or neutral, 1.)
            if y is not None:
                snips.add(features(y), text=text, py=pinyin[text], v=f'{speaker}v{i}{part}', cut=cut)
    snips.close()

    store = Store(a.out, 'resynth' + part)
    for k in range(len(sentences.items)):
        text = sentences.items[k][0]
        env, f0 = sentences.get(k)
        for _ in range(a.variants):
            y = render(vocoder, env, f0, draw_voice(rng, median), np.exp(rng.uniform(-.3, .15)), rng)
            if y is not None:
                store.add(features(y), text=text, py=pinyin[text])
    words = Material(a.words) if a.words else None
    median = float(np.median(words.f0[words.f0 > 0])) if words else median
    for k in range(len(words.items) if words else 0):
        text = words.items[k][0]
        if text not in pinyin or len(pinyin[text]) != len(text) or len(text) < 2:
            continue
        y = render(vocoder, *words.get(k), draw_voice(rng, median), np.exp(rng.uniform(-.5, .05)), rng)
        if y is not None:
            store.add(features(y), text=text, py=pinyin[text])
    store.close()
    print(round(time.time() - start), 's')


if __name__ == '__main__':
    main()
