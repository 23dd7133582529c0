"""Texts of the recorded words and sentences in the stores, for pinyin.cjs.  usage: recorded_texts.py DATA OUT.json"""
import json
import os
import sys

data, out = sys.argv[1:3]
texts = set()
for name in ('units', 'real', 'prompts', 'words'):
    if os.path.exists(f'{data}/{name}.json'):
        texts |= {t for u in json.load(open(f'{data}/{name}.json', encoding='utf8')) if (t := u.get('w') or u.get('text'))}
json.dump([{'text': t} for t in sorted(texts)], open(out, 'w', encoding='utf8'), ensure_ascii=False)
print(len(texts))
