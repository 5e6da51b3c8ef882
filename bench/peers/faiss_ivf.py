"""faiss IVF-Flat on one core over the vectors that bench/search.ts wrote, with 1,024 and 4,096 lists.

Times are of the processor, the median of the first queries; the others choose the narrowest search that reaches a recall.
`python bench/peers/faiss_ivf.py FOLDER WIDTH K TIMED`
"""

import sys
import time

import faiss
import numpy as np

folder, width, k, timed = sys.argv[1], *map(int, sys.argv[2:5])
faiss.omp_set_num_threads(1)
items = np.fromfile(f"{folder}/items.f32", dtype=np.float32).reshape(-1, width)
queries = np.fromfile(f"{folder}/queries.f32", dtype=np.float32).reshape(-1, width)
flat = faiss.IndexFlatIP(width)
flat.add(items)
_, exact = flat.search(queries[timed:], k)


def milliseconds(search):
    rounds = []
    for _ in range(3):
        times = []
        for query in queries[:timed]:
            start = time.process_time()
            search(query[None])
            times.append(1000 * (time.process_time() - start))
        rounds.append(np.median(times))
    return f"{np.median(rounds):.2f} [{min(rounds):.2f}\u2013{max(rounds):.2f}]"


print(f"  faiss {faiss.__version__} Flat: {milliseconds(lambda q: flat.search(q, k))} ms")
for lists in (1024, 4096):
    start = time.process_time()
    ivf = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
    ivf.train(items[:: max(1, len(items) // (40 * lists))])
    ivf.add(items)
    built = time.process_time() - start
    for target in (0.95, 0.99, 0.995, 0.998):
        for probes in (8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048):
            ivf.nprobe = min(probes, lists)
            _, found = ivf.search(queries[timed:], k)
            recall = np.mean([len(set(a) & set(b)) / k for a, b in zip(exact, found)])
            if recall >= target:
                break
        print(
            f"  faiss IVF-Flat, {lists} lists built in {built:.0f} s, nprobe {ivf.nprobe}: recall {recall:.4f}, "
            f"one query {milliseconds(lambda q: ivf.search(q, k))} ms",
            flush=True,
        )
