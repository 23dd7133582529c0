"""Training examples made on the fly in the log-mel domain: whole utterances from the stores, sentences spliced from
recorded words and syllables, sequences of words by one of many speakers; then vocal tract, tempo, channel, room, noise,
codec and gain changes, which are cheap there.

Stores that appear in the folder while training runs are picked up (`refresh`)."""
import glob
import json
import os

import numpy as np
from scipy.signal import lfilter

from fbank import FLOOR, NB
from phones import DIGITS

TONES = {'0': '01234', '5': '01234'}
# share of the examples by kind of source; kinds whose store is missing are left out
MIX = {'espeak': .20, 'splice': .16, 'real': .10, 'prompts': .08, 'words': .06, 'unit': .02, 'resynth': .20, 'snips': .18}
STORES = ('espeak', 'real', 'prompts', 'units', 'words', 'resynth', 'snips')


class Composer:
    def __init__(self, root, text, seed=0, mix=None):
        self.root, self.rng, self.amount = root, np.random.default_rng(seed), 1.
        self.wanted = dict(MIX, **(mix or {}))
        self.store, self.index = {}, {}
        self.pinyin = {t['text']: t['py'] for t in text}
        self.by_source = {s: [t for t in text if t['src'] == s] for s in ('ivr', 'digits', 'crosswoz')}
        self.refresh()

    # ---- stores -------------------------------------------------------------------------------------------------

    def refresh(self):
        """Opens stores that are new.  `resynth.2`, `snips.2` and so on are more of the same kind."""
        for path in sorted(glob.glob(self.root + '/*.json')):
            part = os.path.basename(path)[:-5]
            name = part.split('.')[0]
            if part in self.store or name not in STORES or not os.path.exists(path[:-5] + '.bin'):
                continue
            more = [dict(item, part=part) for item in json.load(open(path, encoding='utf8'))]
            self.index[name] = self.index.get(name, []) + more
            self.store[part] = np.memmap(path[:-5] + '.bin', np.float16, 'r').reshape(-1, NB)
            self.store.setdefault(name, self.store[part])
            if name == 'units':
                self._index_units()
            if name == 'words':
                self.by_speaker = {}
                for u in self.index['words']:
                    self.by_speaker.setdefault(u['v'], []).append(u)
                # every eighth person is never trained on: unseen voices to choose settings by
                self.speakers = [s for i, s in enumerate(sorted(self.by_speaker)) if i % 8 != 3]
            if name == 'snips':
                self._index_snips()
            print('store', part, len(more), flush=True)
        have = {k: v for k, v in self.wanted.items() if ('units' if k in ('splice', 'unit') else k) in self.store}
        self.kinds = list(have)
        self.share = np.cumsum([have[k] for k in self.kinds]) / sum(have.values())

    def _index_units(self):
        self.hsk, self.syllables = {}, {}
        for u in self.index['units']:
            if 'w' in u:
                self.hsk[u['w']] = u
            else:
                self.syllables.setdefault(u['k'], {})[u['s']] = u
        self.voices = sorted(self.syllables)
        self.words = [w for w in self.hsk if len(w) >= 2 and w in self.pinyin]

    def _index_snips(self):
        """Where each syllable, and each pair of syllables, is spoken within the aligned sentences."""
        self.at, self.pairs = {}, {}
        for u, item in enumerate(self.index['snips']):
            py = item['py']
            for i, p in enumerate(py):
                self.at.setdefault(p, []).append((u, i))
                if i + 1 < len(py) and item['cut'][i][1] == item['cut'][i + 1][0]:
                    self.pairs.setdefault((p, py[i + 1]), []).append((u, i))

    def read(self, item, first=0, last=None):
        """Frames first..last of an item of any store."""
        last = item['n'] if last is None else min(item['n'], last)
        return np.asarray(self.store[item['part']][item['o'] + max(0, first):item['o'] + last], np.float32)

    # ---- making sentences ---------------------------------------------------------------------------------------

    @staticmethod
    def stretch(f, m):
        n = len(f)
        if n == m or n < 2:
            return f
        p = np.linspace(0, n - 1, max(2, m))
        i = np.minimum(p.astype(int), n - 2)
        w = (p - i)[:, None].astype(np.float32)
        return f[i] * (1 - w) + f[i + 1] * w

    def unit(self, u, syllables, fast):
        f = self.read(u)
        e = f[:, 5:45].max(1)
        ix = np.nonzero(e > e.max() - 7)[0]
        f = f[max(0, ix[0] - 2): ix[-1] + 2]
        return self.stretch(f, int(max(8 * syllables, min(len(f) * 1.1, syllables * fast * self.rng.uniform(.85, 1.15)))))

    def join(self, parts, f):
        """Appends f with a cross fade: short, or as long as sounds run into each other."""
        fade = int(self.rng.integers(2, 6))
        if parts and len(f) > 2 * fade and len(parts[-1]) > 2 * fade:
            p = parts[-1]
            w = np.linspace(1, 0, fade + 2)[1:-1, None].astype(np.float32)
            p[-fade:] = w * p[-fade:] + (1 - w) * f[:fade]
            f = f[fade:]
        parts.append(f.copy())

    def sentence(self):
        """(text, pinyin) to be spliced: digit strings, runs of words, contact-centre and general sentences."""
        r = self.rng
        q = r.random()
        if q < .2:
            t = ''.join(r.choice(list(DIGITS), r.integers(2, 12)))
            return t, [DIGITS[c] for c in t]
        if q < .32 and 'units' in self.store:
            ws = [self.words[i] for i in r.integers(0, len(self.words), r.integers(1, 5))]
            return ''.join(ws), sum((self.pinyin[w] for w in ws), [])
        o = self.by_source['ivr' if q < .68 else 'crosswoz'] or self.by_source['ivr']
        o = o[r.integers(len(o))]
        return o['text'], o['py']

    def splice(self):
        r = self.rng
        text, py = self.sentence()
        mode = r.choice(['hsk'] + self.voices, p=[.5] + [.5 / len(self.voices)] * len(self.voices))
        bank = self.syllables[mode if mode != 'hsk' else self.voices[r.integers(len(self.voices))]]
        fast, parts, i = r.uniform(16, 34), [], 0
        while i < len(text):
            u, size = None, 1
            if mode == 'hsk':
                for size in (4, 3, 2, 1):
                    w = text[i:i + size]
                    if len(w) == size and w in self.hsk and (size > 1 or r.random() < .7):
                        u = self.hsk[w]
                        break
            if u is None:
                size, base, tone = 1, py[i][:-1], py[i][-1]
                for c in (base + tone, base + '1' if tone in '05' else '', base + '4', base + '2', base + '3', base + '1'):
                    if c in bank:
                        u = bank[c]
                        break
                if u is None:
                    return None
            self.join(parts, self.unit(u, size, fast) + np.float32(r.normal(0, .25)))
            i += size
            if r.random() < .1:
                parts.append(np.full((r.integers(2, 18), NB), FLOOR, np.float32))
        return np.concatenate(parts), text, py

    def many_words(self):
        """One to five isolated words by the same person."""
        r = self.rng
        takes = self.by_speaker[self.speakers[r.integers(len(self.speakers))]]
        parts, text, py = [], '', []
        for _ in range(r.choice([1, 1, 2, 3, 4, 5])):
            u = takes[r.integers(len(takes))]
            f = self.read(u)
            if r.random() < .6:
                e = f[:, 5:45].max(1)
                ix = np.nonzero(e > e.max() - 6.5)[0]
                f = f[max(0, ix[0] - 3): ix[-1] + 3]
            parts.append(self.stretch(f, int(len(f) * r.uniform(.65, 1.1))))
            text += u['text']
            py = py + u['py']
        return np.concatenate(parts), text, py

    def snip(self):
        """A new sentence of one speaker, cut from their aligned sentences: longest runs of the same syllables first."""
        r = self.rng
        text, py = self.sentence()
        parts, i, store = [], 0, self.index['snips']
        speed = r.uniform(.85, 1.15)
        voice = None
        while i < len(py):
            found = self.pairs.get((py[i], py[i + 1])) if i + 1 < len(py) else None
            found = found or self.at.get(py[i])
            if not found:
                return None
            same = [x for x in found if store[x[0]]['v'] == voice] if voice else None
            if voice and not same:
                return None
            found = same or found
            u, j = found[r.integers(len(found))]
            voice = store[u]['v']
            k = 1
            while i + k < len(py) and j + k < len(store[u]['py']) and store[u]['py'][j + k] == py[i + k] and store[u]['cut'][j + k - 1][1] == store[u]['cut'][j + k][0]:
                k += 1
            item = store[u]
            a, b = item['cut'][j][0], item['cut'][j + k - 1][1]
            f = self.read(item, a - 1, b + 1)
            self.join(parts, self.stretch(f, int(len(f) * speed)))
            i += k
            if r.random() < .06:
                parts.append(np.full((r.integers(2, 14), NB), FLOOR, np.float32))
        return np.concatenate(parts), text, py

    def one(self):
        """-> (frames x NB features, text, pinyin)"""
        r = self.rng
        while True:
            kind = self.kinds[int(np.searchsorted(self.share, r.random()))]
            if kind == 'splice':
                z = self.splice()
            elif kind == 'words':
                z = self.many_words()
            elif kind == 'snips':
                z = self.snip()
            elif kind == 'unit':
                w = self.words[r.integers(len(self.words))]
                z = self.read(self.hsk[w]), w, self.pinyin[w]
            else:
                u = self.index[kind][r.integers(len(self.index[kind]))]
                z = self.read(u), u['text'], u.get('py') or self.pinyin.get(u['text'])
            if z is None or z[2] is None or not 24 < len(z[0]) < 1100:
                continue
            return self.augment(z[0], kind), z[1], z[2]

    # ---- voices, rooms, lines -----------------------------------------------------------------------------------

    def warp(self, f, widest):
        """Vocal tract: a common factor and a smooth deviation from it, in frequency."""
        r = self.rng
        b = np.arange(NB, dtype=np.float32)
        hz = 700 * (np.exp((31.7 + 34.03 * (b + 1)) / 1127) - 1) * np.exp(r.uniform(-widest, widest))
        bend = np.interp(hz, [0, 400, 900, 1600, 2600, 3600], np.concatenate([[0], r.normal(0, .035 * self.amount, 5)]))
        p = np.clip((1127 * np.log1p(hz * np.exp(bend) / 700) - 31.7) / 34.03 - 1, 0, NB - 1.001)
        p = np.maximum.accumulate(p)
        i = p.astype(int)
        w = (p - i).astype(np.float32)
        return f[:, i] * (1 - w) + f[:, i + 1] * w

    def rhythm(self, f, m):
        """To m frames, with a tempo that wanders: some syllables are hurried, some drawn out."""
        n = len(f)
        knots = max(2, n // 30 + 1)
        speed = np.interp(np.arange(m), np.linspace(0, m, knots), np.exp(self.rng.normal(0, .18 * self.amount, knots)))
        p = np.cumsum(speed)
        p = (p - p[0]) * ((n - 1) / max(1e-6, p[-1] - p[0]))
        i = np.clip(p.astype(int), 0, n - 2)
        w = (p - i)[:, None].astype(np.float32)
        return f[i] * (1 - w) + f[i + 1] * w

    def slur(self, f):
        """Sounds run into each other: what a lazy tongue does to the spectrum, over 30 to 90 ms."""
        half = int(self.rng.integers(1, 5))
        w = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
        w /= w.sum()
        padded = np.pad(f, ((half, half), (0, 0)), 'edge')
        smooth = sum(c * padded[i:i + len(f)] for i, c in enumerate(w))
        return f + np.float32(self.rng.uniform(.2, .8)) * (smooth - f)

    def augment(self, f, kind):
        r, much = self.rng, self.amount
        synthetic = kind == 'espeak'
        f = self.warp(f, (.15 if synthetic else .12 if kind in ('resynth', 'words') else .2) * much)
        # people speak faster than the readers of words and the one reader of sentences here: mostly shorter
        low, high = {'espeak': (-.15, .25), 'words': (-.3, .15), 'unit': (-.35, .1), 'splice': (-.3, .2)}.get(kind, (-.42, .12))
        f = self.rhythm(f, int(len(f) * np.exp(r.uniform(low, high))))
        if r.random() < (.15 if synthetic else .4) * much:
            f = self.slur(f)
        if r.random() < .35 * much:          # sharper or blunter resonances
            g = r.uniform(-.6, .45)
            s = f.copy()
            s[:, 1:-1] = .25 * f[:, :-2] + .5 * f[:, 1:-1] + .25 * f[:, 2:]
            f = f + np.float32(g) * (f - s)
        pre, post = r.integers(4, 40), r.integers(12, 60)
        f = np.concatenate([np.full((pre, NB), FLOOR, np.float32), f, np.full((post, NB), FLOOR, np.float32)])
        if r.random() < .35 * much:          # room: exponential decay of power
            d = 10 ** (-.06 / r.uniform(.12, .6))
            pw = np.exp(f)
            f = np.log(pw + r.uniform(.02, .25) * lfilter([0, d], [1, -d], pw, axis=0).astype(np.float32) + 1e-10)
        top = np.percentile(f.max(1), 90)
        x = np.linspace(0, 1, NB, dtype=np.float32)
        if r.random() < .85:                 # background noise: smooth colour, chi-square-like frames, slow level changes
            snr = r.uniform(1.5, 12) + 4 * (1 - much)
            colour = r.uniform(-3, 1) * x + sum(r.normal(0, .5) * np.cos(np.pi * j * x + r.uniform(0, 6)) for j in (1, 2, 3))
            level = top - snr + colour[None] + np.interp(np.arange(len(f)), np.linspace(0, len(f), 6), r.normal(0, .4, 6))[:, None]
            f = np.logaddexp(f, (level + np.log(r.gamma(r.uniform(1.5, 6), size=f.shape) / 3)).astype(np.float32))
        curve = sum(r.normal(0, .55) * np.cos(np.pi * j * x + r.uniform(0, 6)) for j in (1, 2, 3, 4, 5)) + r.uniform(-1.6, 1.6) * (x - .5)
        f = f + (much * curve).astype(np.float32)
        if r.random() < .4 * much:           # telephone high pass
            c = r.integers(3, 11)
            f[:, :c] -= (np.linspace(1, 0, c) * r.uniform(1, 6)).astype(np.float32)
        if r.random() < .5 * much:           # companding noise: follows the level of the frame
            level = np.log(np.exp(f).mean(1, keepdims=True)) - r.uniform(6.5, 9)
            f = np.logaddexp(f, level + np.log(r.gamma(3., size=f.shape) / 3)).astype(np.float32)
        f = np.maximum(f + (r.uniform(-1.8, 2.5) - top), FLOOR).astype(np.float32)
        for _ in range(r.integers(0, 3) if much > .6 else 0):
            w = r.integers(1, 9)
            j = r.integers(0, NB - w)
            f[:, j:j + w] = f[:, j:j + w].mean()
        for _ in range(r.integers(0, 3) if much > .6 else 0):
            w = r.integers(1, 12)
            j = r.integers(0, max(1, len(f) - w))
            f[j:j + w] = f.mean()
        return f
