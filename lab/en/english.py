"""Training examples of English: whole utterances of the stores and runs of them, changed as lab/asr's composer changes Mandarin's
(vocal tract, tempo, room, noise, codec, gain)."""
import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from compose import Composer  # noqa: E402
from fbank import FLOOR, NB  # noqa: E402

ARPABET = ('AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH').split()
NAMES = ['<blk>'] + ARPABET
# share of the examples by store; a run is several utterances of one person
MIX = {'synth': .52, 'an4': .20, 'runs': .14, 'commands': .12, 'wake': .02, 'pieces': .20}


def readings(text):
    """{sentence: [[reading, ...] for each word]} of pronounce.mjs's output."""
    return {t['text']: t['ph'] for t in text}


class English(Composer):
    def __init__(self, root, text, seed=0, mix=None):
        self.root, self.rng, self.amount = root, np.random.default_rng(seed), 1.
        self.wanted = dict(MIX, **(mix or {}))
        self.store, self.index, self.said = {}, {}, readings(text)
        self.refresh()

    def refresh(self):
        for name in ('synth', 'an4', 'wake', 'commands', 'pieces'):
            path = f'{self.root}/{name}'
            if name in self.store or not os.path.exists(path + '.json'):
                continue
            self.index[name] = json.load(open(path + '.json', encoding='utf8'))
            self.store[name] = np.memmap(path + '.bin', np.float16, 'r').reshape(-1, NB)
            print('store', name, len(self.index[name]), flush=True)
            if name in ('an4', 'pieces'):
                by = self.__dict__.setdefault('people', {}).setdefault(name, {})
                for u in self.index[name]:
                    by.setdefault(u['v'], []).append(u)
        have = {k: v for k, v in self.wanted.items() if ('an4' if k == 'runs' else k) in self.store}
        self.kinds = list(have)
        self.share = np.cumsum([have[k] for k in self.kinds]) / sum(have.values())

    def take(self, store, item):
        return np.asarray(self.store[store][item['o']:item['o'] + item['n']], np.float32)

    def phones(self, text):
        """One way of saying the sentence: mostly each word's first reading."""
        out = []
        for word in text.split():
            r = self.said[word][0] if word in self.said else None
            if r is None:
                return None
            out += r[0 if len(r) == 1 or self.rng.random() < .7 else int(self.rng.integers(1, len(r)))].split()
        return out

    def run(self):
        """Two to four utterances of one person one after another, without the silence between them."""
        r = self.rng
        takes = self.people['an4']
        takes = takes[list(takes)[r.integers(len(takes))]]
        parts, text = [], []
        for _ in range(r.integers(2, 4)):
            u = takes[r.integers(len(takes))]
            f = self.take('an4', u)
            e = f[:, 5:45].max(1)
            ix = np.nonzero(e > e.max() - 7)[0]
            self.join(parts, f[max(0, ix[0] - r.integers(2, 9)):ix[-1] + r.integers(2, 12)])
            text.append(u['text'])
        return np.concatenate(parts), ' '.join(text)

    def pieces(self):
        """Words of one person, cut from aligned recordings: new digit strings and spellings."""
        r = self.rng
        takes = self.people['pieces']
        takes = takes[list(takes)[r.integers(len(takes))]]
        parts, text = [], []
        for _ in range(r.integers(1, 10)):
            u = takes[r.integers(len(takes))]
            f = self.take('pieces', u)
            self.join(parts, self.stretch(f, int(len(f) * r.uniform(.8, 1.1))))
            text.append(u['text'])
            if r.random() < .12:
                parts.append(np.full((r.integers(4, 25), NB), FLOOR, np.float32))
        return np.concatenate(parts), ' '.join(text)

    def one(self):
        """-> (frames x NB features, text, phones)"""
        r = self.rng
        while True:
            kind = self.kinds[int(np.searchsorted(self.share, r.random()))]
            if kind in ('runs', 'pieces'):
                f, text = self.run() if kind == 'runs' else self.pieces()
            else:
                u = self.index[kind][r.integers(len(self.index[kind]))]
                f, text = self.take(kind, u), u['text']
            said = self.phones(text)
            if said is None or not 24 < len(f) < 1100:
                continue
            # people who read a list of prompts are slower than callers
            changed = self.augment(f, 'words' if kind in ('an4', 'wake', 'runs', 'pieces') else 'espeak')
            if (len(changed) - 3) // 4 >= len(said) + 2 + sum(a == b for a, b in zip(said, said[1:])):
                return changed, text, said
