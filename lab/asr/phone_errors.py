"""Greedy phone error rates of a checkpoint on recordings (no graph): how good the ears alone are.

usage: phone_errors.py --ckpt model.pt --rows rows_py.json [--telephone] [--limit N]
rows: a list of {"file", "text", "py", "group"} (pinyin.cjs adds "py").  Prints phones and phones without tones, by group.
"""
import argparse
import json
import re
from collections import defaultdict

import numpy as np
import torch

from audio import load, telephone
from fbank import fbank
from model import Net
from phones import phones


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (x != y)))
        row = new
    return row[-1]


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--ckpt', required=True)
    ap.add_argument('--rows', required=True)
    ap.add_argument('--telephone', action='store_true')
    ap.add_argument('--limit', type=int, default=10 ** 9, help='rows a group')
    a = ap.parse_args()
    torch.set_num_threads(1)
    ck = torch.load(a.ckpt, map_location='cpu')
    net = Net(**ck['cfg']).eval()
    net.load_state_dict(ck['model'])
    total, seen = defaultdict(lambda: np.zeros(3)), defaultdict(int)
    for r in json.load(open(a.rows, encoding='utf8')):
        seen[r['group']] += 1
        if seen[r['group']] > a.limit:
            continue
        x = load(r['file'])
        x = telephone(x) if a.telephone else x
        with torch.no_grad():
            best = net(torch.from_numpy(fbank(np.concatenate([x, np.zeros(16000, np.float32)])))[None])[0][0].argmax(-1).tolist()
        heard = [ck['syls'][p] for p, before in zip(best, [-1] + best) if p != before and p]
        want = phones(r['py'])
        bare = lambda s: [re.sub(r'\d', '', q) for q in s]
        total[r['group']] += [edits(want, heard), edits(bare(want), bare(heard)), len(want)]
    for g, (e, t, n) in sorted(total.items()):
        print(f'{g:24s} {seen[g]:4d} rows  phones wrong {100 * e / n:.1f} %  without tones {100 * t / n:.1f} %')


if __name__ == '__main__':
    main()
