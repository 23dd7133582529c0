"""The recogniser's scripts on tiny made-up data.  usage: python -m unittest discover -s lab/test   (needs numpy, scipy, torch, onnx, onnxruntime)"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch
import torch.nn.functional as F

ASR = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr')
sys.path.insert(0, ASR)

import ngrams  # noqa: E402
import opengram  # noqa: E402
from compose import Composer  # noqa: E402
from fbank import FLOOR, NB, fbank  # noqa: E402
from model import CTC, Net  # noqa: E402
from phones import phones, split  # noqa: E402
from sentences import Filler, clean, number  # noqa: E402

TEXTS = [
    {'text': '查订单', 'py': ['cha2', 'ding4', 'dan1'], 'src': 'ivr'},
    {'text': '你好', 'py': ['ni3', 'hao3'], 'src': 'ivr'},
    {'text': '五八', 'py': ['wu3', 'ba1'], 'src': 'digits'},
]


def tiny_store(folder, rng):
    """Two utterances of noise in the format of build_data.py."""
    index, at = [], 0
    with open(f'{folder}/espeak.bin', 'wb') as f:
        for t in TEXTS[:2]:
            n = 60 + 30 * len(t['text'])
            rng.normal(-6, 2, (n, NB)).astype(np.float16).tofile(f)
            index.append({'text': t['text'], 'v': 'm1', 'o': at, 'n': n})
            at += n
    json.dump(index, open(f'{folder}/espeak.json', 'w', encoding='utf8'))


class Text(unittest.TestCase):
    def test_numbers_are_read_as_people_read_them(self):
        for n, words in ((0, '零'), (10, '十'), (15, '十五'), (101, '一百零一'), (2025, '二千零二十五'), (30004, '三万零四')):
            self.assertEqual(number(n), words)

    def test_syllables_split_into_initial_and_tonal_final(self):
        self.assertEqual(split('zhong1'), ('zh', 'ong1'))
        self.assertEqual(split('an4'), ('an4',))
        self.assertEqual(phones(['er4', 'shi2']), ['er4', 'sh', 'i2'])

    def test_templates_leave_no_slot_open(self):
        import random
        filler = Filler(random.Random(1))
        for line in open(os.path.join(ASR, 'templates.txt'), encoding='utf8').read().split('\n'):
            self.assertNotIn('{', filler.fill(line))

    def test_foreign_sentences_are_left_out(self):
        self.assertEqual(clean('我要VIP'), '')
        self.assertEqual(clean('有3个吗？'), '有三个吗')


class Features(unittest.TestCase):
    def test_a_frame_every_ten_milliseconds_and_a_floor_for_silence(self):
        f = fbank(np.zeros(16000, np.float32))
        self.assertEqual(f.shape, (100, 80))
        self.assertAlmostEqual(float(f.min()), FLOOR, places=3)

    def test_a_tone_lands_in_its_bin(self):
        t = np.arange(16000) / 16000
        low, high = (fbank((.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32))[50].argmax() for hz in (300, 2500))
        self.assertLess(low, 12)
        self.assertGreater(high, 40)


class Network(unittest.TestCase):
    def test_streaming_gives_what_the_whole_utterance_gives(self):
        torch.manual_seed(0)
        net = Net(30, 30, d=32, blocks=2, rnn=24).eval()
        x = torch.randn(2, 16 * 4 + 3, 80)
        whole = net(x)[0].log_softmax(-1)
        conv, rnn, out = torch.zeros(2, net.nb, net.k - 1, net.d), torch.zeros(2, 2 * net.nr, 1, net.h), []
        for i in range(4):
            y, conv, rnn = net.stream(x[:, 16 * i:16 * i + 19], conv, rnn)
            out.append(y)
        self.assertLess(float((torch.cat(out, 1) - whole).abs().max()), 1e-4)

    def test_the_compact_ctc_loss_has_the_gradient_of_the_full_one(self):
        torch.manual_seed(0)
        x = torch.randn(3, 20, 50, requires_grad=True)
        target = torch.randint(1, 50, (3, 4))
        target[0, 2] = target[0, 0]
        sizes, frames = torch.tensor([4, 3, 2]), torch.tensor([20, 18, 15])
        full = (F.ctc_loss(x.log_softmax(-1).transpose(0, 1), target, frames, sizes, reduction='none') / sizes).mean()
        want, = torch.autograd.grad(full, x)
        ours = CTC.apply(x, target, frames, sizes)
        got, = torch.autograd.grad(ours, x)
        self.assertAlmostEqual(float(ours), float(full), places=4)
        self.assertLess(float((got - want).abs().max()), 1e-4)


class Language(unittest.TestCase):
    TEXTS = ['我要查订单', '我要退货', '查一下订单', '我要查快递', '退货怎么退']

    def test_probabilities_after_a_history_sum_to_one(self):
        grams = ngrams.count(self.TEXTS, [1] * 5, 3)
        model = ngrams.Model(grams)
        letters = grams[0][0]
        for history in (ngrams.numbers('要'), ngrams.numbers('我要'), [0] + ngrams.numbers('我')):
            n = len(history)
            key = sum(c << ngrams.BITS * (n - 1 - i) for i, c in enumerate(history))
            _, p, _ = model.below(n, (key << ngrams.BITS) + letters)
            self.assertAlmostEqual(float(p.sum()), 1, places=6)

    def test_pruning_drops_what_the_back_off_knows_and_keeps_the_mass(self):
        grams = ngrams.count(self.TEXTS, [1] * 5, 3)
        kept, cut = ngrams.prune(grams, [c for _, c in grams], .8)
        self.assertLess(len(kept[2][0]), len(grams[2][0]))
        self.assertTrue(set((kept[2][0] >> ngrams.BITS).tolist()) <= set(kept[1][0].tolist()))
        model = ngrams.Model(kept, cut)
        _, p, _ = model.below(1, (ngrams.numbers('要')[0] << ngrams.BITS) + kept[0][0])
        self.assertAlmostEqual(float(p.sum()), 1, places=6)

    def test_general_language_is_laid_beneath_the_training_sentences(self):
        with tempfile.TemporaryDirectory() as folder:
            path = lambda name: f'{folder}/{name}'
            stream = np.array([0, *ngrams.numbers('今天'), 0, *ngrams.numbers('今天好'), 0] * 4, np.int64)
            general = {}
            for n in (1, 2, 3):
                general[f'k{n}'], general[f'c{n}'], general[f'h{n}'], general[f'm{n}'] = opengram.count(stream, n, 1)
            np.savez(path('general.npz'), **general)
            json.dump(TEXTS, open(path('text.json'), 'w', encoding='utf8'))
            json.dump([{'text': '今天', 'py': ['jin1', 'tian1'], 'count': 3}, {'text': '好', 'py': ['hao3'], 'count': 1}], open(path('words.json'), 'w', encoding='utf8'))
            subprocess.run([sys.executable, 'base_text.py', '--text', path('text.json'), '--general', path('general.npz'), '--words', path('words.json'),
                            '--threshold', '0.01', '--out', path('base.json.gz')], cwd=ASR, check=True, capture_output=True, timeout=60)
            base = json.loads(gzip.open(path('base.json.gz')).read())
            self.assertIn('今 天', base['ngrams'])
            self.assertIn('<s> 你', base['ngrams'])
            self.assertEqual(list(base['readings']['天']), ['t ian1'])


class Pipeline(unittest.TestCase):
    def test_the_composer_changes_voices_but_keeps_text_and_level(self):
        with tempfile.TemporaryDirectory() as folder:
            tiny_store(folder, np.random.default_rng(0))
            composer = Composer(folder, TEXTS, seed=1)
            for _ in range(20):
                f, text, py = composer.one()
                self.assertEqual(f.shape[1], NB)
                self.assertEqual(f.dtype, np.float32)
                self.assertTrue(np.isfinite(f).all() and f.min() >= FLOOR - 1e-3)
                self.assertEqual(len(text), len(py))

    def test_a_model_is_trained_and_exported(self):
        with tempfile.TemporaryDirectory() as folder:
            tiny_store(folder, np.random.default_rng(0))
            for name in ('text', 'extra'):
                json.dump(TEXTS, open(f'{folder}/{name}.json', 'w', encoding='utf8'))
            run = lambda *a: subprocess.run([sys.executable, *a], cwd=ASR, check=True, capture_output=True, timeout=170)
            run('train.py', '--data', folder, '--text', f'{folder}/text.json', '--extra', f'{folder}/extra.json', '--out', f'{folder}/m.pt',
                '--minutes', '0.03', '--d', '32', '--blocks', '1', '--rnn', '16', '--frames', '600', '--device', 'cpu', '--composers', '2')
            json.dump([['八', 'a1'], ['五', 'u3']], open(f'{folder}/aliases.json', 'w', encoding='utf8'))
            run('export.py', '--ckpt', f'{folder}/m.pt', '--aliases', f'{folder}/aliases.json', '--out', f'{folder}/model')
            units = json.load(open(f'{folder}/model/units.json', encoding='utf8'))
            tokens = open(f'{folder}/model/tokens.txt', encoding='utf8').read().split('\n')
            self.assertEqual(units['phones'][0], '<blk>')
            self.assertEqual(tokens[len(units['phones'])], f'八 {len(units["phones"])}')


if __name__ == '__main__':
    unittest.main()
