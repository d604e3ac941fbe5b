#!/usr/bin/env bash
# A recommender of what is new gives the time of an item as its score, in Unix seconds. trec_eval, which most measures go
# through, was taken to rank by the scores it is given. It keeps them with 32 bits, where a step is 128 seconds, and of equal
# ones the greater id, read as text, comes first, whatever the order given. So the id decides the measure. ir_measures
# ranks so for RR, but by 64 bits and the smaller id for RR@10, since other code computes that one: the same run has
# 1/3 in one and 1 in the other. Ranks as scores, such as -1, -2, -3, are safe in both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytrec-eval-terrier==0.5.11 ir-measures==0.4.3 numpy==2.4.6 scipy==1.17.1

cat > ranks.py <<'PY'
from importlib.metadata import version

import ir_measures
import pytrec_eval

liked = {"ann": {"b": 1}}


def by_trec_eval(run):
    return pytrec_eval.RelevanceEvaluator(liked, {"recip_rank"}).evaluate(run)["ann"]["recip_rank"]


def by_ir_measures(measure, run):
    return ir_measures.calc_aggregate([measure], liked, run)[measure]


print("pytrec-eval-terrier", version("pytrec-eval-terrier"), "ir-measures", version("ir-measures"))
newest = 1700000002.0
runs = {
    "times, the liked item newest": {"b": newest, "c": newest - 1, "d": newest - 2},
    "the same as ranks": {"b": -1.0, "c": -2.0, "d": -3.0},
    "the same item of another id": {"b": newest, "a": newest - 1, "0": newest - 2},
    "equal scores, given first": {"b": 1.0, "c": 1.0},
    "equal scores, given last": {"c": 1.0, "b": 1.0},
}
found = {}
for name, scores in runs.items():
    run = {"ann": scores}
    found[name] = (
        round(by_trec_eval(run), 4),
        round(by_ir_measures(ir_measures.RR, run), 4),
        round(by_ir_measures(ir_measures.RR @ 10, run), 4),
    )
    print(f"{name}: pytrec_eval {found[name][0]}, RR {found[name][1]}, RR@10 {found[name][2]}")
assert found == {
    "times, the liked item newest": (0.3333, 0.3333, 1.0),
    "the same as ranks": (1.0, 1.0, 1.0),
    "the same item of another id": (1.0, 1.0, 1.0),
    "equal scores, given first": (0.5, 0.5, 1.0),
    "equal scores, given last": (0.5, 0.5, 1.0),
}, "this has changed"
PY
venv/bin/python ranks.py
