"""The three kinds of plugins, and how a group goes through one.

An author's class says what it reads by its type argument and how it is set up by the annotation of `settings`:

    class Plugin(Mapping[Order]):
        settings: MySettings
        wrapper = "dto"

        def map(self, order: Order, ctx: MapContext) -> None: ...

Exceptions that an author's code raises are logged with a short traceback and stop the plugin, unless values of the
record were unread: then the record is at fault, and its faults are the verdict.
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar, get_args, get_origin, get_type_hints

from . import host
from .context import AdjustContext, Context, MapContext, Skip, Tables, ValidateContext
from .contract import (
    Candidate,
    Err,
    Group,
    Mapped,
    Omission,
    SettingError,
    Verdict,
    Verdict_Mapped,
    Verdict_Rejected,
    Verdict_Skipped,
    Violation,
    WrittenDocument,
)
from .document import Document
from .draft import body_of
from .environment import Environment, EnvironmentFault
from .joining import joined
from .jsontext import JsonError, dumps, loads
from .reading import Reading
from .settings import SettingFault, Settings, read_settings
from .source import Source, needs_of
from .verdict import Violations

__all__ = ["Adjustment", "Mapping", "Validation"]

_O = TypeVar("_O", bound=Source)
_D = TypeVar("_D", bound=Source)


class NoSettings(Settings):
    """The settings of a plugin that has none."""


class _Plugin(Generic[_O]):
    """What all kinds share: being configured, and reading records."""

    wrapper: ClassVar[str | None] = None
    """The key that the whole document stands under, `dto` for T+. None takes it from the target's catalogue."""
    _order: ClassVar[type[Source]] = Source
    _document: ClassVar[type[Source]] = Source
    _settings: ClassVar[type[Settings]] = NoSettings

    environment: Environment
    _tables: Tables

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = [argument for argument in get_args(base) if isinstance(argument, type)]
            if isinstance(get_origin(base), type) and issubclass(get_origin(base), _Plugin) and arguments:
                cls._order = arguments[0]
                cls._document = arguments[-1]
        settings = get_type_hints(cls).get("settings")
        if isinstance(settings, type) and issubclass(settings, Settings):
            cls._settings = settings

    def __init__(self) -> None:
        # Here, so that a class that cannot be read is told when the component is built.
        needs_of(self._order)
        needs_of(self._document)

    def needs(self) -> list[str]:
        """The source fields that are read. What the classes of `Source` annotate, unless overridden."""
        return needs_of(self._order)

    def tables(self) -> list[str]:
        """The tables that `ctx.lookup` is asked for, under these settings."""
        return []

    def check(self) -> list[SettingFault]:
        """Mistakes between settings and environment, asked once both are read."""
        return []

    def configure(self, settings: str, environment: str) -> str:
        """Reads settings and environment, and answers what the plugin needs. Raises `Err` with every mistake."""
        read, faults = read_settings(self._settings, settings)
        try:
            self.environment = Environment(environment)
        except EnvironmentFault as fault:
            faults.append(SettingFault(fault.path, fault.code, fault.message))
        else:
            target = self.environment.target
            if self.wrapper is not None and target is not None and target.wrapper != self.wrapper:
                message = f"this plugin writes documents under `{self.wrapper}`, not those of {target.api}"
                faults.append(SettingFault("environment.target", "target", message))
        setattr(self, "settings", read)
        if not faults:
            faults = self.check()
        if faults:
            raise Err([SettingError(fault.path, fault.code, fault.message) for fault in faults])
        self._tables = Tables()
        tables = [table for table in self.tables() if table]
        return dumps({"needs": self.needs(), "tables": list(dict.fromkeys(tables))})

    def _wrapper(self) -> str | None:
        if self.wrapper is not None or self.environment.target is None:
            return self.wrapper
        return self.environment.target.wrapper

    def _reading(self, member: int, of_document: bool = False) -> Reading:
        environment = self.environment
        return Reading(environment.zone, member, lambda: environment.personal(of_document), of_document)

    def _read(self, group: Group, member: int, violations: Violations) -> _O | None:
        """A record, or a violation where it cannot be read at all."""
        record = group.records[member]
        try:
            raw = loads(record.body)
            reason = "it is no object"
        except JsonError as error:
            raw, reason = None, str(error)
        if isinstance(raw, dict):
            return self._order(raw, "", self._reading(member))  # type: ignore[return-value]
        message = f"record {record.key} cannot be read: {reason}"
        violations.add("type", message, None, self._wrapper(), member)
        return None

    def _orders(self, group: Group, violations: Violations) -> list[_O]:
        read = (self._read(group, member, violations) for member in range(len(group.records)))
        return [order for order in read if order is not None]

    def _excused(self, ctx: Context, faulty: bool) -> None:
        """In an exception handler: lets it pass if something about the record is wrong anyway."""
        if not faulty:
            raise
        host.warn(f"{ctx.key}: after values that cannot be read: {host.traceback()}")


