"""Every documented example runs: docstrings, the README's, those of docs/python.md."""

from __future__ import annotations

import doctest
import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any, Iterator

import annalsdb
import pytest

ROOT = Path(__file__).resolve().parents[3]
NEEDS = {"polars": "polars", "duckdb": "duckdb", "pandas": "pandas", "pyarrow": "pyarrow", "numpy": "numpy",
         "torch": "torch", "datasets": "datasets"}


def documented() -> Iterator[tuple[str, str]]:
    yield "annalsdb", annalsdb.__doc__ or ""
    for name in annalsdb.__all__:
        value = getattr(annalsdb, name)
        if not callable(value):
            continue
        yield name, inspect.getdoc(value) or ""
        if inspect.isclass(value) and not issubclass(value, Exception):
            for member, function in vars(value).items():
                if not member.startswith("_"):
                    yield f"{name}.{member}", inspect.getdoc(function) or ""


@pytest.mark.parametrize(("name", "text"), list(documented()))
def test_docstrings(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert text, f"{name} has no docstring"
    monkeypatch.chdir(tmp_path)
    with annalsdb.create("store", annalsdb.schema(EVENT_TYPE="string")) as store:
        store.write(
            [
                {"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": time, "EVENT_TYPE": "view"}
                for user, item, time in [("ada", "tea", 60), ("ada", "cake", 120), ("ben", "tea", 90)]
            ]
        )
        # The examples are about this store.
        names = {"annalsdb": annalsdb, "store": store}
        test = doctest.DocTestParser().get_doctest(text, names, name, name, 0)
        failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
        assert failed == 0


def blocks(file: str) -> list[tuple[str, str]]:
    text = (ROOT / file).read_text()
    found = []
    title = ""
    for part in re.finditer(r"^#+ (?P<title>[^\n]*)$|^```python\n(?P<code>.*?)^```$", text, re.M | re.S):
        title = part["title"] or title
        if part["code"]:
            found.append((title, part["code"]))
    return found


def run(code: str, names: dict[str, Any]) -> None:
    for package in re.findall(r"^\s*(?:import|from) (\w+)", code, re.M):
        if package in NEEDS and importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package}")
    exec(compile(code, "<example>", "exec"), names)


def test_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks("README.md")
    assert found, "README.md has no example in Python"
    for _, code in found:
        run(code, {"__name__": "example"})


@pytest.mark.parametrize(
    ("title", "code"), [pytest.param(*block, id=f"{at}-{block[0]}") for at, block in enumerate(blocks("docs/python.md"))]
)
def test_the_guide(title: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    schema = annalsdb.schema(EVENT_TYPE="string", EVENT_VALUE="float?")
    with annalsdb.create("store", schema) as store:
        store.write(
            [
                {"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": 1_700_000_000 + at, "EVENT_TYPE": "view"}
                for at, (user, item) in enumerate([("ada", "tea"), ("ada", "cake"), ("ben", "tea"), ("cy", "jam")])
            ]
        )
        names = {"__name__": "example", "annalsdb": annalsdb, "store": store}
        run(code, names)
