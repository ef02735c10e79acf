"""Everything that stops a group, collected: whoever repairs the order sees the whole list, not only the first fault."""

from __future__ import annotations

from typing import Final

from .contract import Group, Violation
from .fault import Fault, path_of
from .jsontext import quote

__all__ = ["VIOLATIONS_MAX", "Violations"]

VIOLATIONS_MAX: Final = 50
"""Most violations that one verdict names; the last says how many more there were."""


class Violations:
    """The violations of one group, in the order in which they are told."""

    __slots__ = ("_group", "_more", "found")

    def __init__(self, group: Group) -> None:
        self._group = group
        self._more = 0
        self.found: Final[list[Violation]] = []

    def add(
        self, code: str, message: str, source: str | None, target: str | None, member: int, extra: str | None = None
    ) -> None:
        """Adds one; in a group of several records it names the record."""
        if len(self.found) >= VIOLATIONS_MAX:
            self._more += 1
            return
        records = self._group.records
        if extra is None:
            extra = f'{{"record":{quote(records[member].key)}}}' if len(records) > 1 else "{}"
        self.found.append(Violation(code, message, source, target, extra))

    def fault(self, fault: Fault, target: str | None, member: int) -> None:
        """Adds a value's fault. What is read from a document has its path there."""
        fault.reported = True
        if fault.origin is None:
            self.add(fault.code, fault.message(), None, target, member)
            return
        path, reading = path_of(fault.origin), fault.origin[0]._reading
        if reading.of_document:
            self.add(fault.code, fault.message(), None, target or path, member)
        else:
            self.add(fault.code, fault.message(), path, target, reading.member)

    def unreported(self, faults: list[Fault], member: int) -> None:
        """Adds what was met while reading and never written anywhere."""
        for fault in faults:
            if not fault.reported:
                self.fault(fault, None, member)

    def finish(self) -> list[Violation]:
        """All of them, none if the group is sound."""
        if self._more:
            self.found[-1].message += f" (and {self._more} more violations)"
            self._more = 0
        return self.found
