"""Exports a checkpoint as a streaming "NeMo CTC" ONNX file for sherpa-onnx's OnlineRecognizer (nemoCtc).

usage: export.py --ckpt model.pt --aliases aliases.json --out DIR [--chunk 16] [--floor 0.02] [--weights int8]
Writes model.onnx, tokens.txt and units.json (phones and aliases, for the graph builder).

Weights are only stored as int8 (Cast and Mul nodes, folded when the session loads): arithmetic stays fp32, so a batch gives
the same text as single streams.  Dynamic quantisation would not: its scale is taken over the whole batch.

--floor  share of a uniform distribution mixed into every frame's posteriors, so that one badly recognised phone of an unseen
         voice does not rule a phrase out
"""
import argparse
import json
import os

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

from fbank import NMEL
from model import OVERLAP, Net


def smoothing(size, floor):
    """Matrix S with smoothed = posteriors @ S: rows sum to one."""
    s = (1 - floor) * np.eye(size)
    s[:, 1:] += floor / (size - 1)
    return torch.from_numpy(s.astype(np.float32))


class Streaming(torch.nn.Module):
    """Inputs and outputs in the order that sherpa-onnx binds them by."""

    def __init__(self, net, alias_source, matrix):
        super().__init__()
        self.net = net
        self.register_buffer('source', alias_source)
        self.register_buffer('matrix', matrix)

    def forward(self, audio_signal, length, cache_last_channel, cache_last_time, cache_last_channel_len):
        y, conv, rnn = self.net.stream(audio_signal.transpose(1, 2), cache_last_time, cache_last_channel)
        y = torch.log(torch.clamp(torch.matmul(torch.exp(y), self.matrix), min=1e-9))
        y = torch.cat([y, y.index_select(2, self.source)], 2)
        return y, (length - OVERLAP) // 4, rnn, conv, cache_last_channel_len + 1


def store_as_int8(model):
    graph, keep, extra = model.graph, [], []
    for t in graph.initializer:
        w = numpy_helper.to_array(t)
        if w.dtype != np.float32 or w.size < 4096 or 'matrix' in t.name or (w.ndim == 2 and w.shape[0] == w.shape[1] and np.allclose(w.sum(1), 1, atol=1e-3)):
            keep.append(t)
            continue
        # one scale an output channel: MatMul weights (in, out) last axis; LSTM (1, 4h, in) and Conv (out, in, kh, kw) all but that
        axis = (0,) if w.ndim == 2 else ((2,) if w.ndim == 3 else (1, 2, 3))
        scale = np.maximum(np.abs(w).max(axis=axis, keepdims=True), 1e-8) / 127.
        keep += [numpy_helper.from_array(np.clip(np.round(w / scale), -127, 127).astype(np.int8), t.name + '_q'),
                 numpy_helper.from_array(scale.astype(np.float32), t.name + '_s')]
        extra += [helper.make_node('Cast', [t.name + '_q'], [t.name + '_c'], to=TensorProto.FLOAT, name=t.name + '_cast'),
                  helper.make_node('Mul', [t.name + '_c', t.name + '_s'], [t.name], name=t.name + '_mul')]
    del graph.initializer[:]
    graph.initializer.extend(keep)
    nodes = extra + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--ckpt', required=True)
    ap.add_argument('--aliases', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--chunk', type=int, default=16, help='10 ms frames a call')
    ap.add_argument('--floor', type=float, default=.02)
    ap.add_argument('--weights', default='int8', choices=['int8', 'fp32'])
    a = ap.parse_args()
    ck = torch.load(a.ckpt, map_location='cpu')
    net = Net(**ck['cfg']).eval()
    net.load_state_dict(ck['model'])
    for m in net.modules():
        if isinstance(m, torch.nn.LSTM):
            m.flatten_parameters()
    names = ck['syls']
    ids = {p: i for i, p in enumerate(names)}
    aliases = json.load(open(a.aliases, encoding='utf8'))
    matrix = smoothing(len(names), a.floor)
    wrapper = Streaming(net, torch.tensor([ids[final] for _, final in aliases]), matrix).eval()
    win = a.chunk + OVERLAP
    example = (torch.randn(2, NMEL, win), torch.full((2,), win), torch.zeros(2, 2 * net.nr, 1, net.h),
               torch.zeros(2, net.nb, net.k - 1, net.d), torch.zeros(2, dtype=torch.long))
    inputs = ['audio_signal', 'length', 'cache_last_channel', 'cache_last_time', 'cache_last_channel_len']
    outputs = ['logprobs', 'encoded_lengths', 'cache_last_channel_next', 'cache_last_time_next', 'cache_last_channel_next_len']
    os.makedirs(a.out, exist_ok=True)
    path = os.path.join(a.out, 'model.onnx')
    torch.onnx.export(wrapper, example, path, input_names=inputs, output_names=outputs, opset_version=17, dynamo=False,
                      dynamic_axes={k: {0: 'N'} for k in inputs + outputs})
    m = onnx.load(path)
    if a.weights == 'int8':
        store_as_int8(m)
    meta = dict(model_type='EncDecCTCModelBPE', version='1', model_author='Hearken', window_size=win, chunk_shift=a.chunk, subsampling_factor=4,
                vocab_size=len(names) + len(aliases) - 1,
                cache_last_channel_dim1=2 * net.nr, cache_last_channel_dim2=1, cache_last_channel_dim3=net.h,
                cache_last_time_dim1=net.nb, cache_last_time_dim2=net.k - 1, cache_last_time_dim3=net.d)
    del m.metadata_props[:]
    for k, v in meta.items():
        p = m.metadata_props.add()
        p.key, p.value = k, str(v)
    m.producer_name = 'hearken-lab'
    onnx.checker.check_model(m)
    onnx.save(m, path)
    with open(os.path.join(a.out, 'tokens.txt'), 'w', encoding='utf8') as f:
        # phones print as a space: only aliases make text
        for i, t in enumerate([names[0]] + ['\u2581'] * (len(names) - 1) + [c for c, _ in aliases]):
            f.write(f'{t} {i}\n')
    json.dump({'phones': names, 'aliases': aliases}, open(os.path.join(a.out, 'units.json'), 'w', encoding='utf8'), ensure_ascii=False, separators=(',', ':'))
    so = ort.SessionOptions()
    so.intra_op_num_threads = 1
    got = ort.InferenceSession(path, so).run(None, {n: v.numpy() for n, v in zip(inputs, example)})[0]
    with torch.no_grad():
        want = wrapper(*example)[0].numpy()
    print('wrote', path, round(os.path.getsize(path) / 1e6, 2), 'MB, largest difference from torch', float(np.abs(got - want).max()), 'outputs', got.shape)


if __name__ == '__main__':
    main()
