"""A store as a lazy frame of polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

if TYPE_CHECKING:
    import polars as pl

    from ._annalsdb import View


def scan_polars(
    view: View, *, order: str = "any", times: str = "int", batch_rows: int = 65536
) -> pl.LazyFrame:
    """Scan a store, or a snapshot, lazily: polars reads the columns, users, times and rows that a query needs.

    Pushed down to the engine are the columns, a limit on rows, and of the predicate the bounds on
    ``USER_ID`` and ``TIMESTAMP`` and the values of ``EVENT_TYPE`` that all rows must meet; polars applies
    the predicate to what comes. The frame shows the store as it is at each ``collect``.

    Args:
        view: the store or the snapshot.
        order: ``"any"``, the quickest, or ``"user-time"``.
        times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
        batch_rows: the rows of a batch, at most.

    Raises:
        ImportError: where polars is not installed.
    """
    import polars as pl
    from polars.io.plugins import register_io_source

    from ._predicate import bounds_of

    names = view.fields
    empty = pl.DataFrame(view.scan(limit=0, times=times))
    schema = empty.schema

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        wanted = names if with_columns is None else list(with_columns)
        needed = wanted if predicate is None else list({*wanted, *predicate.meta.root_names()})
        bounds = bounds_of(predicate, times=times)
        scan = view.scan(
            columns=[name for name in names if name in needed],
            event_types=bounds.event_types,
            since=bounds.since,
            until=bounds.until,
            users=bounds.users,
            order=order,
            times=times,
            limit=n_rows if predicate is None else None,
            batch_rows=batch_size or batch_rows,
        )
        left = n_rows
        for rows in scan:
            frame = pl.DataFrame(rows)
            if predicate is not None:
                frame = frame.filter(predicate)
            frame = frame.select(wanted)
            if left is not None:
                frame = frame.head(left)
                left -= frame.height
            yield frame
            if left == 0:
                return

    return register_io_source(batches, schema=schema, validate_schema=False)
