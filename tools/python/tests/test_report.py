"""The report in a browser, where there is one: nothing is asked for, nothing overlaps, nothing is wider than a phone."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import annalsdb
import pytest
from conftest import event

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)

LOOK = """
<script>
const boxes = [];
for (const svg of document.querySelectorAll("svg")) {
    const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
    const inside = svg.getBoundingClientRect();
    texts.forEach((a, at) => {
        const box = a.getBoundingClientRect();
        if (box.left < inside.left - 1 || box.right > inside.right + 1)
            boxes.push(["outside", a.textContent, svg.getAttribute("aria-label")]);
        for (const b of texts.slice(at + 1)) {
            const other = b.getBoundingClientRect();
            if (box.left < other.right - 1 && other.left < box.right - 1 &&
                box.top < other.bottom - 2 && other.top < box.bottom - 2)
                boxes.push(["overlap", a.textContent, b.textContent, svg.getAttribute("aria-label")]);
        }
    });
}
const wide = document.documentElement.scrollWidth - window.innerWidth;
const colors = getComputedStyle(document.querySelector("svg text")).fill;
document.body.setAttribute("data-look", JSON.stringify({boxes, wide, colors}));
</script>
"""


@pytest.fixture
def page(store: annalsdb.Store, tmp_path: Path) -> Path:
    store.write(
        [
            event(
                f"user{int(300 ** ((at * 37 % 100) / 100))}",
                f"item{int(math.exp((at * 61 % 97) / 14))}",
                1_690_000_000 + at * 2503,
                ["view", "click", "add-to-cart", "purchase"][at % 7 % 4],
                EVENT_VALUE=at / 3 if at % 3 else None,
                DEVICE=["phone", "desktop", None][at % 3],
                IMPRESSION=[f"item{int(math.exp((at * 61 % 97) / 14))}", "item1", "item2"] if at % 2 else None,
            )
            for at in range(6000)
        ],
        durability="buffered",
    )
    store.flush()
    store.report(tmp_path / "report.html")
    return tmp_path / "report.html"


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.labels: list[str | None] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.labels.append(dict(attributes).get("aria-label"))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_has_words_for_its_plots(page: Path) -> None:
    text = page.read_text()
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert len(outline.labels) == 7 and all(outline.labels)
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in text
    # Every plot has its figures as a table.
    assert text.count("<table>") >= len(outline.labels)
    assert "record or import more" not in text


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_in_a_browser(page: Path, width: int, dark: bool) -> None:
    looked = page.with_name("looked.html")
    looked.write_text(page.read_text().replace("</body>", LOOK + "</body>"))
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            f"--window-size={width},900",
            "--dump-dom",
            looked.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'data-look="([^"]*)"', done.stdout)
    assert found is not None
    look = json.loads(found[1].replace("&quot;", '"').replace("&lt;", "<").replace("&amp;", "&"))
    assert look["boxes"] == []
    assert look["wide"] <= 0
    assert look["colors"] == ("rgb(232, 232, 234)" if dark else "rgb(28, 29, 33)")
