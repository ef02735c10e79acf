"""How one field is read: what stands in the text, against what the annotation says.

Every kind of value has one reader here, tolerant as the value rules want it. Which fields there are is `source`'s
business; a reader never raises, it notes a fault and hands out an unread value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from .fault import Fault, Origin, is_personal, shown
from .jsontext import Token, dumps
from .scalar import NotANumber, is_empty, plain_integer, plain_number
from .values import UNREAD, Date, DateTime, Integer, from_token, text_of
from .zone import Unreadable, Zone, read_moment

if TYPE_CHECKING:
    from .source import Source

__all__ = ["Field", "Lines", "Reading", "scalar_text"]

_T = TypeVar("_T")


class Reading:
    """What reading objects of one record or document shares: the zone, and the faults that were met."""

    __slots__ = ("_personal", "faults", "member", "of_document", "zone")

    def __init__(
        self, zone: Zone, member: int, personal: Callable[[], frozenset[str]], of_document: bool = False
    ) -> None:
        self.zone = zone
        self.member = member
        self.of_document = of_document
        self.faults: list[Fault] = []
        self._personal = personal

    def personal(self) -> frozenset[str]:
        """Paths of the catalogue's personal fields, without indexes."""
        return self._personal()


class Lines(list[_T], Generic[_T]):
    """The objects of a list, which knows where it came from."""

    origin: Origin
    fault: Fault | None = None


class _Reader(Protocol):
    def __call__(self, field: Field, raw: Any, owner: Source) -> Any: ...


class Field:
    """One annotated field: how it is called, and how it is read."""

    __slots__ = ("element", "key", "kind", "model", "name", "optional", "personal", "read")

    def __init__(self, name: str, key: str, kind: str, optional: bool, personal: bool) -> None:
        self.name = name
        self.key = key
        self.kind = kind
        self.optional = optional
        self.personal = personal
        self.model: type[Source] | None = None
        self.element: Field | None = None
        self.read: _Reader = _READERS[kind]

    def __get__(self, owner: Source | None, _class: type | None = None) -> Any:
        if owner is None:
            return self
        value = self.read(self, owner._raw.get(self.key), owner)
        owner.__dict__[self.name] = value
        return value

    def at(self, index: int) -> Field:
        """The field of one element of a list of plain values."""
        assert self.element is not None
        field = Field(self.name, f"{self.key}[{index}]", self.element.kind, False, self.personal)
        field.model, field.element = self.element.model, self.element.element
        return field

    def unread(self, code: str, reason: str, owner: Source) -> Any:
        """What stands for the value, and a note of the fault."""
        fault = Fault(code, reason, (owner, self))
        owner._reading.faults.append(fault)
        return UNREAD[self.kind](fault)

    def empty(self, owner: Source) -> Any:
        """What an empty value reads as."""
        return None if self.optional else self.unread("required", "the field is required and the value is empty", owner)

    def wrong(self, code: str, text: str, wanted: str, owner: Source) -> Any:
        """An unread value: `"x" is not a decimal`."""
        return self.unread(code, f"{shown(text, is_personal((owner, self)))} is not {wanted}", owner)


def scalar_text(raw: Any) -> str | None:
    """A value's text: digits with the exponent written out, `true`, `false`; none for an object or a list."""
    kind = raw.__class__
    if kind is str:
        return str(raw)
    if kind is Token:
        try:
            return plain_number(raw)
        except NotANumber:
            return str(raw)
    if kind is bool:
        return "true" if raw else "false"
    return "" if raw is None else None


def _read_text(field: Field, raw: Any, owner: Source) -> Any:
    text = raw if raw.__class__ is str else scalar_text(raw)
    if text is None:
        return field.wrong("type", dumps(raw), "a text", owner)
    if is_empty(text):
        return field.empty(owner)
    return text_of(text, (owner, field))


def _read_decimal(field: Field, raw: Any, owner: Source) -> Any:
    if raw is None:
        return field.empty(owner)
    kind = raw.__class__
    if kind is Token or kind is str:
        try:
            return from_token(plain_number(raw), (owner, field))
        except NotANumber:
            if kind is str and is_empty(raw):
                return field.empty(owner)
    return field.wrong("type", _as_text(raw), "a decimal", owner)


