"""English sentences for training: the project's own templates, an application's examples, and free query sets.

usage: sentences.py --out text.json [--count 9000] [--app apps/retail/nlu/en.yml] [--tsv FILE[:COLUMN] ...]
--tsv  tab-separated text (.gz too) whose column (0 by default) is a sentence: SNIPS (CC0), CLINC150 (CC BY 3.0), BANKING77 (CC BY 4.0)
Words are lower case; a capital is a letter that is spelled.  Writes [{"text": .., "src": ..}].
"""
import argparse
import gzip
import json
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))
DIGIT = 'zero one two three four five six seven eight nine'.split()
TEENS = 'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split()
TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split()
MONTHS = 'january february march april may june july august september october november december'.split()
ORDINALS = ('first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth '
            'seventeenth eighteenth nineteenth twentieth').split()
LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'


def number(n):
    if n < 10:
        return DIGIT[n]
    if n < 20:
        return TEENS[n - 10]
    if n < 100:
        return TENS[n // 10 - 2] + ('' if n % 10 == 0 else ' ' + DIGIT[n % 10])
    if n < 1000:
        return DIGIT[n // 100] + ' hundred' + ('' if n % 100 == 0 else ' ' + number(n % 100))
    return number(n // 1000) + ' thousand' + ('' if n % 1000 == 0 else ' ' + number(n % 1000))


def digits(r, size=None):
    """A digit string as people say one: 'oh' for zero, doubles and triples, now and then in pairs."""
    n = size or r.choice([1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11])
    zero = 'oh' if r.random() < .4 else 'zero'
    out, i = [], 0
    while i < n:
        d = r.randrange(10)
        word = zero if d == 0 else DIGIT[d]
        if r.random() < .07 and i + 2 <= n:
            big = r.random() < .25 and i + 3 <= n
            out.append(('triple ' if big else 'double ') + word)
            i += 3 if big else 2
        elif r.random() < .06 and i + 2 <= n and d > 1:
            out.append(TENS[d - 2] + ('' if r.random() < .15 else ' ' + DIGIT[r.randrange(1, 10)]))
            i += 2
        else:
            out.append(word)
            i += 1
    return ' '.join(out)


def ordinal(r):
    n = r.randrange(31)
    return ORDINALS[n] if n < 20 else ('thirtieth' if n == 29 else TENS[(n + 1) // 10 - 2] + ' ' + ORDINALS[(n + 1) % 10 - 1])


def made(r):
    """Things that are made rather than listed."""
    return {
        'digits': lambda: digits(r), 'digit': lambda: DIGIT[r.randrange(10)],
        'num': lambda: number(r.choice([r.randrange(1, 30), r.randrange(1, 100), r.randrange(100, 1000), r.randrange(1000, 9000)])),
        'letters': lambda: ' '.join(r.choice(LETTERS) for _ in range(r.randrange(1, 8))),
        'ordinal': lambda: ordinal(r), 'month': lambda: r.choice(MONTHS),
        'date': lambda: r.choice([f'{r.choice(MONTHS)} {ordinal(r)}', f'the {ordinal(r)} of {r.choice(MONTHS)}',
                                  f'{r.choice(MONTHS)} {ordinal(r)} nineteen {number(r.randrange(10, 100))}',
                                  f'{r.choice(MONTHS)} {ordinal(r)} twenty {number(r.randrange(10, 27))}', f'{r.choice(MONTHS)} {number(r.randrange(1, 32))}']),
        'time': lambda: r.choice([f'{number(r.randrange(1, 13))} o\'clock', f'{number(r.randrange(1, 13))} thirty', f'half past {number(r.randrange(1, 13))}',
                                  f'{number(r.randrange(1, 13))} {r.choice(["A M", "P M"])}', f'{number(r.randrange(1, 13))} {number(r.randrange(10, 60))}',
                                  f'{number(r.randrange(1, 13))} in the {r.choice(["morning", "evening", "afternoon"])}', f'quarter to {number(r.randrange(1, 13))}']),
        'money': lambda: r.choice([f'{number(r.randrange(2, 900))} {r.choice(["dollars", "pounds", "euros", "yuan"])}',
                                   f'{number(r.randrange(2, 100))} dollars and {number(r.randrange(2, 100))} cents',
                                   f'{number(r.randrange(2, 100))} {number(r.randrange(10, 100))}', f'{number(r.randrange(1000, 20000))} dollars']),
    }


def templates():
    lines = open(os.path.join(HERE, 'templates.txt'), encoding='utf8').read().split('[lists]')
    patterns = [l.strip() for l in lines[0].split('\n') if l.strip() and not l.startswith('#')]
    lists = {}
    for l in lines[1].split('[end]')[0].split('\n'):
        if '=' in l:
            key, values = l.split('=', 1)
            lists[key.strip()] = values.strip().split('|')
    return patterns, lists


def expand(pattern, lists, makers, r):
    """Innermost braces first, until none is left."""
    while '{' in pattern:
        def one(m):
            body = m.group(1)
            if body in makers:
                return makers[body]()
            return r.choice(lists[body] if body in lists else body.split('|'))
        pattern = re.sub(r'\{([^{}]*)\}', one, pattern)
    return clean(pattern)


def clean(text):
    return re.sub(r'\s+', ' ', re.sub(r"[^A-Za-z' ]", ' ', text)).strip()


def spoken(text, r):
    """A written sentence as it is said, '' when something cannot be: digits one by one, apostrophes put back."""
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', text).lower()
    text = re.sub(r'\d+', lambda m: ' ' + (' '.join(DIGIT[int(d)] for d in m.group()) if len(m.group()) != 2 or m.group()[0] == '0' else number(int(m.group()))) + ' ', text)
    text = re.sub(r"\b(i|you|we|they|what|that|it|he|she|there|who|let|where|how) (s|d|ll|m|re|ve)\b", r"\1'\2", text)
    text = re.sub(r'[,.?!;:"/&%$-]', ' ', text)
    return '' if re.search(r"[^a-z' ]", text) else clean(text)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True)
    ap.add_argument('--count', type=int, default=9000)
    ap.add_argument('--app', action='append', default=[])
    ap.add_argument('--tsv', action='append', default=[])
    ap.add_argument('--seed', type=int, default=5)
    a = ap.parse_args()
    r = random.Random(a.seed)
    patterns, lists = templates()
    makers, out = made(r), {}
    while sum(v == 'own' for v in out.values()) < a.count:
        t = expand(r.choice(patterns), lists, makers, r)
        if t:
            out.setdefault(t, 'own')
    for path in a.app:
        for line in open(path, encoding='utf8'):
            if line.startswith('      - '):
                t = spoken(line[8:].strip(), r)
                if t:
                    out.setdefault(t, 'app')
    for spec in a.tsv:
        path, _, column = spec.partition(':')
        for line in (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf8'):
            cells = line.rstrip('\n').split('\t')
            t = spoken(cells[int(column or 0)], r) if len(cells) > int(column or 0) else ''
            if t and 1 <= len(t.split()) <= 14:
                out.setdefault(t, 'free')
    json.dump([{'text': t, 'src': s} for t, s in out.items()], open(a.out, 'w', encoding='utf8'), ensure_ascii=False, indent=0)
    print({s: sum(v == s for v in out.values()) for s in ('own', 'app', 'free')})


if __name__ == '__main__':
    main()
