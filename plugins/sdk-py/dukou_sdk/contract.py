"""The records of the contract (`wit/dukou-plugin-0.1/plugin.wit`), inside and outside a component.

Inside, the generated bindings (`wit_world`) are used. Outside, in tests and for type checkers, stand-ins of the same
shape take their place: nothing of an author's plugin knows the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

__all__ = [
    "INSIDE",
    "Candidate",
    "Err",
    "Group",
    "Mapped",
    "Omission",
    "SettingError",
    "SourceRecord",
    "Verdict",
    "Verdict_Mapped",
    "Verdict_Rejected",
    "Verdict_Skipped",
    "Violation",
    "WrittenDocument",
]


@dataclass
class SourceRecord:
    """One source object, cut down to the fields that `configure` asked for."""

    key: str
    received_at: str
    body: str
    extra: str


@dataclass
class Group:
    """What becomes documents together: one record, or all that the scheme's grouping put together."""

    key: str
    records: list[SourceRecord]
    extra: str


@dataclass
class WrittenDocument:
    """One object for the target, as text. The contract's `document`."""

    suffix: str
    body: str
    extra: str


@dataclass
class Omission:
    """A part left out on purpose, so that totals can still be reconciled."""

    member: int
    path: str
    reason: str


@dataclass
class Violation:
    """Why a group cannot be mapped or must not be written."""

    code: str
    message: str
    source_path: str | None
    target_path: str | None
    extra: str


@dataclass
class Mapped:
    """What a group became."""

    documents: list[WrittenDocument]
    omitted: list[Omission]


@dataclass
class Verdict_Mapped:
    """These documents."""

    value: Mapped


@dataclass
class Verdict_Skipped:
    """Nothing, on purpose, for this reason."""

    value: str


@dataclass
class Verdict_Rejected:
    """Nothing, because something is wrong: all reasons."""

    value: list[Violation]


Verdict: TypeAlias = "Verdict_Mapped | Verdict_Skipped | Verdict_Rejected"


@dataclass
class Candidate:
    """A group and what the plugins before this one made of it."""

    origin: Group
    mapped: Mapped


@dataclass
class SettingError:
    """What is wrong with the settings, by path into them."""

    path: str
    code: str
    message: str


class Err(Exception):
    """How `configure` refuses: raised with a list of `SettingError`."""

    def __init__(self, value: list[SettingError]) -> None:
        super().__init__(value)
        self.value = value


INSIDE: bool = False
"""Whether this runs inside a component."""

if not TYPE_CHECKING:
    try:
        from componentize_py_types import Err
        from wit_world.imports.types import (
            Candidate,
            Group,
            Mapped,
            Omission,
            SettingError,
            SourceRecord,
            Verdict_Mapped,
            Verdict_Rejected,
            Verdict_Skipped,
            Violation,
        )
        from wit_world.imports.types import Document as WrittenDocument

        INSIDE = True
    except ImportError:
        pass
