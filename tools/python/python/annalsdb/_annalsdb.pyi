import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias, TypedDict, Unpack, final

__all__ = [
    "Attributes",
    "Batches",
    "Buffer",
    "Changes",
    "Rows",
    "Scan",
    "SequenceBlock",
    "ShardMap",
    "Snapshot",
    "Store",
    "View",
    "Vocabulary",
    "__version__",
    "check_purge",
    "create",
    "infer_schema",
    "lease",
    "leases",
    "open",
    "open_partition",
    "open_pin",
    "open_reader",
    "partitions",
    "pin",
    "pins",
    "purge",
    "release_lease",
    "stores",
    "unpin",
    "verify",
]

__version__: str

class _HasArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class _HasArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> object: ...

_Path: TypeAlias = str | PathLike[str]
_Time: TypeAlias = int | datetime
_Seconds: TypeAlias = int | timedelta
_Strings: TypeAlias = Iterable[str] | _HasArrowArray | _HasArrowStream
_Times: TypeAlias = Literal["int", "datetime"]
_Durability: TypeAlias = Literal["synced", "buffered"]
_Mode: TypeAlias = Literal["full", "incremental"]
_Users: TypeAlias = tuple[str | None, str | None]
_Order: TypeAlias = Literal["user-time", "any"]

class _FileForm(TypedDict, total=False):
    map: Mapping[str, str]
    set: Mapping[str, str]
    file_columns: Sequence[str | None]
    delimiter: Literal[",", "\t", ";", "|", "::"]
    quotes: bool
    time_unit: str
    timezone: str
    fractions: Literal["drop", "refuse"]
    order_as_time: bool
    list_separator: Literal["|", ",", " ", "json"]
    click_labels: bool
    decimal_comma: bool

class _Retention(TypedDict):
    max_age: int | None
    max_age_of: dict[str, int]
    sessions: int | None
    newest: int | None

class _RecordOptions(TypedDict, total=False):
    layout: Literal["rows", "sequences", "examples", "impressions"] | None
    columns: str | Iterable[str] | None
    without: str | Iterable[str] | None
    event_types: str | Iterable[str] | None
    since: _Time | None
    until: _Time | None
    origin: Literal["all", "bulk", "put"] | None
    sessions: Literal["keep", "drop"] | None
    distinct: bool | None
    min_item_events: int | None
    min_user_events: int | None
    newest: int | None
    newest_per_user: int | None
    limit: int | None
    max_length: int | None
    min_length: int | None
    history: int | None
    same_second: Literal["leave-out", "arrived", "all"] | None
    as_known: bool | None
    negatives: int | None
    negatives_from: Literal["catalogue", "impression"] | None
    seed: int | None
    leak_guard: bool | None
    strings: Literal["plain", "dictionary", "view"] | None
    lists: Literal["plain", "view"] | None
    order: Literal["user-time", "any"] | None
    threads: int | None
    as_of: int | None

class _ExportOptions(_RecordOptions, total=False):
    split: str | tuple[str, _Time] | tuple[str, _Time, _Time] | None
    partition_by: str | None
    changes_since: int | None

class _Health(TypedDict):
    state: Literal["healthy", "degraded", "poisoned"]
    reasons: list[str]

class _Pin(TypedDict):
    name: str
    path: PathLike[str]
    made_seconds: int
    expires_seconds: int | None

class _PinnedSnapshot(TypedDict):
    pin: str
    sequence: int

class _Partition(TypedDict):
    path: str
    snapshot: _PinnedSnapshot
    users: dict[str, str]
    rows: int
    bytes: int

class _Lease(TypedDict):
    name: str
    sequence: int
    taken_seconds: int
    expires_seconds: int | None

class _Found(TypedDict):
    hash: str
    file: str
    place: str

