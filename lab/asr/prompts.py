"""Recorded prompts with their texts, in the form that build_data.py and lab/tts/prepare.py read: NAME.wav with NAME.txt beside it.

usage: prompts.py --out FOLDER [--freeswitch FOLDER --phrases phrase_zh_CN.xml] [--seedlingo FOLDER] [--ckpt model.pt --worst 4.5]
  --freeswitch  freeswitch-zh-cn-sounds (MPL): cn/link/<section>/8000/*.wav, texts in FreeSWITCH's docs/phrase/phrase_zh_CN.xml
  --seedlingo   seedlingo's content/audio (CC BY-SA 4.0): <characters>.mp3
  --ckpt        texts do not always fit (or are read by a machine at odds with them): what this model thinks worse of than --worst nats
                a phone, against its own best path, is left out.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET

import numpy as np
import soundfile as sf
import torch
import torch.nn.functional as F

from audio import load, normalise
from fbank import fbank
from model import Net
from phones import phones
from sentences import DIGIT, number

HERE = os.path.dirname(os.path.abspath(__file__))


def spoken(phrase):
    """What is read aloud for a phrase of the list; '' when something else than Chinese remains."""
    read = lambda m: number(int(m.group())) if len(m.group()) < 4 else ''.join(DIGIT[int(c)] for c in m.group())
    s = re.sub(r'\d+', read, phrase.replace('#', '井'))
    s = re.sub(r'[\s，。？！、；：“”,.!?·…]', '', s)
    return s if re.fullmatch(r'[\u4e00-\u9fff]+', s) else ''


def freeswitch(folder, phrases):
    seen = set()
    for section in ET.parse(phrases).getroot()[0]:
        for prompt in section:
            name = os.path.basename(prompt.get('filename', '').strip())
            path = f'{folder}/cn/link/{section.tag}/8000/{name}'
            text = spoken(prompt.get('phrase', ''))
            if text and path not in seen and os.path.exists(path):
                seen.add(path)
                yield path, text, 'fswch'


def seedlingo(folder):
    for path in sorted(glob.glob(folder + '/*.mp3')):
        text = spoken(os.path.basename(path)[:-4])
        if text:
            yield path, text, 'seedl'


class Judge:
    """How ill a text fits a recording, in nats a phone over the best path of any phones."""

    def __init__(self, checkpoint):
        ck = torch.load(checkpoint, map_location='cpu')
        self.net = Net(**ck['cfg']).eval()
        self.net.load_state_dict(ck['model'])
        self.ids = {p: i for i, p in enumerate(ck['syls'])}

    def misfit(self, x, py):
        q = phones(py)
        if any(p not in self.ids for p in q):
            return np.inf
        with torch.no_grad():
            lp = self.net(torch.from_numpy(fbank(np.concatenate([x, np.zeros(16000, np.float32)])))[None])[0][0].log_softmax(-1)
        if len(lp) < 1.1 * len(q):
            return np.inf
        loss = F.ctc_loss(lp[:, None], torch.tensor([[self.ids[p] for p in q]]), torch.tensor([len(lp)]), torch.tensor([len(q)]), reduction='sum')
        return float(loss + lp.max(-1)[0].sum()) / len(q)


def pinyin(texts):
    """Texts to syllables, with pinyin.cjs."""
    with tempfile.TemporaryDirectory() as t:
        json.dump([{'text': x} for x in texts], open(t + '/in.json', 'w', encoding='utf8'), ensure_ascii=False)
        subprocess.run(['node', os.path.join(HERE, 'pinyin.cjs'), t + '/in.json', t + '/out.json'], check=True, capture_output=True)
        return {x['text']: x['py'] for x in json.load(open(t + '/out.json', encoding='utf8'))}


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True)
    ap.add_argument('--freeswitch')
    ap.add_argument('--phrases')
    ap.add_argument('--seedlingo')
    ap.add_argument('--ckpt')
    ap.add_argument('--worst', type=float, default=4.5)
    a = ap.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    found = [*(freeswitch(a.freeswitch, a.phrases) if a.freeswitch else ()), *(seedlingo(a.seedlingo) if a.seedlingo else ())]
    judge, readings = (Judge(a.ckpt), pinyin({t for _, t, _ in found})) if a.ckpt else (None, {})
    kept = seconds = 0
    for i, (path, text, speaker) in enumerate(found):
        try:
            x = load(path)
        except sf.LibsndfileError as e:
            print('skipped', path, e)
            continue
        if len(x) < 3200 or not np.abs(x).max() > .01 or (judge and judge.misfit(x, readings[text]) > a.worst):
            continue
        name = f'{a.out}/{speaker}W{i:04d}'
        sf.write(name + '.wav', normalise(x - x.mean()), 16000, 'PCM_16')
        open(name + '.txt', 'w', encoding='utf8').write(text)
        kept += 1
        seconds += len(x) / 16000
    print(f'{kept} of {len(found)} recordings, {seconds / 60:.1f} minutes')


if __name__ == '__main__':
    main()
