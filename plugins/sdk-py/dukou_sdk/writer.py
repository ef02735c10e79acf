"""Writing target fields, one line per field. What becomes of a field is up to the two kinds of writer: `draft.Draft`
makes a new object, `document.Document` changes one that is there.

The rules are the same for every field: an empty value leaves it out, a value of the wrong kind or an unread one refuses
the group and says so with source and target path, and numbers keep their digits.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .fault import Fault, is_personal, shown
from .jsontext import dumps, quote
from .scalar import NotANumber, is_empty, plain_integer, plain_number
from .values import Exact, Text, exact

__all__ = ["Writer"]


class Writer:
    """Something that fields can be written to. `None` and empty texts leave a field out."""

    __slots__ = ()

    def _put(self, name: str, token: str | None, value: object) -> None:
        """Takes a field: its JSON text, or none to leave it out, and the value that it was made of."""
        raise NotImplementedError

    def _refuse(self, name: str, fault: Fault, value: object) -> None:
        """Takes a field that cannot be written."""
        raise NotImplementedError

    def text(self, name: str, value: str | None, *, before: str = "", after: str = "", required: bool = False) -> None:
        """A text, with constant text `before` and `after` it; they do not stand alone where the value is empty."""
        if value.__class__ is Text:
            self._put(name, quote(f"{before}{value}{after}" if before or after else value), value)
        elif self._good(name, value, required):
            self._put(name, quote(f"{before}{value}{after}"), value)

    def reference(self, name: str, value: str | None, *, by: str = "Code", required: bool = False) -> None:
        """A reference to something in the target's archives: `{"Code":"…"}`, or by another key such as `Name`."""
        if value.__class__ is Text or self._good(name, value, required):
            self._put(name, f"{{{quote(by)}:{quote(value)}}}", value)  # type: ignore[arg-type]

    def decimal(self, name: str, value: Decimal | int | str | None, *, required: bool = False) -> None:
        """A number, digit by digit; a text must be one. Binary floats are refused."""
        if value.__class__ is Exact:
            self._put(name, value.token, value)
        elif isinstance(value, str):
            if self._good(name, value, required):
                self._number(name, value, "a decimal", plain_number)
        elif self._present(name, value, required):
            if isinstance(value, float):
                raise TypeError(f"{name}: a float is not exact; use Decimal")
            try:
                token = exact(value).token  # type: ignore[arg-type]
            except NotANumber:
                self._refuse(name, Fault("expression", f"{value} is not a number", None), value)
            else:
                self._put(name, token, value)

    def integer(self, name: str, value: Decimal | int | str | None, *, required: bool = False) -> None:
        """A whole number; a fraction of zeros is cut off, any other refused."""
        if isinstance(value, str):
            if self._good(name, value, required):
                self._number(name, value, "a whole number", plain_integer)
        elif self._present(name, value, required):
            text = value.token if isinstance(value, Exact) else format(Decimal(value), "f")  # type: ignore[arg-type]
            self._number(name, text, "a whole number", plain_integer, value)

    def boolean(self, name: str, value: bool | None, *, required: bool = False) -> None:
        """`true` or `false`."""
        if self._present(name, value, required):
            self._put(name, "true" if value else "false", value)

    def date(self, name: str, value: date | None, *, required: bool = False) -> None:
        """A day, `YYYY-MM-DD`."""
        if self._present(name, value, required):
            self._put(name, f'"{value.isoformat()[:10]}"', value)  # type: ignore[union-attr]

    def datetime(self, name: str, value: datetime | None, *, required: bool = False) -> None:
        """A second of wall time, `YYYY-MM-DD HH:MM:SS`."""
        if self._present(name, value, required):
            self._put(name, f'"{value.isoformat(" ")[:19]}"', value)  # type: ignore[union-attr]

    def json(self, name: str, value: Any) -> None:
        """Any JSON value as it is, for fields that no other method fits. `None` leaves the field out."""
        if self._present(name, value, False):
            self._put(name, dumps(value), value)

    def _present(self, name: str, value: Any, required: bool) -> bool:
        """Whether there is something to write; otherwise it has been dealt with."""
        if value is None:
            if required:
                self._refuse(name, Fault("required", "the field is required and the value is empty", None), None)
            else:
                self._put(name, None, None)
            return False
        fault = getattr(value, "fault", None)
        if fault is not None:
            self._refuse(name, fault, value)
            return False
        return True

    def _good(self, name: str, value: Any, required: bool) -> bool:
        """The same for texts, which may be empty as well."""
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name}: {type(value).__name__} is no text")
        if value is not None and getattr(value, "fault", None) is None and is_empty(value):
            value = None
        return self._present(name, value, required)

    def _number(self, name: str, text: str, wanted: str, read: Any, value: Any = None) -> None:
        value = text if value is None else value
        origin = getattr(value, "origin", None)
        try:
            token = read(text)
        except NotANumber:
            personal = origin is not None and is_personal(origin)
            self._refuse(name, Fault("type", f"{shown(text, personal)} is not {wanted}", origin), value)
        else:
            self._put(name, token, value)
