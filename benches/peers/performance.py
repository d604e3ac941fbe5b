"""Writes PERFORMANCE.md from the results of the benchmarks: python3 benches/peers/performance.py

Reads results/SHAPE.json, results/growth-SHAPE.json, results/cold-SHAPE.json and results/large-even.json; which figures are compared says
src/report/rows.rs.
"""

import json
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "PERFORMANCE.md"
OURS, LIMIT = "annals", "mem"
SHAPES = {
    "even": "a letter and seven digits as user ids, a letter and five as item ids",
    "shop": "UUIDs as user ids, codes of ten letters and digits as item ids",
    "news": "decimal numbers as user ids, slugs of 20 to 60 bytes as item ids",
    "tail": "the ids of even, few rows for each user and item",
}
WORK = re.compile(r'work\("([^"]+)", "([^"]+)", (More|Less), &\[([^\]]+)\], &\[([^\]]+)\]\)')
# Runs of one figure that differ by more are named.
WIDE = 1.5
# What other programs take of the processors before a run is said not to have been calm, in percent.
CALM = 10

INTRO = """\
# Performance

Made by `make performance` from the results of the benchmarks; do not edit it. `make peers` measures again (half an
hour and 12 GB of disk for each shape of data), `make growth` and `make cold` their own tables,
`make peers PEERS_ARGS=--large` the growth to 100 million rows. How the benchmark works, and how to read its figures,
is in [benches/peers/README.md](benches/peers/README.md). What was tried on the way is in
[docs/experiments](docs/experiments/README.md).

A figure is the median of its runs; the lowest and the highest run stand behind it.

## Beside other stores

Every store answers the same questions about the same rows, and all answers are compared by value. All of it is warm,
but for what is called cold. The best peer is the one with the best median; a ratio above 1 says that annals is better.
A view holds codes and borrows strings; peers copy theirs. "In memory" is plain sorted columns with a hash from user to
rows, nothing on disk: a limit, not a store.

The data comes in shapes: {shapes}.
"""

BESIDE = """
### Shape {shape}

{about} Settings and versions of each store are in [{file}](benches/peers/results/{file}).

| work | unit | annals | best peer | | ratio | in memory |
|---|---|---:|---:|---|---:|---:|
"""

COLD = """
## Cold

What a store costs after a restart of the machine: its files are dropped from the page cache, it is opened, and two users
are asked for, one after the other, whom no opening before asked for. Medians; KiB are what the process read from the disk,
what the disk read ahead included. `make cold` measures it alone. Parquet is left out, as its bytes are read into memory
when it is opened, and so are the stores that are driven from Python.

| shape | store | opening | first user | | second user | |
|---|---|---:|---:|---:|---:|---:|
"""

LOADS = """
## Growth of loads

Bulk loads of N rows and of ten times as many, by turns, each in a fresh process (`make growth`).

| shape | rows | store | rows/s, N | rows/s, 10 N | 10 N to N | peak MB, N | peak MB, 10 N |
|---|---:|---|---:|---:|---:|---:|---:|
"""

GROWTH = """
## Growth to 100 million rows

{about}

A tenth has {rows} rows, {users} users and {items} items; each work is measured alternately with the tenth and the
whole. Every figure is in [{file}](benches/peers/results/{file}).

| work | unit | a tenth | the whole | whole to tenth |
|---|---|---:|---:|---:|
"""


def load(name):
    """The results of that name; nothing where there are none."""
    path = HERE / "results" / name
    return json.loads(path.read_text()) if path.exists() else None


def works():
    found = WORK.findall((HERE / "src/report/rows.rs").read_text())
    if not found:
        raise SystemExit("src/report/rows.rs has no works that this script can read")
    names = lambda text: re.findall(r"\w+", text)
    for label, unit, better, ours, theirs in found:
        yield label, unit, better == "More", names(ours), names(theirs)


def number(value):
    """Three digits, with k or M where large."""
    unit = ""
    if value >= 1e6:
        value, unit = value / 1e6, " M"
    elif value >= 1e4:
        value, unit = value / 1e3, " k"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}{unit}"


def cell(figure):
    if figure is None:
        return "–"
    low, high = number(min(figure["runs"])), number(max(figure["runs"]))
    spread = low if low == high else f"{low} to {high}"
    return f"{number(figure['median'])} ({spread})"


def figure_of(results, store, names, more):
    """The best of a store's figures with these names."""
    figures = results["figures"].get(store, {})
    known = [figures[name] for name in names if name in figures]
    pick = max if more else min
    return pick(known, key=lambda figure: figure["median"], default=None)