class View:
    @property
    def schema(self) -> str: ...
    @property
    def fields(self) -> list[str]: ...
    @property
    def sequence(self) -> int: ...
    def history(
        self,
        user: str,
        *,
        limit: int | None = None,
        event_types: str | Iterable[str] | None = None,
        since: _Time | None = None,
        until: _Time | None = None,
        columns: str | Iterable[str] | None = None,
        oldest_first: bool = False,
        times: _Times = "int",
    ) -> Rows: ...
    def histories(
        self,
        users: _Strings,
        *,
        limit: int | None = None,
        event_types: str | Iterable[str] | None = None,
        since: _Time | None = None,
        until: _Time | None = None,
        columns: str | Iterable[str] | None = None,
        oldest_first: bool = False,
    ) -> Rows: ...
    def unseen(
        self,
        user: str,
        candidates: _Strings,
        *,
        event_types: str | Iterable[str] | None = None,
        newest: int | None = None,
    ) -> Buffer: ...
    def filter(
        self,
        expression: str,
        user: str,
        candidates: _Strings,
        *,
        parameters: Mapping[str, str | float | Sequence[str]] | None = None,
        items: Attributes | None = None,
        users: Attributes | None = None,
        current_item: str | None = None,
    ) -> Buffer: ...
    def filter_users(
        self,
        expression: str,
        *,
        parameters: Mapping[str, str | float | Sequence[str]] | None = None,
        items: Attributes | None = None,
        users: Attributes | None = None,
    ) -> list[str]: ...
    def scan(
        self,
        *,
        columns: str | Iterable[str] | None = None,
        event_types: str | Iterable[str] | None = None,
        since: _Time | None = None,
        until: _Time | None = None,
        users: _Users | None = None,
        order: str = "user-time",
        limit: int | None = None,
        strings: Literal["plain", "dictionary"] = "plain",
        times: str = "int",
        batch_rows: int = 8192,
    ) -> Scan: ...
    def records(self, **options: Unpack[_RecordOptions]) -> Scan: ...
    def users(self, start: str | None = None, end: str | None = None) -> list[str]: ...
    def user_ranges(self, parts: int) -> list[_Users]: ...
    def insights(self) -> dict[str, Any]: ...

@final
class Snapshot(View): ...

