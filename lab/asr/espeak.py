"""espeak-ng through its C library: many renderings a second, without a process for each."""
import ctypes
import re

import numpy as np
import soxr

# kept for testing: no training store may use these
TEST_VARIANTS = ['m6', 'f3', 'Andrea', 'Hugo', 'belinda', 'travis']
TRAIN_VARIANTS = ('m1 m2 m3 m4 m5 m7 m8 f1 f2 f4 f5 Andy Annie adam Alex Alicia Diogo steph Michael Lee Denis Jacky Marco victor Linda '
                  'Gene Gene2 Henrique Mario Mike Mr anika antonio aunty benjamin boris caleb david ed edward grandma grandpa gustave john '
                  'marcelo max miguel norbert pablo paul pedro quincy rob robert sandro shelby steph2 steph3 zac').split()


class Espeak:
    def __init__(self):
        lib = self.lib = ctypes.CDLL('libespeak-ng.so.1')
        self.rate = lib.espeak_Initialize(2, 0, None, 0)
        self.pieces = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

        def receive(wave, n, _events):
            if n > 0 and wave:
                self.pieces.append(np.ctypeslib.as_array(wave, (n,)).copy())
            return 0

        self.callback = kind(receive)
        lib.espeak_SetSynthCallback(self.callback)

    def has(self, variant):
        return self.lib.espeak_SetVoiceByName(f'cmn-latn-pinyin+{variant}'.encode()) == 0

    def say(self, pinyin, variant, rate, pitch, span, gap=0):
        """pinyin: tone-numbered syllables -> float32 samples at 16 kHz"""
        self.pieces = []
        if not self.has(variant):
            raise RuntimeError(f'espeak-ng has no voice variant {variant}')
        for key, value in ((1, rate), (3, pitch), (4, span), (7, gap)):
            self.lib.espeak_SetParameter(key, int(value), 0)
        text = ' '.join(re.sub(r'0$', '5', p) for p in pinyin).encode() + b'\0'
        self.lib.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, 1, None, None)
        self.lib.espeak_Synchronize()
        x = np.concatenate(self.pieces).astype(np.float32) / 32768 if self.pieces else np.zeros(1600, np.float32)
        return soxr.resample(x, self.rate, 16000).astype(np.float32)
