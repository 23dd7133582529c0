"""F0, spectral envelope and log-mel of prepared recordings.  usage: analyse.py PREFIX [--by-speaker]

--by-speaker: a second pitch pass within each speaker's own range, which drops octave slips (sentences).
PREFIX.wav.npy, PREFIX.json -> PREFIX.feat.npz (env, f0 with 0 = unvoiced, mel, off = first frame of each item)
"""
import argparse
import json

import numpy as np

from dsp import envelope, f0_track, logmel


def samples(wav, item, seed):
    x = wav[item[1]:item[1] + item[2]].astype(np.float32) / 32768.
    return x + np.random.RandomState(seed).randn(len(x)).astype(np.float32) * 1e-5


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('prefix')
    ap.add_argument('--by-speaker', action='store_true')
    a = ap.parse_args()
    wav, index = np.load(a.prefix + '.wav.npy', mmap_mode='r'), json.load(open(a.prefix + '.json', encoding='utf8'))
    items, speakers = index['items'], index['spk']
    pitch = [f0_track(samples(wav, item, i)) for i, item in enumerate(items)]
    if a.by_speaker:
        for s in sorted(set(speakers)):
            mine = [k for k in range(len(items)) if speakers[k] == s]
            f = np.concatenate([pitch[k] for k in mine])
            f = f[(f > 0) & (f < 400)]
            count, edge = np.histogram(np.log(f), 60)
            mode = float(np.exp(edge[count.argmax()] + .02))
            for k in mine:
                pitch[k] = f0_track(samples(wav, items[k], k), .6 * mode, 1.8 * mode)
                pitch[k][pitch[k] > 1.75 * mode] = 0
            print(s, 'pitch mode', round(mode), 'Hz', len(mine), 'items', flush=True)
    env, mel, off = [], [], [0]
    for i, item in enumerate(items):
        x = samples(wav, item, i)
        env.append(envelope(x, pitch[i]).astype(np.float16))
        mel.append(logmel(x).astype(np.float16))
        off.append(off[-1] + len(pitch[i]))
    np.savez(a.prefix + '.feat.npz', env=np.concatenate(env), f0=np.concatenate(pitch).astype(np.float32), mel=np.concatenate(mel), off=np.array(off))
    print(off[-1] / 360000, 'h')


if __name__ == '__main__':
    main()