@final
class Store(View):
    @property
    def path(self) -> PathLike[str]: ...
    @property
    def writable(self) -> bool: ...
    @property
    def id(self) -> str: ...
    @property
    def event_types(self) -> list[str]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def refresh(self) -> bool: ...
    def snapshot(self) -> Snapshot: ...
    def write(
        self,
        interactions: Mapping[str, Any] | Iterable[Any] | _HasArrowStream | Any,
        *,
        durability: _Durability = "synced",
    ) -> int: ...
    def put_events(
        self,
        request: str | Mapping[str, Any],
        *,
        durability: _Durability = "synced",
        ignore_unknown: bool = False,
    ) -> dict[str, Any]: ...
    def record_recommendation(
        self, recommendation: str | Mapping[str, Any], *, durability: _Durability = "synced"
    ) -> int: ...
    def import_csv(
        self,
        paths: _Path | Iterable[_Path],
        *,
        mode: _Mode = "incremental",
        on_error: Literal["abort", "skip"] = "abort",
        rejects: _Path | None = None,
        max_errors: int | None = None,
        distinct: Literal["full", "user-item-time"] | None = None,
        allow_empty: bool = False,
        progress: Callable[[int, int], object] | None = None,
        **form: Unpack[_FileForm],
    ) -> dict[str, Any]: ...
    def import_arrow(
        self,
        data: _HasArrowStream,
        *,
        mode: _Mode = "incremental",
        allow_empty: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> int: ...
    def delete(
        self,
        *,
        user: str = ...,
        users: _Strings = ...,
        item: str = ...,
        since: _Time | None = None,
        until: _Time | None = None,
        durability: _Durability = "synced",
    ) -> int: ...
    def set_retention(
        self,
        *,
        max_age: _Seconds | None = None,
        max_age_of: Mapping[str, _Seconds] | None = None,
        sessions: _Seconds | None = None,
        newest: int | None = None,
    ) -> None: ...
    def retention(self) -> _Retention: ...
    def expire(self) -> None: ...
    def health(self) -> _Health: ...
    def pin(self, name: str, lasts: _Seconds | None = None) -> _Pin: ...
    def changes_since(self, sequence: int) -> Changes: ...
    def flush(self) -> None: ...
    def compact(self) -> None: ...
    def purge(
        self, *, wait: float = 10.0, force: bool = False
    ) -> dict[str, Any] | None: ...
    def maintain(self) -> None: ...
    def checkpoint(
        self, path: _Path, *, sharing: Literal["link", "copy"] = "link"
    ) -> dict[str, int]: ...
    def stats(self) -> dict[str, Any]: ...
    def verify(self) -> dict[str, Any]: ...
    def report(self, path: _Path) -> None: ...
    def export(
        self,
        path: _Path,
        *,
        format: Literal["csv", "jsonl", "parquet", "arrow", "arrows", "inter"] | None = None,
        progress: Callable[[int], object] | None = None,
        **options: Unpack[_ExportOptions],
    ) -> dict[str, Any]: ...

@final
class Rows:
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> dict[str, Any]: ...
    @property
    def column_names(self) -> list[str]: ...
    def to_dicts(self) -> list[dict[str, Any]]: ...
    def to_list(self, column: str) -> list[Any]: ...
    def buffer(self, column: str) -> Buffer: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Scan:
    @property
    def column_names(self) -> list[str]: ...
    def __iter__(self) -> Batches: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Changes:
    @property
    def since(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def steps(self) -> list[dict[str, Any]]: ...
    def up_to(self, sequence: int) -> Changes: ...
    def snapshot(self) -> Snapshot: ...
    def scan(
        self,
        *,
        columns: str | Iterable[str] | None = None,
        event_types: str | Iterable[str] | None = None,
        since: _Time | None = None,
        until: _Time | None = None,
        strings: Literal["plain", "dictionary"] = "plain",
        times: str = "int",
    ) -> Scan: ...

@final
class ShardMap:
    def __new__(cls, path: _Path) -> Self: ...
    def shard_of(self, user: str) -> int: ...
    def path(self, shard: int) -> PathLike[str]: ...
    @property
    def edit(self) -> int: ...
    def __len__(self) -> int: ...

@final
class Batches(Iterator[Rows]):
    def __iter__(self) -> Self: ...
    def __next__(self) -> Rows: ...

@final
class Buffer:
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def to_list(self) -> list[Any]: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Attributes:
    def __new__(cls, dataset: Literal["items", "users"], schema: str, path: _Path) -> Self: ...
    def __len__(self) -> int: ...

@final
class Vocabulary:
    def __new__(cls, strings: Iterable[str]) -> Self: ...
    @staticmethod
    def of(view: View, column: str = "ITEM_ID", *, min_count: int = 1) -> Vocabulary: ...
    def __len__(self) -> int: ...
    def __contains__(self, key: str, /) -> bool: ...
    def __reduce__(self) -> tuple[type[Vocabulary], tuple[list[str]]]: ...
    def to_list(self) -> list[str]: ...
    def encode(self, strings: _Strings) -> Buffer: ...
    def decode(self, codes: Iterable[int]) -> list[str | None]: ...

@final
class SequenceBlock:
    @staticmethod
    def read(
        view: View,
        users: _Users,
        columns: Sequence[str],
        vocabularies: Mapping[str, Vocabulary],
        *,
        max_length: int,
        min_length: int = 1,
        event_types: str | Iterable[str] | None = None,
        since: _Time | None = None,
        until: _Time | None = None,
    ) -> SequenceBlock: ...
    def __len__(self) -> int: ...
    def users(self, positions: Sequence[int]) -> list[str]: ...
    def gather(self, positions: Sequence[int]) -> dict[str, bytearray]: ...
    def columns(self) -> list[tuple[str, bool]]: ...

def create(
    path: _Path,
    schema: str | Mapping[str, Any],
    *,
    limits: Literal["personalize", "unlimited"] | Mapping[str, int | bool | None] | None = None,
    settings: Mapping[str, int | bool | None] | None = None,
    into_nonempty: bool = False,
    group_may_read: bool = False,
) -> Store: ...
def open(path: _Path, *, settings: Mapping[str, int | bool | None] | None = None) -> Store: ...
def open_reader(path: _Path, *, settings: Mapping[str, int | bool | None] | None = None) -> Store: ...
def infer_schema(path: _Path) -> tuple[str, list[str]]: ...
def verify(path: _Path) -> dict[str, Any]: ...
def purge(path: _Path) -> dict[str, Any] | None: ...
def check_purge(path: _Path, receipt: str | Mapping[str, Any]) -> list[_Found]: ...
def pins(path: _Path) -> list[_Pin]: ...
def unpin(path: _Path, name: str) -> None: ...
def open_pin(
    path: _Path, name: str, *, settings: Mapping[str, int | bool | None] | None = None
) -> Store: ...
def partitions(
    path: _Path, parts: int, *, pin: str | None = None, lasts: _Seconds | None = None
) -> list[_Partition]: ...
def pin(path: _Path, name: str, *, lasts: _Seconds | None = None) -> list[_Pin]: ...
def stores(path: _Path) -> list[str]: ...
def open_partition(partition: Mapping[str, Any]) -> Store: ...
def lease(path: _Path, name: str, sequence: int, *, lasts: _Seconds | None = None) -> _Lease: ...
def leases(path: _Path) -> list[_Lease]: ...
def release_lease(path: _Path, name: str) -> None: ...
