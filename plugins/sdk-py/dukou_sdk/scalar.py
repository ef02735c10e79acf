"""What counts as empty, and what counts as a number: the value rules that all plugins share.

Sources are untyped: the same field comes as a string, a number, a boolean or null. Nothing here knows fields or paths.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["DIGITS_MAX", "NotANumber", "is_empty", "plain_integer", "plain_number", "trim"]

DIGITS_MAX: Final = 64
"""Longest number, in digits, that an exponent is written out to."""

_WHITE: Final = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_CANONICAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?").fullmatch
_FORM: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?").fullmatch


class NotANumber(ValueError):
    """Why a text is no number of the wanted kind, as a fragment for messages."""


def trim(text: str) -> str:
    """The text without white space around it, as Unicode defines white space."""
    return text.strip(_WHITE)


def is_empty(text: str) -> bool:
    """Whether a text carries nothing: only white space, or masked by the source (contains `***`)."""
    return "***" in text or not text.strip(_WHITE)


def plain_number(text: str) -> str:
    """A number as a JSON token without exponent; `1E+1` is `10`, `2.0000` keeps its scale.

    Takes surrounding white space, a sign, leading zeros, `.5`, `5.` and exponents. Thousands separators, units and
    anything else are not numbers and raise `NotANumber`.
    """
    if len(text) <= DIGITS_MAX and _CANONICAL(text):
        return text
    text = text.strip(_WHITE)
    form = _FORM(text)
    if form is None:
        raise NotANumber("not a number")
    sign, whole, fraction, exponent_sign, exponent = form.groups(default="")
    if not whole and not fraction:
        raise NotANumber("not a number")
    if len(whole) + len(fraction) > DIGITS_MAX:
        raise NotANumber("a number with too many digits")
    size = exponent.lstrip("0")
    if len(size) > 3:
        raise NotANumber("a number with too many digits")
    shift = int(size or "0")
    return _shifted("-" if sign == "-" else "", whole, fraction, -shift if exponent_sign == "-" else shift)


def _shifted(sign: str, whole: str, fraction: str, shift: int) -> str:
    """`whole.fraction` with the point moved right by `shift`, left if negative."""
    digits = whole + fraction
    point = len(whole) + shift
    places = len(digits) - point
    if abs(point) > DIGITS_MAX or places > DIGITS_MAX:
        raise NotANumber("a number with too many digits")
    if places <= 0:
        significant = digits.lstrip("0")
        return sign + (significant + "0" * -places if significant else "0")
    if point < 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].lstrip('0') or '0'}.{digits[point:]}"


def plain_integer(text: str) -> str:
    """A whole number as a JSON token; a fraction of zeros is cut off."""
    whole, _, fraction = plain_number(text).partition(".")
    if fraction.strip("0"):
        raise NotANumber("not a whole number")
    return whole
