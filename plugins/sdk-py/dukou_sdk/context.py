"""What a plugin has at hand beside the record: tables, the environment, and the ways a verdict can be other than a
document. A context lives for one record (mapping) or one group (adjustment, validation).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .contract import Group, Omission, SourceRecord
from .draft import Draft
from .environment import Environment
from .fault import Fault, path_of, shown
from .host import Row, lookup
from .jsontext import dumps, loads
from .reading import Reading
from .scalar import is_empty
from .source import Source
from .values import UNREAD, text_of
from .verdict import Violations
from .zone import read_rfc3339

if TYPE_CHECKING:
    from .document import Document

__all__ = ["AdjustContext", "Context", "MapContext", "Skip", "Tables", "ValidateContext"]


class Skip(Exception):
    """Raised by `ctx.skip`; not for authors to raise or catch."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Tables:
    """The scheme's tables. Every key is asked for once in the life of an instance, since answers never change in it."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: Final[dict[str, dict[str, Row | None]]] = {}

    def rows(self, table: str, keys: list[str]) -> dict[str, Row | None]:
        """A row or a miss for every key, with one question for all that are not known yet."""
        known = self._known.setdefault(table, {})
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        if wanted:
            known.update(zip(wanted, lookup(table, [str(key) for key in wanted]), strict=True))
        return {key: known[key] for key in keys}


class Context:
    """What all kinds of plugins have at hand."""

    __slots__ = ("_group", "_tables", "_told", "environment")

    def __init__(self, group: Group, environment: Environment, tables: Tables) -> None:
        self._group = group
        self._tables = tables
        self._told: list[tuple[str, str, str | None, str | None, str | None]] = []
        self.environment: Final = environment

    @property
    def key(self) -> str:
        """The group's key; a document's delivery key is this and the document's suffix."""
        return self._group.key

    @property
    def records(self) -> list[SourceRecord]:
        """The group's records as they came: key, time received, extra."""
        return self._group.records

    @property
    def record(self) -> SourceRecord:
        """The record that is being mapped; for a group as a whole its first."""
        return self._group.records[0]

    @property
    def received(self) -> datetime:
        """When the host received the record, as wall time of the scheme's zone. The only time there is."""
        return read_rfc3339(self.record.received_at, self.environment.zone)

    def extra(self) -> dict[str, Any]:
        """What the host knows of the record beside its body, e.g. `{"change": "cancelled"}`."""
        text = self.record.extra
        value = loads(text) if text else {}
        return value if isinstance(value, dict) else {}

    def lookup(self, table: str, key: str | None, column: str | None = None) -> str:
        """The cell of a row, by default its `value` or second one. A miss is an unread value with code `lookup.miss`:
        written to a field, it refuses the group with the key's source and the field's target path.
        """
        origin = getattr(key, "origin", None)
        fault: Fault | None = getattr(key, "fault", None)
        if fault is not None and fault.code != "required":
            return UNREAD["text"](fault)  # type: ignore[no-any-return]
        if fault is not None:
            fault.reported = True
        if key is None or is_empty(key):
            return self._miss(f"nothing to look up in {table}: the value is empty", origin)
        row = self._tables.rows(table, [key])[key]
        cell = None if row is None else row.value(column)
        if cell is None:
            what = "has no row" if row is None else f"has an empty {column or 'value'}"
            return self._miss(f"table {table} {what} for {shown(key)}", origin)
        return text_of(cell, origin)

    def rows(self, table: str, keys: list[str]) -> dict[str, Row | None]:
        """A row or a miss for many keys, with one question to the host. Later look-ups of them are free."""
        return self._tables.rows(table, keys)

    def violation(
        self,
        code: str,
        message: str,
        *,
        source: Any = None,
        target: Any = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Refuses the group, and goes on: everything that is wrong is told. `source` and `target` are paths, or what was
        read: a value, a line. A target's path is below the wrapper.
        """
        self._told.append((code, message, _path(source), _path(target), None if extra is None else dumps(extra)))

    def _miss(self, reason: str, origin: Any) -> str:
        fault = Fault("lookup.miss", reason, origin)
        self._note(fault)
        return UNREAD["text"](fault)  # type: ignore[no-any-return]

    def _note(self, fault: Fault) -> None:
        """Remembers a fault, so that it is told even if the value is never written."""
        raise NotImplementedError

    def _tell(self, violations: Violations, member: int) -> None:
        for code, message, source, target, extra in self._told:
            violations.add(code, message, source, target, member, extra)


class MapContext(Context):
    """What `map` has at hand: the record, and the documents that it becomes."""

    __slots__ = ("_readings", "drafts", "member", "omitted")

    def __init__(
        self, group: Group, environment: Environment, tables: Tables, member: int, readings: list[Reading]
    ) -> None:
        super().__init__(group, environment, tables)
        self._readings: Final = readings
        self.member: Final = member
        self.drafts: Final[dict[str, Draft]] = {}
        self.omitted: Final[list[Omission]] = []

    def document(self, suffix: str = "") -> Draft:
        """The document to write to, without its wrapper. Several documents of one group need different suffixes, which
        must not depend on anything that can change between two runs: `-p2`, never a time.
        """
        draft = self.drafts.get(suffix)
        if draft is None:
            draft = self.drafts[suffix] = Draft()
        return draft

    def skip(self, reason: str) -> NoReturn:
        """Ends here: the record becomes nothing, on purpose. Nobody is asked to do anything."""
        raise Skip(reason)

    def omit(self, line: Source | str, reason: str) -> None:
        """Notes a part that is left out on purpose: a line, or a path such as `details_list[2]`."""
        if isinstance(line, str):
            self.omitted.append(Omission(self.member, line, reason))
        else:
            self.omitted.append(Omission(line._reading.member, line._path, reason))

    @property
    def record(self) -> SourceRecord:
        """The record that is being mapped; for a group as a whole its first."""
        return self._group.records[self.member]

    def _note(self, fault: Fault) -> None:
        self._readings[0].faults.append(fault)

    def _is_faulty(self) -> bool:
        return bool(self._told) or any(reading.faults for reading in self._readings)


class _GroupContext(Context):
    __slots__ = ("_faults", "_omitted")

    def __init__(self, group: Group, environment: Environment, tables: Tables, omitted: list[Omission]) -> None:
        super().__init__(group, environment, tables)
        self._faults: Final[list[Fault]] = []
        self._omitted: Final = omitted

    def _note(self, fault: Fault) -> None:
        self._faults.append(fault)

    def is_omitted(self, part: Source) -> bool:
        """Whether a line, or what it belongs to, was left out on purpose."""
        member, path = part._reading.member, part._path
        return any(
            omission.member == member
            and (
                not omission.path
                or path == omission.path
                or path.startswith((f"{omission.path}.", f"{omission.path}["))
            )
            for omission in self._omitted
        )

    @property
    def omitted(self) -> list[Omission]:
        """What was left out on purpose: member, path, reason."""
        return self._omitted


class AdjustContext(_GroupContext):
    """What `adjust` has at hand."""

    __slots__ = ("documents", "orders")
    documents: list[Document]
    """All documents of the group, as they stand."""
    orders: list[Any]
    """All records of the group, as the plugin's class of `Source`."""

    def skip(self, reason: str) -> NoReturn:
        """Ends here: the whole group becomes nothing, on purpose."""
        raise Skip(reason)

    def omit(self, line: Source, reason: str) -> None:
        """Notes a part that is left out on purpose."""
        self._omitted.append(Omission(line._reading.member, line._path, reason))


class ValidateContext(_GroupContext):
    """What `validate` has at hand."""

    __slots__ = ()


def _path(source: Any) -> str | None:
    if source is None:
        return None
    if isinstance(source, Source):
        return source._path
    origin = getattr(source, "origin", None)
    if origin is not None:
        return path_of(origin)
    return str(source)
