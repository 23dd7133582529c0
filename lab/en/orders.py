"""What was said in speech-to-intent-benchmark: its labels name the slots, not the words.  Every order of words that its texts use is
tried, and the one that a half-trained recogniser finds likeliest is taken.

usage: orders.py --data DIR --ckpt model.pt --words words_ph.json --out texts.json [--margin 2.0]
DIR: the benchmark's data folder.  Utterances whose best text is worse than --margin nats a phone are left out.
"""
import argparse
import itertools
import json
import os
import sys

import torch
import torch.nn.functional as F

from english import NAMES, readings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from audio import load, normalise, trim  # noqa: E402
from fbank import NB, fbank  # noqa: E402
from model import Net  # noqa: E402

CARRIERS = ['brew a', 'can i get a', 'can i have a', 'i want a', 'get me a', 'give me a', "i'd like a", 'make me a', 'may i have a', '']
BEFORE = ('size', 'roast', 'numberOfShots')
AFTER = ('milkAmount', 'sugarAmount')


def candidates(slots):
    """Words before the drink in any order, what goes into it behind `with`, joined by `and`."""
    slots = {k: v.strip().lower() for k, v in slots.items()}
    before = [slots[k] for k in BEFORE if k in slots]
    after = [slots[k] for k in AFTER if k in slots]
    for order in itertools.permutations(before):
        for carrier in CARRIERS:
            for tail in itertools.permutations(after):
                words = [carrier, *order, slots.get('coffeeDrink', '')]
                if tail:
                    words += ['with', ' and '.join(tail)]
                text = ' '.join(' '.join(words).split())
                yield text.replace(' a eight', ' an eight').replace(' a americano', ' an americano').replace(' a espresso', ' an espresso').replace(' a iced', ' an iced')


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('data', 'ckpt', 'words', 'out'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--margin', type=float, default=2.)
    a = ap.parse_args()
    torch.set_num_threads(1)
    said = readings(json.load(open(a.words, encoding='utf8')))
    ck = torch.load(a.ckpt, map_location='cpu')
    net = Net(**ck['cfg']).eval()
    net.load_state_dict(ck['model'])
    ids, out, worst = {p: i for i, p in enumerate(NAMES)}, {}, []
    for name, label in sorted(json.load(open(a.data + '/label/label.json')).items()):
        path = f'{a.data}/speech/clean/{name}'
        texts = sorted({t for t in candidates(label['slots']) if all(w in said for w in t.split())})
        if not os.path.exists(path) or not texts:
            continue
        x = torch.from_numpy(fbank(normalise(trim(load(path))), NB))[None]
        with torch.no_grad():
            lp = F.log_softmax(net(x)[0].float(), -1)[0]
        phones = [[ids[p] for w in t.split() for p in said[w][0][0].split()] for t in texts]
        n = len(texts)
        target = torch.zeros(n, max(map(len, phones)), dtype=torch.long)
        for i, p in enumerate(phones):
            target[i, :len(p)] = torch.tensor(p)
        loss = F.ctc_loss(lp[:, None].expand(-1, n, -1), target, torch.full((n,), len(lp)), torch.tensor([len(p) for p in phones]), reduction='none')
        best = int(loss.argmin())
        each = float(loss[best]) / len(phones[best])
        if each < a.margin:
            out[name] = texts[best]
        else:
            worst.append(round(each, 2))
    json.dump(out, open(a.out, 'w'), indent=0)
    print(len(out), 'texts;', len(worst), 'left out', sorted(worst)[-5:])


if __name__ == '__main__':
    main()
