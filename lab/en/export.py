"""Exports the English recogniser: lab/asr's exporter, and the word that tells the graph builder the language.

usage: export.py --ckpt model.pt --aliases aliases.json --out DIR [lab/asr/export.py's other options]
"""
import importlib.util
import json
import os
import sys

ASR = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr')
sys.path.insert(0, ASR)
spec = importlib.util.spec_from_file_location('asr_export', os.path.join(ASR, 'export.py'))
asr_export = importlib.util.module_from_spec(spec)
spec.loader.exec_module(asr_export)


def main():
    asr_export.main()
    path = os.path.join(sys.argv[sys.argv.index('--out') + 1], 'units.json')
    units = json.load(open(path, encoding='utf8'))
    json.dump({'language': 'en', **units}, open(path, 'w', encoding='utf8'), ensure_ascii=False, separators=(',', ':'))


if __name__ == '__main__':
    main()
