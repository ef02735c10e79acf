"""What a plugin reads, declared as classes whose annotations are the fields.

    class Line(Source):
        goods_count: Decimal
        price: Decimal | None

    class Order(Source):
        order_no: str
        consign_time: Date
        details_list: list[Line]

The needs that the plugin tells the host are collected from the same annotations (`needs_of`), so they cannot go stale.
A field is read when it is first used, tolerantly: a string, a number or null are all well for a `str` or a `Decimal`.
`X | None` may be empty and is `None` then; any other plain type is required. What cannot be read becomes an unread
value (see `values`), never an exception. A list may always be without lines; whoever writes it says if that is allowed.
"""

from __future__ import annotations

import types
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from .reading import Field, Lines, Reading
from .values import Date, DateTime

__all__ = ["Field", "Lines", "Named", "Personal", "Reading", "Source", "fields_of", "needs_of"]

_T = TypeVar("_T")

PERSONAL: Final = object()
Personal = Annotated[_T, PERSONAL]
"""`receiver_address: Personal[str] | None`: messages never show the value. What the catalogue marks needs it not."""


class Named:
    """The field's name in JSON where it is no name in Python: `kind: Annotated[str, Named("class")]`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Source:
    """An object of the source, or of a document. Subclasses annotate the fields that they read."""

    __slots__ = ("__dict__", "_path", "_raw", "_reading")
    _fields: ClassVar[dict[str, Field] | None] = None

    def __init__(self, raw: dict[str, Any], path: str, reading: Reading) -> None:
        self._raw = raw
        self._path = path
        self._reading = reading

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._fields = None
        try:
            fields_of(cls)
        except NameError:
            pass  # Names a class that stands further down; `needs_of` asks again before anything is read.

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path or '.'})"


def fields_of(model: type[Source]) -> dict[str, Field]:
    """The fields of a class by their names in Python, put in place so that they are read when they are used."""
    if model._fields is not None:
        return model._fields
    fields: dict[str, Field] = {}
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name.startswith("_") or get_origin(hint) is ClassVar:
            continue
        fields[name] = _field(f"{model.__name__}.{name}", name, hint)
    for name, field in fields.items():
        setattr(model, name, field)
    model._fields = fields
    return fields


_KINDS: Final[dict[Any, str]] = {
    str: "text",
    Decimal: "decimal",
    int: "integer",
    bool: "boolean",
    date: "date",
    Date: "date",
    datetime: "datetime",
    DateTime: "datetime",
    Any: "json",
}


def _field(where: str, name: str, hint: Any) -> Field:
    key, optional, personal = name, False, False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *notes = get_args(hint)
            personal = personal or PERSONAL in notes
            key = next((note.name for note in notes if isinstance(note, Named)), key)
        elif origin in (Union, types.UnionType):
            others = [part for part in get_args(hint) if part is not type(None)]
            if len(others) != 1 or len(others) == len(get_args(hint)):
                raise TypeError(f"{where}: a field has one type, or one type and None")
            hint, optional = others[0], True
        else:
            break
    if origin in (list, Lines):
        field = Field(name, key, "list", True, personal)
        element = _field(where, name, get_args(hint)[0])
        field.element, field.model = element, element.model
        return field
    if isinstance(hint, type) and issubclass(hint, Source):
        field = Field(name, key, "object", optional, personal)
        field.model = hint
        return field
    kind = _KINDS.get(hint)
    if kind is None:
        raise TypeError(
            f"{where}: {getattr(hint, '__name__', hint)} cannot be read; there are str, Decimal, int, bool, Date, "
            "DateTime, Any, classes of Source, lists of these, and all of them with `| None`"
        )
    return Field(name, key, kind, optional, personal)


def needs_of(model: type[Source]) -> list[str]:
    """The source paths that a class reads, in the order of its annotations: `details_list[].price`."""
    return _paths(model, "", ())


def _paths(model: type[Source], prefix: str, above: tuple[type[Source], ...]) -> list[str]:
    if model in above:
        raise TypeError(f"{model.__name__} contains itself; declare how deep it is read")
    paths: list[str] = []
    for field in fields_of(model).values():
        path = prefix + field.key
        inner = field.model
        if inner is None or not fields_of(inner):
            paths.append(path)
        else:
            below = f"{path}[]." if field.kind == "list" else f"{path}."
            paths.extend(_paths(inner, below, (*above, model)))
    return list(dict.fromkeys(paths))
