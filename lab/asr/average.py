"""Mean of the weights of several checkpoints of one run, of the recogniser or of the voice.  usage: average.py OUT.pt A.pt B.pt ..."""
import sys

import torch


def mean(states):
    return {k: sum(s[k] for s in states) / len(states) if v.is_floating_point() else v for k, v in states[0].items()}


def main():
    out, *paths = sys.argv[1:]
    checkpoints = [torch.load(p, map_location='cpu') for p in paths]
    if 'model' in checkpoints[0]:
        torch.save(dict(checkpoints[0], model=mean([c['model'] for c in checkpoints]), averaged=[c['it'] for c in checkpoints]), out)
    else:
        torch.save(mean(checkpoints), out)
    print('averaged', len(checkpoints))


if __name__ == '__main__':
    main()
