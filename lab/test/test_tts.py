"""The voice's scripts on made-up sounds.  usage: python -m unittest discover -s lab/test   (needs numba as well)"""
import os
import sys
import unittest

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../tts'), os.path.join(HERE, '../asr')]

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

    def test_the_listener_hears_what_the_vocoder_says(self):
        """The log-mel of the rendered waveform and the closed form from envelope, F0 and voicing agree."""
        import fbank as fb
        from dsp import NB
        from listener import Heard
        from voice import Vocoder
        torch.manual_seed(3)
        v = Vocoder().eval()
        t, x = torch.arange(60)[None], torch.linspace(0, 1, NB)
        env = -7 - 5 * x + 2 * torch.cos(9 * x + .05 * t[..., None])
        f0, voiced = 210 + 30 * torch.sin(t / 9.), torch.ones(1, 60)
        with torch.no_grad():
            y = v(env, f0, voiced)[0].numpy()
            heard = Heard(v)(env, f0, voiced)[0].numpy()
        said = fb.fbank(y, fb.NB)
        self.assertEqual(heard.shape, said.shape)
        self.assertGreater(np.corrcoef(heard[3:-3].ravel(), said[3:-3].ravel())[0, 1], .9)
        self.assertLess(abs(float((heard - said)[3:-3].mean())), .5)

    def test_a_lesson_reaches_the_voice(self):
        """A recogniser's error comes back as a gradient of envelope and pitch; test sentences are never spoken."""
        import model as ears
        import train_clear as tc
        from voice import Acoustic, Vocoder
        names = ['<blk>', 'n', 'in2', 'h', 'ao3', 'm', 'a1']
        texts = [{'text': '您好', 'py': ['nin2', 'hao3']}, {'text': '妈妈妈妈', 'py': ['ma1'] * 4}]
        rng = np.random.default_rng(0)
        lessons = tc.Lessons(texts, [], {'您好'}, ['妈妈妈妈'], names, rng)
        self.assertEqual(len(lessons.rows), 1)
        syllables, labels = lessons.rows[0]
        self.assertEqual(([s[2:] for s in syllables], labels), ([(2, 1, 0), (3, 1, 1)], [1, 2, 3, 4]))
        torch.manual_seed(0)
        voice, heard, speaker = Acoustic(), tc.Heard(Vocoder()), tc.Speaker(1., .7, rng)
        plan = speaker.plan(voice, lessons.rows * 2)
        env, f0, v, _ = speaker.say(voice, plan)
        x = tc.room(heard(env, f0, v, 1.45, rng), rng)
        teacher = tc.Teacher.__new__(tc.Teacher)
        teacher.net, teacher.names = ears.Net(len(names), len(names), d=16, blocks=1, rnn=16).eval(), names
        teacher.loss(torch.cat([x, x[:, -1:].expand(-1, 40, -1)], 1), plan['frames'], lessons.rows * 2, names).backward()
        for p in (voice.eout.weight, voice.fout.weight):
            self.assertTrue(torch.isfinite(p.grad).all())
            self.assertGreater(float(p.grad.abs().max()), 0)

    def test_syllables_and_sandhi(self):
        from text import sandhi, split
        self.assertEqual(split('zhi1'), ('zh', 'iii', 1))
        self.assertEqual(split('xue2'), ('x', 've', 2))
        self.assertEqual(sandhi([3, 3, 4]), [2, 3, 4])


if __name__ == '__main__':
    unittest.main()
