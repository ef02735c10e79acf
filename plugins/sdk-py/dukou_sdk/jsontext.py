"""JSON text, read and written exactly.

Numbers stay the digits they came with (`Token`), never a binary float. What is written looks as the host's own writer
would write it: compact, members in their order, nothing escaped that need not be. Judging values is not done here.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from json import decoder
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

__all__ = ["JsonError", "Token", "dumps", "loads", "quote", "read_string", "value_end"]


class Token(str):
    """A JSON number as it was written: `2.0000`, `1E+1`."""

    __slots__ = ()


class JsonError(ValueError):
    """The text is no JSON; the message says what and where."""


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=Token, parse_int=Token, parse_constant=_refuse_constant)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")

_scan_string: Final[Any] = getattr(decoder, "scanstring")
_scan_value: Final[Any] = getattr(_DECODER, "scan_once")

quote = encode_basestring
"""A text as a JSON string, quotes included."""


def loads(text: str) -> Any:
    """Reads one JSON value; numbers become `Token`. Of members with one name the last counts.

    A string with half of a surrogate pair is no text at all and becomes null.
    """
    try:
        value = _DECODER.decode(text)
    except JsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from None
    if "\\u" in text and _SURROGATE_ESCAPE.search(text):
        value = _without_halves(value)
    return value


def read_string(text: str, at: int) -> tuple[str, int]:
    """The string whose opening quote stands before `at`, and the place behind it."""
    string, end = _scan_string(text, at, True)
    return string, end


def value_end(text: str, at: int) -> int:
    """The place behind the value that begins at `at`."""
    try:
        end: int = _scan_value(text, at)[1]
    except StopIteration:
        raise JsonError(f"no value at {at}") from None
    return end


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return None if _SURROGATE.search(value) else value
    if isinstance(value, list):
        return [_without_halves(element) for element in value]
    if isinstance(value, dict):
        return {name: _without_halves(member) for name, member in value.items() if not _SURROGATE.search(name)}
    return value


def dumps(value: Any) -> str:
    """Writes a value compactly. Numbers are `Token`, `Decimal` or `int`; a `float` is a mistake and refused."""
    if isinstance(value, str):
        return value if isinstance(value, Token) else quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(name)}:{dumps(member)}" for name, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot be written as JSON; amounts are Decimal, never float")
