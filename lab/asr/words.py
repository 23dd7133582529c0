"""General vocabulary from jieba's dictionary (MIT), with its counts, for base_text.py.

usage: words.py --dict jieba.dict.utf8 --out words.json [--max 30000]      (then pinyin.cjs)
"""
import argparse
import json
import re

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('--dict', required=True)
ap.add_argument('--out', required=True)
ap.add_argument('--max', type=int, default=30000)
a = ap.parse_args()
rows = (l.split() for l in open(a.dict, encoding='utf8'))
words = [(r[0], int(r[1])) for r in rows if len(r) >= 2 and re.fullmatch(r'[\u4e00-\u9fff]{1,5}', r[0])]
words.sort(key=lambda w: (-w[1], w[0]))
json.dump([{'text': w, 'count': c} for w, c in words[:a.max]], open(a.out, 'w', encoding='utf8'), ensure_ascii=False)
print(len(words), 'kept', min(a.max, len(words)))
