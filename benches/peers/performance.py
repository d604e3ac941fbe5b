"""Writes PERFORMANCE.md from the results of the benchmarks: python3 benches/peers/performance.py

Reads results/peers.json and results/large.json; which figures are compared says src/report/rows.rs.
"""

import json
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "PERFORMANCE.md"
OURS, LIMIT = "annals", "mem"
WORK = re.compile(r'work\("([^"]+)", "([^"]+)", (More|Less), "(\w+)", &\[([^\]]+)\]\)')
# Runs of one figure that differ by more are named.
WIDE = 1.5

INTRO = """\
# Performance

Made by `make performance` from the results of the benchmarks; do not edit it. `make peers` measures again (half an
hour, 12 GB of disk), `make peers PEERS_ARGS=--large` the growth. How the benchmark works, and how to read its figures,
is in [benches/peers/README.md](benches/peers/README.md). What was tried on the way is in
[docs/experiments](docs/experiments/README.md).

A figure is the median of its runs; the lowest and the highest run stand behind it.
"""

BESIDE = """
## Beside other stores

{about}

Every store answers the same questions, and all answers are compared by value. All of it is warm. The best peer is the
one with the best median; a ratio above 1 says that annals is better. A view holds codes and borrows strings; peers copy
theirs. "In memory" is plain sorted columns with a hash from user to rows, nothing on disk: a limit, not a store.
Settings and versions of each store are in [{file}](benches/peers/results/{file}).

| work | unit | annals | best peer | | ratio | in memory |
|---|---|---:|---:|---|---:|---:|
"""

GROWTH = """
## Growth

{about}

A tenth has {rows} rows, {users} users and {items} items; each work is measured alternately with the tenth and the
whole. Every figure is in [{file}](benches/peers/results/{file}).

| work | unit | a tenth | the whole | whole to tenth |
|---|---|---:|---:|---:|
"""


def load(name):
    return json.loads((HERE / "results" / name).read_text())


def works():
    found = WORK.findall((HERE / "src/report/rows.rs").read_text())
    if not found:
        raise SystemExit("src/report/rows.rs has no works that this script can read")
    for label, unit, better, ours, theirs in found:
        yield label, unit, better == "More", ours, re.findall(r"\w+", theirs)


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
    log = ["git", "log", "-1", "--format=%h", "--", f"results/{name}"]
    commit = subprocess.run(log, cwd=HERE, capture_output=True, text=True, check=True)
    return (
        f"{data['rows']:,} generated rows, {data['users']:,} users, {data['items']:,} items, seed {data['seed']}, "
        f"{data['rounds']} rounds. {results['date']}, published in commit {commit.stdout.strip()}; "
        f"{machine['processor']}, {machine['cores']} cores,\n{machine['memory_gb']} GB, {machine['kernel']}, "
        f"{machine['rustc'].split(' (')[0]}, {machine['python']}."
    )


def beside(name):
    results = load(name)
    out = BESIDE.format(about=about(results, name), file=name.replace(".json", ".md"))
    behind, wide = [], []
    for label, unit, more, ours, theirs in works():
        own = figure_of(results, OURS, [ours], more)
        if own is None:
            continue
        peers = {}
        for store in results["stores"]:
            figure = figure_of(results, store, theirs, more)
            if store not in (OURS, LIMIT) and figure is not None:
                peers[store] = figure
        limit = figure_of(results, LIMIT, theirs, more)
        best = (max if more else min)(peers, key=lambda store: peers[store]["median"], default=None)
        ratio = ""
        if best is not None:
            pair = own["median"], peers[best]["median"]
            ratio = pair[0] / pair[1] if more else pair[1] / pair[0]
            if ratio < 1:
                behind.append(f"{label} ({number(ratio)}x {best})")
            ratio = f"{number(ratio)}x"
        if min(own["runs"]) > 0 and max(own["runs"]) / min(own["runs"]) > WIDE:
            wide.append(label)
        limit = "–" if limit is None else number(limit["median"])
        out += f"| {label} | {unit} | {cell(own)} | {cell(peers.get(best))} | {best or ''} | {ratio} | {limit} |\n"
    out += f"\nWhere annals is behind: {'; '.join(behind) or 'nowhere'}.\n"
    if wide:
        out += f"\nRuns of annals that differ by more than {WIDE}x: {'; '.join(wide)}.\n"
    if results["failures"]:
        out += f"\nStores that failed: {', '.join(results['failures'])}.\n"
    return out


def growth(name):
    whole = load(name)
    tenth = whole["tenth"]
    data = {key: f"{value:,}" for key, value in tenth["data"].items()}
    out = GROWTH.format(about=about(whole, name), file=name.replace(".json", ".md"), **data)
    for label, unit, more, ours, _ in works():
        pair = [figure_of(results, OURS, [ours], more) for results in (tenth, whole)]
        if None in pair:
            continue
        ratio = pair[1]["median"] / pair[0]["median"]
        out += f"| {label} | {unit} | {cell(pair[0])} | {cell(pair[1])} | {number(ratio)}x |\n"
    return out


def main():
    PAGE.write_text(INTRO + beside("peers.json") + growth("large.json"))


if __name__ == "__main__":
    main()
