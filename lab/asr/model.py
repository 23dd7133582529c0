"""Small causal CTC network: conv2d front end (time / 4), causal convolution + feed-forward blocks, LSTM layers.

Two views of one set of weights:
  forward(x)              whole utterances, for training (zero left context, which is what streaming starts with)
  stream(x, conv, rnn)    one chunk of frames plus explicit state, for export
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from fbank import NB

OVERLAP = 3     # the front end sees 7 frames an output frame, stride 4: window = chunk + 3


class ChannelDrop(nn.Module):
    """Dropout of whole channels of an utterance: one mask for all frames, cheap on a CPU."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return x * (torch.rand(x.shape[0], 1, x.shape[2]) > self.p).to(x.dtype).mul_(1 / (1 - self.p))


class Block(nn.Module):
    def __init__(self, d, k, e, drop):
        super().__init__()
        self.k = k
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.conv = nn.Linear(k * d, d)
        self.a, self.b = nn.Linear(d, e * d), nn.Linear(e * d, d)
        self.dr = ChannelDrop(drop)

    def forward(self, x, cache):
        """x B,T,d; cache B,k-1,d (normalised inputs of the convolution) -> y, new cache"""
        y = torch.cat([cache.to(x.dtype), self.n1(x).to(x.dtype)], 1)
        size = x.shape[1]
        u = torch.cat([y[:, i:i + size] for i in range(self.k)], -1)
        x = x + self.dr(F.relu(self.conv(u)))
        x = x + self.dr(self.b(F.relu(self.a(self.n2(x)))))
        return x, y[:, -(self.k - 1):]


class Net(nn.Module):
    def __init__(self, vocab, syl, d=256, blocks=5, k=5, e=2, rnn=256, nrnn=2, c=(16, 32), drop=.1):
        super().__init__()
        self.cfg = dict(vocab=vocab, syl=syl, d=d, blocks=blocks, k=k, e=e, rnn=rnn, nrnn=nrnn, c=list(c), drop=drop)
        self.d, self.k, self.nb, self.h, self.nr = d, k, blocks, rnn, nrnn
        self.register_buffer('mean', torch.zeros(NB))
        self.register_buffer('istd', torch.ones(NB))
        self.c1, self.c2 = nn.Conv2d(1, c[0], 3, stride=2), nn.Conv2d(c[0], c[1], 3, stride=2)
        self.proj = nn.Linear(c[1] * (((NB - 1) // 2 - 1) // 2), d)
        self.blocks = nn.ModuleList(Block(d, k, e, drop) for _ in range(blocks))
        self.rn = nn.ModuleList(nn.LayerNorm(d if i == 0 else rnn) for i in range(nrnn))
        self.rnns = nn.ModuleList(nn.LSTM(d if i == 0 else rnn, rnn, batch_first=True) for i in range(nrnn))
        self.dr, self.no, self.out = ChannelDrop(drop), nn.LayerNorm(rnn), nn.Linear(rnn, vocab)
        self.syl = nn.Linear(d, syl)     # auxiliary phone head on the convolution stack

    def front(self, x):
        x = ((x[..., :NB] - self.mean) * self.istd).unsqueeze(1)
        x = F.relu(self.c2(F.relu(self.c1(x))))
        return self.proj(x.transpose(1, 2).flatten(2))

    def forward(self, x):
        """x: B,T,>=NB -> logits, auxiliary logits, both B,(T-3)//4,vocab"""
        x = self.front(x)
        for b in self.blocks:
            x, _ = b(x, x.new_zeros(x.shape[0], self.k - 1, self.d))
        y = self.syl(x)
        for n, r in zip(self.rn, self.rnns):
            z, _ = r(n(x))
            x = self.dr(z) + x if z.shape == x.shape else self.dr(z)
        return self.out(self.no(x)), y

    def stream(self, x, conv, rnn):
        """x B,CHUNK+3,>=NB; conv B,blocks,k-1,d; rnn B,2*nrnn,1,h -> log-probs, new conv, new rnn"""
        x = self.front(x)
        nc, ns = [], []
        for i, b in enumerate(self.blocks):
            x, c = b(x, conv[:, i])
            nc.append(c)
        for i, (n, r) in enumerate(zip(self.rn, self.rnns)):
            h, c = rnn[:, 2 * i].transpose(0, 1), rnn[:, 2 * i + 1].transpose(0, 1)
            z, (h, c) = r(n(x), (h.contiguous(), c.contiguous()))
            ns += [h.transpose(0, 1), c.transpose(0, 1)]
            x = z + x if z.shape == x.shape else z
        return F.log_softmax(self.out(self.no(x)), -1), torch.stack(nc, 1), torch.stack(ns, 1)


class CTC(torch.autograd.Function):
    """Mean over utterances of CTC loss / target length, with the gradient taken on a compact alphabet (only the labels of
    each utterance): several times cheaper on a CPU than F.ctc_loss over a large alphabet."""

    @staticmethod
    def forward(ctx, logits, target, in_len, out_len):
        x = logits.float()
        batch, frames, _ = x.shape
        size = target.shape[1]
        lse = torch.logsumexp(x, -1, keepdim=True)
        # index of the first equal label, so that repeated labels share one column
        first = (target.unsqueeze(2) == target.unsqueeze(1)).float().argmax(2) + 1
        cols = torch.cat([target.new_zeros(batch, 1), target], 1).unsqueeze(1).expand(batch, frames, size + 1)
        lp = x.gather(2, cols) - lse
        with torch.enable_grad():
            q = lp.detach().requires_grad_()
            each = F.ctc_loss(q.transpose(0, 1), first, in_len, out_len, blank=0, reduction='none', zero_infinity=True)
            w = 1. / out_len.clamp(min=1).float() / batch
            loss = (each * w).sum()
            g, = torch.autograd.grad(loss, q)
        valid = (torch.arange(frames, device=x.device)[None] < in_len[:, None]).float()
        mask = (valid * w[:, None] * (each < 1e8).float()[:, None]).unsqueeze(2)
        post = lp.exp() * mask - g           # weighted occupation of each compact column
        used = x.new_zeros(batch, size + 1).scatter_(1, first, 1.0)
        used[:, 0] = 1
        post = (post * used.unsqueeze(1)).clamp(min=0)
        if x.data_ptr() == logits.data_ptr():
            x = x.clone()
        grad = x.sub_(lse - torch.log(mask.clamp(min=1e-30))).exp_()    # softmax * mask
        grad.scatter_add_(2, cols, -post)
        ctx.save_for_backward(grad.to(logits.dtype))
        return loss.detach()

    @staticmethod
    def backward(ctx, go):
        grad, = ctx.saved_tensors
        return grad * go.to(grad.dtype), None, None, None
