"""RecTools, by the recipe of docs/exports.md: with_rectools.py FOLDER, which exports.make has filled."""
import os
import sys
from importlib.metadata import version

from rectools.models import PopularModel

import facts
import recipes

WEIGHTS = {"view": 1, "cart": 3, "purchase": 10}


def main():
    os.chdir(sys.argv[1])
    print("rectools", version("rectools"))
    data = recipes.recipe("RecTools")["data"]
    rows, _ = facts.of_layout("rows")
    taken = [at for at, kind in enumerate(rows["EVENT_TYPE"]) if kind in WEIGHTS]
    want = {
        "user_id": [rows["USER_ID"][at] for at in taken],
        "item_id": [rows["ITEM_ID"][at] for at in taken],
        "weight": [float(WEIGHTS[rows["EVENT_TYPE"][at]]) for at in taken],
        "seconds": [rows["TIMESTAMP"][at] for at in taken],
    }
    raw = data.get_raw_interactions()
    raw["seconds"] = raw.pop("datetime").astype("datetime64[s]").astype("int64")
    facts.compare("RecTools, Dataset.construct", {name: raw[name].tolist() for name in want}, want)
    model = PopularModel().fit(data)
    user = want["user_id"][0]
    best = model.recommend([user], data, k=5, filter_viewed=True)["item_id"].tolist()
    seen = {item for who, item in zip(want["user_id"], want["item_id"]) if who == user}
    assert len(best) == 5 and not seen & set(best), best
    print("RecTools: popularity fitted")


if __name__ == "__main__":
    main()
