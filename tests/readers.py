#!/usr/bin/env python3
"""Reads exports with the libraries that training uses, and compares with the CSV of the same rows.

    python3 tests/readers.py target/release/annals            # pandas, pyarrow, polars, DuckDB
    python3 tests/readers.py --all target/release/annals      # Spark, Daft, datasets and recommender libraries, too
    python3 tests/readers.py --only Spark,RecBole target/release/annals

Each Parquet and Arrow file must have the counts, nulls, types, sums, lists and values that the CSV has. The recipes of
docs/exports.md must load what they export, and a model is fitted to it. Pinned versions are installed in environments of
their own, since pins exclude each other, and removed as soon as they were used; `--environments FOLDER` keeps them there
and uses them again. PyTorch comes with the libraries of GPUs, 10 GB while it is installed, where pip is not set to an index
of its CPU builds.
What does not install, or finds no Java, is skipped, and said so.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "readers"))
import exports  # noqa: E402

LIGHT = ["pandas==3.1.1", "pyarrow==26.0.1", "polars==2.1.0", "duckdb==2.0.1"]
# Both need torch, the largest of all packages, and so they share it. RecBole needs numpy<2, with which pyarrow 26 does not work.
TORCH = [
    "lenskit==2025.8.1", "recbole==1.2.1", "numpy==1.26.4", "pandas==2.3.3", "pyarrow==25.0.0", "torch==2.15.0",
]
# The exit code of a reader that finds something missing on this machine, and has said what.
NOT_HERE = 77
# Name, script, packages. Those with the same packages share an environment.
READERS = [
    ("light", "with_light.py", LIGHT),
    ("Spark", "with_spark.py", ["pyspark==4.3.0", "pandas==2.3.3", "pyarrow==26.0.1"]),
    ("Daft", "with_daft.py", ["daft==0.7.26", "pyarrow==25.0.1"]),
    ("datasets", "with_datasets.py", ["datasets==5.2.0", "pyarrow==26.0.1"]),
    ("RecTools", "with_rectools.py", ["rectools==0.19.0", "pandas==2.3.3", "pyarrow==25.0.0"]),
    ("cornac", "with_cornac.py", ["cornac==3.0.1", "pandas==3.1.1", "pyarrow==26.0.1"]),
    ("LensKit", "with_lenskit.py", TORCH),
    ("RecBole", "with_recbole.py", TORCH),
]


def environment(folder, packages):
    """The Python of an environment that has these packages; None where they do not install."""
    home = os.path.join(folder, packages[0].replace("==", "-"))
    python, done = os.path.join(home, "bin", "python"), os.path.join(home, "packages.txt")
    if os.path.exists(done) and open(done).read().split() == packages:
        return python
    print(f"installing {' '.join(packages)}", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", *packages]
    if subprocess.run(pip).returncode != 0:
        return None
    with open(done, "w") as file:
        file.write("\n".join(packages))
    return python


def check(tool, folder, readers, kept):
    """Runs each reader over exports in the folder; returns what was skipped, and why."""
    data, skipped = os.path.join(folder, "data"), []
    os.mkdir(data)
    exports.make(tool, data)
    for packages in dict.fromkeys(tuple(packages) for _, _, packages in readers):
        python = environment(kept or folder, list(packages))
        for name, script, _ in (reader for reader in readers if tuple(reader[2]) == packages):
            print(f"== {name}", flush=True)
            if python is None and name == "light":
                sys.exit("the packages of the light readers did not install")
            if python is None:
                skipped.append(f"{name}: {' '.join(packages)} did not install on Python {sys.version.split()[0]}")
                continue
            status = subprocess.run([python, "-W", "ignore", os.path.join(HERE, "readers", script), data]).returncode
            if status == NOT_HERE:
                skipped.append(f"{name}: for the reason above")
            elif status != 0:
                sys.exit(f"{name}: failed")
        if not kept and python is not None:
            shutil.rmtree(os.path.dirname(os.path.dirname(python)))
    return skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="with every library, not only the light ones")
    parser.add_argument("--only", help="with these alone: " + ",".join(name for name, _, _ in READERS))
    parser.add_argument("--environments", help="keep the environments in this folder, and use them again")
    parser.add_argument("tool", help="the annals tool")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [name for name, _, _ in READERS if options.all or name == "light"]
    unknown = set(names) - {name for name, _, _ in READERS}
    if unknown:
        parser.error(f"no such readers: {', '.join(sorted(unknown))}")
    readers = [reader for reader in READERS if reader[0] in names]
    with tempfile.TemporaryDirectory() as folder:
        kept = options.environments and os.path.abspath(options.environments)
        skipped = check(os.path.abspath(options.tool), folder, readers, kept)
    for reason in skipped:
        print(f"SKIPPED {reason}", flush=True)
    print(f"{len(readers) - len(skipped)} passed, 0 failed, {len(skipped)} skipped")


if __name__ == "__main__":
    main()
