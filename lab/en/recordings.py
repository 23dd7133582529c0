"""Feature stores of real people's English.

usage: recordings.py --out DATA [--an4 DIR] [--wake DIR] [--commands DIR --texts texts.json]
  --an4       AN4 (Carnegie Mellon, free for any purpose with its notice): spelled names, digits, dates, commands by 74 people; its
              ten test speakers go to DATA/an4test/*.wav + index.json and into no store
  --wake      wake-word-benchmark (Picovoice, Apache-2.0): audio/<words>/*, six wake words by hundreds of people
  --commands  speech-to-intent-benchmark (Picovoice, Apache-2.0): data/speech/clean/*.wav with the texts that orders.py found
Stores: `an4`, `wake`, `commands`; every item has text and speaker.
"""
import argparse
import glob
import json
import os
import re
import sys

import numpy as np
import soundfile as sf
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from audio import load, normalise, trim  # noqa: E402
from build_data import Store, features  # noqa: E402


def transcript(words):
    """Single letters are spelled letters, the rest lower case."""
    return ' '.join(w if len(w) == 1 else w.lower() for w in words)


def build_an4(a):
    store = Store(a.out, 'an4')
    for part in ('train', 'test'):
        ids = [l.strip() for l in open(f'{a.an4}/etc/an4_{part}.fileids') if l.strip()]
        texts = {}
        for line in open(f'{a.an4}/etc/an4_{part}.transcription'):
            m = re.match(r'(?:<s> )?(.*?)(?: </s>)? \(([\w-]+)\)', line.strip())
            if m:
                texts[m.group(2)] = transcript(m.group(1).split())
        index = []
        os.makedirs(a.out + '/an4test', exist_ok=True)
        for i in ids:
            name, path = os.path.basename(i), f'{a.an4}/wav/{i}.wav'
            if not texts.get(name) or not os.path.exists(path):
                continue
            x = load(path)
            if part == 'train':
                store.add(features(normalise(x)), text=texts[name], v=name.split('-')[1])
            else:
                sf.write(f'{a.out}/an4test/{name}.wav', x, 16000)
                index.append({'file': name + '.wav', 'text': texts[name], 'voice': name.split('-')[1], 'src': 'an4test'})
        if part == 'test':
            json.dump(index, open(a.out + '/an4test/index.json', 'w'))
    store.close()


def build_wake(a):
    store, bad = Store(a.out, 'wake'), 0
    for p in sorted(glob.glob(a.wake + '/audio/*/*')):
        try:
            x = trim(load(p), threshold=.08)
        except (sf.LibsndfileError, ValueError):
            bad += 1
            continue
        if .3 < len(x) / 16000 < 2.5:
            store.add(features(normalise(x)), text=os.path.basename(os.path.dirname(p)), v='w')
    print('unusable', bad)
    store.close()


def build_commands(a):
    store = Store(a.out, 'commands')
    for name, text in sorted(json.load(open(a.texts)).items()):
        store.add(features(normalise(trim(load(f'{a.commands}/data/speech/clean/{name}')))), text=text, v='c')
    store.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True)
    for k in ('an4', 'wake', 'commands', 'texts'):
        ap.add_argument('--' + k)
    a = ap.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    if a.an4:
        build_an4(a)
    if a.wake:
        build_wake(a)
    if a.commands:
        build_commands(a)


if __name__ == '__main__':
    main()
