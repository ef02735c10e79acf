"""The values that typed fields have: ordinary `str`, `Decimal`, `int`, `date` and `datetime` that know their origin.

A value that could not be read is *unread*: it stands for its fault wherever it goes. Writing it to a document, or
calculating with it, passes the fault on to the verdict; it compares to nothing. So a mapping needs no checks of its own
to report everything that is wrong. Reading and writing live elsewhere.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from .fault import Fault, Origin
from .scalar import NotANumber, plain_number

__all__ = ["Date", "DateTime", "Exact", "Integer", "Text", "UNREAD", "divide", "exact", "round_to", "total"]

DIVISION_DIGITS: Final = 28
"""Significant digits of a quotient that does not come out even."""

# Sums and products of numbers of 64 digits stay far below this; what would be rounded is an error instead.
_EXACT: Final = decimal.Context(
    prec=2_000,
    rounding=decimal.ROUND_HALF_UP,
    Emin=-9_999,
    Emax=9_999,
    capitals=1,
    clamp=0,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Inexact, decimal.FloatOperation],
)
_DIVIDE: Final = decimal.Context(
    prec=DIVISION_DIGITS,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-9_999,
    Emax=9_999,
    capitals=1,
    clamp=0,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


class Text(str):
    """A text that knows its origin, also when more text is put before or behind it."""

    __slots__ = ("origin",)
    origin: Origin | None
    fault: ClassVar[Fault | None] = None

    def __add__(self, other: str) -> Text:
        return self._with(str.__add__(self, other), other) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Text:
        return self._with(str.__add__(other, self), other) if isinstance(other, str) else NotImplemented

    def _with(self, text: str, other: str) -> Text:
        if isinstance(other, Text):
            if other.fault is not None:
                return other
            return text_of(text, self.origin or other.origin)
        return text_of(text, self.origin)


def text_of(text: str, origin: Origin | None) -> Text:
    """A text with its origin. It must not be empty: an empty value is None, or unread."""
    made = Text(text)
    made.origin = origin
    return made


class Date(date):
    """A day of the scheme's zone."""

    __slots__ = ("origin",)
    origin: Origin | None
    fault: ClassVar[Fault | None] = None


class DateTime(datetime):
    """A second of the scheme's wall time."""

    __slots__ = ("origin",)
    origin: Origin | None
    fault: ClassVar[Fault | None] = None


class Integer(int):
    """A whole number that knows its origin."""

    origin: Origin | None = None
    fault: ClassVar[Fault | None] = None


class Exact(Decimal):
    """A decimal that calculates exactly, whatever the context, and keeps the digits it came with.

    `+`, `-` and `*` never round. `/` gives 28 significant digits. `*` and `/` leave no trailing zeros, `round(x, 2)`
    rounds half away from zero. Binary floats are refused.
    """

    __slots__ = ("origin", "token")
    origin: Origin | None
    token: str
    """The number as a JSON token, scale and all."""
    fault: ClassVar[Fault | None] = None

    def __str__(self) -> str:
        return self.token

    def __repr__(self) -> str:
        return f"Exact('{self.token}')"

    def __format__(self, specifier: str, /, context: decimal.Context | None = None) -> str:
        return Decimal.__format__(self, specifier) if specifier else self.token

    def __float__(self) -> float:
        raise TypeError("a decimal must not become a binary float")

    def __add__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.add, self, other, self.origin)

    def __radd__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.add, other, self, self.origin)

    def __sub__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.subtract, self, other, self.origin)

    def __rsub__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.subtract, other, self, self.origin)

    def __mul__(self, other: Decimal | int, /) -> Exact:
        return _made(_multiply, self, other, self.origin)

    def __rmul__(self, other: Decimal | int, /) -> Exact:
        return _made(_multiply, other, self, self.origin)

    def __truediv__(self, other: Decimal | int, /) -> Exact:
        return _made(_divide, self, other, self.origin)

    def __rtruediv__(self, other: Decimal | int, /) -> Exact:
        return _made(_divide, other, self, self.origin)

    def __floordiv__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.divide_int, self, other, self.origin)

    def __rfloordiv__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.divide_int, other, self, self.origin)

    def __mod__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.remainder, self, other, self.origin)

    def __rmod__(self, other: Decimal | int, /) -> Exact:
        return _made(_EXACT.remainder, other, self, self.origin)

    def __neg__(self) -> Exact:
        return exact(self.copy_negate(), self.origin)

    def __pos__(self) -> Exact:
        return self

    def __abs__(self) -> Exact:
        return exact(self.copy_abs(), self.origin)

    def __round__(self, places: int | None = None, /) -> Any:
        rounded = round_to(self, places or 0)
        return int(rounded) if places is None else rounded


