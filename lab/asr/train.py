"""Trains the phone CTC recogniser (bfloat16 autocast).  One process trains, on a CPU or a GPU, others compose examples.

usage: train.py --data DATA --text sentences_py.json --extra extra_py.json --out model.pt --minutes M [--init other.pt]
                [--device cuda --composers 14 --frames 100000]
Checkpoints (an exponential average of the weights) are written every two minutes; --init goes on from one.
"""
import argparse
import copy
import json
import multiprocessing as mp
import os
import queue
import time

import numpy as np
import torch

from compose import Composer
from fbank import FLOOR, NB
from model import CTC, Net
from phones import DIGITS, phones


def arguments():
    ap = argparse.ArgumentParser(description=__doc__)
    for k in ('data', 'text', 'extra', 'out'):
        ap.add_argument('--' + k, required=True)
    ap.add_argument('--init')
    ap.add_argument('--minutes', type=float, default=60)
    ap.add_argument('--lr', type=float, default=2e-3)
    ap.add_argument('--warm', type=float, default=.04, help='share of the time with a rising learning rate')
    ap.add_argument('--hold', type=float, default=.25, help='share of the time before it falls')
    ap.add_argument('--d', type=int, default=256)
    ap.add_argument('--blocks', type=int, default=5)
    ap.add_argument('--rnn', type=int, default=256)
    ap.add_argument('--drop', type=float, default=.1)
    ap.add_argument('--frames', type=int, default=8000, help='a batch, in 10 ms frames')
    ap.add_argument('--device', default='cpu', help='cpu, cuda or cuda:N')
    ap.add_argument('--composers', type=int, default=1, help='processes that compose examples: about 600 x real time each')
    ap.add_argument('--threads', type=int, default=1)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--mix', default='{}', help='JSON: shares of the kinds of examples, over the defaults in compose.py')
    return ap.parse_args()


def texts(a):
    """Training sentences without the held-out ones, and the texts of the recordings."""
    path = a.data + '/heldout/index.json'
    held = {r['text'] for r in json.load(open(path, encoding='utf8'))} if os.path.exists(path) else set()
    out = [t for t in json.load(open(a.text, encoding='utf8')) if t['text'] not in held]
    return out + [dict(t, src='recorded') for t in json.load(open(a.extra, encoding='utf8')) if t['text'] not in held]


def label_names(text):
    """Blank, then every phone that the texts (and the digits) contain."""
    return ['<blk>'] + sorted({q for t in text for q in phones(t['py'])} | set(phones(DIGITS.values())) | {'ao1', 'ing2'})


