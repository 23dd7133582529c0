"""Trains the English phone CTC recogniser: lab/asr's network and loss, English's examples.

usage: train.py --data DATA --words words_ph.json --out model.pt --minutes M [--init other.pt]
--words: pronounce.mjs's output for single words (every word of the stores), so that each can be looked up.
--init: another checkpoint; one of another language gives the ears, what it called the sounds is learnt anew.
"""
import argparse
import json

from english import NAMES, English
from loop import options, train


def make(a):
    composer = English(a.data, json.load(open(a.words, encoding='utf8')), seed=a.seed, mix=json.loads(a.mix))
    return composer, lambda _text, said: said


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('data', 'words'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--mix', default='{}', help='JSON: shares of the stores, over the defaults in english.py')
    train(options(ap), NAMES, make)


if __name__ == '__main__':
    main()
