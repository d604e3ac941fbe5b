"""What of a polars predicate the engine can look for itself.

Only bounds that every row must meet are taken, and polars applies the whole predicate afterwards: a form
that is not known here costs time, never a row.
"""

from __future__ import annotations

import io
import json
import warnings
from typing import TYPE_CHECKING, Any, Iterator

from ._bounds import Bounds, narrowed

if TYPE_CHECKING:
    import polars as pl

_FLIPPED = {"Gt": "Lt", "GtEq": "LtEq", "Lt": "Gt", "LtEq": "GtEq", "Eq": "Eq"}


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
        bounds = narrowed(bounds, column, operator, value, times)
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
