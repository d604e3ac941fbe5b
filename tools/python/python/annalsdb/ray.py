"""A store, or a set of shards, as a dataset of Ray Data.

>>> import annalsdb.ray
>>> annalsdb.ray.read("store", columns=["USER_ID", "ITEM_ID"])         # doctest: +SKIP

Every worker has to see the folder under the same path. docs/distributed.md has an example that runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import ray.data
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask
from ray.data.expressions import BinaryExpr, ColumnExpr, Expr, LiteralExpr, Operation

from ._annalsdb import open_partition, partitions
from ._bounds import Bounds, narrowed
from ._errors import InvalidInputError
from ._partitions import scan_partition

if TYPE_CHECKING:
    from ray.data.context import DataContext

__all__ = ["InteractionsDatasource", "read"]

_OPERATORS = {
    Operation.EQ: "Eq",
    Operation.GT: "Gt",
    Operation.GE: "GtEq",
    Operation.LT: "Lt",
    Operation.LE: "LtEq",
}
_FLIPPED = {"Gt": "Lt", "GtEq": "LtEq", "Lt": "Gt", "LtEq": "GtEq", "Eq": "Eq"}


def read(
    path: str | os.PathLike[str],
    *,
    pin: str | None = None,
    lasts: int | timedelta | None = None,
    columns: Sequence[str] | None = None,
    times: str = "int",
    **arguments: Any,
) -> ray.data.Dataset:
    """Read a store, or a set of shards, as it is now or as a pin has it.

    Without ``pin`` the store is pinned here, once: whatever the dataset is used for shows the same rows. A task reads a range of users, in
    the order of user and time. Ray's ``select_columns`` and ``filter(expr=...)`` reach the store.

    Args:
        path: the folder.
        pin: the name of a pin that is there (``annalsdb.pin``); without, a new one is made.
        lasts: how long the new pin is kept, in seconds or as a timedelta; by default for a day.
        columns: only these fields.
        times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
        arguments: as ``ray.data.read_datasource`` takes them, such as ``override_num_blocks``.
    """
    source = InteractionsDatasource(path, pin=pin, lasts=lasts, columns=columns, times=times)
    return ray.data.read_datasource(source, **arguments)


class InteractionsDatasource(Datasource):
    """Interactions of a pinned snapshot, for ``ray.data.read_datasource``; the arguments are those of ``read``."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        pin: str | None = None,
        lasts: int | timedelta | None = None,
        columns: Sequence[str] | None = None,
        times: str = "int",
    ) -> None:
        super().__init__()
        self._path = os.path.abspath(path)
        self._times = times
        self._projection_map = None if columns is None else {name: name for name in columns}
        whole = partitions(self._path, 1, pin=pin, lasts=lasts)
        self._pin = whole[0]["snapshot"]["pin"]
        self._bytes = sum(part["bytes"] for part in whole)
        with open_partition(whole[0]) as store:
            scan = store.scan(limit=0, times=times)
            self._schema = pa.RecordBatchReader.from_stream(scan).schema
        missing = [name for name in columns or [] if name not in self._schema.names]
        if missing:
            raise InvalidInputError(f"columns: {missing}; the schema has {self._schema.names}")

    def get_name(self) -> str:
        return "Annals"

    def supports_projection_pushdown(self) -> bool:
        return True

    def supports_predicate_pushdown(self) -> bool:
        return True

    def estimate_inmemory_data_size(self) -> int | None:
        return self._bytes

    def get_read_tasks(
        self,
        parallelism: int,
        per_task_row_limit: int | None = None,
        data_context: DataContext | None = None,
    ) -> list[ReadTask]:
        parts = partitions(self._path, max(parallelism, 1), pin=self._pin)
        predicate = self.get_current_predicate()
        bounds = Bounds()
        for column, operator, value in _terms(predicate):
            bounds = narrowed(bounds, column, operator, value, self._times)
        parts = [part for part in parts if bounds.meet(part)] or parts[:1]
        selected = self.get_projection_map()
        names = self._schema.names if selected is None else list(selected)
        read = _Read(names, self._schema, predicate, bounds, self._times)
        return [_task(read, part, names, self._schema, per_task_row_limit) for part in parts]


class _Read:
    """What a task reads of a partition."""

    def __init__(
        self, names: Sequence[str], schema: pa.Schema, predicate: Expr | None, bounds: Bounds, times: str
    ) -> None:
        self.names = list(names)
        self.condition = None if predicate is None else predicate.to_pyarrow()
        needed = {*names, *_columns(predicate)}
        self.read = [name for name in schema.names if name in needed] or schema.names[:1]
        self.bounds = bounds
        self.times = times

    def __call__(self, part: dict[str, Any]) -> Iterator[pa.Table]:
        scan = scan_partition(part, columns=self.read, times=self.times, **self.bounds.arguments())
        for batch in pa.RecordBatchReader.from_stream(scan):
            table = pa.Table.from_batches([batch])
            if self.condition is not None:
                # Ray leaves the whole predicate to the source.
                table = table.filter(self.condition)
            yield table.select(self.names)


def _task(
    read: _Read, part: dict[str, Any], names: Sequence[str], schema: pa.Schema, limit: int | None
) -> ReadTask:
    # Rows that a deletion hides count in a partition, and Ray takes a number of rows for exact: none is told.
    metadata = BlockMetadata(num_rows=None, size_bytes=part["bytes"], input_files=None, exec_stats=None)
    own = pa.schema([schema.field(name) for name in names])

    def blocks() -> Iterable[pa.Table]:
        return read(part)

    return ReadTask(blocks, metadata, schema=own, per_task_row_limit=limit)


def _terms(predicate: Expr | None) -> Iterator[tuple[str, str, Any]]:
    """The comparisons of a column with a constant that are joined by AND."""
    if not isinstance(predicate, BinaryExpr):
        return
    left, right = predicate.left, predicate.right
    if predicate.op == Operation.AND:
        yield from _terms(left)
        yield from _terms(right)
    elif isinstance(left, ColumnExpr) and isinstance(right, LiteralExpr):
        if predicate.op in _OPERATORS:
            yield left.name, _OPERATORS[predicate.op], right.value
        elif predicate.op == Operation.IN and isinstance(right.value, (list, tuple)):
            yield left.name, "In", list(right.value)
    elif isinstance(left, LiteralExpr) and isinstance(right, ColumnExpr) and predicate.op in _OPERATORS:
        yield right.name, _FLIPPED[_OPERATORS[predicate.op]], left.value


def _columns(expression: Any) -> set[str]:
    """The columns that an expression names, wherever they stand in it."""
    if isinstance(expression, ColumnExpr):
        return {expression.name}
    if isinstance(expression, (list, tuple)):
        return set().union(*map(_columns, expression))
    if isinstance(expression, dict):
        return set().union(*map(_columns, expression.values()))
    if isinstance(expression, Expr):
        return set().union(*map(_columns, vars(expression).values()))
    return set()
