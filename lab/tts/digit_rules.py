"""Writes digits.fst, a rule graph for sherpa-onnx's ruleFsts: ASCII digits are read one by one, letters are spelled.

usage: digit_rules.py OUT.fst
"""
import argparse
import struct

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument('out')
a_ = ap.parse_args()
states = [[]]


def path(i, outs):
    prev = 0
    for n, o in enumerate(outs):
        nxt = 0 if n == len(outs) - 1 else len(states)
        if nxt:
            states.append([])
        states[prev].append((i if n == 0 else 0, o, nxt))
        prev = nxt


for b in range(1, 256):
    c = chr(b)
    if c in '0123456789':
        path(b, '零一二三四五六七八九'['0123456789'.index(c)].encode())
    elif c.isascii() and c.isalpha():
        path(b, (c.lower() + ' ').encode())
    else:
        path(b, bytes([b]))


def s(x):
    return struct.pack('<i', len(x)) + x.encode()


h = struct.pack('<i', 2125659606) + s('vector') + s('standard') + struct.pack('<iiQqqq', 2, 0, 3, 0, len(states), 0)
body = b''
for k, arcs in enumerate(states):
    body += struct.pack('<fq', 0.0 if k == 0 else float('inf'), len(arcs))
    for i, o, n in sorted(arcs):
        body += struct.pack('<iifi', i, o, 0.0, n)


open(a_.out, 'wb').write(h + body)
print(len(states), 'states', len(h + body), 'bytes')
