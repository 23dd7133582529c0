"""Builds the feature stores that training reads.  Heavy augmentation is done later, in the feature domain (compose.py).

usage: build_data.py --text sentences_py.json --out DATA [--hsk DIR] [--syllables NAME=DIR ...] [--sentences DIR]
                     [--prompts DIR] [--words DIR] [--espeak N] [--heldout]
  --hsk        recorded words, cmn-<characters>.mp3 (audio-cmn, CC BY-SA)
  --syllables  recorded syllables, [cmn-]<pinyin><tone>.mp3 (audio-cmn CC BY-SA; mp3-chinese-pinyin-sound, Unlicense)
  --sentences  *.wav with *.txt beside them; the part of the name before the last W is the speaker (AISHELL S0150)
  --prompts    the same form (prompts.py): what a telephone service says
  --words      DSPSpeech-20 (MIT): <speaker>/<speaker>-<word>-<take>.wav, twelve Mandarin words by 34 people
Each store is NAME.bin (float16, frames x 56 log-mel bins) and NAME.json (index: offset, frames, text, voice).
"""
import argparse
import glob
import json
import os
import random
import re
import time
import unicodedata

import numpy as np
import soundfile as sf
import soxr
import torch

from audio import energy, load, normalise, telephone, trim
from espeak import TEST_VARIANTS, TRAIN_VARIANTS, Espeak
from fbank import NB, fbank

DSP_WORDS = '数字 语音 语言 识别 中国 总工 北京 背景 上海 商行 复旦 饭店'.split()
DSP_PINYIN = 'shu4 zi4|yu3 yin1|yu3 yan2|shi2 bie2|zhong1 guo2|zong3 gong1|bei3 jing1|bei4 jing3|shang4 hai3|shang1 hang2|fu4 dan4|fan4 dian4'.split('|')


def cuts(alignment, syllables):
    """Frames [from, to) of every syllable of one aligned sentence."""
    out, t = [None] * syllables, 0
    for tag, n in alignment:
        if tag[0] == 'u':
            a, b = out[tag[1]] or (t, t)
            out[tag[1]] = (a, t + n)
        t += n
    return out


class Store:
    def __init__(self, out, name):
        self.path, self.file, self.index, self.frames = f'{out}/{name}', open(f'{out}/{name}.bin.part', 'wb'), [], 0

    def add(self, feat, **item):
        feat[:, :NB].astype(np.float16).tofile(self.file)
        self.index.append(dict(item, o=self.frames, n=len(feat)))
        self.frames += len(feat)

    def close(self):
        """The index is written last: a store whose .json is there is whole."""
        self.file.close()
        os.replace(self.path + '.bin.part', self.path + '.bin')
        json.dump(self.index, open(self.path + '.json.part', 'w', encoding='utf8'), ensure_ascii=False)
        os.replace(self.path + '.json.part', self.path + '.json')
        print(os.path.basename(self.path), len(self.index), 'items', round(self.frames / 360000, 2), 'h', flush=True)


def features(x):
    return fbank(x, NB)


def build_units(a):
    store = Store(a.out, 'units')
    for p in sorted(glob.glob(a.hsk + '/*.mp3')) if a.hsk else []:
        w = unicodedata.normalize('NFC', os.path.basename(p)[4:-4])
        if re.fullmatch(r'[\u4e00-\u9fff]{1,4}', w):
            try:
                store.add(features(normalise(trim(load(p)))), w=w, k='hsk')
            except (sf.LibsndfileError, ValueError) as e:
                print('skipped', p, e)
    for spec in a.syllables:
        name, folder = spec.split('=', 1)
        for p in sorted(glob.glob(folder + '/*.mp3')):
            s = os.path.basename(p)[:-4].replace('cmn-', '').replace('uu', 'v').replace('ü', 'v')
            if re.fullmatch(r'[a-z]+[1-5]', s):
                try:
                    store.add(features(normalise(trim(load(p)))), s=s, k=name)
                except (sf.LibsndfileError, ValueError) as e:
                    print('skipped', p, e)
    store.close()


