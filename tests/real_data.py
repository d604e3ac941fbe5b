"""Compares the answers of the tool with a plain scan of one data set (tests/real_data.sh)."""

import csv
import json
import random
import struct
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

USERS = 20
THOROUGH = 3
CANDIDATES = 200
RECORDED = 2000


def main():
    annals, data, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    start = time.monotonic()
    expected = Expected(data / "interactions.csv", data / "schema.json")

    whole = Store(annals, folder / "whole", data / "schema.json")
    whole.run("import", data / "interactions.csv")
    compare(whole, expected)
    whole.run("compact")
    compare(whole, expected)

    # The same rows, in the same order, by two imports and by single writes.
    mixed = Store(annals, folder / "mixed", data / "schema.json")
    expected.feed(mixed, folder)
    compare(mixed, expected)
    mixed.run("compact")
    compare(mixed, expected)
    seconds = time.monotonic() - start
    print(f"{data.name}: {len(expected.rows)} rows, {len(expected.users)} users: {seconds:.1f} s")


class Store:
    """A store that is driven by the tool."""

    def __init__(self, annals, path, schema):
        self.annals, self.path = annals, path
        self.run("init", "--schema", schema)

    def run(self, command, *arguments, stdin=None):
        line = [self.annals, command, self.path, *arguments]
        done = subprocess.run(line, input=stdin, capture_output=True)
        if done.returncode != 0:
            shown = " ".join(map(str, line))
            sys.exit(f"{shown}: exit code {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def exported(self, expected, *arguments):
        text = self.run("export", "--output", "-", *arguments).decode()
        header, *rows = csv.reader(text.splitlines(keepends=True), strict=True)
        check(header == expected.names, f"header {header}, schema {expected.names}")
        return [expected.values(expected.names, row) for row in rows]

    def history(self, user, *arguments):
        text = self.run("history", "--user", user, "--format", "json", *arguments)
        return [tuple(hashable(value) for value in row.values()) for row in json.loads(text)]


class Expected:
    """The rows of the CSV file, as values in schema order, and what they answer."""

    def __init__(self, path, schema):
        self.fields = json.loads(schema.read_text())["fields"]
        self.names = [field["name"] for field in self.fields]
        with open(path, encoding="utf-8-sig", newline="") as file:
            self.header, *self.cells = csv.reader(file, strict=True)
        self.rows = [self.values(self.header, row) for row in self.cells]
        self.user, self.item, self.time = map(
            self.names.index, ("USER_ID", "ITEM_ID", "TIMESTAMP")
        )
        self.users = {}
        for row in self.rows:
            self.users.setdefault(row[self.user], []).append(row)
        for rows in self.users.values():
            rows.sort(key=lambda row: row[self.time])

    def values(self, header, cells):
        check(len(cells) == len(header), f"{len(cells)} cells: {cells}")
        cells = dict(zip(header, cells))
        return tuple(value_of(field, cells[field["name"]]) for field in self.fields)

    def feed(self, store, folder):
        """Two imports, then single writes."""
        bulk = max(len(self.cells) - RECORDED, 0)
        for part, (start, end) in enumerate([(0, bulk // 2), (bulk // 2, bulk)]):
            path = folder / f"part{part}.csv"
            with open(path, "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([self.header, *self.cells[start:end]])
            store.run("import", path)
        lines = [json.dumps(dict(zip(self.names, row))) + "\n" for row in self.rows[bulk:]]
        store.run("put", "-", "--durability", "buffered", stdin="".join(lines).encode())


def value_of(field, text):
    """The value that a cell stands for; empty is null, an impression a list."""
    if text == "":
        return None
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    kind = next(kind for kind in kinds if kind != "null")
    if field["name"] == "IMPRESSION":
        return tuple(text.split("|"))
    if kind in ("int", "long"):
        return int(text)
    if kind == "float":
        return single(float(text))
    if kind == "double":
        return float(text)
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    return text


def single(number):
    """The nearest number that a float holds, as the shortest text that stands for it."""
    return struct.unpack("f", struct.pack("f", number))[0]


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


def compare(store, expected):
    store.run("verify")
    rows = store.exported(expected)
    check(Counter(rows) == Counter(expected.rows), "export: the rows differ")
    users = sorted(expected.users, key=str.encode)
    in_order = [row for user in users for row in expected.users[user]]
    check(rows == in_order, "export: the order differs")
    rows = store.exported(expected, "--order", "any")
    check(Counter(rows) == Counter(expected.rows), "export --order any: the rows differ")

    chance = random.Random(1)
    for nth, user in enumerate(chance.sample(users, min(USERS, len(users)))):
        compare_history(store, expected, user, thorough=nth < THOROUGH)
    compare_unseen(store, expected, chance)


def compare_history(store, expected, user, thorough):
    oldest_first = expected.users[user]
    singles = [at for at, field in enumerate(expected.fields) if "float" in field["type"]]

    def answer(*arguments):
        # JSON has the shortest text of a float; as a double it is another number.
        rows = [list(row) for row in store.history(user, *arguments)]
        for row in rows:
            for at in singles:
                row[at] = None if row[at] is None else single(row[at])
        return [tuple(row) for row in rows]

    check(answer("--oldest-first") == oldest_first, f"history of {user}, oldest first")
    newest_first = oldest_first[::-1]
    newest = answer("--limit", "7")
    check(newest == newest_first[:7], f"history of {user}, limit 7")
    if not thorough:
        return
    check(answer() == newest_first, f"history of {user}")
    middle = oldest_first[len(oldest_first) // 2][expected.time]
    since = [row for row in newest_first if row[expected.time] >= middle]
    check(answer("--since", str(middle)) == since, f"history of {user} since {middle}")
    until = [row for row in newest_first if row[expected.time] < middle]
    check(answer("--until", str(middle)) == until, f"history of {user} until {middle}")


def compare_unseen(store, expected, chance):
    user = max(sorted(expected.users), key=lambda user: len(expected.users[user]))
    items = sorted({row[expected.item] for row in expected.rows})
    candidates = chance.sample(items, min(CANDIDATES, len(items)))
    types = [None]
    if "EVENT_TYPE" in expected.names:
        at = expected.names.index("EVENT_TYPE")
        types += sorted({row[at] for row in expected.rows})
    for event_type in types:
        rows = expected.users[user]
        if event_type is not None:
            rows = [row for row in rows if row[at] == event_type]
        seen = {row[expected.item] for row in rows}
        arguments = [] if event_type is None else ["--event-type", event_type]
        stdin = "".join(item + "\n" for item in candidates).encode()
        answer = store.run("unseen", "--user", user, "--candidates", "-", *arguments, stdin=stdin)
        remaining = [item for item in candidates if item not in seen]
        check(answer.decode().splitlines() == remaining, f"unseen of {user}, type {event_type}")


def check(holds, what):
    if not holds:
        sys.exit(f"differs from the CSV file: {what}")


main()
