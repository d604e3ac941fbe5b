"""The shard of a user, by the test vectors of FORMAT.md."""

import re
from pathlib import Path

import annalsdb
import pytest

FORMAT = (Path(__file__).resolve().parents[3] / "FORMAT.md").read_text()


def set_of_two(folder: Path) -> Path:
    text = re.search(r"```json\n(\{\n  \"version\": 1,\n  \"hash\".*?)```", FORMAT, re.S)
    assert text
    folder.mkdir()
    (folder / "shards.json").write_text(text[1])
    return folder


def test_users_go_where_the_vectors_say(tmp_path: Path) -> None:
    shards = annalsdb.ShardMap(set_of_two(tmp_path / "set"))
    found = re.findall(r"^\| (\S.*?) \| \d+ \| `[0-9a-f]{16}` \| (\d) \|", FORMAT, re.M)
    assert len(found) == 7
    for shown, of_two in found:
        user = {"empty": "", "`Zo\u00eb` (U+00EB)": "Zo\u00eb", "`u` 240 times": "u" * 240, "`u` 300 times": "u" * 300}.get(
            shown, shown.strip("`")
        )
        assert shards.shard_of(user) == int(of_two), shown
    assert (len(shards), shards.edit) == (2, 1)
    assert shards.path(1) == tmp_path / "set" / "shard-2"
    with pytest.raises(IndexError, match="there are 2 shards"):
        shards.path(2)


def test_what_is_no_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(annalsdb.NotFoundError, match="no set of shards here"):
        annalsdb.ShardMap(tmp_path)
    folder = set_of_two(tmp_path / "set")
    file = folder / "shards.json"
    file.write_text(file.read_text().replace("7fff", "7ffe"))
    with pytest.raises(annalsdb.CorruptionError, match="shards.json"):
        annalsdb.ShardMap(folder)
