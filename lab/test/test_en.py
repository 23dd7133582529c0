"""English and the judge on tiny made-up data.  usage: python -m unittest discover -s lab/test"""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
EN, ASR, JUDGE = (os.path.join(HERE, '..', d) for d in ('en', 'asr', 'judge'))


def run(folder, *args):
    return subprocess.run([sys.executable, *args], cwd=folder, capture_output=True, text=True, timeout=300)


def store(folder, name, items, rng, bins=56):
    """Items with features of noise, in the format of build_data.py."""
    index, at = [], 0
    with open(f'{folder}/{name}.bin', 'wb') as f:
        for item in items:
            n = 140
            rng.normal(-6, 2, (n, bins)).astype(np.float16).tofile(f)
            index.append(dict(item, o=at, n=n))
            at += n
    json.dump(index, open(f'{folder}/{name}.json', 'w', encoding='utf8'))


class Sentences(unittest.TestCase):
    def setUp(self):
        sys.path.insert(0, EN)
        for name in ('sentences',):
            sys.modules.pop(name, None)
        import sentences
        self.s = sentences

    def tearDown(self):
        sys.path.remove(EN)
        sys.modules.pop('sentences', None)

    def test_numbers_are_read_as_people_read_them(self):
        for n, words in ((0, 'zero'), (13, 'thirteen'), (40, 'forty'), (99, 'ninety nine'), (512, 'five hundred twelve'), (2030, 'two thousand thirty')):
            self.assertEqual(self.s.number(n), words)

    def test_templates_leave_no_slot_open_and_hold_only_words(self):
        r = random.Random(2)
        patterns, lists = self.s.templates()
        makers = self.s.made(r)
        for p in patterns:
            for _ in range(4):
                self.assertRegex(self.s.expand(p, lists, makers, r), r"^[A-Za-z' ]*$")

    def test_written_sentences_are_said_or_left_out(self):
        r = random.Random(3)
        self.assertEqual(self.s.spoken('Where is order [450](order_number)?', r), 'where is order four five zero')
        self.assertEqual(self.s.spoken('i d like to go', r), "i'd like to go")
        self.assertEqual(self.s.spoken('café', r), '')

    def test_digit_strings_say_zero_one_way(self):
        r = random.Random(4)
        for _ in range(200):
            words = set(self.s.digits(r).split())
            self.assertFalse({'oh', 'zero'} <= words)


class Training(unittest.TestCase):
    def test_a_few_steps_train_and_export(self):
        with tempfile.TemporaryDirectory() as d:
            rng = np.random.default_rng(0)
            store(d, 'synth', [{'text': 'yes', 'v': 'a'}, {'text': 'no', 'v': 'a'}] * 4, rng)
            store(d, 'an4', [{'text': 'yes', 'v': 'p'}, {'text': 'no', 'v': 'q'}] * 4, rng)
            json.dump([{'text': 'yes', 'ph': [['Y EH S']]}, {'text': 'no', 'ph': [['N OW']]}], open(d + '/words.json', 'w'))
            got = run(EN, 'train.py', '--data', d, '--words', d + '/words.json', '--out', d + '/m.pt', '--minutes', '.08', '--d', '16', '--blocks', '1', '--rnn', '12', '--frames', '2000')
            self.assertEqual(got.returncode, 0, got.stderr[-800:])
            ck = torch.load(d + '/m.pt', map_location='cpu')
            self.assertEqual(len(ck['syls']), 40)
            json.dump([['n', 'N'], ['\u2581y', 'Y']], open(d + '/a.json', 'w'))
            got = run(EN, 'export.py', '--ckpt', d + '/m.pt', '--aliases', d + '/a.json', '--out', d + '/x')
            self.assertEqual(got.returncode, 0, got.stderr[-800:])
            units = json.load(open(d + '/x/units.json', encoding='utf8'))
            self.assertEqual((units['language'], len(units['phones'])), ('en', 40))


class Judge(unittest.TestCase):
    def test_the_judge_refuses_synthetic_speech(self):
        with tempfile.TemporaryDirectory() as d:
            store(d, 'espeak', [{'text': '你好', 'v': 'm1'}], np.random.default_rng(0))
            text = [{'text': '你好', 'py': ['ni3', 'hao3'], 'src': 'ivr'}]
            for name in ('t', 'x'):
                json.dump(text, open(f'{d}/{name}.json', 'w', encoding='utf8'))
            code = ('import argparse, train_judge\n'
                    f'a = argparse.Namespace(data={d!r}, text={d + "/t.json"!r}, extra={d + "/x.json"!r}, seed=1)\n'
                    'train_judge.make(a)')
            got = run(JUDGE, '-c', f'import sys; sys.path.insert(0, "."); {chr(10)}{code}')
            self.assertNotEqual(got.returncode, 0)
            self.assertIn('must not hear it', got.stderr)


class VoiceExport(unittest.TestCase):
    def test_old_weights_get_an_end_of_phrase(self):
        os.environ.setdefault('VOICE_RATE', '16000')
        sys.path.insert(0, os.path.join(HERE, '../tts'))
        try:
            from voice import Acoustic, with_phrases
        except ImportError as e:
            self.skipTest(str(e))
        state = Acoustic().state_dict()
        old = dict(state, **{'bn.weight': state['bn.weight'][:2]})
        new = with_phrases(old)
        self.assertEqual(new['bn.weight'].shape[0], 3)
        self.assertTrue(torch.equal(new['bn.weight'][1], new['bn.weight'][2]))
        self.assertEqual(with_phrases(state)['bn.weight'].shape[0], 3)


if __name__ == '__main__':
    unittest.main()
