"""cornac, by the recipe of docs/exports.md: with_cornac.py FOLDER, which exports.make has filled."""
import os
import sys
from importlib.metadata import version

import cornac

import facts
import recipes


def main():
    os.chdir(sys.argv[1])
    print("cornac", version("cornac"))
    data = recipes.recipe("cornac")["data"]
    rows, _ = facts.of_layout("rows")
    want = {}
    for user, item, value, at in zip(rows["USER_ID"], rows["ITEM_ID"], rows["EVENT_VALUE"], rows["TIMESTAMP"]):
        if value is not None:
            want[user, item] = (value, at)
    users, items, values = data.uir_tuple
    pairs = zip(map(list(data.user_ids).__getitem__, users), map(list(data.item_ids).__getitem__, items))
    found = dict(zip(pairs, zip(values.tolist(), data.timestamps.tolist())))
    assert found == want, "ids, values or times differ"
    model = cornac.models.BPR(k=8, max_iter=1, seed=1).fit(data)
    scores = model.score(0)
    assert len(scores) == data.num_items and abs(scores).sum() > 0, scores
    print(f"cornac, {len(found)} pairs: equal; BPR fitted for an epoch")


if __name__ == "__main__":
    main()
