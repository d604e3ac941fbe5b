"""RecBole, by the recipe of docs/exports.md: with_recbole.py FOLDER, which exports.make has filled."""
import json
import os
import subprocess
import sys

import numpy
import recbole
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.utils import get_model, get_trainer

import facts
import recipes


def with_times(dataset, want):
    """Ends the program unless the dataset has these rows, with these times, exact in 32 bits."""
    loaded = dataset.inter_feat
    found = {
        "USER_ID": dataset.id2token("user_id", loaded["user_id"].values).tolist(),
        "ITEM_ID": dataset.id2token("item_id", loaded["item_id"].values).tolist(),
        "TIMESTAMP": loaded["timestamp"].tolist(),
    }
    assert numpy.array_equal(loaded["timestamp"].astype("float32"), loaded["timestamp"])
    facts.compare(f"RecBole, {dataset.dataset_name}", found, want)


def ranks(rows):
    """The rank of each time among those of its user, from 0."""
    times = {}
    for user, at in zip(rows["USER_ID"], rows["TIMESTAMP"]):
        times.setdefault(user, set()).add(at)
    places = {user: {at: place for place, at in enumerate(sorted(of_user))} for user, of_user in times.items()}
    return [places[user][at] for user, at in zip(rows["USER_ID"], rows["TIMESTAMP"])]


def main():
    os.chdir(sys.argv[1])
    del sys.argv[1:]
    print("recbole", recbole.__version__)
    names = recipes.recipe("RecBole")
    config, dataset = names["config"], names["dataset"]
    rows, _ = facts.of_layout("rows")
    rows = {name: rows[name] for name in ("USER_ID", "ITEM_ID", "TIMESTAMP")}
    with_times(dataset, {**rows, "TIMESTAMP": ranks(rows)})

    # A quarter of a year has seconds that are exact in 32 bits.
    os.makedirs("data/quarter")
    line = ["bin/annals", "-q", "export", "store", "--columns", "USER_ID,ITEM_ID,TIMESTAMP", "--since", "2024-05-01"]
    for output in ("data/quarter/quarter.inter", "quarter.csv"):
        subprocess.run([*line, "--until", "2024-08-01", "--output", output], check=True)
    quarter, _ = facts.of_layout("quarter")
    note = json.load(open("data/quarter/quarter.inter.manifest.json"))["notes"][0]
    first = int(note.removeprefix("timestamp: seconds since "))
    assert first == min(quarter["TIMESTAMP"]), note
    more = {"data_path": "data", "load_col": config["load_col"]}
    seconds = create_dataset(Config("BPR", "quarter", config_dict=more))
    with_times(seconds, {**quarter, "TIMESTAMP": [at - first for at in quarter["TIMESTAMP"]]})

    train, valid, test = data_preparation(config, dataset)
    model = get_model(config["model"])(config, train.dataset)
    trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, model)
    score, result = trainer.fit(train, valid, saved=False, show_progress=False)
    assert score >= 0 and trainer.train_loss_dict[0] > 0, (score, result)
    print(f"RecBole: BPR fitted for an epoch, {result}")


if __name__ == "__main__":
    main()
