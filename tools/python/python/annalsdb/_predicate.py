"""What of a polars predicate the engine can look for itself.

Only bounds that every row must meet are taken, and polars applies the whole predicate afterwards: a form
that is not known here costs time, never a row.
"""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Iterator

if TYPE_CHECKING:
    import polars as pl

_FLIPPED = {"Gt": "Lt", "GtEq": "LtEq", "Lt": "Gt", "LtEq": "GtEq", "Eq": "Eq"}
_BEHIND = "\x01"
"""Behind a user id: ids hold no U+0000, so no other id lies between."""


@dataclass(frozen=True)
class Bounds:
    since: int | datetime | None = None
    until: int | datetime | None = None
    users: tuple[str | None, str | None] | None = None
    event_types: list[str] | None = None


def bounds_of(predicate: pl.Expr | None, *, times: str) -> Bounds:
    """The bounds that a predicate implies."""
    bounds = Bounds()
    if predicate is None:
        return bounds
    try:
        with warnings.catch_warnings():
            # The form is not promised to stay, which is why what is not known is passed over.
            warnings.simplefilter("ignore")
            tree = json.loads(predicate.meta.serialize(format="json"))
            terms = list(_terms(tree))
    except Exception:  # noqa: BLE001 (whatever polars cannot write is left to polars)
        return bounds
    for column, operator, value in terms:
        bounds = _narrowed(bounds, column, operator, value, times)
    return bounds


def _terms(tree: Any) -> Iterator[tuple[str, str, Any]]:
    """The comparisons of a column with a constant that are joined by AND."""
    binary = tree.get("BinaryExpr")
    if binary is not None:
        operator, left, right = binary["op"], binary["left"], binary["right"]
        if operator in ("And", "LogicalAnd"):
            yield from _terms(left)
            yield from _terms(right)
        elif operator in _FLIPPED and "Column" in left and "Literal" in right:
            yield left["Column"], operator, _constant(right)
        elif operator in _FLIPPED and "Literal" in left and "Column" in right:
            yield right["Column"], _FLIPPED[operator], _constant(left)
        return
    function = tree.get("Function")
    if function is not None and "IsIn" in json.dumps(function["function"]):
        column, values = function["input"]
        if "Column" in column and "Literal" in values:
            yield column["Column"], "In", _constant(values)


def _constant(literal: Any) -> Any:
    import polars as pl

    expression = pl.Expr.deserialize(io.StringIO(json.dumps(literal)), format="json")
    value = pl.select(expression).to_series().to_list()[0]
    return list(value) if isinstance(value, pl.Series) else value


def _narrowed(bounds: Bounds, column: str, operator: str, value: Any, times: str) -> Bounds:
    if column == "TIMESTAMP":
        is_time = type(value) is int if times == "int" else isinstance(value, datetime)
        return _in_time(bounds, operator, value) if is_time and _has_zone(value) else bounds
    if column == "USER_ID" and isinstance(value, str) and value and "\x00" not in value:
        return _in_users(bounds, operator, value)
    if column == "EVENT_TYPE" and bounds.event_types is None:
        if operator == "Eq" and isinstance(value, str) and value:
            return replace(bounds, event_types=[value])
        if operator == "In" and isinstance(value, list) and value:
            if all(isinstance(one, str) and one for one in value):
                return replace(bounds, event_types=value)
    return bounds


def _has_zone(value: Any) -> bool:
    return not isinstance(value, datetime) or value.tzinfo is not None


def _in_time(bounds: Bounds, operator: str, value: Any) -> Bounds:
    since, until = bounds.since, bounds.until
    # Bounds of whole seconds: what lies a second beyond is left to polars.
    if operator in ("Gt", "GtEq", "Eq") and (since is None or value > since):
        since = value
    if operator in ("Lt", "LtEq", "Eq"):
        behind = value + (1 if isinstance(value, int) else timedelta(seconds=1))
        if until is None or behind < until:
            until = behind
    return replace(bounds, since=since, until=until)


def _in_users(bounds: Bounds, operator: str, value: str) -> Bounds:
    start, end = bounds.users or (None, None)
    if operator in ("Gt", "GtEq", "Eq") and (start is None or _utf8(value) > _utf8(start)):
        start = value
    if operator in ("Lt", "LtEq", "Eq"):
        behind = value + _BEHIND
        if end is None or _utf8(behind) < _utf8(end):
            end = behind
    return replace(bounds, users=(start, end))


def _utf8(text: str) -> bytes:
    return text.encode()
