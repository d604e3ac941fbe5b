#!/usr/bin/env bash
# Items that a user has liked, and items to be left out, were taken never to be among the recommendations of implicit. They
# are, as soon as fewer others are left than are asked for: its models of factors give them with the smallest float of
# 32 bits as the score, the one of neighbours gives what was liked with 0.0, which is a score as good as others.
# similar_items of the first fills up with item 0, over and over. No warning says so. Keep scores above the smallest float
# alone, and take out the user's items once more.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check implicit==0.7.3 numpy==2.4.6 scipy==1.17.1

cat > liked.py <<'PY'
from importlib.metadata import version

import numpy
import scipy.sparse
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import CosineRecommender

smallest = float(numpy.finfo(numpy.float32).min)
# Users by items. The first user has liked all items but the last.
likes = scipy.sparse.csr_matrix(numpy.array([[1, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 1]], dtype=numpy.float32))
models = {
    "neighbours": CosineRecommender(K=4),
    "alternating least squares": AlternatingLeastSquares(factors=2, random_state=1, use_gpu=False),
    "bayesian ranking": BayesianPersonalizedRanking(factors=2, random_state=1, use_gpu=False, num_threads=1),
}

print("implicit", version("implicit"))
for name, model in models.items():
    model.fit(likes, show_progress=False)
    items, scores = model.recommend(0, likes[0], N=4, filter_already_liked_items=True)
    print(f"{name}, all but item 3 liked: items {items.tolist()}, scores {scores.tolist()}")
    filler = 0.0 if name == "neighbours" else smallest
    assert items[0] == 3 and sorted(items[1:].tolist()) == [0, 1, 2], "this has changed"
    assert scores[1:].tolist() == [filler] * 3, "this has changed"
    items, _ = model.recommend(0, likes[0], N=4, filter_items=[3])
    print(f"{name}, item 3 left out as well: items {items.tolist()}")
    assert (3 in items) == (name != "neighbours"), "this has changed"
    items, scores = model.similar_items(0, N=6)
    print(f"{name}, items like item 0: items {items.tolist()}, scores {scores.tolist()}")
    assert len(items) == (4 if name == "neighbours" else 6), "this has changed"
    assert items.tolist().count(0) == (1 if name == "neighbours" else 3), "this has changed"
PY
OPENBLAS_NUM_THREADS=1 venv/bin/python liked.py
