"""A store of aligned sentences as they were recorded (no vocoder), for sentences cut and joined anew (`snips` of lab/asr/compose.py).

usage: natural.py --sentences PREFIX --pinyin PINYIN.json --out FOLDER [--part NAME]      (PREFIX: of lab/tts/prepare.py and align_sentences.py)
"""
import argparse
import json
import os
import re
import sys

import numpy as np
import soxr
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../asr'))
from audio import normalise  # noqa: E402
from build_data import Store, cuts  # noqa: E402
from fbank import NB, fbank  # noqa: E402


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('sentences', 'pinyin', 'out'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--part', default='')
    a = ap.parse_args()
    torch.set_num_threads(1)
    index = json.load(open(a.sentences + '.json', encoding='utf8'))
    wav = np.load(a.sentences + '.wav.npy', mmap_mode='r')
    pinyin = {t: [re.sub('5$', '0', s) for s in py] for t, py in json.load(open(a.pinyin, encoding='utf8')).items()}
    store = Store(a.out, 'snips' + ('.' + a.part if a.part else ''))
    for k, alignment, score in json.load(open(a.sentences + '.ali.json')):
        text, at, n = index['items'][k]
        cut = cuts(alignment, len(text))
        if score < 1.2 or None in cut or len(pinyin.get(text, ())) != len(text):
            continue
        x = wav[at:at + n].astype(np.float32) / 32768
        if index['sr'] != 16000:
            x = soxr.resample(x, index['sr'], 16000).astype(np.float32)
        store.add(fbank(normalise(x), NB), text=text, py=pinyin[text], v=index['spk'][k], cut=cut)
    store.close()


if __name__ == '__main__':
    main()
