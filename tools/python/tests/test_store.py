"""Writing, reading, closing: each through the public names."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import annalsdb
import pytest
from conftest import SCHEMA, event


def test_a_history_is_newest_first_and_has_every_field(filled: annalsdb.Store) -> None:
    rows = filled.history("ada")
    assert len(rows) == 3
    assert [row["TIMESTAMP"] for row in rows] == [300, 200, 100]
    assert rows[2] == {
        "ITEM_ID": "tea",
        "TIMESTAMP": 100,
        "EVENT_TYPE": "view",
        "EVENT_VALUE": None,
        "DEVICE": "phone",
        "IMPRESSION": ["tea", "cake"],
    }
    assert rows[1]["EVENT_VALUE"] == 2.5
    assert rows[-1] == rows[2]
    assert rows.to_list("ITEM_ID") == ["tea", "cake", "tea"]
    with pytest.raises(IndexError):
        rows[3]


def test_a_history_is_cut_by_limit_types_time_and_columns(filled: annalsdb.Store) -> None:
    times = lambda **query: filled.history("ada", **query).to_list("TIMESTAMP")  # noqa: E731
    assert times(limit=2) == [300, 200]
    assert times(limit=2, oldest_first=True) == [100, 200]
    assert times(event_types=["VIEW"]) == [200, 100]
    assert times(event_types="purchase") == [300]
    assert times(since=200, until=300) == [200]
    assert filled.history("ada", columns=["ITEM_ID"], limit=1).to_dicts() == [{"ITEM_ID": "tea"}]
    assert len(filled.history("nobody")) == 0
    with pytest.raises(annalsdb.InvalidInputError, match="COLOR.*USER_ID, ITEM_ID"):
        filled.history("ada", columns=["COLOR"])


def test_times_are_ints_or_have_a_zone(store: annalsdb.Store) -> None:
    noon = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)
    in_kolkata = noon.astimezone(timezone(timedelta(hours=5, minutes=30)))
    store.write(event("ada", "tea", in_kolkata))
    assert store.history("ada").to_list("TIMESTAMP") == [int(noon.timestamp())]
    assert store.history("ada", times="datetime").to_list("TIMESTAMP") == [noon]
    assert len(store.history("ada", since=noon)) == 1
    assert len(store.history("ada", until=noon)) == 0
    # A fraction: the first whole second behind it.
    assert len(store.history("ada", since=noon + timedelta(microseconds=1))) == 0
    assert len(store.history("ada", until=noon + timedelta(microseconds=1))) == 1
    naive = datetime(2024, 1, 31, 12)
    with pytest.raises(annalsdb.InvalidInputError, match="without a zone"):
        store.history("ada", since=naive)
    with pytest.raises(annalsdb.InvalidInputError, match="TIMESTAMP.*without a zone"):
        store.write(event("ada", "tea", naive))
    with pytest.raises(annalsdb.InvalidInputError, match="fraction"):
        store.write(event("ada", "tea", noon + timedelta(microseconds=1)))
    with pytest.raises(annalsdb.InvalidInputError, match="no time"):
        store.write(event("ada", "tea", True))
    with pytest.raises(annalsdb.InvalidInputError, match='times: "iso"'):
        store.history("ada", times="iso")
    assert len(store.history("ada")) == 1


def test_dataclasses_and_other_spellings_are_written(store: annalsdb.Store) -> None:
    @dataclasses.dataclass
    class View:
        user_id: str
        item_id: str
        timestamp: int
        event_type: str = "view"
        impression: tuple[str, ...] = ()

    assert store.write(View("ada", "tea", 5, impression=("tea", "jam"))) == 1
    assert store.write([View("ada", "jam", 6), event("ada", "cake", 7)], durability="buffered") == 2
    rows = store.history("ada")
    assert rows.to_list("ITEM_ID") == ["cake", "jam", "tea"]
    assert rows[2]["IMPRESSION"] == ["tea", "jam"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ITEM_ID": 7}, "interaction 1: field ITEM_ID: value 7: must be a string"),
        ({"COLOR": "red"}, "interaction 1: field COLOR: the schema has no such field"),
        ({"EVENT_VALUE": "much"}, "EVENT_VALUE"),
        ({"EVENT_VALUE": object()}, "must be a float"),
        ({"DEVICE": 2**70}, "beyond 64 bits"),
        ({"USER_ID": ""}, "USER_ID"),
        ({"EVENT_TYPE": None}, "EVENT_TYPE"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_written(
    store: annalsdb.Store, wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match=message) as caught:
        store.write([event("ada", "tea", 5), {**event("ada", "jam", 6), **wrong}])
    assert isinstance(caught.value, ValueError)
    assert len(store.history("ada")) == 0
    assert store.sequence == 0


def test_fields_that_are_missing_are_named(store: annalsdb.Store) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match="field USER_ID: required, but missing"):
        store.write({"ITEM_ID": "tea", "TIMESTAMP": 5, "EVENT_TYPE": "view"})
    with pytest.raises(annalsdb.InvalidInputError, match="must be a dict or a dataclass"):
        store.write([7])
    with pytest.raises(annalsdb.InvalidInputError, match="a string"):
        store.write("ada")


def test_unseen_is_exact_and_by_type(filled: annalsdb.Store) -> None:
    mask = filled.unseen("ada", ["tea", "cake", "jam", "tea"])
    assert mask.to_list() == [False, False, True, False]
    assert list(mask) == [False, False, True, False]
    assert memoryview(mask).format == "?"
    assert memoryview(mask).tolist() == [False, False, True, False]
    assert filled.unseen("ada", ("tea", "cake"), event_types=["purchase"]).to_list() == [False, True]
    assert filled.unseen("ada", ["tea", "cake"], newest=1, event_types="view").to_list() == [True, False]
    assert filled.unseen("nobody", []).to_list() == []
    with pytest.raises(annalsdb.InvalidInputError, match=r"candidates\[1\]: 7"):
        filled.unseen("ada", ["tea", 7])
    with pytest.raises(annalsdb.InvalidInputError, match="one string"):
        filled.unseen("ada", "tea")
    with pytest.raises(TypeError):
        memoryview(mask)[0] = True


def test_filters_keep_candidates_and_users(filled: annalsdb.Store, tmp_path: Path) -> None:
    bought = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($DONE)"
    kept = filled.filter(bought, "ada", ["tea", "cake"], parameters={"DONE": ["purchase"]})
    assert kept.to_list() == [False, True]
    kept = filled.filter(bought, "ada", ["tea", "cake"], parameters={"DONE": "view"})
    assert kept.to_list() == [False, False]
    users = "INCLUDE UserID WHERE Interactions.EVENT_TYPE IN (\"purchase\")"
    assert filled.filter_users(users) == ["ada", "ben"]
    with pytest.raises(annalsdb.InvalidInputError, match="line 1, column 16: expected WHERE"):
        filled.filter("EXCLUDE ItemID WERE", "ada", ["tea"])

    items = tmp_path / "items.csv"
    items.write_text("ITEM_ID,PRICE\ntea,3\ncake,9\n")
    schema = json.dumps(
        {
            "type": "record",
            "name": "Items",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [{"name": "ITEM_ID", "type": "string"}, {"name": "PRICE", "type": "int"}],
            "version": "1.0",
        }
    )
    table = annalsdb.Attributes("items", schema, items)
    assert len(table) == 2
    cheap = "INCLUDE ItemID WHERE Items.PRICE < $MOST"
    kept = filled.filter(cheap, "ada", ["tea", "cake"], parameters={"MOST": 5}, items=table)
    assert kept.to_list() == [True, False]


def test_a_snapshot_stays_as_it_is(filled: annalsdb.Store) -> None:
    snapshot = filled.snapshot()
    filled.write(event("ada", "pie", 400))
    assert len(snapshot.history("ada")) == 3
    assert len(filled.history("ada")) == 4
    assert snapshot.sequence == 2 and filled.sequence == 3
    filled.close()
    assert snapshot.unseen("ada", ["pie"]).to_list() == [True]
    assert snapshot.schema == SCHEMA


def test_events_of_sessions(store: annalsdb.Store) -> None:
    request = {
        "sessionId": "s1",
        "eventList": [
            {"eventId": "e1", "eventType": "view", "itemId": "tea", "sentAt": 100},
            {"eventId": "e1", "eventType": "view", "itemId": "jam", "sentAt": 101},
        ],
    }
    assert store.put_events(request)["duplicates"] == [1]
    assert store.history("s1").to_list("ITEM_ID") == ["tea"]
    later = {**request, "userId": "ada", "eventList": [{**request["eventList"][0], "eventId": "e2"}]}
    store.put_events(json.dumps(later))
    assert len(store.history("ada")) == 2
    with pytest.raises(annalsdb.InvalidInputError, match="sentAt"):
        store.put_events({"sessionId": "s", "eventList": [{"eventType": "view", "itemId": "tea"}]})


def test_errors_have_kinds(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(annalsdb.NotFoundError) as missing:
        annalsdb.open(folder)
    assert isinstance(missing.value, FileNotFoundError)
    assert str(folder) in str(missing.value)
    store = annalsdb.create(folder, SCHEMA)
    with pytest.raises(annalsdb.AlreadyExistsError) as there:
        annalsdb.create(folder, SCHEMA)
    assert isinstance(there.value, FileExistsError)
    reader = annalsdb.open_reader(folder)
    with pytest.raises(annalsdb.UnsupportedError):
        reader.write(event("ada", "tea", 5))
    store.close()
    store.close()
    with pytest.raises(annalsdb.ClosedError):
        store.history("ada")
    with pytest.raises(annalsdb.InvalidInputError, match="schema"):
        annalsdb.create(tmp_path / "other", {"type": "record"})
    with pytest.raises(annalsdb.InvalidInputError, match="settings"):
        annalsdb.open(folder, settings={"colour": 7})
    for error in (annalsdb.NotFoundError, annalsdb.LockedError, annalsdb.ForkedError):
        assert issubclass(error, annalsdb.AnnalsError)


def test_limits_and_settings(folder: Path, tmp_path: Path) -> None:
    long_id = "x" * 300
    with annalsdb.create(folder, SCHEMA) as store:
        with pytest.raises(annalsdb.InvalidInputError, match="max_id_chars"):
            store.write(event(long_id, "tea", 5))
    lifted = {"max_id_chars": None}
    with annalsdb.create(tmp_path / "b", json.loads(SCHEMA), limits=lifted, settings={"threads": 1}) as store:
        store.write(event(long_id, "tea", 5))
        assert store.users() == [long_id]
    with annalsdb.create(tmp_path / "c", SCHEMA, limits="unlimited") as store:
        store.write(event(long_id, "tea", 5))


def test_a_reader_sees_more_when_it_is_refreshed(store: annalsdb.Store, folder: Path) -> None:
    store.write(event("ada", "tea", 5))
    with annalsdb.open_reader(folder) as reader:
        assert not reader.writable and store.writable
        assert reader.id == store.id
        store.write(event("ada", "jam", 6))
        assert len(reader.history("ada")) == 1
        assert reader.refresh()
        assert len(reader.history("ada")) == 2
        assert not reader.refresh()


def test_files_go_in_and_out(store: annalsdb.Store, tmp_path: Path) -> None:
    csv = tmp_path / "in.csv"
    csv.write_text(
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,IMPRESSION\n"
        "ada,tea,100,view,0.1,phone,tea|cake\nben,jam,200,view,,,\n"
    )
    seen: list[tuple[int, int]] = []
    report = store.import_csv(csv, progress=lambda done, total: seen.append((done, total)))
    assert (report["rows"], report["files"], report["rejected"]) == (2, 1, 0)
    assert seen[-1] == (csv.stat().st_size, csv.stat().st_size)
    manifest = store.export(tmp_path / "out.csv")
    assert manifest["report"]["records"] == 2
    assert json.loads((tmp_path / "out.csv.manifest.json").read_text()) == manifest
    assert (tmp_path / "out.csv").read_text() == csv.read_text()
    store.export(tmp_path / "out.jsonl", columns=["EVENT_VALUE", "IMPRESSION"])
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines == [
        {"EVENT_VALUE": 0.1, "IMPRESSION": ["tea", "cake"]},
        {"EVENT_VALUE": None, "IMPRESSION": None},
    ]
    told: list[int] = []
    one = store.export(tmp_path / "one.csv", limit=1, since=150, progress=told.append)
    assert one["report"]["records"] == 1 and told[-1] == 2
    with pytest.raises(annalsdb.NotFoundError, match="nowhere"):
        store.export(tmp_path / "nowhere" / "out.csv")
    with pytest.raises(annalsdb.InvalidInputError, match="out.xls: the name ends in no form"):
        store.export(tmp_path / "out.xls")
    with pytest.raises(annalsdb.InvalidInputError, match="format"):
        store.export(tmp_path / "out.xls", format="xls")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword argument 'sorted'"):
        store.export(tmp_path / "out.csv", sorted=True)  # type: ignore[call-arg]
    with pytest.raises(annalsdb.InvalidInputError, match="newest: .*invalid type"):
        store.export(tmp_path / "out.csv", newest="3")  # type: ignore[arg-type]
    with pytest.raises(annalsdb.InvalidInputError, match="history: is not for the layout"):
        store.export(tmp_path / "out.csv", history=3)
    files = ["one.csv", "out.csv", "out.jsonl"]
    beside = [f"{file}.manifest.json" for file in files]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.csv", *files, *beside, "store"])


def test_exports_have_forms_layouts_and_parts(store: annalsdb.Store, tmp_path: Path) -> None:
    items = ["tea", "cake", "jam", "tea", "bread"]
    for user in ("ada", "ben"):
        store.write([event(user, item, at) for at, item in enumerate(items)])
    examples = store.export(
        tmp_path / "examples.parquet",
        layout="examples",
        history=2,
        negatives=1,
        seed=7,
        columns=["ITEM_ID"],
        split="leave-last:1",
        partition_by="user-hash:2",
    )
    folder = tmp_path / "examples.parquet"
    assert json.loads((folder / "manifest.json").read_text()) == examples
    assert examples["parts"] == {"test": 2, "train": 8}
    assert all((folder / file["path"]).stat().st_size == file["bytes"] for file in examples["files"])
    times = store.export(tmp_path / "parts", format="jsonl", split=("time", 3))
    assert times["parts"] == {"test": 4, "train": 6}
    before = store.sequence
    store.write(event("cy", "tea", 9))
    store.delete(user="ben")
    since = store.export(tmp_path / "since.csv", changes_since=before)
    assert since["report"]["records"] == 1
    assert [step["step"] for step in since["changes"]] == ["deleted"]
    known = store.export(tmp_path / "known.csv", as_of=before)
    assert known["report"]["records"] == 10
    with pytest.raises(annalsdb.AlreadyExistsError, match="not empty"):
        store.export(folder, format="csv", split="leave-last:1")
    with pytest.raises(annalsdb.InvalidInputError, match="split: .*leave-last:1"):
        store.export(tmp_path / "x.csv", split=("time",))  # type: ignore[arg-type]


def test_records_are_a_stream(store: annalsdb.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    store.write([event("ada", item, at) for at, item in enumerate(["tea", "cake", "jam"])])
    store.write(event("ben", "tea", 5))
    sequences = store.records(layout="sequences", columns=["USER_ID", "ITEM_ID"], min_length=2)
    assert sequences.column_names == ["USER_ID", "ITEM_ID"]
    for _ in range(2):
        table = pa.table(sequences)
        assert table.to_pylist() == [{"USER_ID": "ada", "ITEM_ID": ["tea", "cake", "jam"]}]
    weighted = pa.table(store.records(event_types=["view:0.5"], newest_per_user=1))
    assert weighted["WEIGHT"].to_pylist() == [0.5, 0.5]
    history = pa.table(store.records(layout="examples", history=1, min_length=1, columns=["ITEM_ID"]))
    assert history.num_rows == 2
    views = pa.table(store.records(layout="examples", history=2, columns=["ITEM_ID"], lists="view"))
    assert pa.types.is_list_view(views.schema.field("HISTORY_ITEM_ID").type)
    assert views["HISTORY_ITEM_ID"].to_pylist() == [[], ["tea"], ["tea", "cake"], []]
    with pytest.raises(annalsdb.InvalidInputError, match="lists view: as_known"):
        store.records(layout="examples", as_known=True, lists="view")
    snapshot = store.snapshot()
    store.write(event("cy", "tea", 6))
    assert pa.table(snapshot.records()).num_rows == 4
    with pytest.raises(TypeError, match="split"):
        store.records(split="leave-last:1")  # type: ignore[call-arg]


def test_files_of_other_forms_and_bad_rows(store: annalsdb.Store, tmp_path: Path) -> None:
    csv = tmp_path / "in.csv"
    csv.write_text("who;what;when\nada;tea;2024-01-31T12:00:00Z\nben;;2024-01-31T12:00:00Z\n")
    form = {
        "map": {"USER_ID": "who", "ITEM_ID": "what", "TIMESTAMP": "when"},
        "set": {"EVENT_TYPE": "view"},
        "delimiter": ";",
        "time_unit": "iso",
    }
    with pytest.raises(annalsdb.InvalidInputError, match="line 3, column"):
        store.import_csv(csv, **form)
    assert store.sequence == 0
    rejects = tmp_path / "rejects.csv"
    report = store.import_csv([csv], on_error="skip", rejects=rejects, **form)
    assert (report["rows"], report["rejected"]) == (1, 1)
    assert "ben" in rejects.read_text()
    assert store.history("ada").to_list("TIMESTAMP") == [1706702400]
    with pytest.raises(TypeError, match="colour"):
        store.import_csv(csv, colour="red")
    with pytest.raises(annalsdb.InvalidInputError, match="on_error"):
        store.import_csv(csv, rejects=rejects)
    with pytest.raises(annalsdb.NotFoundError):
        store.import_csv(tmp_path / "none.csv")


def test_a_full_import_replaces(store: annalsdb.Store, tmp_path: Path) -> None:
    csv = tmp_path / "in.csv"
    csv.write_text("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,IMPRESSION\nada,tea,1,view,,,\n")
    store.import_csv(csv)
    store.write(event("ada", "jam", 2))
    assert store.import_csv(csv, mode="full")["replaced"] == 1
    assert len(store.history("ada")) == 2


def test_reports(filled: annalsdb.Store, folder: Path) -> None:
    stats = filled.stats()
    assert (stats["rows"], stats["users"], stats["hot_rows"]) == (5, 3, 2)
    assert filled.event_types == ["purchase", "view"]
    assert filled.verify()["sound"]
    insights = filled.insights()
    assert insights["interactions"] == 5
    assert insights["findings"][0]["kind"] == "few_interactions"
    filled.compact()
    filled.maintain()
    filled.close()
    report = annalsdb.verify(folder)
    assert report["sound"] and report["damage"] == []


def test_damage_is_found(filled: annalsdb.Store, folder: Path) -> None:
    filled.close()
    segment = next((folder / "segments").iterdir())
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    report = annalsdb.verify(folder)
    assert not report["sound"]
    assert report["damage"][0]["file"].endswith(segment.name)


def test_a_checkpoint_is_a_store(filled: annalsdb.Store, tmp_path: Path) -> None:
    made = filled.checkpoint(tmp_path / "copy")
    assert made["segments"] == 1
    with annalsdb.open_reader(tmp_path / "copy") as copy:
        assert copy.history("ada").to_dicts() == filled.history("ada").to_dicts()
    with pytest.raises(annalsdb.AlreadyExistsError):
        filled.checkpoint(tmp_path / "copy", sharing="copy")


def test_users_and_ranges(filled: annalsdb.Store) -> None:
    assert filled.users() == ["ada", "ben", "cy"]
    assert filled.users("b", "c") == ["ben"]
    ranges = filled.user_ranges(2)
    together = [user for start, end in ranges for user in filled.users(start, end)]
    assert together == ["ada", "ben", "cy"]


def test_a_schema_is_inferred(tmp_path: Path) -> None:
    csv = tmp_path / "in.csv"
    csv.write_text("USER_ID,ITEM_ID,TIMESTAMP,PRICE\nada,tea,100,3\n")
    text, notes = annalsdb.infer_schema(csv)
    names = [field["name"] for field in json.loads(text)["fields"]]
    assert names == ["USER_ID", "ITEM_ID", "TIMESTAMP", "PRICE"]
    assert isinstance(notes, list)


def test_schemas_by_keywords() -> None:
    with pytest.raises(annalsdb.InvalidInputError, match="'text'; must be one of string"):
        annalsdb.schema(NAME="text")


def test_names_are_shown(filled: annalsdb.Store) -> None:
    assert "3 rows: ITEM_ID" in repr(filled.history("ada"))
    assert "Store" in repr(filled) and "commit 2" in repr(filled.snapshot())
    assert "2 values" in repr(filled.unseen("ada", ["a", "b"]))
    assert "USER_ID, ITEM_ID" in repr(filled.scan(columns=["USER_ID", "ITEM_ID"]))
