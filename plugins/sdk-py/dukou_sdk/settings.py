"""A plugin's settings, declared as a class whose annotations are the keys, with every mistake reported at once.

    class MySettings(Settings):
        customer: str = "TESTCUST"
        partner: NonEmpty = "TESTCUST"
        tolerance: Decimal = Decimal("0")
        days_ahead: Count = 0
        skip: list[Rule] = []            # Rule is a class of Settings too; errors say `skip[0].when`

A key without a default is required. Unknown keys are errors with a suggestion, since a misspelt optional setting would
otherwise be ignored unseen. A text must be a JSON string: a bare `0101` would have lost its zero before it came here.
"""

from __future__ import annotations

import types
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

from .jsontext import JsonError, dumps, loads
from .scalar import NotANumber, is_empty, plain_integer, plain_number
from .values import Integer, exact, text_of

__all__ = ["Count", "NonEmpty", "SettingFault", "Settings", "nearest", "read_settings"]

_NON_EMPTY: Final = object()
_COUNT: Final = object()
_REQUIRED: Final = object()

NonEmpty = Annotated[str, _NON_EMPTY]
"""A text that must not be empty."""
Count = Annotated[int, _COUNT]
"""A whole number of zero or more."""


class SettingFault(NamedTuple):
    """One mistake: where, a stable code (`unknown`, `required`, `type`, …), and what is allowed."""

    path: str
    code: str
    message: str


class Settings:
    """What a scheme says to a plugin. Subclasses annotate the keys."""

    _hints: ClassVar[dict[str, Any] | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._hints = None
        try:
            hints_of(cls)
        except NameError:
            pass  # Names a class that stands further down; asked again when settings are read.

    def check(self) -> list[SettingFault]:
        """Rules of the plugin's own between settings, asked once all of them are of the right type."""
        return []


def hints_of(model: type[Settings]) -> dict[str, Any]:
    """The keys of a class with their types."""
    if model._hints is None:
        hints = get_type_hints(model, include_extras=True)
        model._hints = {
            name: hint for name, hint in hints.items() if not name.startswith("_") and get_origin(hint) is not ClassVar
        }
    return model._hints


def read_settings(model: type[Settings], text: str) -> tuple[Settings, list[SettingFault]]:
    """The settings and every mistake in them; with mistakes, the settings must not be used."""
    try:
        raw = loads(text) if text.strip() else None
    except JsonError as error:
        return model(), [SettingFault("", "json", f"settings are no JSON object: {error}")]
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        return model(), [SettingFault("", "json", "settings are no JSON object")]
    faults: list[SettingFault] = []
    settings = _object(model, raw, "", faults)
    if not faults:
        faults.extend(settings.check())
    return settings, faults


def _object(model: type[Settings], raw: dict[str, Any], path: str, faults: list[SettingFault]) -> Settings:
    settings = model()
    hints = hints_of(model)
    for name, hint in hints.items():
        at = f"{path}.{name}" if path else name
        value = raw.get(name)
        if value is None:
            default = getattr(model, name, _REQUIRED)
            if default is _REQUIRED and type(None) not in get_args(hint):
                faults.append(SettingFault(at, "required", "must be given"))
            else:
                setattr(settings, name, _default(default))
        else:
            setattr(settings, name, _value(hint, value, at, faults))
    for name in raw:
        if name not in hints:
            known = nearest(name, list(hints))
            message = (
                f"unknown setting; did you mean `{known}`?"
                if known
                else f"unknown setting; there are: {', '.join(hints)}"
            )
            faults.append(SettingFault(f"{path}.{name}" if path else name, "unknown", message))
    return settings


def _default(default: Any) -> Any:
    """Defaults that authors write as literals calculate exactly too, and are never shared."""
    if default is _REQUIRED:
        return None
    if isinstance(default, Decimal):
        return exact(default)
    if isinstance(default, str):
        return _text(default)
    return default.copy() if isinstance(default, (list, dict)) else default


def _text(text: str) -> str:
    """Whether a constant is empty is decided once, here, and not in every line that it is written to."""
    return text if is_empty(text) else text_of(text, None)


def _value(hint: Any, raw: Any, path: str, faults: list[SettingFault]) -> Any:
    notes: tuple[Any, ...] = ()
    while get_origin(hint) in (Annotated, Union, types.UnionType):
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            notes = (*notes, *more)
        else:
            hint = next(part for part in get_args(hint) if part is not type(None))
    origin = get_origin(hint) or hint
    wanted = "a JSON value"
    if hint is str:
        if raw.__class__ is str:
            if _NON_EMPTY in notes and is_empty(raw):
                faults.append(SettingFault(path, "required", "must not be empty"))
            return _text(raw)
        wanted = "a string"
    elif hint is bool:
        if isinstance(raw, bool):
            return raw
        wanted = "true or false"
    elif hint is Decimal:
        wanted = "a decimal"
        if isinstance(raw, str):
            try:
                return exact(plain_number(raw))
            except NotANumber:
                pass
    elif hint is int:
        wanted = "a whole number"
        if isinstance(raw, str):
            try:
                number = Integer(plain_integer(raw))
                if number >= 0 or _COUNT not in notes:
                    return number
            except NotANumber:
                pass
    elif origin is list:
        wanted = "a list"
        if isinstance(raw, list):
            (inner,) = get_args(hint) or (Any,)
            return [_value(inner, element, f"{path}[{index}]", faults) for index, element in enumerate(raw)]
    elif origin is dict:
        wanted = "an object"
        if isinstance(raw, dict):
            inner = (get_args(hint) or (str, Any))[1]
            return {name: _value(inner, member, f"{path}.{name}", faults) for name, member in raw.items()}
    elif isinstance(hint, type) and issubclass(hint, Settings):
        wanted = "an object"
        if isinstance(raw, dict):
            return _object(hint, raw, path, faults)
    elif hint is Any:
        return raw
    else:
        raise TypeError(f"setting {path}: {hint} cannot be read")
    faults.append(SettingFault(path, "type", f"must be {wanted}, not {dumps(raw)[:40]}"))
    return raw


def nearest(name: str, candidates: list[str]) -> str | None:
    """The candidate closest to a name, if it is close enough to be a slip: at most a third of its characters differ."""
    typed = name.lower()[:64]
    close = [(_distance(typed, candidate.lower()), candidate) for candidate in candidates]
    close = [(distance, candidate) for distance, candidate in close if distance <= -(-len(candidate) // 3)]
    return min(close, key=lambda found: found[0])[1] if close else None


def _distance(typed: str, wanted: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(typed) + 1))
    for line, letter in enumerate(wanted):
        diagonal, row[0] = row[0], line + 1
        for column, found in enumerate(typed):
            replaced = diagonal + (found != letter)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
    return row[-1]
