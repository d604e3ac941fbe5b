"""Compares what the tool takes for CSV, and the values it reads, with Python's csv module in its
strict mode, on small random files:

    python3 tests/csv_strict.py path/to/annals [CASES] [SEED]

Each file is imported and exported again; where Python refuses it, or a row is none of the schema's,
the tool has to refuse it, and with `--on-error skip` to import the rest."""

import csv
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ["USER_ID", "ITEM_ID", "TIMESTAMP", "A", "B"]
# The tool has no field of more than a MiB, which other rules than those of CSV see to.
csv.field_size_limit(1 << 30)


def main():
    annals = Path(sys.argv[1]).resolve()
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    # What a failure is found again by.
    print(f"csv, strictly: {cases} files, seed {seed}")
    rng = random.Random(seed)
    taken = 0
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(annals, Path(folder))
        for case in range(cases):
            text = random_file(rng)
            if not compare(tool, text):
                sys.exit(f"case {case} of seed {seed}: {text!r}")
            taken += expected(text) is not None
    if not 0 < taken < cases:
        sys.exit(f"seed {seed}: {taken} of {cases} files were taken, which compares one side alone")
    print(f"csv, strictly: {taken} files taken, {cases - taken} refused, as Python does")


class Tool:
    """The tool, with one store whose bulk data each file replaces."""

    def __init__(self, annals, folder):
        self.annals, self.folder = annals, folder
        nullable = [{"name": name, "type": ["null", "string"]} for name in NAMES[3:]]
        fields = [{"name": name, "type": "string"} for name in NAMES[:2]]
        fields += [{"name": "TIMESTAMP", "type": "long"}, *nullable]
        schema = {"type": "record", "name": "Interactions", "fields": fields}
        (folder / "schema.json").write_text(json.dumps(schema))
        code, said = self.run("init", "store", "--schema", "schema.json")
        if code != 0:
            sys.exit(said)

    def run(self, *arguments):
        line = [self.annals, *arguments]
        done = subprocess.run(line, capture_output=True, cwd=self.folder)
        text = done.stdout if done.returncode == 0 else done.stderr
        return done.returncode, text.decode()

    def imported(self, text, *more):
        """The exit code of an import, and what the store then holds."""
        (self.folder / "rows.csv").write_bytes(text.encode())
        code, _ = self.run("import", "store", "rows.csv", "--mode", "full", "--allow-empty", *more)
        _, exported = self.run("export", "store", "--output", "-")
        return code, records(exported)[1:]


def compare(tool, text):
    """Whether the tool does with a file what it should."""
    want = expected(text)
    code, rows = tool.imported(text)
    if want is not None:
        return code == 0 and rows == want
    if code != 3:
        return False
    # Rows that are left out end an import with 3, too, once the others are in.
    code, rows = tool.imported(text, "--on-error", "skip", "--rejects", "rejects.csv")
    if code != 3:
        return False
    # A header that is none ends an import in any case.
    if header(text) is None:
        return True
    refused = records((tool.folder / "rejects.csv").read_bytes().decode())
    return len(refused) > 1 and rows == salvaged(text)


def lines_of(text):
    """Lines as the csv module wants them: a return, a newline, or both end one."""
    return list(io.StringIO(text.removeprefix("\ufeff"), newline=""))


def records(text):
    return [row for row in csv.reader(lines_of(text), strict=True) if row]


def expected(text):
    """The rows in the order of an export; None where the file has to be refused."""
    try:
        names, *rows = records(text)
    except (csv.Error, ValueError):
        return None
    if names != NAMES or not all(is_row(row) for row in rows):
        return None
    return in_order(rows)


def header(text):
    try:
        names = next(row for row in csv.reader(lines_of(text), strict=True) if row)
    except (csv.Error, StopIteration):
        return None
    return names if names == NAMES else None


def salvaged(text):
    """The rows of a file whose broken records each lose the line on which they begin."""
    lines = lines_of(text)
    rows = []
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at:], strict=True)
        try:
            row = next(reader)
        except csv.Error:
            at += 1
            continue
        at += reader.line_num
        if row:
            rows.append(row)
    return in_order(row for row in rows[1:] if is_row(row))


def is_row(row):
    if len(row) != len(NAMES):
        return False
    user, item, timestamp = row[:3]
    digits = timestamp.isascii() and timestamp.isdigit()
    return bool(user) and bool(item) and digits and int(timestamp) < 1 << 63


def in_order(rows):
    key = lambda row: (row[0].encode(), int(row[2]))
    return [[*row[:2], str(int(row[2])), *row[3:]] for row in sorted(rows, key=key)]


def random_file(rng):
    """A file that is valid, or nearly so."""
    end = rng.choice(["\n", "\r\n", "\r"])
    marked = rng.choice(["", "", "\ufeff"])
    rows = [NAMES] + [random_row(rng) for _ in range(rng.randrange(1, 6))]
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)
    text = out.getvalue()
    if rng.random() < 0.3:
        text = text.removesuffix(end)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        text = mutated(rng, text)
    return marked + text


def random_row(rng):
    user = rng.choice(["u1", "u2", "u 3", 'u"4'])
    return [user, rng.choice(["i", "i,j"]), str(rng.randrange(100)), random_value(rng), random_value(rng)]


def random_value(rng):
    parts = ["a", "b c", '"', '""', ",", "\n", "\r", "\r\n", "\\", "\\\"", " ", "'", "\u00e9", "\u7528"]
    return "".join(rng.choice(parts) for _ in range(rng.choice([0, 1, 1, 2, 3, 5])))


def mutated(rng, text):
    at = rng.randrange(len(text) + 1)
    if rng.random() < 0.6:
        piece = rng.choice(['"', '"', '""', " ", ",", "\n", "\r", "\\", 'x"', '",'])
        return text[:at] + piece + text[at:]
    return text[:at] + text[at + 1 :]


if __name__ == "__main__":
    main()
