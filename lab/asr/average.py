"""Mean of the weights of several checkpoints of one run.  usage: average.py OUT.pt A.pt B.pt ..."""
import sys

import torch

out, *paths = sys.argv[1:]
checkpoints = [torch.load(p, map_location='cpu') for p in paths]
mean = {k: sum(c['model'][k] for c in checkpoints) / len(checkpoints) for k in checkpoints[0]['model']}
torch.save(dict(checkpoints[0], model=mean, averaged=[c['it'] for c in checkpoints]), out)
print('averaged', len(checkpoints))
