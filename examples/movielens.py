"""From CSV files to a trained model, on MovieLens: import, look, train on sequences, recommend what is unseen.

python examples/movielens.py FOLDER [--epochs 10]

FOLDER has interactions.csv, schema.json and movies.csv: those of MovieLens' ml-latest-small in the form of the interactions
dataset contract, or others of that form. It takes about a minute on two cores. Needs annalsdb and torch; without torch it says so and ends with 0.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

import annalsdb

LENGTH = 100
MOST_SECONDS = 60


def imported(folder: Path, place: Path) -> annalsdb.Store:
    """A store of the ratings and tags: each is an event, and the stars are its value."""
    store = annalsdb.create(place, (folder / "schema.json").read_text())
    report = store.import_csv(folder / "interactions.csv")
    print(f"imported {report['rows']:,} events")
    return store


def look(store: annalsdb.Store, place: Path) -> None:
    stats = store.stats()
    print(f"{stats['users']:,} users, {stats['items']:,} movies, {stats['bytes_per_row']:.1f} bytes an event")
    for finding in store.insights()["findings"]:
        print(f"  {finding['message']}: {finding['advice']}")
    store.report(place / "report.html")


def train(store: annalsdb.Store, epochs: int) -> None:
    import torch
    from annalsdb.torch import Sequences, padded
    from torch import nn
    from torch.nn import functional

    class NextItem(nn.Module):
        """A recurrent model that tells the next item from those before."""

        def __init__(self, items: int, width: int = 64) -> None:
            super().__init__()
            self.embedding = nn.Embedding(items + 1, width, padding_idx=0)
            nn.init.normal_(self.embedding.weight, std=0.05)
            self.memory = nn.GRU(width, width, batch_first=True)
            self.popularity = nn.Parameter(torch.zeros(items + 1))
            self.dropout = nn.Dropout(0.3)

        def forward(self, items: torch.Tensor) -> torch.Tensor:
            state, _ = self.memory(self.dropout(self.embedding(items)))
            return self.dropout(state) @ self.embedding.weight.T + self.popularity

    torch.manual_seed(1)
    data = Sequences(store.path, columns=["ITEM_ID"], max_length=10_000, min_length=3, batch_size=32,
                     event_types=["rating"], shuffle=True)
    items = data.vocabularies["ITEM_ID"]
    model = NextItem(len(items))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    begun = time.monotonic()
    for epoch in range(epochs):
        data.set_epoch(epoch)
        losses = []
        for batch in data:
            # The newest item of each user is kept for the test.
            rows = padded(batch["ITEM_ID"], batch["offsets"], LENGTH + 2)[:, :-1]
            logits = model(rows[:, :-1])
            loss = functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}")
        if time.monotonic() - begun > MOST_SECONDS:
            break
    recommend(store, model, data)


def recommend(store, model, data) -> None:  # type: ignore[no-untyped-def]
    """Scores every movie, leaves out what a user has seen before, and looks for the newest one."""
    import numpy as np
    import torch
    from annalsdb.torch import padded

    items = data.vocabularies["ITEM_ID"]
    names = items.to_list()
    hits = popular_hits = users = 0
    data.set_epoch(0)
    model.eval()
    with torch.no_grad():
        for batch in data:
            rows = padded(batch["ITEM_ID"], batch["offsets"], LENGTH + 1)
            scores = model(rows[:, :-1])[:, -1]
            for user, score, target in zip(batch["USER_ID"], scores, rows[:, -1].tolist()):
                unseen = np.array(store.unseen(user, names))
                # The newest was seen, too: it is what is to be found.
                unseen[target - 1] = True
                score = score[1:].masked_fill(~torch.from_numpy(unseen), float("-inf"))
                hits += target - 1 in score.topk(10).indices.tolist()
                popular_hits += target - 1 in np.flatnonzero(unseen)[:10].tolist()
                users += 1
    print(f"of {users:,} users the newest movie is among 10 recommendations of {hits}; among the 10 most popular of {popular_hits}")


def names_of(folder: Path) -> dict[str, str]:
    with (folder / "movies.csv").open(newline="") as file:
        return {row["movieId"]: row["title"] for row in csv.DictReader(file)}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--epochs", type=int, default=10)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place, imported(given.folder, Path(place) / "store") as store:
        look(store, Path(place))
        titles = names_of(given.folder)
        user = store.users()[0]
        for row in store.history(user, limit=3, event_types="rating", times="datetime"):
            print(f"  {user} on {row['TIMESTAMP']:%Y-%m-%d}: {titles[row['ITEM_ID']]}, {row['EVENT_VALUE']} stars")
        try:
            import torch  # noqa: F401
        except ImportError:
            print("SKIPPED: torch is not installed, so nothing is trained", file=sys.stderr)
            return 0
        train(store, given.epochs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
