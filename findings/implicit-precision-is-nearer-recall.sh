#!/usr/bin/env bash
# Precision at 10 was taken to be the share of the ten recommended items that the user liked, so that a user who liked one
# thing reaches 0.1 at most. implicit divides by the smaller of 10 and the number of things the user liked, adds both up
# over all users and divides once: the longer the list the better, and 1.0 where every liked item is somewhere in it. It
# is nearer to recall, and must not be compared with the precision of another library. pytrec_eval gives the share.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    implicit==0.7.3 pytrec-eval-terrier==0.5.11 numpy==2.4.6 scipy==1.17.1

cat > precision.py <<'PY'
from importlib.metadata import version

import numpy
import pytrec_eval
import scipy.sparse
from implicit.evaluation import ranking_metrics_at_k

order = [1, 2, 0, 3, 4]
# Users by items: what was known, and what each liked afterwards, one thing and two things.
known = scipy.sparse.csr_matrix((2, 5), dtype=numpy.float32)
liked = scipy.sparse.csr_matrix(numpy.array([[0, 1, 0, 0, 0], [0, 0, 0, 1, 1]], dtype=numpy.float32))


class SameForAll:
    """Recommends the same items to every user."""

    def recommend(self, userid, user_items, N=10, **_):
        items = numpy.tile(numpy.array(order[:N], dtype=numpy.int32), (len(userid), 1))
        return items, numpy.ones(items.shape, dtype=numpy.float32)


def by_trec_eval(size):
    likes = {str(user): {str(item): 1 for item in liked[user].indices} for user in range(2)}
    run = {str(user): {str(item): float(-rank) for rank, item in enumerate(order)} for user in range(2)}
    rows = pytrec_eval.RelevanceEvaluator(likes, {f"P.{size}", f"recall.{size}"}).evaluate(run)
    return [round(sum(row[f"{name}_{size}"] for row in rows.values()) / 2, 4) for name in ("P", "recall")]


print("implicit", version("implicit"), "pytrec-eval-terrier", version("pytrec-eval-terrier"))
found = {}
for size in (1, 4, 5):
    precision = ranking_metrics_at_k(SameForAll(), known, liked, K=size, show_progress=False)["precision"]
    found[size] = [round(precision, 4), *by_trec_eval(size)]
    print(f"first {size}: implicit's precision {found[size][0]}, pytrec_eval's precision and recall {found[size][1:]}")
assert found == {1: [0.5, 0.5, 0.5], 4: [0.6667, 0.25, 0.75], 5: [1.0, 0.3, 1.0]}, "this has changed"
PY
OPENBLAS_NUM_THREADS=1 venv/bin/python precision.py