class Mapping(_Plugin[_O]):
    """Makes documents. Override `map`, or `map_group` where the records of a group are more than the sum of them."""

    def map(self, order: _O, ctx: MapContext) -> None:
        """Writes what one record becomes to `ctx.document()`, or calls `ctx.skip`.

        Records of one group put their lines together; a header field on which they differ refuses the group.
        """
        raise NotImplementedError

    def map_group(self, orders: list[_O], ctx: MapContext) -> None:
        """Writes what a whole group becomes. Unless overridden, `map` is asked for every record."""
        raise NotImplementedError

    def transform(self, groups: list[Group]) -> list[Verdict]:
        """One verdict per group, in order."""
        return [self.verdict(group) for group in groups]

    def verdict(self, group: Group) -> Verdict:
        """What one group becomes."""
        violations = Violations(group)
        orders = self._orders(group, violations)
        contexts: list[MapContext] = []
        skipped: list[Omission] = []
        as_one = type(self).map_group is not Mapping.map_group
        for part in [orders] if as_one and orders else [[order] for order in orders]:
            readings = [order._reading for order in part]
            ctx = MapContext(group, self.environment, self._tables, readings[0].member, readings)
            try:
                if as_one:
                    self.map_group(part, ctx)
                else:
                    self.map(part[0], ctx)
            except Skip as skip:
                # What was read before the decision must be sound, or the decision is not.
                if not ctx._is_faulty():
                    skipped.append(Omission(ctx.member, "", skip.reason))
                    continue
            except Exception:
                self._excused(ctx, ctx._is_faulty())
            else:
                if not ctx.drafts and not ctx._is_faulty():
                    raise RuntimeError("no document was made and nothing skipped: ctx.document() or ctx.skip(reason)")
            contexts.append(ctx)
        if not contexts and not violations.found:
            return Verdict_Skipped(skipped[0].reason)
        documents: list[WrittenDocument] = []
        for suffix in dict.fromkeys(suffix for ctx in contexts for suffix in ctx.drafts):
            members = [(ctx.member, ctx.drafts[suffix]) for ctx in contexts if suffix in ctx.drafts]
            documents.append(WrittenDocument(suffix, body_of(members, self._wrapper(), violations), "{}"))
        omitted = skipped
        for ctx in contexts:
            ctx._tell(violations, ctx.member)
            for reading in ctx._readings:
                violations.unreported(reading.faults, reading.member)
            omitted = omitted + ctx.omitted
        found = violations.finish()
        return Verdict_Rejected(found) if found else Verdict_Mapped(Mapped(documents, omitted))


class Adjustment(_Plugin[_O]):
    """Changes what a mapping made: a customer's two-line rule. Override `adjust`."""

    def adjust(self, order: _O, document: Document, ctx: AdjustContext) -> None:
        """Changes one document; it is called for every document of the group.

        For a larger group `order` is all its records as one: lists follow one another, and a value on which the records
        differ refuses the group where it is used. `ctx.orders` are the records one by one.
        """
        raise NotImplementedError

    def adjust_all(self, candidates: list[Candidate]) -> list[Verdict]:
        """One verdict per candidate, in order."""
        return [self.verdict(candidate) for candidate in candidates]

    def verdict(self, candidate: Candidate) -> Verdict:
        """What becomes of one candidate."""
        group, mapped = candidate.origin, candidate.mapped
        violations = Violations(group)
        orders = self._orders(group, violations)
        ctx = AdjustContext(group, self.environment, self._tables, list(mapped.omitted))
        readings = [order._reading for order in orders]
        of_document = self._reading(0, True)
        ctx.documents = [Document(document, self._wrapper(), of_document) for document in mapped.documents]
        ctx.orders = orders
        if orders and not violations.found:
            try:
                order = joined(orders)
                for document in ctx.documents:
                    self.adjust(order, document, ctx)
            except Skip as skip:
                if not any(reading.faults for reading in readings):
                    return Verdict_Skipped(skip.reason)
            except Exception:
                self._excused(ctx, bool(ctx._told) or any(reading.faults for reading in readings))
        documents = [document.written(violations) for document in ctx.documents]
        ctx._tell(violations, 0)
        for reading in (*readings, of_document):
            violations.unreported(reading.faults, reading.member)
        violations.unreported(ctx._faults, 0)
        found = violations.finish()
        return Verdict_Rejected(found) if found else Verdict_Mapped(Mapped(documents, ctx.omitted))


class Validation(_Plugin[_O], Generic[_O, _D]):
    """Judges and changes nothing. Override `validate`; without violations the group passes."""

    def validate(self, orders: list[_O], documents: list[_D], ctx: ValidateContext) -> None:
        """Calls `ctx.violation` for everything that is wrong."""
        raise NotImplementedError

    def validate_all(self, candidates: list[Candidate]) -> list[list[Violation]]:
        """One list per candidate, in order."""
        return [self.violations(candidate) for candidate in candidates]

    def violations(self, candidate: Candidate) -> list[Violation]:
        """What is wrong with one candidate."""
        group, mapped = candidate.origin, candidate.mapped
        violations = Violations(group)
        orders = self._orders(group, violations)
        ctx = ValidateContext(group, self.environment, self._tables, mapped.omitted)
        readings = [order._reading for order in orders]
        documents: list[_D] = []
        for written in mapped.documents:
            of_document = self._reading(0, True)
            readings.append(of_document)
            document = Document(written, self._wrapper(), of_document)
            documents.append(document.read(self._document))  # type: ignore[arg-type]
        if len(orders) == len(group.records):
            try:
                self.validate(orders, documents, ctx)
            except Exception:
                self._excused(ctx, bool(ctx._told) or any(reading.faults for reading in readings))
        ctx._tell(violations, 0)
        for reading in readings:
            violations.unreported(reading.faults, reading.member)
        violations.unreported(ctx._faults, 0)
        return violations.finish()
