"""Where a value came from, and what is wrong with it. How a fault reaches the verdict is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from .source import Field, Source

__all__ = ["Fault", "Origin", "shown"]

SHOWN_CHARS: Final = 80
"""Most characters of a value that a message shows."""

Origin: TypeAlias = "tuple[Source, Field]"
"""The object that was read and the field in it. A bare tuple, because every value that is read carries one."""


def path_of(origin: Origin) -> str:
    """`details_list[0].price`, indexes from 0."""
    prefix, key = origin[0]._path, origin[1].key
    return f"{prefix}.{key}" if prefix else key


def expression_of(origin: Origin) -> str:
    """The field as a mapping table writes it: `{{consign_time|date}}`, a list without braces."""
    path = without_indexes(path_of(origin))
    kind = origin[1].kind
    if kind in ("date", "datetime"):
        return f"{{{{{path}|{kind}}}}}"
    return path if kind in ("list", "object") else f"{{{{{path}}}}}"


def is_personal(origin: Origin) -> bool:
    """Whether messages must not show the value: declared so, or marked so in the catalogue."""
    return origin[1].personal or without_indexes(path_of(origin)) in origin[0]._reading.personal()


class Fault:
    """Why a value cannot be used: a stable code, a reason for people, and the field if there is one."""

    __slots__ = ("code", "origin", "reason", "reported")

    def __init__(self, code: str, reason: str, origin: Origin | None) -> None:
        self.code = code
        self.reason = reason
        self.origin = origin
        self.reported = False
        """Whether a violation tells of it already."""

    def message(self) -> str:
        """`{{order_no}}: the field is required …`"""
        return self.reason if self.origin is None else f"{expression_of(self.origin)}: {self.reason}"


def without_indexes(path: str) -> str:
    """`a[0].b[1]` as `a.b`."""
    if "[" not in path:
        return path
    return ".".join(part.partition("[")[0] for part in path.split("."))


def shown(value: str, personal: bool = False) -> str:
    """A value between quotes, cut to 80 characters; personal data is masked."""
    if personal:
        return "***"
    return f'"{value}"' if len(value) <= SHOWN_CHARS else f'"{value[:SHOWN_CHARS]}…"'
