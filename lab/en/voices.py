"""Renders English sentences with every free voice of a Debian machine, at 16 kHz.

usage: voices.py --text text_ph.json --out DATA [--espeak 7000] [--flite 3000] [--festival 2500] [--heldout 160]
apt-get install espeak-ng libespeak-ng1 flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts festlex-cmu festlex-poslex
Writes the store `synth`, and with --heldout DATA/heldout/*.wav + index.json: sentences and voices that no store may use
(espeak-ng's TEST_VARIANTS and flite's rms).
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
import soundfile as sf
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from audio import load, normalise, trim  # noqa: E402
from build_data import Store, features  # noqa: E402
from espeak import TEST_VARIANTS, TRAIN_VARIANTS, Espeak  # noqa: E402

NAMES = dict(zip('ABCDEFGHIJKLMNOPQRSTUVWXYZ', ('ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue are ess tee you vee '
                                               'double-you ex why zee').split()))
ACCENTS = ['en-us'] * 5 + ['en-gb', 'en-gb', 'en-gb-x-rp', 'en-gb-scotland', 'en-gb-x-gbclan', 'en-gb-x-gbcwmd', 'en-029']
HELDOUT_FLITE = 'rms'


def written(text):
    """For engines: spelled letters as words."""
    return ' '.join(NAMES.get(w, w) for w in text.split())


class EnglishEspeak(Espeak):
    def has(self, voice):
        return self.lib.espeak_SetVoiceByName(voice.encode()) == 0

    def say(self, text, voice, rate, pitch, span, gap=0):
        return super().say([text], voice, rate, pitch, span, gap)


def espeak_voice(engine, r, variants):
    """(voice, rate, pitch, span) of a voice that this espeak-ng has."""
    voice = 'en-us+m3'
    for _ in range(9):
        voice = r.choice(ACCENTS) + '+' + r.choice(variants)
        if engine.has(voice):
            break
    return voice, r.randrange(130, 215), r.randrange(25, 80), r.randrange(25, 75)


def flite(text, voice, r, folder):
    path = os.path.join(folder, 'f.wav')
    mean = {'kal16': 105, 'awb': 125, 'slt': 175, 'rms': 95, 'kal': 105}[voice]
    subprocess.run(['flite', '-voice', voice, '--setf', f'duration_stretch={r.uniform(.8, 1.2):.2f}', '--setf', f'int_f0_target_mean={mean * r.uniform(.85, 1.2):.0f}',
                    '-t', text, '-o', path], check=True, timeout=60)
    return load(path)


def festival(jobs, folder):
    """[(text, voice, stretch)] -> wav paths, by one process a voice."""
    paths = [os.path.join(folder, f'{i}.wav') for i in range(len(jobs))]
    for voice in sorted({v for _, v, _ in jobs}):
        lines = [f'(voice_{voice})']
        for (text, v, stretch), path in zip(jobs, paths):
            if v == voice:
                lines += [f"(Parameter.set 'Duration_Stretch {stretch:.2f})", f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{path}" \'riff)']
        script = os.path.join(folder, voice + '.scm')
        open(script, 'w').write('\n'.join(lines))
        subprocess.run(['festival', '-b', script], check=True, timeout=3000)
    return paths


def build(a, text, r):
    store = Store(a.out, 'synth')
    begin = time.time()
    with tempfile.TemporaryDirectory() as folder:
        engine = EnglishEspeak()
        for _ in range(a.espeak):
            t = r.choice(text)
            voice, *how = espeak_voice(engine, r, TRAIN_VARIANTS)
            store.add(features(normalise(trim(engine.say(written(t['text']), voice, *how)))), text=t['text'], v=voice, k='espeak')
        print('espeak-ng', round(time.time() - begin), 's', flush=True)
        for _ in range(a.flite):
            t, voice = r.choice(text), r.choice(['kal16', 'kal16', 'awb', 'slt'])
            store.add(features(normalise(trim(flite(written(t['text']), voice, r, folder)))), text=t['text'], v='flite-' + voice, k='flite')
        print('flite', round(time.time() - begin), 's', flush=True)
        voices = ['kal_diphone', 'ked_diphone', 'cmu_us_slt_arctic_hts']
        chosen = [(r.choice(text), r.choice(voices), r.uniform(.8, 1.25)) for _ in range(a.festival)]
        for (t, voice, _), path in zip(chosen, festival([(written(t['text']), v, s) for t, v, s in chosen], folder)):
            if os.path.exists(path):
                store.add(features(normalise(trim(load(path)))), text=t['text'], v='festival-' + voice, k='festival')
        print('festival', round(time.time() - begin), 's', flush=True)
    store.close()


def build_heldout(a, held, r):
    os.makedirs(a.out + '/heldout', exist_ok=True)
    engine, index = EnglishEspeak(), []
    with tempfile.TemporaryDirectory() as folder:
        for i, t in enumerate(held):
            if i % 3 == 2:
                voice, x = 'flite-' + HELDOUT_FLITE, flite(written(t['text']), HELDOUT_FLITE, r, folder)
            else:
                voice, *how = espeak_voice(engine, r, TEST_VARIANTS)
                x = engine.say(written(t['text']), voice, *how)
            x = np.concatenate([np.zeros(3200), normalise(trim(x)), np.zeros(3200)])
            sf.write(f'{a.out}/heldout/{i}.wav', x, 16000)
            index.append({'file': f'{i}.wav', 'text': t['text'], 'voice': voice, 'src': t['src']})
    json.dump(index, open(a.out + '/heldout/index.json', 'w', encoding='utf8'))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--text', required=True)
    ap.add_argument('--out', required=True)
    for k, n in (('espeak', 7000), ('flite', 3000), ('festival', 2500), ('heldout', 160)):
        ap.add_argument('--' + k, type=int, default=n)
    ap.add_argument('--seed', type=int, default=7)
    a = ap.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    r = random.Random(a.seed)
    text = json.load(open(a.text, encoding='utf8'))
    own = [t for t in text if t['src'] == 'own']
    held = r.sample(own, min(a.heldout, len(own) // 4))
    names = {t['text'] for t in held}
    if a.heldout:
        build_heldout(a, held, r)
    rest = [t for t in text if t['text'] not in names]
    # the contact centre's sentences three times as often as general ones
    r.shuffle(rest)
    weighted = [t for t in rest if t['src'] != 'free'] * 2 + [t for t in rest if t['src'] == 'free']
    build(a, weighted, r)


if __name__ == '__main__':
    main()
