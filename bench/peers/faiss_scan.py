"""faiss on one core over the vectors that bench/serve.ts wrote: Flat, and SQ8 refined by the float32 vectors.

Times are of the processor. `python bench/peers/faiss_scan.py FOLDER WIDTH K`
"""

import sys
import time

import faiss
import numpy as np

folder, width, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
faiss.omp_set_num_threads(1)
items = np.fromfile(f"{folder}/items.f32", dtype=np.float32).reshape(-1, width)
queries = np.fromfile(f"{folder}/queries.f32", dtype=np.float32).reshape(-1, width)

flat = faiss.IndexFlatIP(width)
flat.add(items)
exact = None


def measure(name, search):
    global exact
    for query in queries[:10]:
        search(query[None])
    times = []
    for query in queries[:100]:
        start = time.process_time()
        search(query[None])
        times.append(1000 * (time.process_time() - start))
    start = time.process_time()
    _, found = search(queries)
    batched = len(queries) / (time.process_time() - start)
    if exact is None:
        exact = found
    recall = np.mean([len(set(a) & set(b)) / k for a, b in zip(exact, found)])
    print(
        f"  {name}: p50 {np.median(times):.2f} ms, least {min(times):.2f} ms, "
        f"{len(queries)} queries together {batched:.0f} queries/s, recall of Flat {recall:.4f}"
    )


print(f"  faiss {faiss.__version__}, one thread, of the instruction set {faiss.get_compile_options().strip()}")
measure("Flat, float32", lambda q: flat.search(q, k))
codes = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
codes.train(items[:100_000])
codes.add(items)
measure("SQ8", lambda q: codes.search(q, k))
refined = faiss.IndexRefineFlat(codes, faiss.swig_ptr(items))
refined.k_factor = 4
measure("SQ8, the best 4 k refined", lambda q: refined.search(q, k))
