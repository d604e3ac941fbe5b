"""A store, or a set of shards, as a lazy frame of Daft.

>>> import annalsdb.daft
>>> annalsdb.daft.read("store").groupby("USER_ID").count("ITEM_ID")    # doctest: +SKIP

Every worker has to see the folder under the same path. docs/distributed.md has an example that runs.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
from daft import DataFrame, Schema
from daft.expressions import Expression
from daft.expressions.visitor import PredicateVisitor
from daft.io.clustering import ClusteringKeys
from daft.io.pushdowns import Pushdowns
from daft.io.source import DataSource, DataSourceTask
from daft.recordbatch import RecordBatch

from ._annalsdb import open_partition, partitions
from ._bounds import Bounds, narrowed
from ._partitions import scan_partition

__all__ = ["InteractionsSource", "read"]


def read(
    path: str | os.PathLike[str],
    *,
    parts: int = 16,
    pin: str | None = None,
    lasts: int | timedelta | None = None,
    times: str = "int",
    by_user: bool = False,
) -> DataFrame:
    """Read a store, or a set of shards, as it is now or as a pin has it.

    Without ``pin`` the store is pinned here, once: whatever the frame is used for shows the same rows. A task reads a range of users.
    Of a query's filters the bounds on users and times and the event types reach the store, and so do the columns and a limit.

    Args:
        path: the folder.
        parts: how many tasks, at most; of a set about so many, and one for each shard at least.
        pin: the name of a pin that is there (``annalsdb.pin``); without, a new one is made.
        lasts: how long the new pin is kept, in seconds or as a timedelta; by default for a day.
        times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
        by_user: whether Daft is told that all rows of a user are in one task, so that on Ray it shuffles nothing for what it
            groups by ``USER_ID``. Daft 0.7.26 ends a query that then reads no ``USER_ID`` with the error ``FieldNotFound``.
    """
    source = InteractionsSource(path, parts=parts, pin=pin, lasts=lasts, times=times, by_user=by_user)
    return source.read()


class InteractionsSource(DataSource):
    """Interactions of a pinned snapshot; the arguments are those of ``read``."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        parts: int = 16,
        pin: str | None = None,
        lasts: int | timedelta | None = None,
        times: str = "int",
        by_user: bool = False,
    ) -> None:
        self._by_user = by_user
        self._partitions = partitions(os.path.abspath(path), parts, pin=pin, lasts=lasts)
        self._times = times
        with open_partition(self._partitions[0]) as store:
            scan = store.scan(limit=0, times=times)
            self._arrow = pa.RecordBatchReader.from_stream(scan).schema

    @property
    def name(self) -> str:
        return "annals"

    @property
    def schema(self) -> Schema:
        return Schema.from_pyarrow_schema(self._arrow)

    def get_clustering_keys(self) -> ClusteringKeys | None:
        return ClusteringKeys.hash("USER_ID") if self._by_user else None

    async def get_tasks(self, pushdowns: Pushdowns) -> AsyncIterator[DataSourceTask]:
        bounds = Bounds()
        if pushdowns.filters is not None:
            for column, operator, value in _Terms().visit(pushdowns.filters):
                bounds = narrowed(bounds, column, operator, value, self._times)
        names = self._arrow.names
        if pushdowns.columns is not None:
            needed = {*pushdowns.columns, *pushdowns.filter_required_column_names()}
            names = [name for name in names if name in needed]
        # A limit counts rows that the filters leave.
        limit = pushdowns.limit if pushdowns.filters is None else None
        for part in self._partitions:
            if bounds.meet(part):
                yield _Task(part, names, self._arrow, bounds, self._times, limit)


class _Task(DataSourceTask):
    """The rows of one range of users."""

    def __init__(
        self,
        part: dict[str, Any],
        names: Sequence[str],
        schema: pa.Schema,
        bounds: Bounds,
        times: str,
        limit: int | None,
    ) -> None:
        self._part = part
        self._names = list(names)
        self._arrow = pa.schema([schema.field(name) for name in names])
        self._bounds = bounds
        self._times = times
        self._limit = limit

    @property
    def schema(self) -> Schema:
        return Schema.from_pyarrow_schema(self._arrow)

    async def read(self) -> AsyncIterator[RecordBatch]:
        scan = scan_partition(
            self._part, columns=self._names, times=self._times, limit=self._limit, **self._bounds.arguments()
        )
        for batch in pa.RecordBatchReader.from_stream(scan):
            yield RecordBatch.from_arrow_record_batches([batch], batch.schema)


_Term = tuple[str, str, Any]


class _Terms(PredicateVisitor[list[_Term]]):
    """The comparisons of a column with a constant that are joined by AND; whatever else there is says nothing."""

    def visit_and(self, left: Expression, right: Expression) -> list[_Term]:
        return [*self.visit(left), *self.visit(right)]

    def visit_equal(self, left: Expression, right: Expression) -> list[_Term]:
        return _compared(left, right, "Eq", "Eq")

    def visit_less_than(self, left: Expression, right: Expression) -> list[_Term]:
        return _compared(left, right, "Lt", "Gt")

    def visit_less_than_or_equal(self, left: Expression, right: Expression) -> list[_Term]:
        return _compared(left, right, "LtEq", "GtEq")

    def visit_greater_than(self, left: Expression, right: Expression) -> list[_Term]:
        return _compared(left, right, "Gt", "Lt")

    def visit_greater_than_or_equal(self, left: Expression, right: Expression) -> list[_Term]:
        return _compared(left, right, "GtEq", "LtEq")

    def visit_between(self, expr: Expression, lower: Expression, upper: Expression) -> list[_Term]:
        return [*_compared(expr, lower, "GtEq", "LtEq"), *_compared(expr, upper, "LtEq", "GtEq")]

    def visit_is_in(self, expr: Expression, items: list[Expression]) -> list[_Term]:
        column, constants = _Column().visit(expr), [_Constant().visit(item) for item in items]
        if column is None or any(one is None for one in constants):
            return []
        values = [one for constant in constants if constant is not None for one in constant]
        return [(column, "In", values)]

    def _nothing(self, *_: Any) -> list[_Term]:
        return []

    visit_or = visit_not = visit_not_equal = visit_is_null = visit_not_null = _nothing
    visit_col = visit_lit = visit_alias = visit_cast = visit_function = visit_coalesce = _nothing


class _Leaf(PredicateVisitor[Any]):
    def _nothing(self, *_: Any) -> Any:
        return None

    visit_and = visit_or = visit_not = visit_equal = visit_not_equal = visit_less_than = _nothing
    visit_less_than_or_equal = visit_greater_than = visit_greater_than_or_equal = visit_between = _nothing
    visit_is_in = visit_is_null = visit_not_null = visit_function = visit_coalesce = _nothing
    visit_col = visit_lit = visit_alias = visit_cast = _nothing


class _Column(_Leaf):
    def visit_col(self, name: str) -> str:
        return name


class _Constant(_Leaf):
    """A constant in a list, so that null is one, too."""

    def visit_lit(self, value: Any) -> list[Any]:
        return list(value) if isinstance(value, (list, tuple)) else [value]


def _compared(left: Expression, right: Expression, operator: str, flipped: str) -> list[_Term]:
    return [*_term(left, operator, right), *_term(right, flipped, left)]


def _term(column: Expression, operator: str, constant: Expression) -> Iterator[_Term]:
    name, value = _Column().visit(column), _Constant().visit(constant)
    if name is not None and value is not None and len(value) == 1:
        yield name, operator, value[0]
