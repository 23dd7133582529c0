"""The judge's scripts on made-up numbers.  usage: python -m unittest discover -s lab/test   (needs numba as well)"""
import os
import sys
import unittest

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../judge'), os.path.join(HERE, '../asr')]

try:
    import numba  # noqa: F401
    READY = True
except ImportError:
    READY = False


class Judge(unittest.TestCase):
    def test_the_end_of_an_utterance_changes_what_is_heard_at_its_beginning(self):
        from ears import Ears
        from fbank import NB
        torch.manual_seed(0)
        net = Ears(6, 6, d=16, blocks=1, rnn=8).eval()
        x = torch.randn(2, 64, NB)
        other = x.clone()
        other[:, 50:] += 1
        with torch.no_grad():
            y, _ = net(x)
            self.assertEqual(y.shape, (2, 15, 6))
            self.assertGreater(float((net(other)[0][:, 0] - y[:, 0]).abs().max()), 0)
            lp, conv, rnn = net.stream(x, torch.zeros(2, 1, 1, 1), torch.zeros(2, 2, 1, 1))
        torch.testing.assert_close(lp, y.log_softmax(-1))
        self.assertEqual((conv.shape, rnn.shape), ((2, 1, 1, 1), (2, 2, 1, 1)))

    @unittest.skipUnless(READY, 'numba is not installed')
    def test_any_syllable_may_follow_any_other_but_no_other_sounds(self):
        from listen import Loop
        names = ['<blk>', 'n', 'h', 'in2', 'ao3', 'an4']
        loop = Loop(names)
        path = [0, 1, 1, 0, 3, 3, 0, 2, 4, 4, 5, 0]          # n in2 | h ao3 | an4, an initial never alone
        lp = np.full((len(path), len(names)), -9.)
        lp[np.arange(len(path)), path] = -.1
        self.assertEqual(loop.read(lp), ['nin2', 'hao3', 'an4'])
        self.assertEqual(loop.read(np.repeat(lp[:1], 9, 0)), [])

    @unittest.skipUnless(READY, 'numba is not installed')
    def test_errors_are_laid_beside_what_was_said(self):
        from listen import align, spoken
        self.assertEqual(spoken(['ni3', 'hao3', 'ma5']), ['ni2', 'hao3', 'ma0'])
        self.assertEqual(align(['ni3', 'hao3', 'ma0'], ['ni3', 'ma0']), [(0, 0), (1, None), (2, 1)])
        self.assertEqual(align(['ba1'], ['ba2', 'o1']), [(0, 0), (None, 1)])


if __name__ == '__main__':
    unittest.main()
