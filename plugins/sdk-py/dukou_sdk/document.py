"""A document that is there, read and changed in place.

Only what is written changes: every other byte stays, number tokens and the order of the members included. A member that
is written keeps its place, a new one goes to the end. The text is scanned when something is first asked for; a document
that nothing is written to is handed back as it came.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, TypeVar

from .contract import WrittenDocument
from .draft import Draft, body_of
from .fault import Fault
from .jsontext import JsonError, loads, quote, read_string, value_end
from .reading import Reading, scalar_text
from .scalar import is_empty
from .source import Source
from .verdict import Violations
from .writer import Writer

__all__ = ["Document", "Editor"]

_S = TypeVar("_S", bound=Source)
_BLANKS: Final = re.compile(r"[ \t\n\r]*").match


class _Place(NamedTuple):
    """Where a member stands in the text: its name, its value, and behind it."""

    key: int
    start: int
    end: int


class _Flaws:
    """What could not be written, with the target path, in the order of writing."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[tuple[Fault, str]] = []


class Editor(Writer):
    """An object in a document. The methods of `Writer` set fields; an empty value takes the field out."""

    __slots__ = ("_drafts", "_edits", "_flaws", "_inner", "_members", "_path", "_text", "dropped")

    def __init__(self, text: str, path: str, flaws: _Flaws) -> None:
        self._text = text
        self._path = path
        self._flaws = flaws
        self._members: dict[str, _Place] | None = None
        self._edits: dict[str, str | None] = {}
        self._inner: dict[str, Editor | list[_Element]] = {}
        self._drafts: dict[str, list[Draft]] = {}
        self.dropped = False
        """Set for a line that shall not be in the document any more."""

    def _put(self, name: str, token: str | None, value: object) -> None:
        self._edits[name] = token
        self._inner.pop(name, None)

    def _refuse(self, name: str, fault: Fault, value: object) -> None:
        self._flaws.found.append((fault, f"{self._path}.{name}" if self._path else name))

    def remove(self, name: str) -> None:
        """Takes a field out of the document."""
        self._put(name, None, None)

    def value(self, name: str) -> Any:
        """A field as it stands: `str`, `Token` for a number, `bool`, `dict`, `list`, or None if it is not there."""
        if name in self._edits:
            token = self._edits[name]
            return None if token is None else loads(token)
        place = self._places().get(name)
        return None if place is None else loads(self._text[place.start : place.end])

    def current(self, name: str) -> str | None:
        """A field's text as it stands; none if it is not there, empty, an object or a list."""
        text = scalar_text(self.value(name))
        return None if text is None or is_empty(text) else text

    def object(self, name: str) -> Editor:
        """An object inside this one, to be changed. `KeyError` if there is none."""
        inner = self._inner.get(name)
        if not isinstance(inner, Editor):
            place = self._places()[name]
            if self._text[place.start] != "{":
                raise KeyError(name)
            inner = Editor(self._text[place.start : place.end], self._below(name), self._flaws)
            self._inner[name] = inner
        return inner

    def lines(self, name: str) -> list[Editor]:
        """The objects of a list, to be changed or `dropped`. None where the list is not there."""
        inner = self._inner.get(name)
        if not isinstance(inner, list):
            place = self._places().get(name)
            if place is None or self._text[place.start] != "[":
                return []
            inner = [
                _Element(self._text, start, end, f"{self._below(name)}[{index}]", self._flaws)
                for index, (start, end) in enumerate(_elements(self._text, place.start))
            ]
            self._inner[name] = inner
        return [element.row for element in inner if element.row is not None]

    def add_line(self, name: str) -> Draft:
        """A new object at the end of a list. `KeyError` if there is none."""
        self.lines(name)
        if name not in self._inner:
            raise KeyError(name)
        draft = Draft()
        self._drafts.setdefault(name, []).append(draft)
        return draft

    def _below(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _places(self) -> dict[str, _Place]:
        if self._members is None:
            self._members = _scan(self._text)
        return self._members

    def _written(self, violations: Violations) -> str:
        """The object's text as it stands now."""
        changed = dict(self._edits)
        for name, inner in self._inner.items():
            place = self._places()[name]
            before = self._text[place.start : place.end]
            after = (
                self._list(name, inner, place, violations) if isinstance(inner, list) else inner._written(violations)
            )
            if after != before:
                changed[name] = after
        if not changed:
            return self._text
        places = self._places()
        if any(token is None and name in places for name, token in changed.items()):
            return self._rebuilt(places, changed)
        return self._spliced(places, changed)

    def _list(self, name: str, elements: list[_Element], place: _Place, violations: Violations) -> str:
        added = self._drafts.get(name, [])
        texts = [element.written(violations) for element in elements]
        if added or None in texts:
            kept = [text for text in texts if text is not None]
            for draft in added:
                kept.append(body_of([(0, draft)], None, violations, f"{self._below(name)}[{len(kept)}]"))
            return f"[{','.join(kept)}]"
        parts: list[str] = []
        at = place.start
        for element, text in zip(elements, texts):
            parts += (self._text[at : element.start], text or "")
            at = element.end
        parts.append(self._text[at : place.end])
        return "".join(parts)

    def _spliced(self, places: dict[str, _Place], changed: dict[str, str | None]) -> str:
        parts: list[str] = []
        at = 0
        for place, token in sorted((places[name], token) for name, token in changed.items() if name in places):
            parts += (self._text[at : place.start], token or "")
            at = place.end
        last = max((place.end for place in places.values()), default=self._text.index("{") + 1)
        if last > at:
            parts.append(self._text[at:last])
        for name, token in changed.items():
            if name not in places and token is not None:
                parts.append(f"{',' if places or parts[-1] != self._text[:last] else ''}{quote(name)}:{token}")
                places = places or {name: _Place(0, 0, 0)}
        parts.append(self._text[max(at, last) :])
        return "".join(parts)

    def _rebuilt(self, places: dict[str, _Place], changed: dict[str, str | None]) -> str:
        parts: list[str] = []
        for name, place in places.items():
            token = changed.get(name, self._text[place.start : place.end])
            if token is not None:
                parts.append(self._text[place.key : place.start] + token)
        parts += [
            f"{quote(name)}:{token}" for name, token in changed.items() if name not in places and token is not None
        ]
        return f"{{{','.join(parts)}}}"


class _Element:
    """An element of a list, and where it stands in the text."""

    __slots__ = ("end", "row", "start", "text")

    def __init__(self, text: str, start: int, end: int, path: str, flaws: _Flaws) -> None:
        self.start = start
        self.end = end
        self.text = text[start:end]
        self.row = Editor(self.text, path, flaws) if self.text.startswith("{") else None

    def written(self, violations: Violations) -> str | None:
        """The element's text as it stands now; none if it is dropped."""
        if self.row is None:
            return self.text
        return None if self.row.dropped else self.row._written(violations)


class Document(Editor):
    """One document of the group, below its wrapper."""

    __slots__ = ("_outer", "_reading", "_start", "extra", "suffix")

    def __init__(self, document: WrittenDocument, wrapper: str | None, reading: Reading) -> None:
        self.suffix: Final = document.suffix
        self.extra: Final = document.extra
        self._reading = reading
        self._outer: Final = document.body
        place = None
        if wrapper is not None:
            place = _scan(document.body).get(wrapper)
            if place is None or document.body[place.start] != "{":
                raise JsonError(f"a document without {wrapper}")
        start, end = (0, len(document.body)) if place is None else (place.start, place.end)
        super().__init__(document.body[start:end], "", _Flaws())
        self._start: Final = start

    def read(self, model: type[_S]) -> _S:
        """The document as a class of `Source`, as it stood before any change."""
        return model(loads(self._text), "", self._reading)

    def written(self, violations: Violations) -> WrittenDocument:
        """The document as it stands now; what could not be written is added to `violations`."""
        for fault, path in self._flaws.found:
            violations.fault(fault, path, 0)
        self._flaws.found.clear()
        before = self._text
        after = self._written(violations)
        body = self._outer
        if after is not before:
            body = body[: self._start] + after + body[self._start + len(before) :]
        return WrittenDocument(self.suffix, body, self.extra)


def _scan(text: str) -> dict[str, _Place]:
    """Where the members of an object stand. Of members with one name the last counts."""
    places: dict[str, _Place] = {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise JsonError("not an object")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key = at
        name, at = read_string(text, at + 1)
        start = _skip(text, _skip(text, at) + 1)
        end = value_end(text, start)
        places.pop(name, None)
        places[name] = _Place(key, start, end)
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return places


def _elements(text: str, at: int) -> list[tuple[int, int]]:
    """Where the elements of the list at `at` stand."""
    found: list[tuple[int, int]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        end = value_end(text, at)
        found.append((at, end))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    match = _BLANKS(text, at)
    return at if match is None else match.end()
