"""Libraries of PyPI over the vectors that bench/serving/peers.ts wrote, on one core. It answers commands on stdin with a line of JSON each.

`python bench/peers/serve_peers.py FOLDER WIDTH K`; a command is `exact FILE` or `near FILE`, which builds, and `round`, which measures. What is
not installed is skipped, and says so.
"""

import json
import sys
import time

import numpy as np

folder, width, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
queries = np.fromfile(f"{folder}/queries.f32", dtype=np.float32).reshape(-1, width)
measured, tuned = queries[:40], queries[40:240]
methods = {}


def say(value):
    print(json.dumps(value), flush=True)


def milliseconds(search, some):
    times = []
    for query in some:
        start = time.process_time()
        search(query[None])
        times.append(1000 * (time.process_time() - start))
    return float(np.median(times))


def rows_of(search, some):
    return [np.asarray(search(query[None])).reshape(-1)[:k] for query in some]


def recall(search, truth):
    return float(np.mean([len(set(a.tolist()) & set(b.tolist())) / k for a, b in zip(rows_of(search, tuned), truth)]))


def narrowest(name, built, make, ladder, truth):
    """Keeps the first of a ladder of settings that reaches each recall."""
    for target in (0.95, 0.99):
        for setting in ladder:
            found = recall(make(setting), truth)
            if found >= target:
                break
        shown = name if found >= target else f"{name} (did not reach it)"
        methods[f"{shown} @ {target}"] = (make(setting), {"setting": setting, "recall": found, "built": built})


def importing(name):
    try:
        return __import__(name)
    except ImportError:
        print(f"  {name} is not installed: skipped", file=sys.stderr)
        return None


faiss, hnswlib, usearch = importing("faiss"), importing("hnswlib"), importing("usearch")
# It brings parts of TensorFlow, and threads of its own.
scann = importing("scann")
if faiss:
    faiss.omp_set_num_threads(1)


def exact(items):
    if faiss:
        flat = faiss.IndexFlatIP(width)
        flat.add(items)
        methods[f"faiss {faiss.__version__} Flat"] = (lambda q: flat.search(q, k)[1], {})
        codes = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        codes.train(items[:100_000])
        codes.add(items)
        refined = faiss.IndexRefineFlat(codes, faiss.swig_ptr(items))
        refined.k_factor = 4
        methods["faiss SQ8, 4 k refined"] = (
            lambda q: refined.search(q, k)[1],
            {"recall": recall(lambda q: refined.search(q, k)[1], rows_of(lambda q: flat.search(q, k)[1], tuned))},
        )
    if usearch:
        from usearch.index import MetricKind, search

        methods["usearch, exact"] = (lambda q: search(items, q, k, MetricKind.IP, exact=True, threads=1).keys, {})
    if scann:
        brute = scann.scann_ops_pybind.builder(items, k, "dot_product").score_brute_force().build()
        methods["scann, brute force"] = (lambda q: brute.search(q[0])[0], {})


def near(items):
    scores = tuned @ items.T
    truth = [np.argpartition(-each, k)[:k] for each in scores]
    if faiss:
        start = time.process_time()
        quantizer = faiss.IndexFlatIP(width)
        ivf = faiss.IndexIVFFlat(quantizer, width, 1024, faiss.METRIC_INNER_PRODUCT)
        ivf.train(items[:50_000])
        ivf.add(items)
        built = time.process_time() - start

        def probing(count):
            def search(q):
                ivf.nprobe = count
                return ivf.search(q, k)[1]

            return search

        narrowest("faiss IVF-Flat", built, probing, (4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512), truth)
    if hnswlib:
        start = time.process_time()
        graph = hnswlib.Index("ip", width)
        graph.init_index(len(items), M=16, ef_construction=128)
        graph.add_items(items, num_threads=1)
        built = time.process_time() - start

        def wide(ef):
            def search(q):
                graph.set_ef(ef)
                return graph.knn_query(q, k, num_threads=1)[0]

            return search

        narrowest("hnswlib", built, wide, (100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200), truth)
    if usearch:
        from usearch.index import Index

        start = time.process_time()
        links = Index(ndim=width, metric="ip", dtype="f16", connectivity=16, expansion_add=128)
        links.add(np.arange(len(items)), items, threads=1)
        built = time.process_time() - start
        # What it gives is rescored by nobody: the first k of a wide search are the answer.
        wider = lambda count: lambda q: links.search(q, count, threads=1).keys[:k]
        narrowest("usearch", built, wider, (100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200), truth)
    if scann:
        start = time.process_time()
        tree = (
            scann.scann_ops_pybind.builder(items, k, "dot_product")
            .tree(num_leaves=1000, num_leaves_to_search=100, training_sample_size=50_000)
            .score_ah(2, anisotropic_quantization_threshold=0.2)
            .reorder(300)
            .build()
        )
        built = time.process_time() - start
        leaves = lambda pair: lambda q: tree.search(
            q[0], leaves_to_search=pair[0], pre_reorder_num_neighbors=pair[1]
        )[0]
        ladder = tuple((count, more) for more in (300, 600, 1200) for count in (20, 50, 100, 200, 400))
        narrowest("scann", built, leaves, ladder, truth)


for line in sys.stdin:
    command, *rest = line.split()
    if command == "round":
        say({name: milliseconds(search, measured) for name, (search, _) in methods.items()})
        continue
    methods.clear()
    vectors = np.fromfile(f"{folder}/{rest[0]}", dtype=np.float32).reshape(-1, width)
    (exact if command == "exact" else near)(vectors)
    say({name: facts for name, (_, facts) in methods.items()})
