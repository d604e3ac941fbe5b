"""Schemas by keywords."""

from __future__ import annotations

import json
from typing import Any

from ._errors import InvalidInputError

_TYPES = ("string", "int", "long", "float", "double", "boolean")


def schema(**fields: str) -> str:
    """Write a schema: the required fields, and these.

    The value of a field is its type: ``string``, ``int``, ``long``, ``float``, ``double`` or ``boolean``;
    with ``?`` at its end it may be null; ``category`` is a string whose values are categories. The
    result is the Avro document in JSON that ``create`` takes.

    >>> import annalsdb, json
    >>> text = annalsdb.schema(EVENT_TYPE="string", DEVICE="category?", IMPRESSION="string?")
    >>> [field["name"] for field in json.loads(text)["fields"]]
    ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE', 'DEVICE', 'IMPRESSION']

    Raises:
        InvalidInputError: for a type that there is not. Whether the fields fit together, ``create`` says.
    """
    document: list[dict[str, Any]] = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ]
    document += [_field(name, given) for name, given in fields.items()]
    return json.dumps(
        {
            "type": "record",
            "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": document,
            "version": "1.0",
        }
    )


def _field(name: str, given: str) -> dict[str, Any]:
    nullable = given.endswith("?")
    kind = given.removesuffix("?")
    field: dict[str, Any] = {"name": name}
    if kind == "category":
        kind = "string"
        field["categorical"] = True
    if kind not in _TYPES:
        known = ", ".join([*_TYPES, "category"])
        raise InvalidInputError(
            f"field {name}: {given!r}; must be one of {known}, with ? at its end where it may be null"
        )
    field["type"] = ["null", kind] if nullable else kind
    return field
