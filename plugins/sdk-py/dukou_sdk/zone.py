"""Time zones with one offset, and the date forms of untyped sources.

Forms are `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` (or with `T`) and epoch milliseconds. Texts are wall time of the scheme's
zone. Zero dates and `0` mean that there is none; anything else is unreadable and never guessed at. There is no zone
database in a plugin, so zones with daylight saving are refused.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from .scalar import trim

__all__ = ["SHANGHAI", "Unreadable", "Zone", "read_moment", "read_rfc3339"]

_ZONES_MINUTES: Final = {
    "Asia/Shanghai": 480,
    "Asia/Chongqing": 480,
    "Asia/Harbin": 480,
    "Asia/Urumqi": 360,
    "Asia/Hong_Kong": 480,
    "Asia/Macau": 480,
    "Asia/Taipei": 480,
    "Asia/Singapore": 480,
    "Asia/Kuala_Lumpur": 480,
    "Asia/Manila": 480,
    "Asia/Brunei": 480,
    "Asia/Tokyo": 540,
    "Asia/Seoul": 540,
    "Asia/Bangkok": 420,
    "Asia/Ho_Chi_Minh": 420,
    "Asia/Jakarta": 420,
    "Asia/Phnom_Penh": 420,
    "Asia/Vientiane": 420,
    "Asia/Kolkata": 330,
    "Asia/Dubai": 240,
    "PRC": 480,
    "UTC": 0,
    "Etc/UTC": 0,
    "Z": 0,
}

_NONE: Final = frozenset(("", "0", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00"))
_FORM: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2}):([0-9]{2}))?").fullmatch
_EPOCH_MS: Final = re.compile(r"[0-9]{13}").fullmatch
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})").fullmatch
_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})[.0-9]*([Zz]|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_EPOCH: Final = datetime(1970, 1, 1)


class Unreadable(ValueError):
    """The text is none of the readable forms, or no day of the calendar."""


class Zone:
    """A zone with one offset from UTC."""

    __slots__ = ("offset",)

    def __init__(self, minutes: int) -> None:
        self.offset: Final = timedelta(minutes=minutes)

    @staticmethod
    def named(name: str) -> Zone | None:
        """A zone by its name in the zone database, or by its offset (`+08:00`); none for daylight saving."""
        minutes = _ZONES_MINUTES.get(name)
        if minutes is None:
            minutes = _offset_minutes(name)
        return None if minutes is None else Zone(minutes)

    def tzinfo(self) -> timezone:
        """The zone as the standard library knows it."""
        return timezone(self.offset)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and other.offset == self.offset

    def __hash__(self) -> int:
        return hash(self.offset)

    def __repr__(self) -> str:
        return f"Zone({self.offset})"


SHANGHAI: Final = Zone(480)
"""China standard time."""


def _offset_minutes(text: str) -> int | None:
    form = _OFFSET(text)
    if form is None:
        return None
    hours, minutes = int(form[2]), int(form[3])
    if hours > 14 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if form[1] == "-" else 1)


def read_moment(text: str, zone: Zone) -> datetime | None:
    """Reads one of the forms as wall time of the zone; none for an empty text, a zero date and `0`."""
    text = trim(text)
    if text in _NONE:
        return None
    form = _FORM(text)
    try:
        if form is not None:
            year, month, day, hour, minute, second = form.groups("0")
            return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
        if _EPOCH_MS(text):
            return _EPOCH + timedelta(seconds=int(text) // 1000) + zone.offset
    except (ValueError, OverflowError):
        raise Unreadable from None
    raise Unreadable


def read_rfc3339(text: str, zone: Zone) -> datetime:
    """Reads a time such as a record's `received_at` as wall time of the zone; parts of a second are dropped."""
    form = _RFC3339(text)
    if form is None:
        raise Unreadable
    try:
        year, month, day, hour, minute, second = (int(part) for part in form.groups()[:6])
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise Unreadable from None
    offset = 0 if form[7] in "Zz" else _offset_minutes(form[7])
    if offset is None:
        raise Unreadable
    return moment - timedelta(minutes=offset) + zone.offset
