"""Strong generalization of Liang et al. (WWW 2018) with numpy alone, from the ratings of MovieLens and the users and films that a split holds out."""

import csv
import json
import sys

import numpy as np

request = json.load(sys.stdin)
given, held = request["given"], request["held"]  # by user: lists of films
untrained = set(request["untrained"])
films = {}
pairs = []
with open(request["ratings"]) as file:
    for row in csv.DictReader(file):
        if float(row["rating"]) < 4 or int(row["movieId"]) >= 5000:
            continue
        films.setdefault(row["movieId"], len(films))
        if row["userId"] not in untrained:
            pairs.append((row["userId"], films[row["movieId"]]))
trained = {user: at for at, user in enumerate(dict.fromkeys(user for user, _ in pairs))}
matrix = np.zeros((len(trained), len(films)))
for user, film in pairs:
    matrix[trained[user], film] = 1
history = np.zeros((len(held), len(films)))
for at, user in enumerate(held):
    history[at, [films[film] for film in given[user]]] = 1

counts = matrix.sum(0)
shared = matrix.T @ matrix


def ease(penalty):
    inverse = np.linalg.inv(shared + penalty * np.eye(len(films)))
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return history @ weights


def item_knn(k, shrink):
    similar = shared / (np.sqrt(np.outer(counts, counts)) + shrink + 1e-30)
    np.fill_diagonal(similar, 0)
    for film in range(len(films)):
        # The k nearest films of this one; of equal ones those that Tower's corpus has first.
        order = np.lexsort((places, -similar[:, film]))
        similar[order[k:], film] = 0
    return history @ similar


def ials(penalty, unseen, items):
    """One solve for each held-out user, against fixed vectors of the films."""
    factors = np.zeros((len(films), items.shape[1]))
    for film, at in films.items():
        factors[at] = items[request["corpus"][film]]
    scores = []
    for own in history:
        had = factors[own > 0]
        ridge = penalty * (len(had) + unseen * len(factors))
        system = had.T @ had + unseen * factors.T @ factors + ridge * np.eye(factors.shape[1])
        scores.append(factors @ np.linalg.solve(system, had.sum(0)))
    return np.array(scores)


def recall(scores, k=20, capped=False):
    """The mean over users. Equal scores share their places; a film that training has not is not found."""
    total = 0
    for at, user in enumerate(held):
        ranked = scores[at].astype(np.float32)
        own = [films[film] for film in held[user]]
        ranked = np.where((history[at] > 0) & ~np.isin(np.arange(len(films)), own), np.nan, ranked)
        hits = 0
        for film in own:
            above, equal = np.sum(ranked > ranked[film]), np.sum(ranked == ranked[film])
            hits += (counts[film] > 0) * min(1, max(0, (k - above) / equal))
        total += hits / (min(k, len(own)) if capped else len(own))
    return total / len(held)


places = np.zeros(len(films), dtype=int)
for film, at in films.items():
    places[at] = request["corpus"][film]
popular = np.tile(counts, (len(held), 1))
items = np.array(request["items"]).reshape(len(request["corpus"]), -1)
json.dump(
    {
        "popularity": [recall(popular), recall(popular, capped=True)],
        "ease": [recall(ease(250)), recall(ease(250), capped=True)],
        "item_knn": [recall(item_knn(100, 20)), recall(item_knn(100, 20), capped=True)],
        "ials": [recall(ials(0.003, 0.1, items)), recall(ials(0.003, 0.1, items), capped=True)],
    },
    sys.stdout,
)