def compose(a, names, progress, out, which=0):
    """Process: puts batches (features, lengths, targets, target lengths) into a bounded queue that composers share."""
    torch.set_num_threads(1)
    composer = Composer(a.data, texts(a), seed=a.seed + 1000 * which, mix=json.loads(a.mix))
    ids = {p: i for i, p in enumerate(names)}
    rng = composer.rng
    while True:
        composer.refresh()
        done = progress.value
        composer.amount = 1. if a.init else min(1., .3 + done * 6)
        pool = []
        while len(pool) < max(256, a.frames // 60):
            f, t, py = composer.one()
            q = phones(py)
            if len(py) != len(t) or any(p not in ids for p in q) or (len(f) - 3) // 4 < 1.2 * len(q) + 3:
                continue
            if not a.init and len(t) > 6 and rng.random() > done * 12 + .1:     # short sentences first
                continue
            pool.append((f, [ids[p] for p in q]))
        pool.sort(key=lambda z: len(z[0]))
        batches, i = [], 0
        while i < len(pool):
            n = 1
            while i + n < len(pool) and (n + 1) * len(pool[i + n][0]) <= a.frames:
                n += 1
            batches.append(pool[i:i + n])
            i += n
        rng.shuffle(batches)
        for b in batches:
            x = np.full((len(b), max(len(z[0]) for z in b), NB), FLOOR, np.float32)
            target = np.zeros((len(b), max(len(z[1]) for z in b)), np.int64)
            for i, (f, t) in enumerate(b):
                x[i, :len(f)] = f
                target[i, :len(t)] = t
            out.put((x, np.array([(len(z[0]) - 3) // 4 for z in b]), target, np.array([len(z[1]) for z in b])))


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    ck = torch.load(a.init, map_location='cpu') if a.init else None
    names = ck['syls'] if ck else label_names(texts(a))
    context = mp.get_context('fork' if a.device == 'cpu' else 'spawn')      # CUDA does not survive a fork
    progress, batches = context.Value('d', 0.), context.Queue(12 + 2 * a.composers)
    workers = [context.Process(target=compose, args=(a, names, progress, batches, i), daemon=True) for i in range(a.composers)]
    for worker in workers:
        worker.start()
    device = torch.device(a.device)
    net = Net(**ck['cfg']) if ck else Net(len(names), len(names), d=a.d, blocks=a.blocks, rnn=a.rnn, drop=a.drop)
    first = [batches.get() for _ in range(6)]
    if ck:
        net.load_state_dict(ck['model'])
        for m in net.modules():
            if hasattr(m, 'p') and type(m).__name__ == 'ChannelDrop':
                m.p = a.drop
    else:
        rows = np.concatenate([x[i, :4 * n] for x, lens, _, _ in first for i, n in enumerate(lens)])
        net.mean.copy_(torch.from_numpy(rows.mean(0)))
        net.istd.copy_(torch.from_numpy(1 / rows.std(0)))
        with torch.no_grad():
            net.out.bias[0] = 2.
            net.syl.bias[0] = 2.
    net.to(device)
    print('labels', len(names), 'parameters', sum(p.numel() for p in net.parameters()), flush=True)
    matrices = [p for p in net.parameters() if p.ndim > 1]
    vectors = [p for p in net.parameters() if p.ndim <= 1]
    opt = torch.optim.AdamW([dict(params=matrices, weight_decay=.02), dict(params=vectors, weight_decay=0)], lr=a.lr, betas=(.9, .98), fused=True)
    ema, start = copy.deepcopy(net.state_dict()), time.time()
    step = frames = 0
    waited = 0.
    recent, saved = [], start

    def save():
        torch.save(dict(cfg=net.cfg, model={k: v.to('cpu', copy=True) for k, v in ema.items()}, tokens=names, syls=names, it=step,
                        hours=frames / 360000, minutes=(time.time() - start) / 60, args=vars(a)), a.out + '.tmp')
        os.replace(a.out + '.tmp', a.out)

    while True:
        done = progress.value = (time.time() - start) / 60 / a.minutes
        if done >= 1:
            break
        lr = a.lr * min(1, (done + 1e-4) / a.warm) * (1 if done < a.hold else max(.005, (1 - done) / (1 - a.hold)))
        for g in opt.param_groups:
            g['lr'] = lr
        t = time.time()
        try:
            x, il, tg, tl = first.pop() if first else batches.get(timeout=120)
        except queue.Empty:
            raise SystemExit('no batch for two minutes: did the composing processes die?')
        waited += time.time() - t
        frames += x.shape[0] * x.shape[1]
        x, il, tg, tl = (torch.from_numpy(v).to(device, non_blocking=True) for v in (x, il, tg, tl))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            y, z = net(x)
        main_loss, aux_loss = CTC.apply(y, tg, il, tl), CTC.apply(z, tg, il, tl)
        loss = main_loss + (.3 if ck else max(.3, 1 - 2 * done)) * aux_loss
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.)
        opt.step()
        step += 1
        recent.append(torch.stack([main_loss.detach(), aux_loss.detach()]))
        decay = min(.9985, 1 - 1 / (step * .1 + 1))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                ema[k].lerp_(v, 1 - decay)
        if step % 100 == 0:
            m = torch.stack(recent).mean(0).tolist()
            recent = []
            sec = time.time() - start
            print(f'{step} {sec / 60:.1f} min lr {lr:.5f} ctc {m[0]:.3f} aux {m[1]:.3f} audio {frames / 360000:.1f} h x{frames / 100 / sec:.0f} waited {waited / sec:.2f}', flush=True)
            if time.time() - saved > 120:
                save()
                saved = time.time()
    save()
    for worker in workers:
        worker.terminate()
    print('done', step, flush=True)


if __name__ == '__main__':
    main()
