"""
Look-ups and updates of one step of two_tower on MovieLens (batch 256), by FBGEMM's table-batched embeddings and by the plain tensors of the engine
`torch`, in milliseconds of the processor. FBGEMM orders the gradients by row itself; for plain tensors the host has done it (0.3 ms).

    taskset -c 0 python bench/peers/fbgemm_tables.py    # with torch 2.14.1 and fbgemm-gpu-cpu 1.9.0
"""
import os
import sys
import time

import torch
from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation, PoolingMode
from fbgemm_gpu.split_table_batched_embeddings_ops_training import ComputeDevice, OptimType, SplitTableBatchedEmbeddingBagsCodegen

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../../src/engines/torch'))
import torch_tables

torch.set_num_threads(1)
batch, dim = 256, 32
tables = [('user_id', 611), ('movie_id', 9000)]
# Of each look-up: the table, and the elements of a row.
lookups = [(0, 1), (1, 45), (1, 4), (1, 1)]
generator = torch.Generator().manual_seed(1)


def popular(rows, count):
    draws = 55 * ((rows + 55) / 55) ** torch.rand(count, generator=generator) - 55
    return draws.long().clamp(0, rows - 1)


codes = [popular(tables[table][1], batch * length) for table, length in lookups]
lengths = torch.cat([torch.full((batch,), length) for _, length in lookups])
starts = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)])
weights = 1 / torch.repeat_interleave(lengths.float(), lengths)
gradients = torch.randn(batch, dim * len(lookups), generator=generator)


def milliseconds(work, rounds=300):
    for _ in range(30):
        work()
    begin = time.process_time()
    for _ in range(rounds):
        work()
    return 1000 * (time.process_time() - begin) / rounds


def fbgemm(kind):
    held = [(rows, dim, EmbeddingLocation.HOST, ComputeDevice.CPU) for _, rows in tables]
    options = {'feature_table_map': [table for table, _ in lookups], 'pooling_mode': PoolingMode.SUM}
    module = SplitTableBatchedEmbeddingBagsCodegen(held, optimizer=kind, learning_rate=0.05, eps=1e-7, **options)
    all_codes = torch.cat(codes)
    return lambda: module(all_codes, starts, weights).backward(gradients)


@torch.no_grad()
def plain(kind, slots):
    optimizer = {'kind': kind, 'epsilon': 1e-7, 'beta1': 0.9, 'beta2': 0.999, 'weightDecay': 0, 'l2': 0}
    inputs = [[at, at] for at in range(len(lookups))]
    about = {'dim': dim, 'inputs': inputs, 'tables': tables, 'optimizer': optimizer, 'slots': slots}
    group = torch_tables.TableGroup(about, torch.device('cpu'))
    rows = torch.cat([each + (tables[0][1] if table == 1 else 0) for (table, _), each in zip(lookups, codes)])
    distinct, slot_of = torch.unique(rows, return_inverse=True)
    order = torch.argsort(slot_of, stable=True)
    places = torch.repeat_interleave(torch.arange(len(lengths)), lengths)[order]
    begins = torch.cat([torch.zeros(1, dtype=torch.long), torch.bincount(slot_of).cumsum(0)])
    lists = [rows, starts, distinct, places, begins]
    numbers = torch.cat([*(each.int() for each in lists), weights.view(torch.int32), weights[order].view(torch.int32)])
    counts = {'codes': len(rows), 'places': len(lengths), 'distinct': len(distinct), 'trained': len(rows)}
    reads = torch_tables.Reads(counts, numbers)
    shapes = [[batch, dim]] * len(lookups)
    results = [each.contiguous() for each in gradients.split(dim, dim=1)]

    @torch.no_grad()
    def step():
        group.look_up(reads, [None] * len(lookups), shapes)
        group.train(reads, results, 0.05, False)

    return step


element, row = [['sum', 'element', 'float32']], [['sum', 'row', 'float32']]
print(f'torch {torch.__version__}, {len(weights)} codes')
for name, kind, slots in [('EXACT_SGD', 'sgd', []), ('EXACT_ADAGRAD', 'adagrad', element), ('EXACT_ROWWISE_ADAGRAD', 'row_adagrad', row)]:
    print(f'{kind}: FBGEMM {milliseconds(fbgemm(OptimType[name])):.2f} ms, plain tensors {milliseconds(plain(kind, slots)):.2f} ms')
