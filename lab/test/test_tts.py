"""The voice's scripts on made-up sounds.  usage: python -m unittest discover -s lab/test   (needs numba as well)"""
import os
import sys
import unittest

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../tts'))

try:
    import numba  # noqa: F401
    READY = True
except ImportError:
    READY = False


@unittest.skipUnless(READY, 'numba is not installed')
class Voice(unittest.TestCase):
    def test_pitch_of_a_buzz_is_found(self):
        from dsp import SR, f0_track
        t = np.arange(SR) / SR
        x = sum(.1 / k * np.sin(2 * np.pi * 180 * k * t) for k in range(1, 12)).astype(np.float32)
        f = f0_track(x)
        middle = f[20:80]
        self.assertGreater((middle > 0).mean(), .95)
        self.assertAlmostEqual(float(np.median(middle[middle > 0])), 180, delta=3)

    def test_the_vocoder_gives_a_frame_of_samples_a_frame(self):
        from dsp import HOP, NB
        from voice import Vocoder
        v = Vocoder().eval()
        with torch.no_grad():
            y = v(torch.full((1, 20, NB), -8.), torch.full((1, 20), 200.), torch.ones(1, 20))
        self.assertEqual(y.shape, (1, 19 * HOP))
        self.assertTrue(torch.isfinite(y).all())

    def test_syllables_and_sandhi(self):
        from text import sandhi, split
        self.assertEqual(split('zhi1'), ('zh', 'iii', 1))
        self.assertEqual(split('xue2'), ('x', 've', 2))
        self.assertEqual(sandhi([3, 3, 4]), [2, 3, 4])


if __name__ == '__main__':
    unittest.main()