def about(results, name):
    data, machine = results["data"], results["machine"]
    # Not the commit that gave the file another name.
    log = ["git", "log", "-1", "--follow", "--diff-filter=AM", "--format=%h", "--", f"results/{name}"]
    commit = subprocess.run(log, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    counted = lambda what: f"{data[what + '_seen']:,} of {data[what]:,}" if data.get(what + "_seen") else f"{data[what]:,}"
    others = results.get("others_percent")
    meanwhile = "" if others is None else f" Other programs took {others:g} % of the processors' time meanwhile"
    meanwhile += "" if others is None else ": not a calm run." if others > CALM else "."
    readahead = machine.get("readahead_kib")
    disk = f", disk reads {readahead} KiB ahead" if readahead else ""
    published = f", published in commit {commit}" if commit else ""
    return (
        f"{data['rows']:,} generated rows, {counted('users')} users, {counted('items')} items, seed {data['seed']}, "
        f"{data['rounds']} rounds. {results['date']}{published}; {machine['processor']}, {machine['cores']} cores,\n"
        f"{machine['memory_gb']} GB{disk}, {machine['kernel']}, {machine['rustc'].split(' (')[0]}, "
        f"{machine['python']}.{meanwhile}"
    )


def compared(results):
    """For each work that annals did: label, unit, our figure, the best peer, its figure, ratio, limit."""
    for label, unit, more, ours, theirs in works():
        own = figure_of(results, OURS, ours, more)
        if own is None:
            continue
        peers = {store: figure_of(results, store, theirs, more) for store in results["stores"]}
        limit = peers.pop(LIMIT, None)
        peers = {store: figure for store, figure in peers.items() if store != OURS and figure is not None}
        best = (max if more else min)(peers, key=lambda store: peers[store]["median"], default=None)
        ratio = None
        if best is not None:
            pair = own["median"], peers[best]["median"]
            ratio = pair[0] / pair[1] if more else pair[1] / pair[0]
        yield label, unit, own, best, peers.get(best), ratio, limit


def ratios(shapes):
    """Each work's ratio to the best peer on each shape."""
    columns = {shape: {row[0]: row for row in compared(results)} for shape, results in shapes.items()}
    out = f"\n| ratio to the best peer | {' | '.join(shapes)} |\n|---|{'---|' * len(shapes)}\n"
    for label, *_ in works():
        cells = []
        for rows in columns.values():
            _, _, _, best, _, ratio, _ = rows.get(label, (None,) * 7)
            cells.append("–" if ratio is None else f"{number(ratio)}x {best}")
        if any(cell != "–" for cell in cells):
            out += f"| {label} | {' | '.join(cells)} |\n"
    return out


def beside(shape, results):
    name = f"{shape}.json"
    out = BESIDE.format(shape=shape, about=about(results, name), file=f"{shape}.md")
    behind, wide = [], []
    for label, unit, own, best, theirs, ratio, limit in compared(results):
        if ratio is not None and ratio < 1:
            behind.append(f"{label} ({number(ratio)}x {best})")
        if min(own["runs"]) > 0 and max(own["runs"]) / min(own["runs"]) > WIDE:
            wide.append(label)
        ratio = "" if ratio is None else f"{number(ratio)}x"
        limit = "–" if limit is None else number(limit["median"])
        out += f"| {label} | {unit} | {cell(own)} | {cell(theirs)} | {best or ''} | {ratio} | {limit} |\n"
    out += f"\nWhere annals is behind: {'; '.join(behind) or 'nowhere'}.\n"
    if wide:
        out += f"\nRuns of annals that differ by more than {WIDE}x: {'; '.join(wide)}.\n"
    if results["failures"]:
        out += f"\nStores that failed: {', '.join(results['failures'])}.\n"
    return out


def cold():
    rows = ""
    for shape in SHAPES:
        results = load(f"cold-{shape}.json") or load(f"{shape}.json")
        if results is None:
            continue
        for store in results["stores"]:
            figures = results["figures"].get(store, {})
            if "cold_open_us" not in figures:
                continue
            of = lambda name: figures[f"cold_{name}"]["median"]
            steps = [f"{of('open_us') / 1e3:.1f} ms"]
            for step in ("first", "second"):
                steps += [f"{number(of(f'{step}_us'))} µs", f"{of(f'{step}_kib'):.0f} KiB, {of(f'{step}_faults'):.0f} faults"]
            rows += f"| {shape} | {store} | {' | '.join(steps)} |\n"
    return COLD + rows if rows else ""


def loads():
    rows = ""
    for shape in SHAPES:
        whole = load(f"growth-{shape}.json")
        if whole is None:
            continue
        tenth = whole["tenth"]
        for store in whole["stores"]:
            pairs = []
            for name in ("load_rows_s", "load_peak_mb"):
                pair = [results["figures"].get(store, {}).get(name) for results in (tenth, whole)]
                pairs.append([None if figure is None else figure["median"] for figure in pair])
            if None in pairs[0]:
                continue
            (few, many), peaks = pairs
            count = f"{tenth['data']['rows']:,}"
            cells = [number(few), number(many), f"{number(many / few)}x", *map(number, peaks)]
            rows += f"| {shape} | {count} | {store} | {' | '.join(cells)} |\n"
    return LOADS + rows if rows else ""


def growth(name):
    whole = load(name)
    if whole is None:
        return ""
    tenth = whole["tenth"]
    data = {key: f"{tenth['data'][key]:,}" for key in ("rows", "users", "items")}
    out = GROWTH.format(about=about(whole, name), file=name.replace(".json", ".md"), **data)
    for label, unit, more, ours, _ in works():
        pair = [figure_of(results, OURS, ours, more) for results in (tenth, whole)]
        if None in pair:
            continue
        ratio = pair[1]["median"] / pair[0]["median"]
        out += f"| {label} | {unit} | {cell(pair[0])} | {cell(pair[1])} | {number(ratio)}x |\n"
    return out


def main():
    shapes = {shape: load(f"{shape}.json") for shape in SHAPES}
    shapes = {shape: results for shape, results in shapes.items() if results is not None}
    described = "; ".join(f"{shape} ({SHAPES[shape]})" for shape in shapes)
    page = INTRO.format(shapes=described) + ratios(shapes)
    page += "".join(beside(shape, results) for shape, results in shapes.items())
    PAGE.write_text(page + cold() + loads() + growth("large-even.json"))


if __name__ == "__main__":
    main()
