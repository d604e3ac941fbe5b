"""A store, or a set of shards, in Spark: format ``annals`` for a pinned snapshot, ``annals_changes`` for what happens.

>>> import annalsdb.spark
>>> annalsdb.spark.register(spark)                                    # doctest: +SKIP
>>> spark.read.format("annals").load("store").count()                 # doctest: +SKIP

pyspark 4.2 or newer is needed. Every executor has to see the folder under the same path. docs/distributed.md has the
options, and examples that run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import datasource
from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, Filter, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.streaming.datasource import ReadLimit, SupportsTriggerAvailableNow
from pyspark.sql.types import LongType, StringType, StructField, StructType

from ._annalsdb import Store, lease, open_reader, partitions, stores
from ._bounds import Bounds, narrowed
from ._errors import InvalidInputError
from ._partitions import scan_partition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["ChangesSource", "InteractionsSource", "register"]

_PARTS = 16

_OPERATORS = {
    datasource.EqualTo: "Eq",
    datasource.GreaterThan: "Gt",
    datasource.GreaterThanOrEqual: "GtEq",
    datasource.LessThan: "Lt",
    datasource.LessThanOrEqual: "LtEq",
}

_CHANGE = [
    StructField("_change", StringType(), nullable=False),
    StructField("_sequence", LongType()),
    StructField("_detail", StringType()),
]


def register(spark: SparkSession) -> None:
    """Give a session the formats ``annals`` and ``annals_changes``, and let filters reach them.

    Spark asks for the setting ``spark.sql.python.filterPushdown.enabled``, which is set here for the session.
    """
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    spark.dataSource.register(InteractionsSource)
    spark.dataSource.register(ChangesSource)


class InteractionsSource(DataSource):
    """The interactions of a pinned snapshot, a task for each range of users.

    Options: ``path``, by ``load``; ``pin``, the name of a pin that is there (``annalsdb.pin``): without it each action pins the
    store anew, for a day; ``partitions``, how many ranges of users (16); ``columns``, separated by commas; ``times``,
    ``int`` (Unix epoch seconds) or ``datetime``.
    """

    @classmethod
    def name(cls) -> str:
        return "annals"

    def schema(self) -> StructType:
        return _schema(self.options)

    def reader(self, schema: StructType) -> DataSourceReader:
        return _Reader(dict(self.options), schema)


class ChangesSource(DataSource):
    """What happens to a store, as a stream: rows that arrive, and what is done to earlier rows.

    Each row says in ``_change`` what happened: ``added``, with the columns of the interaction; or ``deleted``, ``joined``,
    ``recommended``, a row for each user that it is about, with the commit in ``_sequence`` and all else as JSON in ``_detail``. In a
    batch, apply the steps by ``_sequence`` to all rows of earlier batches, and then add those that are ``added``.

    Options: ``path``, by ``load``; ``lease``, the name of a lease that is renewed as batches are done, so that nothing that the
    stream has not taken is forgotten; ``startingSequence``, the commit behind which a new stream begins (0, with everything), or
    ``latest``; ``columns``; ``times``.
    """

    @classmethod
    def name(cls) -> str:
        return "annals_changes"

    def schema(self) -> StructType:
        # What a step is not about is null, the user included.
        fields = [StructField(field.name, field.dataType) for field in _schema(self.options).fields]
        return StructType(_CHANGE + fields)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:
        return _ChangesReader(dict(self.options), schema)


class _Reader(DataSourceReader):
    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self._options = options
        self._schema = schema
        self._bounds = Bounds()

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        for one in filters:
            self._bounds = _narrowed(self._bounds, one, _times(self._options))
        # The bounds may be wider than the filters: Spark applies these to what comes.
        return filters

    def partitions(self) -> Sequence[InputPartition]:
        parts = partitions(_path(self._options), _number(self._options, "partitions", _PARTS), pin=self._options.get("pin"))
        # Spark takes an empty list for one partition of nothing that it knows.
        met = [part for part in parts if self._bounds.meet(part)] or parts[:1]
        return [InputPartition(part) for part in met]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        scan = scan_partition(
            partition.value,
            columns=self._schema.fieldNames(),
            times=_times(self._options),
            **self._bounds.arguments(),
        )
        target = to_arrow_schema(self._schema, timezone="UTC")
        for batch in pa.RecordBatchReader.from_stream(scan):
            yield _fitted(batch, target)


class _ChangesReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Offsets are the newest commits that were taken, by the name of the store's folder."""

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self._options = options
        self._schema = schema
        self._readers: dict[str, Store] = {}
        self._last: dict[str, int] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Tasks open the store themselves.
        return {**self.__dict__, "_readers": {}}

    def initialOffset(self) -> dict[str, int]:
        first = self._options.get("startingsequence", self._options.get("startingSequence", "0"))
        offset = self._newest() if first == "latest" else dict.fromkeys(self._folders(), _whole("startingSequence", first))
        self._lease(offset)
        return offset

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:
        newest = self._newest() if self._last is None else self._last
        if newest.keys() != start.keys():
            raise InvalidInputError(
                f"{_path(self._options)}: the stream has taken changes of {sorted(start)}, and the shards are {sorted(newest)} "
                "now: they were split or merged; begin a new stream"
            )
        return {name: max(newest[name], start[name]) for name in start}

    def prepareForTriggerAvailableNow(self) -> None:
        self._last = self._newest()

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        folders = self._folders()
        missing = [name for name in end if name not in folders]
        if missing:
            raise InvalidInputError(
                f"{_path(self._options)}: the shards {missing} of the stream are gone: they were split or merged; begin a new stream"
            )
        # A part for each store: steps and rows of one moment. A session that joins its user in between would be in neither
        # of two ranges of users.
        return [
            InputPartition((folders[name], start.get(name, 0), end[name])) for name in end if end[name] > start.get(name, 0)
        ]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        path, start, end = partition.value
        names = [name for name in self._schema.fieldNames() if not name.startswith("_")]
        target = to_arrow_schema(self._schema, timezone="UTC")
        with open_reader(path) as store:
            changes = store.changes_since(start).up_to(end)
            steps = [row for step in changes.steps for row in _rows_of(step, self._schema.fieldNames())]
            if steps:
                yield pa.RecordBatch.from_pylist(steps, schema=target)
            for batch in pa.RecordBatchReader.from_stream(changes.scan(columns=names, times=_times(self._options))):
                yield _fitted(batch, target, _change="added")

    def commit(self, end: dict[str, int]) -> None:
        self._lease(end)

    def stop(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _lease(self, offset: Mapping[str, int]) -> None:
        name = self._options.get("lease")
        if name is not None:
            folders = self._folders()
            for folder, sequence in offset.items():
                lease(folders[folder], name, sequence)

    def _folders(self) -> dict[str, str]:
        return {os.path.basename(path): path for path in stores(_path(self._options))}

    def _newest(self) -> dict[str, int]:
        newest = {}
        for name, path in self._folders().items():
            reader = self._readers.get(name)
            if reader is None:
                reader = self._readers[name] = open_reader(path)
            else:
                reader.refresh()
            newest[name] = reader.sequence
        return newest


def _rows_of(step: Mapping[str, Any], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A step as rows, one for each of its users."""
    about = {"USER_ID": "user", "ITEM_ID": "item", "EVENT_TYPE": "event_type"}
    users = step.get("users") or [step.get("user")]
    detail = json.dumps({key: value for key, value in step.items() if key not in ("step", "sequence", "users")})
    for user in users:
        row = {column: {**step, "user": user}.get(key) for column, key in about.items()}
        row |= {"_change": step["step"], "_sequence": step["sequence"], "_detail": detail}
        yield {name: row.get(name) for name in names}


def _schema(options: Mapping[str, str]) -> StructType:
    first = stores(_path(options))[0]
    columns = options.get("columns")
    with open_reader(first) as store:
        names = None if columns is None else [name.strip() for name in columns.split(",")]
        scan = store.scan(columns=names, limit=0, times=_times(options))
        return from_arrow_schema(pa.RecordBatchReader.from_stream(scan).schema)


def _fitted(batch: pa.RecordBatch, target: pa.Schema, **constants: str) -> pa.RecordBatch:
    """The columns of the target in its order and types: Spark takes no others."""
    arrays = []
    for field in target:
        if field.name in batch.schema.names:
            array = batch.column(field.name)
        else:
            array = pa.repeat(pa.scalar(constants.get(field.name), field.type), batch.num_rows)
        arrays.append(array if array.type.equals(field.type) else array.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=target)


def _narrowed(bounds: Bounds, one: Filter, times: str) -> Bounds:
    operator = _OPERATORS.get(type(one))
    if isinstance(one, datasource.In):
        [name, *others] = one.attribute
        return bounds if others else narrowed(bounds, name, "In", list(one.value), times)
    if operator is None:
        return bounds
    [name, *others] = one.attribute
    return bounds if others else narrowed(bounds, name, operator, one.value, times)


def _path(options: Mapping[str, str]) -> str:
    path = options.get("path")
    if path is None:
        raise InvalidInputError("path: missing; give the folder of a store, or of a set of shards, to load()")
    return path.removeprefix("file:")


def _times(options: Mapping[str, str]) -> str:
    return options.get("times", "int")


def _number(options: Mapping[str, str], name: str, usual: int) -> int:
    return _whole(name, options.get(name, str(usual)))


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInputError(f"{name}: {text!r}; must be a whole number") from None
