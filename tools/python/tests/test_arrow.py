"""Arrow in and out: requested schemas, and the libraries that read them."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import annalsdb
import pytest
from conftest import event

pa = pytest.importorskip("pyarrow")
np = pytest.importorskip("numpy")


def test_scans_are_streams_that_can_be_read_again(filled: annalsdb.Store) -> None:
    scan = filled.scan()
    table = pa.table(scan)
    assert table.num_rows == 5
    assert table.column_names == filled.fields
    assert table["USER_ID"].to_pylist() == ["ada", "ada", "ada", "ben", "cy"]
    assert table["TIMESTAMP"].to_pylist() == [100, 200, 300, 150, 50]
    assert table.schema.field("IMPRESSION").type == pa.list_(pa.field("item", pa.string(), nullable=False))
    assert pa.table(scan).equals(table)
    assert pa.schema(scan).equals(table.schema)
    assert [row for rows in filled.scan(columns=["ITEM_ID"], batch_rows=2) for row in rows.to_list("ITEM_ID")] == [
        "tea", "cake", "tea", "tea", "jam",
    ]


def test_scans_are_cut(filled: annalsdb.Store) -> None:
    rows = lambda **query: pa.table(filled.scan(**query)).num_rows  # noqa: E731
    assert rows(limit=2) == 2
    assert rows(limit=0) == 0
    assert rows(since=150, until=300) == 2
    assert rows(users=("b", None)) == 2
    assert rows(users=(None, "b"), event_types=["purchase"]) == 1
    assert rows(order="any", batch_rows=1) == 5
    assert pa.table(filled.scan(strings="dictionary"))["ITEM_ID"].type == pa.dictionary(pa.int32(), pa.string())
    for wrong in ({"order": "time"}, {"strings": "views"}, {"batch_rows": 0}, {"columns": ["COLOR"]}):
        with pytest.raises(annalsdb.InvalidInputError):
            filled.scan(**wrong)


def test_histories_are_tables(filled: annalsdb.Store) -> None:
    rows = filled.history("ada")
    table = pa.table(rows)
    assert table.to_pylist() == rows.to_dicts()
    assert pa.table(filled.history("nobody")).num_rows == 0
    assert np.asarray(rows.buffer("TIMESTAMP")).tolist() == [300, 200, 100]
    with pytest.raises(ValueError, match="null"):
        rows.buffer("EVENT_VALUE")
    with pytest.raises(ValueError, match="no column of plain numbers"):
        rows.buffer("ITEM_ID")
    with pytest.raises(KeyError, match="COLOR"):
        rows.buffer("COLOR")


def test_datetimes_have_the_zone_utc(filled: annalsdb.Store) -> None:
    table = pa.table(filled.scan(times="datetime"))
    assert table.schema.field("TIMESTAMP").type == pa.timestamp("us", "UTC")
    assert table["TIMESTAMP"][0].as_py() == datetime.fromtimestamp(100, timezone.utc)
    assert filled.history("ada", times="datetime")[0]["TIMESTAMP"].tzinfo is not None


def test_a_requested_schema_is_honoured_or_refused(filled: annalsdb.Store) -> None:
    scan = filled.scan(columns=["USER_ID", "TIMESTAMP", "EVENT_VALUE", "IMPRESSION"])
    own = pa.schema(scan)

    def asked(**types: pa.DataType) -> pa.Schema:
        return pa.schema([pa.field(f.name, types.get(f.name, f.type), f.nullable) for f in own])

    for unit in ("s", "ms", "us", "ns"):
        wanted = asked(
            USER_ID=pa.large_string(),
            TIMESTAMP=pa.timestamp(unit, "UTC"),
            EVENT_VALUE=pa.float64(),
            IMPRESSION=pa.list_(pa.large_string()),
        )
        table = pa.RecordBatchReader.from_stream(scan, wanted).read_all()
        assert table.schema.types == wanted.types
        assert table["TIMESTAMP"][1].as_py() == datetime.fromtimestamp(200, timezone.utc)
        assert table["EVENT_VALUE"].to_pylist() == [None, 2.5, None, None, None]
        assert table["IMPRESSION"][0].as_py() == ["tea", "cake"]
    for kind in (pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        table = pa.RecordBatchReader.from_stream(scan, asked(USER_ID=kind)).read_all()
        assert table["USER_ID"].to_pylist() == ["ada", "ada", "ada", "ben", "cy"]
    plain = pa.RecordBatchReader.from_stream(filled.scan(columns=["USER_ID"], strings="dictionary"),
                                             pa.schema([pa.field("USER_ID", pa.string(), False)]))
    assert plain.read_all()["USER_ID"].to_pylist()[3] == "ben"
    for wrong in (
        asked(TIMESTAMP=pa.timestamp("s")),
        asked(TIMESTAMP=pa.int32()),
        asked(USER_ID=pa.int64()),
        own.remove(0),
    ):
        with pytest.raises(ValueError):
            scan.__arrow_c_stream__(wrong.__arrow_c_schema__())
    rows = filled.history("ada", columns=["TIMESTAMP"])
    wanted = pa.schema([pa.field("TIMESTAMP", pa.timestamp("s", "UTC"))])
    assert pa.RecordBatchReader.from_stream(rows, wanted).read_all()["TIMESTAMP"].type == pa.timestamp("s", "UTC")


def test_histories_of_many_are_one_list_column(filled: annalsdb.Store) -> None:
    users = ["ben", "nobody", "ada", "ada"]
    rows = filled.histories(users, limit=2)
    table = pa.table(rows)
    assert table["USER_ID"].to_pylist() == users
    lists = table["HISTORY"].to_pylist()
    for user, history in zip(users, lists):
        assert history == filled.history(user, limit=2).to_dicts()
    assert rows[2]["HISTORY"] == lists[2]
    again = filled.histories(pa.array(users), limit=2, columns=["TIMESTAMP"], oldest_first=True)
    assert pa.table(again)["HISTORY"].to_pylist()[2] == [{"TIMESTAMP": 100}, {"TIMESTAMP": 200}]
    assert len(filled.histories([])) == 0
    assert pa.table(filled.histories([])).num_rows == 0


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
)
def test_candidates_are_arrow_strings_of_any_kind(filled: annalsdb.Store, kind: pa.DataType) -> None:
    candidates = pa.array(["tea", "jam", "tea"]).cast(kind) if "view" not in str(kind) else pa.array(
        ["tea", "jam", "tea"], type=kind)
    assert filled.unseen("ada", candidates).to_list() == [False, True, False]
    assert filled.unseen("ada", candidates[1:]).to_list() == [True, False]
    chunked = pa.chunked_array([candidates, candidates[:1]])
    assert filled.unseen("ada", chunked).to_list() == [False, True, False, False]


def test_candidates_that_are_no_strings_are_refused(filled: annalsdb.Store) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match="Int64"):
        filled.unseen("ada", pa.array([1, 2]))
    with pytest.raises(annalsdb.InvalidInputError, match="1 of 2 strings are null"):
        filled.unseen("ada", pa.array(["tea", None]))


def test_masks_go_to_numpy_and_arrow(filled: annalsdb.Store) -> None:
    mask = filled.unseen("ada", ["tea", "jam"])
    flags = np.asarray(mask)
    assert flags.dtype == np.bool_ and flags.tolist() == [False, True]
    assert not flags.flags.writeable
    assert np.array(["tea", "jam"])[flags].tolist() == ["jam"]
    assert pa.array(mask).to_pylist() == [False, True]
    assert mask[-1] is True
    with pytest.raises(IndexError):
        mask[2]


def tables() -> dict[str, object]:
    rows = [
        event("ada", "tea", 100, EVENT_VALUE=1.5, DEVICE="phone", IMPRESSION=["tea", "jam"]),
        event("ben", "jam", 200, EVENT_VALUE=None, DEVICE=None, IMPRESSION=None),
    ]
    table = pa.Table.from_pylist(rows)
    zoned = table.set_column(2, "TIMESTAMP", table["TIMESTAMP"].cast(pa.timestamp("ms", "UTC")).cast(
        pa.timestamp("ms", "UTC")))
    seconds = pa.chunked_array([pa.array([100, 200], pa.timestamp("s", "UTC"))])
    zoned = table.set_column(2, "TIMESTAMP", seconds.cast(pa.timestamp("ms", "UTC")))
    coded = table.set_column(0, "user_id", table["USER_ID"].dictionary_encode())
    small = table.set_column(2, "TIMESTAMP", table["TIMESTAMP"].cast(pa.uint32()))
    return {"plain": table, "zoned": zoned, "coded": coded, "small": small}


@pytest.mark.parametrize("form", ["plain", "zoned", "coded", "small"])
@pytest.mark.parametrize("how", ["write", "import_arrow"])
def test_tables_are_written(store: annalsdb.Store, form: str, how: str) -> None:
    table = tables()[form]
    done = getattr(store, how)(table)
    assert done == (1 if how == "write" else 2)
    assert store.history("ada").to_dicts() == [
        {"ITEM_ID": "tea", "TIMESTAMP": 100, "EVENT_TYPE": "view", "EVENT_VALUE": 1.5, "DEVICE": "phone",
         "IMPRESSION": ["tea", "jam"]}
    ]
    assert store.history("ben")[0]["EVENT_VALUE"] is None


def test_what_a_table_lacks_is_named(store: annalsdb.Store) -> None:
    table = tables()["plain"]
    cases = [
        (table.drop_columns("ITEM_ID"), "column ITEM_ID: required"),
        (table.append_column("COLOR", pa.array(["a", "b"])), "column COLOR: the schema has no such"),
        (table.append_column("user_id", table["USER_ID"]), "column user_id: given twice"),
        (table.set_column(2, "TIMESTAMP", pa.array([1, 2], pa.timestamp("s"))), "without a zone"),
        (table.set_column(2, "TIMESTAMP", pa.array([1.0, 2.0])), "TIMESTAMP.*must be integers"),
        (table.set_column(2, "TIMESTAMP", pa.array([1000, 1001], pa.timestamp("ms", "UTC"))), "row 1.*fraction"),
        (table.set_column(0, "USER_ID", pa.array([1, 2])), "row 0: field USER_ID.*cast it"),
        (table.set_column(1, "ITEM_ID", pa.array(["tea", None])), "row 1: field ITEM_ID: null"),
        (table.set_column(4, "EVENT_VALUE", pa.array(["a", "b"])), "row 0|interaction 0|EVENT_VALUE"),
    ]
    for wrong, message in cases:
        for how in (store.write, store.import_arrow):
            with pytest.raises(annalsdb.InvalidInputError, match=message):
                how(wrong)
    with pytest.raises(annalsdb.InvalidInputError, match="__arrow_c_stream__"):
        store.import_arrow([1])
    assert store.sequence == 0


def test_a_scan_of_one_store_is_written_to_another(filled: annalsdb.Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with annalsdb.create(tmp_path / "copy", filled.schema) as copy:
        seen: list[int] = []
        assert copy.import_arrow(filled.scan(), progress=seen.append) == 5
        assert seen[-1] == 5
        assert pa.table(copy.scan()).equals(pa.table(filled.scan()))
        assert json.loads(copy.schema) == json.loads(filled.schema)


def test_an_error_in_a_stream_is_told(store: annalsdb.Store) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield pa.record_batch({"USER_ID": ["ada"], "ITEM_ID": ["tea"], "TIMESTAMP": [1], "EVENT_TYPE": ["view"]})
        raise RuntimeError("no more tea")

    first = next(broken())
    reader = pa.RecordBatchReader.from_batches(first.schema, broken())
    with pytest.raises(annalsdb.InvalidInputError, match="no more tea"):
        store.import_arrow(reader)
    assert store.sequence == 0
