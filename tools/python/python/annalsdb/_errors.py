"""The exceptions: one for each kind of error, each with the message it has in Rust."""

from __future__ import annotations

__all__ = [
    "AlreadyExistsError",
    "AnnalsError",
    "ClosedError",
    "CorruptionError",
    "ForkedError",
    "InternalError",
    "InvalidInputError",
    "LockedError",
    "NotFoundError",
    "PoisonedError",
    "StoppedError",
    "StoreIOError",
    "UnsupportedError",
]


class AnnalsError(Exception):
    """What every exception of this package is."""


class InvalidInputError(AnnalsError, ValueError):
    """The data or an argument breaks a rule: correct it and call again. Nothing was written."""


class NotFoundError(AnnalsError, FileNotFoundError):
    """There is no such store, segment, file or field."""


class AlreadyExistsError(AnnalsError, FileExistsError):
    """A store, or something else, stands where a new one was to be made."""


class LockedError(AnnalsError):
    """Another process has the store open for writing: close it, or open it for reading."""


class CorruptionError(AnnalsError):
    """Bytes on disk differ from what was written: run ``verify``, restore what it names."""


class StoreIOError(AnnalsError, OSError):
    """The operating system refused: the message says which file and operation."""


class PoisonedError(AnnalsError):
    """An earlier failure made further writes unsafe: reads go on; reopen the store to write."""


class UnsupportedError(AnnalsError):
    """A newer version wrote the store, or it is open for reading alone."""


class StoppedError(AnnalsError):
    """The work was ended before it was done: nothing of it stays."""


class InternalError(AnnalsError, RuntimeError):
    """A bug in annals. What was asked for was not done; please report it with its message."""


class ClosedError(AnnalsError, ValueError):
    """The store was closed before."""


class ForkedError(AnnalsError, RuntimeError):
    """The store was opened in the process that this one was forked from."""


# Where users have them from, so that tracebacks and pickles say so.
for _name in __all__:
    globals()[_name].__module__ = "annalsdb"