def _read_integer(field: Field, raw: Any, owner: Source) -> Any:
    if raw is None or (raw.__class__ is str and is_empty(raw)):
        return field.empty(owner)
    if isinstance(raw, str):
        try:
            value = Integer(plain_integer(raw))
            value.origin = (owner, field)
            return value
        except NotANumber:
            pass
    return field.wrong("type", _as_text(raw), "a whole number", owner)


def _read_boolean(field: Field, raw: Any, owner: Source) -> Any:
    text = scalar_text(raw)
    if text is not None:
        if is_empty(text):
            return field.empty(owner)
        plain = text.strip()
        if plain in ("true", "1"):
            return True
        if plain in ("false", "0"):
            return False
    return field.wrong("type", _as_text(raw), "true or false", owner)


_FORMS: Final = "a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds"


def _moment(field: Field, raw: Any, owner: Source) -> tuple[datetime | None, Any]:
    """A moment; or none, and what stands for it."""
    if raw is None or (raw.__class__ is str and is_empty(raw)):
        return None, field.empty(owner)
    if isinstance(raw, str):
        try:
            moment = read_moment(raw, owner._reading.zone)
        except Unreadable:
            return None, field.wrong("date", scalar_text(raw) or "", _FORMS, owner)
        return (None, field.empty(owner)) if moment is None else (moment, None)
    if isinstance(raw, bool):
        return None, field.wrong("date", _as_text(raw), _FORMS, owner)
    return None, field.wrong("type", _as_text(raw), "a date", owner)


def _read_date(field: Field, raw: Any, owner: Source) -> Any:
    moment, instead = _moment(field, raw, owner)
    if moment is None:
        return instead
    value = Date(moment.year, moment.month, moment.day)
    value.origin = (owner, field)
    return value


def _read_datetime(field: Field, raw: Any, owner: Source) -> Any:
    moment, instead = _moment(field, raw, owner)
    if moment is None:
        return instead
    value = DateTime(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    value.origin = (owner, field)
    return value


def _read_list(field: Field, raw: Any, owner: Source) -> Any:
    lines: Lines[Any] = Lines()
    lines.origin = (owner, field)
    if raw is None or (isinstance(raw, str) and not isinstance(raw, Token) and is_empty(raw)):
        return lines
    model = field.model
    if model is None:
        elements = raw if isinstance(raw, list) else [raw]
        for index, element in enumerate(elements):
            at = field.at(index)
            lines.append(at.read(at, element, owner))
        return lines
    if isinstance(raw, dict):
        raw = [raw]
    if not isinstance(raw, list) or not all(element.__class__ is dict for element in raw):
        lines.fault = Fault("type", "it is not a list of objects", (owner, field))
        owner._reading.faults.append(lines.fault)
        return lines
    prefix = f"{owner._path}.{field.key}" if owner._path else field.key
    reading = owner._reading
    lines.extend([model(element, f"{prefix}[{index}]", reading) for index, element in enumerate(raw)])
    return lines


def _read_object(field: Field, raw: Any, owner: Source) -> Any:
    assert field.model is not None
    absent = raw is None or (isinstance(raw, str) and not isinstance(raw, Token) and is_empty(raw))
    if absent and field.optional:
        return None
    if not absent and not isinstance(raw, dict):
        owner._reading.faults.append(Fault("type", "it is not an object", (owner, field)))
    path = f"{owner._path}.{field.key}" if owner._path else field.key
    return field.model(raw if isinstance(raw, dict) else {}, path, owner._reading)


def _read_json(field: Field, raw: Any, owner: Source) -> Any:
    return raw


def _as_text(raw: Any) -> str:
    text = scalar_text(raw)
    return dumps(raw) if text is None else text


_READERS: Final[dict[str, _Reader]] = {
    "text": _read_text,
    "decimal": _read_decimal,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "date": _read_date,
    "datetime": _read_datetime,
    "list": _read_list,
    "object": _read_object,
    "json": _read_json,
}
