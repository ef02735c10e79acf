"""Several records of a group seen as one, for plugins that judge documents and not records.

Lists follow one another. A value on which the records differ is unread (`merge.disagree`), and told where it is used;
a field that nobody uses may differ.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from .fault import Fault, is_personal, shown
from .reading import Field, Lines
from .source import Source, fields_of
from .values import UNREAD

__all__ = ["joined"]

_S = TypeVar("_S", bound=Source)

_MODELS: Final[dict[type[Source], type[Source]]] = {}


class _Joined:
    """Stands in a class for a field of it, and reads it from all records."""

    __slots__ = ("field",)

    def __init__(self, field: Field) -> None:
        self.field = field

    def __get__(self, owner: Any, _class: type | None = None) -> Any:
        if owner is None:
            return self
        value = _common(self.field, owner.__dict__["_all"])
        owner.__dict__[self.field.name] = value
        return value


def joined(orders: list[_S]) -> _S:
    """The records as one; a single one is itself. There must be at least one."""
    if len(orders) == 1:
        return orders[0]
    first = orders[0]
    model = _MODELS.get(type(first))
    if model is None:
        fields = fields_of(type(first))
        model = type(type(first).__name__, (type(first),), {})
        for name, field in fields.items():
            setattr(model, name, _Joined(field))
        _MODELS[type(first)] = model
    together = model(first._raw, first._path, first._reading)
    together.__dict__["_all"] = orders
    return together  # type: ignore[return-value]


def _common(field: Field, orders: list[Source]) -> Any:
    values = [getattr(order, field.name) for order in orders]
    if field.kind == "list":
        lines: Lines[Any] = Lines(line for value in values for line in value)
        lines.origin = values[0].origin
        lines.fault = next((value.fault for value in values if value.fault is not None), None)
        return lines
    if field.kind == "object":
        there = [value for value in values if value is not None]
        return joined(there) if there else None
    first = values[0]
    for order, value in zip(orders, values):
        if getattr(value, "fault", None) is not None:
            return value
        if field.kind in UNREAD and str(value) != str(first):
            origin = (order, field)
            one, other = (shown("" if each is None else str(each), is_personal(origin)) for each in (first, value))
            fault = Fault("merge.disagree", f"{one} and {other} differ between the records of the group", origin)
            order._reading.faults.append(fault)
            return UNREAD[field.kind](fault)
    return first
