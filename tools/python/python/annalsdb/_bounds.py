"""What a store can look for itself: bounds on users and times, and event types.

Comparisons of a column with a constant narrow the bounds. Only bounds that every row must meet are taken, and they may
be wider than the comparison: whoever asks applies it to what comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

_BEHIND = "\x01"
"""Behind a user id: ids hold no U+0000, so no other id lies between."""


@dataclass(frozen=True)
class Bounds:
    since: int | datetime | None = None
    until: int | datetime | None = None
    users: tuple[str | None, str | None] | None = None
    event_types: list[str] | None = None

    def arguments(self) -> dict[str, Any]:
        """As those of ``Store.scan``."""
        return {
            "since": self.since,
            "until": self.until,
            "users": self.users,
            "event_types": self.event_types,
        }

    def meet(self, partition: Any) -> bool:
        """Whether a partition may hold any of their users."""
        start, end = self.users or (None, None)
        own_start, own_end = partition["users"].get("from"), partition["users"].get("to")
        if start is not None and own_end is not None and _utf8(own_end) <= _utf8(start):
            return False
        return end is None or own_start is None or _utf8(own_start) < _utf8(end)


def narrowed(bounds: Bounds, column: str, operator: str, value: Any, times: str = "int") -> Bounds:
    """The bounds of rows that also meet a comparison: Gt, GtEq, Lt, LtEq, Eq, or In with a list."""
    if operator == "In":
        if not isinstance(value, list) or not value:
            return bounds
        if column != "EVENT_TYPE" and _are_of_one_kind(value):
            least, most = min(value, key=_order), max(value, key=_order)
            bounds = narrowed(bounds, column, "GtEq", least, times)
            return narrowed(bounds, column, "LtEq", most, times)
    if column == "TIMESTAMP":
        is_time = type(value) is int if times == "int" else isinstance(value, datetime)
        return _in_time(bounds, operator, value) if is_time and _has_zone(value) else bounds
    if column == "USER_ID" and isinstance(value, str) and value and "\x00" not in value:
        return _in_users(bounds, operator, value)
    if column == "EVENT_TYPE" and bounds.event_types is None:
        if operator == "Eq" and isinstance(value, str) and value:
            return replace(bounds, event_types=[value])
        if operator == "In" and all(isinstance(one, str) and one for one in value):
            return replace(bounds, event_types=value)
    return bounds


def _are_of_one_kind(values: list[Any]) -> bool:
    kind = type(values[0])
    return kind in (int, str, datetime) and all(type(value) is kind and _has_zone(value) for value in values)


def _order(value: Any) -> Any:
    return _utf8(value) if isinstance(value, str) else value


def _has_zone(value: Any) -> bool:
    return not isinstance(value, datetime) or value.tzinfo is not None


def _in_time(bounds: Bounds, operator: str, value: Any) -> Bounds:
    since, until = bounds.since, bounds.until
    # Bounds of whole seconds: what lies a second beyond is left to who asks.
    if operator in ("Gt", "GtEq", "Eq") and (since is None or value > since):
        since = value
    if operator in ("Lt", "LtEq", "Eq"):
        behind = value + (1 if isinstance(value, int) else timedelta(seconds=1))
        if until is None or behind < until:
            until = behind
    if any(isinstance(at, int) and not -(2**63) <= at < 2**63 for at in (since, until)):
        return bounds
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
