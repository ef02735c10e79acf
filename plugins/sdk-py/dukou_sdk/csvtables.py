"""The tables in a plugin's `tables/*.csv`, read as the host reads them, but for GBK: the first column is the key, a row
is an object of all columns as text. Python's own reader of CSV does the rest."""

from __future__ import annotations

import csv
import io
from pathlib import Path

__all__ = ["read_tables"]


def read_tables(plugin: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Every table of a plugin's folder, by name. The error names the file."""
    files = sorted(file for file in (plugin / "tables").glob("*.csv") if file.suffix == ".csv" and file.is_file())
    return {file.stem: _table(file) for file in files}


def _table(file: Path) -> dict[str, dict[str, str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f'{file}: is not UTF-8; save it as "CSV UTF-8"') from None
    lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text, newline="")) if line]
    columns = lines[0] if lines else []
    if len(columns) < 2 or "" in columns or len(set(columns)) < len(columns):
        raise ValueError(f"{file}: the first line must name two columns or more, each once")
    rows: dict[str, dict[str, str]] = {}
    for line in lines[1:]:
        if not any(line):
            continue
        shown = ",".join(line)
        if len(line) != len(columns):
            raise ValueError(f"{file}: {len(columns)} columns, but {len(line)} cells in: {shown}")
        if not line[0]:
            raise ValueError(f"{file}: no key in: {shown}")
        if line[0] in rows:
            raise ValueError(f"{file}: the key stands twice: {line[0]}")
        rows[line[0]] = dict(zip(columns, line))
    return rows
