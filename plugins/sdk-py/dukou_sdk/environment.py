"""The environment that the host hands to `configure`: time zone and the catalogues of both ends.

Keys that this version does not know are ignored, because the environment may grow.
"""

from __future__ import annotations

from typing import Any, Final

from .jsontext import JsonError, loads
from .zone import SHANGHAI, Zone

__all__ = ["Catalogue", "CatalogueField", "Environment", "EnvironmentFault"]

_NOBODY: Final[frozenset[str]] = frozenset()


class EnvironmentFault(ValueError):
    """The environment cannot be used: `path` and `code` say why."""

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.code = code
        self.message = message


class CatalogueField:
    """One field of a catalogue."""

    __slots__ = ("by", "kind", "label", "path", "personal", "required")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.path: Final = str(raw.get("path", ""))
        """Dotted, without indexes: `RDRecordDetails.Inventory`."""
        self.label: Final = str(raw.get("label", ""))
        self.kind: Final = str(raw.get("type", ""))
        """`text integer decimal date datetime boolean reference array array-of-text object`."""
        self.by: Final[str | None] = raw.get("by")
        """For references: the key that wraps the value, `Code` or `Name`."""
        self.required: Final = raw.get("required") is True
        self.personal: Final = raw.get("personal") is True


class Catalogue:
    """The fields of one API."""

    __slots__ = ("_fields", "_personal", "_raw", "api", "system", "title", "wrapper")

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._fields: dict[str, CatalogueField] | None = None
        self._personal: frozenset[str] | None = None
        self.system: Final = str(raw.get("system") or "")
        self.api: Final = str(raw.get("api") or "")
        self.title: Final = str(raw.get("title") or "")
        self.wrapper: Final[str | None] = raw.get("wrapper")
        """The key that the whole document stands under, e.g. `dto`."""

    def fields(self) -> dict[str, CatalogueField]:
        """The fields by path, in the catalogue's order. Made when first asked for: most plugins never do."""
        if self._fields is None:
            made = [CatalogueField(field) for field in self._raw_fields()]
            self._fields = {field.path: field for field in made}
        return self._fields

    def _raw_fields(self) -> list[dict[str, Any]]:
        raw = self._raw.get("fields")
        return [field for field in raw if isinstance(field, dict)] if isinstance(raw, list) else []

    def personal(self) -> frozenset[str]:
        """Paths of the fields that hold personal data."""
        if self._personal is None:
            found = [field["path"] for field in self._raw_fields() if field.get("personal") is True and "path" in field]
            self._personal = frozenset(found)
        return self._personal


class Environment:
    """What surrounds a plugin in its scheme."""

    __slots__ = ("source", "target", "time_zone", "zone")

    def __init__(self, text: str = "") -> None:
        try:
            raw = loads(text) if text.strip() else None
        except JsonError as error:
            raise EnvironmentFault("environment", "json", f"cannot be read: {error}") from None
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise EnvironmentFault("environment", "json", "cannot be read: it is no object")
        name = raw.get("time_zone")
        self.time_zone: Final[str] = name if isinstance(name, str) and name else "Asia/Shanghai"
        zone = SHANGHAI if self.time_zone == "Asia/Shanghai" else Zone.named(self.time_zone)
        if zone is None:
            raise EnvironmentFault(
                "environment.time_zone",
                "time-zone",
                f"`{self.time_zone}` is no zone with a fixed offset that plugins know",
            )
        self.zone: Final[Zone] = zone
        self.source: Final = _catalogue(raw.get("source"))
        self.target: Final = _catalogue(raw.get("target"))

    def personal(self, of_document: bool) -> frozenset[str]:
        """Paths of personal fields at one end."""
        catalogue = self.target if of_document else self.source
        return _NOBODY if catalogue is None else catalogue.personal()


def _catalogue(raw: Any) -> Catalogue | None:
    return Catalogue(raw) if isinstance(raw, dict) else None
