"""LensKit, by the recipe of docs/exports.md: with_lenskit.py FOLDER, which exports.make has filled."""
import os
import sys
from importlib.metadata import version

from lenskit import recommend
from lenskit.basic import PopScorer
from lenskit.pipeline import topn_pipeline

import facts
import recipes


def main():
    os.chdir(sys.argv[1])
    print("lenskit", version("lenskit"))
    data = recipes.recipe("LensKit")["data"]
    rows, _ = facts.of_layout("rows")
    want = dict(zip(zip(rows["USER_ID"], rows["ITEM_ID"]), rows["TIMESTAMP"]))
    loaded = data.interactions().pandas(ids=True)
    assert str(loaded["timestamp"].dtype) == "int64", loaded.dtypes
    found = dict(zip(zip(loaded["user_id"], loaded["item_id"]), loaded["timestamp"].tolist()))
    assert len(loaded) == len(found) and found == want, "ids or times differ"
    pipeline = topn_pipeline(PopScorer())
    pipeline.train(data)
    best = list(recommend(pipeline, rows["USER_ID"][0], 5).ids())
    seen = {item for user, item in want if user == rows["USER_ID"][0]}
    assert len(best) == 5 and not seen & set(best) and set(best) <= set(rows["ITEM_ID"]), best
    print(f"LensKit, {len(found)} pairs: equal; popularity fitted")


if __name__ == "__main__":
    main()
