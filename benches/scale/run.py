"""Loads generated interactions into one store and into sets of shards, reads them, and prints what it took.

    python3 benches/scale/run.py --annals target/release/annals [--rows 300000000] [--shards 4] [--folder DIR] [--keep]

Three loads, each of a pipe that makes the rows: a tenth of the rows into one store, a tenth into a set, all into a set. Of each:
the time and the memory of the load, bytes by shard, a digest (every column of every row is read), an export of all rows as an
Arrow stream to nowhere, the first lookup of a process and a later one. Times are of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annals", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=300_000_000)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the stores where they are")
    return parser.parse_args()


class Run:
    def __init__(self, annals: Path, folder: Path) -> None:
        self.annals = str(annals.resolve())
        self.folder = folder

    def command(self, *words: str) -> str:
        """What a command prints."""
        return subprocess.run([self.annals, *words], check=True, capture_output=True, text=True, cwd=self.folder).stdout

    def timed(self, *words: str, stdin: int | None = None) -> tuple[float, float]:
        """Seconds, and MB of memory at most."""
        begun = time.perf_counter()
        process = subprocess.Popen(
            [self.annals, "-q", *words], stdin=stdin, stdout=subprocess.DEVNULL, cwd=self.folder
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"annals {' '.join(words)}: status {status}")
        return time.perf_counter() - begun, usage.ru_maxrss / 1000

    def load(self, name: str, rows: int, shards: int) -> dict[str, float]:
        made = subprocess.Popen(
            [self.annals, "generate", "--rows", str(rows), "--output", "-"], stdout=subprocess.PIPE, cwd=self.folder
        )
        assert made.stdout is not None
        prefix = ["shard"] if shards else []
        size = ["--shards", str(shards)] if shards else []
        self.command(*prefix, "init", name, "--schema", "schema.json", *size)
        seconds, memory = self.timed(*prefix, "import", name, "-", stdin=made.stdout.fileno())
        made.stdout.close()
        if made.wait() != 0:
            sys.exit("annals generate failed")
        return {"load_seconds": seconds, "load_rows_per_second": rows / seconds, "load_memory_mb": memory}

    def read(self, name: str, rows: int, shards: int) -> dict[str, float]:
        digest, _ = self.timed(*(["shard"] if shards else []), "digest", name)
        export, memory = self.timed("export", name, "--output", "-", "--format", "arrows")
        first, _ = self.timed("history", name, "--user", "u1", "--limit", "100", "--format", "csv")
        again, _ = self.timed("history", name, "--user", "u1", "--limit", "100", "--format", "csv")
        size = sum(file.stat().st_size for file in (self.folder / name).rglob("*") if file.is_file())
        return {
            "digest_rows_per_second": rows / digest,
            "export_rows_per_second": rows / export,
            "export_memory_mb": memory,
            "first_lookup_process_ms": first * 1000,
            "next_lookup_process_ms": again * 1000,
            "bytes_per_row": size / rows,
        }


def main() -> None:
    options = arguments()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    run = Run(options.annals, folder)
    try:
        run.command("generate", "--rows", "1", "--schema-out", "schema.json", "--output", "one.csv")
        few = options.rows // 10
        for name, rows, shards in (
            ("one", few, 0),
            ("few", few, options.shards),
            ("all", options.rows, options.shards),
        ):
            figures = run.load(name, rows, shards) | run.read(name, rows, shards)
            rounded = {what: float(f"{value:.4g}") for what, value in figures.items()}
            print(json.dumps({"name": name, "rows": rows, "shards": shards or 1} | rounded), flush=True)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
        print(json.dumps({"memory_of_any_process_mb": round(memory), "load": os.getloadavg()[0]}))
    finally:
        if options.keep:
            print(folder)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