def build_words(a):
    """Isolated words by many people.  Takes with too little level over their own noise are left out."""
    store, bad = Store(a.out, 'words'), 0
    for p in sorted(glob.glob(a.words + '/*/*.wav')):
        m = re.fullmatch(r'(\d+)-(\d\d)-(\d\d)\.wav', os.path.basename(p))
        if not m or int(m.group(2)) >= len(DSP_WORDS):
            continue
        x = load(p)
        x = x - x.mean()
        e = energy(x)
        loud, quiet = np.percentile(e, 97), np.percentile(e, 12)
        on = np.nonzero(e > max(.12 * loud, 2.2 * quiet))[0]
        if len(on) < 15 or on[-1] - on[0] > 130 or on[-1] - on[0] < 22 or loud < 5 * quiet or loud < .003:
            bad += 1
            continue
        x = x[max(0, on[0] * 160 - 1280): on[-1] * 160 + 1920]
        w = int(m.group(2))
        store.add(features(normalise(x)), text=DSP_WORDS[w], py=DSP_PINYIN[w].split(), v=m.group(1))
    store.close()
    print('left out', bad)


def build_sentences(out, name, folder):
    store, rng = Store(out, name), random.Random(3)
    for p in sorted(glob.glob(folder + '/*.wav')):
        text = re.sub(r'\s', '', open(p[:-4] + '.txt', encoding='utf8').read())
        if not re.fullmatch(r'[\u4e00-\u9fff]+', text):
            continue
        x = load(p)
        for speed in (1.0, .88, 1.14):
            y = x if speed == 1 else soxr.resample(x, 16000, int(16000 / speed)).astype(np.float32)
            store.add(features(telephone(y, rng.choice(['mu', 'a'])) if rng.random() < .5 else y), text=text, v=os.path.basename(p), sp=speed)
    store.close()


def build_espeak(a, train):
    e, store, rng = Espeak(), Store(a.out, 'espeak'), random.Random(5)
    variants = [v for v in TRAIN_VARIANTS if e.has(v)]
    print(len(variants), 'variants')
    by = {s: [t for t in train if t['src'] == s] for s in ('ivr', 'digits', 'crosswoz')}
    pick = by['ivr'][:int(a.espeak * .5)] + by['digits'][:int(a.espeak * .12)] + by['crosswoz'][:int(a.espeak * .38)]
    rng.shuffle(pick)
    for t in pick:
        v = rng.choice(variants)
        x = normalise(e.say(t['py'], v, rng.randint(150, 260), rng.randint(15, 85), rng.randint(30, 80), rng.choice([0, 0, 0, 1])))
        store.add(features(telephone(x, rng.choice(['mu', 'a'])) if rng.random() < .4 else x), text=t['text'], v=v)
    store.close()


def build_heldout(a, held):
    e, rng, rows = Espeak(), random.Random(11), []
    os.makedirs(a.out + '/heldout', exist_ok=True)
    for i, t in enumerate(held):
        v = TEST_VARIANTS[i % len(TEST_VARIANTS)]
        rate, pitch = rng.randint(160, 230), rng.randint(30, 70)
        x = np.concatenate([np.zeros(3200), normalise(e.say(t['py'], v, rate, pitch, 50), .4), np.zeros(3200)])
        sf.write(f'{a.out}/heldout/syn_{i:03d}.wav', x, 16000, 'PCM_16')
        rows.append({'file': f'syn_{i:03d}.wav', 'text': t['text'], 'py': t['py'], 'src': t['src'], 'v': v, 'rate': rate, 'pitch': pitch})
    json.dump(rows, open(a.out + '/heldout/index.json', 'w', encoding='utf8'), ensure_ascii=False)
    print('heldout', len(rows))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--text', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--hsk')
    ap.add_argument('--syllables', nargs='*', default=[])
    ap.add_argument('--sentences')
    ap.add_argument('--prompts')
    ap.add_argument('--words')
    ap.add_argument('--espeak', type=int, default=0)
    ap.add_argument('--heldout', action='store_true')
    a = ap.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    text = json.load(open(a.text, encoding='utf8'))
    random.Random(3).shuffle(text)
    held = ([t for t in text if t['src'] == 'ivr' and len(t['text']) >= 3][:200] + [t for t in text if t['src'] == 'crosswoz' and len(t['text']) >= 4][:100]
            + [t for t in text if t['src'] == 'digits'][:40])
    names = {t['text'] for t in held}
    start = time.time()
    if a.heldout:
        build_heldout(a, held)
    if a.hsk or a.syllables:
        build_units(a)
    if a.words:
        build_words(a)
    if a.sentences:
        build_sentences(a.out, 'real', a.sentences)
    if a.prompts:
        build_sentences(a.out, 'prompts', a.prompts)
    if a.espeak:
        build_espeak(a, [t for t in text if t['text'] not in names])
    print(round(time.time() - start), 's')


if __name__ == '__main__':
    main()
