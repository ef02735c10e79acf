"""What `componentize-py` makes a component of: the author's `plugin.Plugin`, under the names that the worlds export.

This module is imported once, when the component is built, and what it has set up then is in the component. It is of no
use outside; authors never import it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, TypeVar

from plugin import Plugin  # the author's module
from wit_world import exports

from . import host
from . import plugin as kinds
from .contract import Candidate, Err, Group, Verdict, Violation

_R = TypeVar("_R")

_plugin: Any = Plugin()

for _export, _kind in (("Mapping", kinds.Mapping), ("Adjustment", kinds.Adjustment), ("Validation", kinds.Validation)):
    # The world was chosen by the manifest; its bindings say which it is.
    if hasattr(exports, _export) and not isinstance(_plugin, _kind):
        raise TypeError(f"the manifest's kind is `{_export.lower()}`, but `Plugin` in plugin.py is no {_export}")


def _told(call: Callable[..., _R], *arguments: Any) -> _R:
    """Calls the plugin; an exception is logged for the author before it stops the instance."""
    try:
        return call(*arguments)
    except Err:
        raise
    except Exception:
        host.error(host.traceback())
        raise


class Setup:
    """`export setup`"""

    def configure(self, settings: str, environment: str) -> str:
        """What the plugin needs under these settings."""
        needs: str = _told(_plugin.configure, settings, environment)
        return needs


class Mapping:
    """`export mapping`"""

    def transform(self, groups: list[Group]) -> list[Verdict]:
        """One verdict per group."""
        return _told(_plugin.transform, groups)


class Adjustment:
    """`export adjustment`"""

    def adjust(self, candidates: list[Candidate]) -> list[Verdict]:
        """One verdict per candidate."""
        return _told(_plugin.adjust_all, candidates)


class Validation:
    """`export validation`"""

    def validate(self, candidates: list[Candidate]) -> list[list[Violation]]:
        """One list per candidate."""
        return _told(_plugin.validate_all, candidates)


# What stands now stands for ever: later collections need not look at it.
gc.collect()
gc.freeze()
