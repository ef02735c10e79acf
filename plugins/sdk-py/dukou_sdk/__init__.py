"""dukou_sdk: plugins for dukou in Python.

A plugin is a class `Plugin` in the module `plugin`: a `Mapping`, an `Adjustment` or a `Validation`. What it reads are
classes of `Source`, how it is set up is a class of `Settings`. `dukou_sdk.testing` runs the cases without WebAssembly.
"""

from __future__ import annotations

from decimal import Decimal

from . import host as log
from .context import AdjustContext, Context, MapContext, ValidateContext
from .contract import Omission
from .document import Document, Editor
from .draft import Draft
from .environment import Catalogue, Environment
from .host import Row
from .plugin import Adjustment, Mapping, Validation
from .settings import Count, NonEmpty, SettingFault, Settings
from .source import Named, Personal, Source
from .values import Date, DateTime, Exact, divide, exact, round_to, total
from .zone import Zone

__all__ = [
    "AdjustContext",
    "Adjustment",
    "Catalogue",
    "Context",
    "Count",
    "Date",
    "DateTime",
    "Decimal",
    "Document",
    "Draft",
    "Editor",
    "Environment",
    "Exact",
    "MapContext",
    "Mapping",
    "Named",
    "NonEmpty",
    "Omission",
    "Personal",
    "Row",
    "SettingFault",
    "Settings",
    "Source",
    "ValidateContext",
    "Validation",
    "Zone",
    "divide",
    "exact",
    "log",
    "round_to",
    "total",
]