def exact(value: Decimal | int | str, origin: Origin | None = None) -> Exact:
    """A number to calculate with exactly. A text may have any form that sources use; raises `NotANumber`."""
    if isinstance(value, Exact):
        return value
    if isinstance(value, str):
        token = plain_number(value)
    else:
        whole = Decimal(value)
        if not whole.is_finite():
            raise NotANumber("not a number")
        token = format(whole, "f") if whole else format(whole.copy_abs(), "f")
    return from_token(token, origin)


def from_token(token: str, origin: Origin | None) -> Exact:
    """A number from a token that is known to be plain."""
    made = Exact(token)
    made.token = token
    made.origin = origin
    return made


def _made(
    operation: Callable[[Any, Any], Decimal], left: Decimal | int, right: Decimal | int, origin: Origin | None
) -> Exact:
    if not isinstance(left, (Decimal, int)) or not isinstance(right, (Decimal, int)):
        return NotImplemented
    return exact(operation(left, right), origin)


def _multiply(left: Decimal | int, right: Decimal | int) -> Decimal:
    return _without_zeros(_EXACT.multiply(left, right))


def _divide(left: Decimal | int, right: Decimal | int) -> Decimal:
    return _without_zeros(_DIVIDE.divide(left, right))


def _without_zeros(value: Decimal) -> Decimal:
    return value.normalize(_EXACT)


def round_to(value: Decimal | int, places: int) -> Exact:
    """At most `places` digits behind the point, rounded half away from zero, as the mapping table's `round`."""
    number = exact(value)
    if number.fault is not None:
        return number
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places:
        return number
    return exact(number.quantize(Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP, _ROUND), number.origin)


# Rounding is what `round_to` is for, so its context lets the result be inexact.
_ROUND: Final = decimal.Context(prec=2_000, Emin=-9_999, Emax=9_999, traps=[decimal.InvalidOperation])


def total(values: Iterable[Decimal | int | None]) -> Exact:
    """The exact sum; empty values count nothing."""
    made = exact(0)
    for value in values:
        if value is not None:
            made = made + value
    return made


def divide(dividend: Decimal | int, divisor: Decimal | int, places: int) -> Exact:
    """A quotient with at most `places` digits behind the point; zero as divisor raises `ZeroDivisionError`."""
    return round_to(exact(dividend) / exact(divisor), places)


class _UnreadText(Text):
    """Stands for a text that could not be read, as an empty one."""

    __slots__ = ("fault",)
    fault: Fault  # type: ignore[misc]

    def _with(self, text: str, other: str) -> Text:
        return self


class _UnreadDate(Date):
    __slots__ = ("fault",)
    fault: Fault  # type: ignore[misc]


class _UnreadDateTime(DateTime):
    __slots__ = ("fault",)
    fault: Fault  # type: ignore[misc]


class _UnreadInteger(Integer):
    fault: Fault  # type: ignore[misc]


class _UnreadExact(Exact):
    __slots__ = ("fault",)
    fault: Fault  # type: ignore[misc]


def _itself(self: Any, *_others: Any) -> Any:
    return self


def _never(_self: Any, _other: Any) -> bool:
    return False


def _always(_self: Any, _other: Any) -> bool:
    return True


def _identity(self: Any) -> int:
    return id(self.fault)


for _unread in (_UnreadExact, _UnreadDate, _UnreadDateTime, _UnreadInteger):
    for _name in ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"):
        setattr(_unread, _name, _never)
    setattr(_unread, "__ne__", _always)
    setattr(_unread, "__hash__", _identity)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod"):
    for _unread in (_UnreadExact, _UnreadInteger):
        setattr(_unread, f"__{_name}__", _itself)
        setattr(_unread, f"__r{_name}__", _itself)
for _name in ("__neg__", "__pos__", "__abs__"):
    setattr(_UnreadExact, _name, _itself)
for _name in ("__add__", "__radd__", "__sub__"):
    setattr(_UnreadDate, _name, _itself)
    setattr(_UnreadDateTime, _name, _itself)


def _unread_text(fault: Fault) -> Text:
    made = _UnreadText()
    made.fault, made.origin = fault, fault.origin
    return made


def _unread_exact(fault: Fault) -> Exact:
    made = _UnreadExact("NaN")
    made.fault, made.origin, made.token = fault, fault.origin, ""
    return made


def _unread_integer(fault: Fault) -> Integer:
    made = _UnreadInteger()
    made.fault, made.origin = fault, fault.origin
    return made


def _unread_date(fault: Fault) -> Date:
    made = _UnreadDate(1970, 1, 1)
    made.fault, made.origin = fault, fault.origin
    return made


def _unread_datetime(fault: Fault) -> DateTime:
    made = _UnreadDateTime(1970, 1, 1)
    made.fault, made.origin = fault, fault.origin
    return made


UNREAD: Final[dict[str, Callable[[Fault], Any]]] = {
    "text": _unread_text,
    "decimal": _unread_exact,
    "integer": _unread_integer,
    "boolean": lambda _fault: False,
    "date": _unread_date,
    "datetime": _unread_datetime,
}
"""What stands for a value of a kind that could not be read."""
