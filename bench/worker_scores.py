"""Scores of a worker's 4,096 rows against the items of all workers, with loss and gradients: seconds of a processor. `python3 bench/worker_scores.py`"""
import time

import torch

torch.set_num_threads(2)
own = 4096
for workers in (1, 8, 32):
    users, items = (torch.nn.functional.normalize(torch.randn(rows, 64)).requires_grad_() for rows in (own, own * workers))
    taken = []
    for _ in range(3):
        started = time.process_time()
        torch.nn.functional.cross_entropy((users @ items.T) / 0.1, torch.arange(own)).backward()
        taken.append(time.process_time() - started)
    print(f"{workers} workers: {min(taken):.2f} s")
