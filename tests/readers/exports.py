"""Makes a store and the exports that the readers read. Needs the standard library alone."""
import os
import subprocess
import sys

ROWS = 5_000
LAYOUTS = {
    "rows": [],
    "sequences": ["--layout", "sequences"],
    "examples": ["--layout", "examples", "--history", "5", "--negatives", "3", "--seed", "1"],
    "impressions": ["--layout", "impressions"],
}
STRINGS = ("plain", "dictionary", "view")
FORMS = ("parquet", "arrow", "arrows")
# An Arrow file has one dictionary a column, and an export writes one a batch: the tool refuses this pair.
FILES = [(form, strings) for form in FORMS for strings in STRINGS if (form, strings) != ("arrow", "dictionary")]
# Of the generated rows, which are of 2023-11-14 to 2024-11-13.
SPLIT = ["--layout", "examples", "--split", "time:2024-06-01,2024-09-01"]
FOLDERS = {
    "shards": ["--partition-by", "user-hash:4"],
    "months": ["--partition-by", "month"],
    "split": SPLIT,
}


def make(tool, folder):
    """Every layout as CSV, in every form and with every kind of strings; folders by hash, month and split."""

    def run(*line):
        done = subprocess.run([tool, "-q", *line], cwd=folder, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            sys.exit(f"annals {' '.join(line)}: exit code {done.returncode}")

    run("generate", "--rows", str(ROWS), "--items", "400", "--schema-out", "schema.json", "--output", "events.csv")
    run("init", "store", "--schema", "schema.json")
    run("import", "store", "events.csv")
    for layout, options in LAYOUTS.items():
        run("export", "store", "--output", f"{layout}.csv", *options)
        for form, strings in FILES:
            run("export", "store", "--output", f"{layout}-{strings}.{form}", "--strings", strings, *options)
    for name, options in FOLDERS.items():
        for form in ("csv", "parquet"):
            run("export", "store", "--output", f"{name}-{form}", "--format", form, *options)
    # So that recipes of docs/exports.md run as they are written.
    os.makedirs(os.path.join(folder, "bin"))
    os.symlink(tool, os.path.join(folder, "bin", "annals"))
