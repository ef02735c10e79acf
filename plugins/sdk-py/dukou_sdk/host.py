"""What the host offers: tables to look up in, and lines for the author. Nothing else reaches out of a plugin.

Inside a component these are the host's own functions. Outside, `tables` and `lines` stand for them; tests fill and read
them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from .contract import INSIDE
from .jsontext import dumps, loads
from .reading import scalar_text
from .scalar import is_empty

__all__ = ["Row", "debug", "error", "info", "lines", "lookup", "tables", "traceback", "warn"]

tables: Final[dict[str, dict[str, str]]] = {}
"""Outside a component: table, key, row as JSON text."""
lines: Final[list[tuple[str, str]]] = []
"""Outside a component: what was logged, level and text."""


FRAMES_MAX: Final = 5
"""Most frames that a traceback shows."""


class Row(dict[str, str]):
    """A row of a table: columns and texts, in the table's order."""

    def value(self, column: str | None = None) -> str | None:
        """The cell of a column; without a name `value`, else the second, else the only one. None if it is empty."""
        if column is not None:
            cell = self.get(column)
        elif "value" in self:
            cell = self["value"]
        else:
            cells = list(self.values())
            cell = cells[min(1, len(cells) - 1)] if cells else None
        return None if cell is None or is_empty(cell) else cell


def _lookup(table: str, keys: list[str]) -> list[str | None]:
    rows = tables.get(table)
    if rows is None:
        raise LookupError(f"table {table} was not asked for by `tables`, or is not there")
    return [rows.get(key) for key in keys]


def _log(level: str, text: str) -> None:
    lines.append((level, text))


if not TYPE_CHECKING and INSIDE:
    from wit_world.imports.logging import Level
    from wit_world.imports.logging import log as _host_log
    from wit_world.imports.lookups import lookup as _lookup

    def _log(level: str, text: str) -> None:
        _host_log(Level[level], text)


def lookup(table: str, keys: list[str]) -> list[Row | None]:
    """Asks the host: one row or a miss for every key, in order. Prefer the context's lookups, which ask only once."""
    return [None if row is None else read_row(row) for row in _lookup(table, keys)]


def read_row(text: str) -> Row:
    """A row from its JSON text."""
    raw = loads(text)
    cells = raw.items() if isinstance(raw, dict) else ()
    row = Row()
    for name, value in cells:
        cell = scalar_text(value)
        row[name] = dumps(value) if cell is None else cell
    return row


def debug(text: str) -> None:
    """A line that only the author wants."""
    _log("DEBUG", text)


def info(text: str) -> None:
    """A line worth keeping."""
    _log("INFO", text)


def warn(text: str) -> None:
    """Something looks wrong, and the verdict stands all the same."""
    _log("WARN", text)


def error(text: str) -> None:
    """The plugin itself is broken."""
    _log("ERROR", text)


def traceback() -> str:
    """The exception being handled, innermost of the author's frames first: `ValueError: … at plugin.py:12 in map, …`.

    The standard library's would look for source files, and there are none in a component.
    """
    kind, raised, trace = sys.exc_info()
    own: list[str] = []
    sdk: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        folder, _, file = code.co_filename.rpartition("/")
        (sdk if folder.endswith("dukou_sdk") else own).append(f"{file}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    places = (own or sdk)[: -FRAMES_MAX - 1 : -1]
    return f"{kind.__name__ if kind else 'error'}: {raised} at {', '.join(places)}"
