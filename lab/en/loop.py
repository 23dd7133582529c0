"""One loop for small recognisers: a process composes examples, this one trains.  What they are made of is the caller's.
"""
import copy
import multiprocessing as mp
import os
import queue
import sys
import time

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../asr'))
from fbank import FLOOR, NB  # noqa: E402
from model import CTC, Net  # noqa: E402


def options(ap):
    ap.add_argument('--out', required=True)
    ap.add_argument('--init')
    for k, v in (('minutes', 45), ('lr', 2e-3), ('warm', .04), ('hold', .25), ('drop', .1)):
        ap.add_argument('--' + k, type=float, default=v)
    for k, v in (('d', 256), ('blocks', 5), ('rnn', 256), ('frames', 8000), ('seed', 1)):
        ap.add_argument('--' + k, type=int, default=v)
    return ap.parse_args()


def batches(a, names, make, progress, out):
    """Process: puts batches (features, lengths, targets, target lengths) into a bounded queue, alike lengths together."""
    torch.set_num_threads(1)
    composer, phones = make(a)
    ids, rng = {p: i for i, p in enumerate(names)}, composer.rng
    while True:
        composer.refresh()
        done = progress.value
        composer.amount = 1. if a.init else min(1., .3 + done * 5)
        pool = []
        while len(pool) < 256:
            f, text, said = composer.one()
            said = phones(text, said)
            if said is None or any(p not in ids for p in said) or (len(f) - 3) // 4 < len(said) + 2 + sum(p == q for p, q in zip(said, said[1:])):
                continue
            if not a.init and len(said) > 12 and rng.random() > done * 12 + .1:     # short sentences first
                continue
            pool.append((f, [ids[p] for p in said]))
        pool.sort(key=lambda z: len(z[0]))
        groups, i = [], 0
        while i < len(pool):
            n = 1
            while i + n < len(pool) and (n + 1) * len(pool[i + n][0]) <= a.frames:
                n += 1
            groups.append(pool[i:i + n])
            i += n
        rng.shuffle(groups)
        for g in groups:
            x = np.full((len(g), max(len(f) for f, _ in g), NB), FLOOR, np.float32)
            target = np.zeros((len(g), max(len(t) for _, t in g)), np.int64)
            for i, (f, t) in enumerate(g):
                x[i, :len(f)] = f
                target[i, :len(t)] = t
            out.put((x, np.array([(len(f) - 3) // 4 for f, _ in g]), target, np.array([len(t) for _, t in g])))


def train(a, names, make, network=Net):
    """`make(a)` gives a composer (one(), refresh(), rng, amount) and phones(text, said) -> labels or None."""
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    ck = torch.load(a.init, map_location='cpu') if a.init else None
    progress, line = mp.Value('d', 0.), mp.Queue(12)
    worker = mp.Process(target=batches, args=(a, names, make, progress, line), daemon=True)
    worker.start()
    first = [line.get() for _ in range(6)]
    same = ck is not None and ck['syls'] == names
    net = network(**ck['cfg']) if same else network(len(names), len(names), d=a.d, blocks=a.blocks, rnn=a.rnn, drop=a.drop)
    if ck is not None:
        # another language's network gives the ears; what it called the sounds is learnt anew
        ours = net.state_dict()
        net.load_state_dict({k: v for k, v in ck['model'].items() if v.shape == ours[k].shape}, strict=False)
    else:
        rows = np.concatenate([x[i, :4 * n] for x, lens, _, _ in first for i, n in enumerate(lens)])
        net.mean.copy_(torch.from_numpy(rows.mean(0)))
        net.istd.copy_(torch.from_numpy(1 / rows.std(0)))
    if not same:
        with torch.no_grad():
            net.out.bias[0] = net.syl.bias[0] = 2.
    print('labels', len(names), 'parameters', sum(p.numel() for p in net.parameters()), flush=True)
    opt = torch.optim.AdamW([dict(params=[p for p in net.parameters() if p.ndim > 1], weight_decay=.02),
                             dict(params=[p for p in net.parameters() if p.ndim <= 1], weight_decay=0)], lr=a.lr, betas=(.9, .98), fused=True)
    ema, start = copy.deepcopy(net.state_dict()), time.time()
    step, frames, recent, saved = 0, 0, [], start

    def save():
        torch.save(dict(cfg=net.cfg, model={k: v.clone() for k, v in ema.items()}, tokens=names, syls=names, it=step, hours=frames / 360000,
                        minutes=(time.time() - start) / 60, args=vars(a)), a.out + '.tmp')
        os.replace(a.out + '.tmp', a.out)

    while True:
        done = progress.value = (time.time() - start) / 60 / a.minutes
        if done >= 1:
            break
        for g in opt.param_groups:
            g['lr'] = a.lr * min(1, (done + 1e-4) / a.warm) * (1 if done < a.hold else max(.005, (1 - done) / (1 - a.hold)))
        try:
            x, il, tg, tl = (torch.from_numpy(v) for v in (first.pop() if first else line.get(timeout=180)))
        except queue.Empty:
            raise SystemExit('no batch for three minutes: did the composing process die?')
        with torch.autocast('cpu', dtype=torch.bfloat16):
            y, z = net(x)
        main_loss, aux_loss = CTC.apply(y, tg, il, tl), CTC.apply(z, tg, il, tl)
        opt.zero_grad(set_to_none=True)
        (main_loss + (.3 if same else max(.3, 1 - 2 * done)) * aux_loss).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.)
        opt.step()
        step += 1
        frames += x.shape[0] * x.shape[1]
        recent.append((main_loss.item(), aux_loss.item()))
        decay = min(.9985, 1 - 1 / (step * .1 + 1))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                ema[k].lerp_(v, 1 - decay)
        if step % 100 == 0:
            m, recent, sec = np.mean(recent, 0), [], time.time() - start
            print(f'{step} {sec / 60:.1f} min ctc {m[0]:.3f} aux {m[1]:.3f} audio {frames / 360000:.1f} h x{frames / 100 / sec:.0f}', flush=True)
            if time.time() - saved > 120:
                save()
                saved = time.time()
    save()
    worker.terminate()
    print('done', step, flush=True)


