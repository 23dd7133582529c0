"""Decodes recordings, trims and levels them: one int16 blob and an index.

usage: prepare.py words MP3_FOLDER PREFIX        cmn-<characters>.mp3 (audio-cmn's 96k folder: 24k ends at 6 kHz)
       prepare.py sentences FOLDER PREFIX        *.wav with *.txt beside them; the speaker is the part of the name before its W
Writes PREFIX.wav.npy, PREFIX.json and PREFIX.txt (one text a line, for pinyin).
"""
import argparse
import glob
import json
import os
import re

import numpy as np
import soundfile as sf
import soxr

from dsp import HOP, SR


def levels(y):
    n = len(y) // HOP
    return 10 * np.log10(np.mean(y[:n * HOP].reshape(n, HOP) ** 2, 1) + 1e-10) if n else np.zeros(0)


def cut(y, drop, before, after, target):
    """Keeps what is within `drop` dB of the loud part, with some frames around it, at a common level; None when too short."""
    y = y - y.mean()
    e = levels(y)
    if len(e) < 15:
        return None
    on = np.where(e > max(np.percentile(e, 98) - drop, np.percentile(e, 5) + 6))[0]
    if len(on) < 8:
        return None
    a, b = max(0, on[0] - before), min(len(e), on[-1] + 1 + after)
    y = y[a * HOP:b * HOP]
    y = y * (target / (np.sqrt(np.mean(y[(on[0] - a) * HOP:(on[-1] + 1 - a) * HOP] ** 2)) + 1e-6))
    return np.clip(y * min(1, .95 / max(1e-6, np.abs(y).max())), -.99, .99)


def items(kind, folder):
    if kind == 'words':
        for p in sorted(glob.glob(folder + '/*.mp3')):
            word = os.path.basename(p)[4:-4]
            if '_' not in word:
                yield p, word, 'w'
    else:
        for p in sorted(glob.glob(folder + '/*.wav')):
            text = re.sub(r'\s', '', open(p[:-4] + '.txt', encoding='utf8').read())
            if re.fullmatch(r'[\u4e00-\u9fff]+', text):
                yield p, text, re.sub(r'W\d+$', '', os.path.basename(p)[:-4])[-5:]


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('kind', choices=['words', 'sentences'])
    ap.add_argument('folder')
    ap.add_argument('prefix')
    a = ap.parse_args()
    blob, index, speakers, at = [], [], [], 0
    for path, text, speaker in items(a.kind, a.folder):
        try:
            x, sr = sf.read(path, dtype='float32', always_2d=True)
        except sf.LibsndfileError as e:
            print('skipped', path, e)
            continue
        y = cut(soxr.resample(x.mean(1), sr, SR), *((40, 8, 10, .08) if a.kind == 'words' else (35, 8, 10, .07)))
        if y is None:
            print('skipped', path, 'too short or too quiet')
            continue
        q = (y * 32767).astype(np.int16)
        blob.append(q)
        index.append([text, at, len(q)])
        speakers.append(speaker)
        at += len(q)
    np.save(a.prefix + '.wav.npy', np.concatenate(blob))
    json.dump(dict(sr=SR, items=index, spk=speakers), open(a.prefix + '.json', 'w', encoding='utf8'), ensure_ascii=False)
    open(a.prefix + '.txt', 'w', encoding='utf8').write('\n'.join(i[0] for i in index) + '\n')
    print(len(index), 'items', round(at / SR / 60, 1), 'min')


if __name__ == '__main__':
    main()
