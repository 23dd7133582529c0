"""Exports the judge into the container that bench:models reads: one chunk is one whole utterance of up to 16 s.

usage: export_judge.py --ckpt judge.pt --aliases one.json --out DIR         (options of lab/asr/export.py)
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../asr')]
import export  # noqa: E402
from ears import Ears  # noqa: E402

WHOLE = 1600     # frames

if __name__ == '__main__':
    export.Net = Ears
    sys.argv += ['--chunk', str(WHOLE)]
    export.main()
