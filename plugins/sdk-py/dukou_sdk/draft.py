"""The document in the making, and how the drafts of several records become one document.

A mapping is written for one record. Where the scheme puts several records together, each gets its own draft here, and
`body_of` joins them: header fields on which the records differ refuse the group, lines follow one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar, Union

from .fault import Fault, is_personal, path_of, shown
from .jsontext import loads, quote
from .reading import Lines
from .verdict import Violations
from .writer import Writer

__all__ = ["Draft", "Member", "body_of"]

_L = TypeVar("_L")

_NAMES: Final[dict[str, str]] = {}
"""Field names as JSON, colon included: a mapping writes the same few again and again."""


class Rows:
    """The lines of a list field, and what is wrong with the list as a whole."""

    __slots__ = ("all", "optional", "source")

    def __init__(self, source: object, optional: bool) -> None:
        self.all: Final[list[Draft]] = []
        self.source = source if isinstance(source, Lines) else None
        self.optional = optional

    def kept(self) -> list[Draft]:
        """Rows that something was written to."""
        return [row for row in self.all if row.cells]

    def fault(self) -> Fault | None:
        """What is wrong with the list as a whole."""
        if self.source is not None and self.source.fault is not None:
            return self.source.fault
        if self.optional or any(row.cells for row in self.all):
            return None
        origin = None if self.source is None else self.source.origin
        return Fault("required", "the field is required and there are no lines", origin)


Cell = Union[str, None, Fault, Rows, "Draft"]


class Draft(Writer):
    """An object of the target. Fields stand in the order in which they are first written."""

    __slots__ = ("cells", "values")

    def __init__(self) -> None:
        self.cells: Final[dict[str, Cell]] = {}
        self.values: Final[dict[str, object]] = {}

    def _put(self, name: str, token: str | None, value: object) -> None:
        self.cells[name] = token
        self.values[name] = value

    def _refuse(self, name: str, fault: Fault, value: object) -> None:
        self.cells[name] = fault
        self.values[name] = value

    def object(self, name: str) -> Draft:
        """An object inside this one; left out if nothing is written to it."""
        inner = Draft()
        self.cells[name] = inner
        return inner

    def lines(self, name: str, source: Iterable[_L], *, optional: bool = False) -> Iterator[tuple[_L, Draft]]:
        """A list of objects, a row for each line of the source: `for line, row in dto.lines(…)`.

        A row that nothing is written to is no line of the document: `ctx.omit(line, "赠品")` and `continue`. A list
        without lines refuses the group; where it is `optional` it is left out.
        """
        rows = Rows(source, optional)
        self.cells[name] = rows
        for line in source:
            row = Draft()
            rows.all.append(row)
            yield line, row


Member = tuple[int, Draft]
"""A record's index in the group, and what was written for it."""


def body_of(members: list[Member], wrapper: str | None, violations: Violations, prefix: str = "") -> str:
    """The body of the document that the drafts make together, with everything that is wrong added to `violations`."""
    body = _sound(members[0][1]) if len(members) == 1 else None
    if body is None:
        body = _joined(members, prefix, violations)
    return body if wrapper is None else f"{{{quote(wrapper)}:{body}}}"


def _sound(draft: Draft) -> str | None:
    """The object's text, if nothing is wrong with it."""
    parts: list[str] = []
    for name, cell in draft.cells.items():
        if cell is None:
            continue
        if isinstance(cell, str):
            text = cell
        elif cell.__class__ is Rows:
            rows = [_sound(row) for row in cell.kept()]
            if None in rows or cell.fault() is not None:
                return None
            if not rows:
                continue
            text = f"[{','.join(rows)}]"  # type: ignore[arg-type]
        else:
            return None
        parts.append(f"{_NAMES.get(name) or _name(name)}{text}")
    return f"{{{','.join(parts)}}}"


def _name(name: str) -> str:
    return _NAMES.setdefault(name, quote(name) + ":")


def _joined(members: list[Member], prefix: str, violations: Violations) -> str:
    """The object's text as the drafts of all members agree on it."""
    parts: list[str] = []
    for name in dict.fromkeys(name for _, draft in members for name in draft.cells):
        path = f"{prefix}.{name}" if prefix else name
        cells = [(member, draft.cells[name]) for member, draft in members if name in draft.cells]
        rows = [(member, cell) for member, cell in cells if isinstance(cell, Rows)]
        objects = [(member, cell) for member, cell in cells if isinstance(cell, Draft) and cell.cells]
        if rows:
            text = _lines(rows, path, violations)
        elif objects:
            text = _joined(objects, path, violations)
        else:
            text = _agreed(
                name, [(member, draft) for member, draft in members if name in draft.cells], path, violations
            )
        if text is not None:
            parts.append(f"{_name(name)}{text}")
    return f"{{{','.join(parts)}}}"


def _lines(lists: list[tuple[int, Rows]], path: str, violations: Violations) -> str | None:
    # Lists that are none come first: their lines cannot be judged.
    for member, rows in lists:
        fault = rows.fault()
        if fault is not None:
            violations.fault(fault, path, member)
    parts: list[str] = []
    for member, rows in lists:
        for row in rows.kept():
            parts.append(_joined([(member, row)], f"{path}[{len(parts)}]", violations))
    return f"[{','.join(parts)}]" if parts else None


def _agreed(name: str, members: list[Member], path: str, violations: Violations) -> str | None:
    """The value that all records share."""
    first: list[tuple[str | None, object]] = []
    for member, draft in members:
        cell, value = draft.cells[name], draft.values.get(name)
        if isinstance(cell, Fault):
            # A missing value is told once, for the first field that it was meant for.
            if cell.code != "required" or not cell.reported:
                violations.fault(cell, path, member)
                continue
            cell = None
        token = cell if isinstance(cell, str) else None
        if not first:
            first.append((token, value))
        elif token != first[0][0]:
            origin = getattr(value, "origin", None) or getattr(first[0][1], "origin", None)
            personal = origin is not None and is_personal(origin)
            one, other = (shown(_plain(seen), personal) for seen in (first[0][0], token))
            fault = Fault("merge.disagree", f"{one} and {other} differ between the records of the group", origin)
            source = None if origin is None else path_of(origin)
            violations.add(fault.code, fault.message(), source, path, member)
    return first[0][0] if first else None


def _plain(token: str | None) -> str:
    """A value for people: a text without its quotes, anything else as JSON."""
    if token is None:
        return ""
    return str(loads(token)) if token.startswith('"') else token
