"""Runs a plugin's cases without WebAssembly, under `unittest`.

    from dukou_sdk.testing import case_tests
    from plugin import Plugin

    Cases = case_tests(Plugin)

makes one test of every file in `cases/`, and one that there are any. A record is cut down to the plugin's needs first,
as the host does it. `dukou plugin test` runs the same files against the component, with budgets and the host's own
checks; a catalogue that a case names by its API is known only there and is none here.
"""

from __future__ import annotations

import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from . import host
from .contract import (
    Candidate,
    Err,
    Group,
    Mapped,
    Omission,
    SourceRecord,
    Verdict_Mapped,
    Verdict_Skipped,
    Violation,
    WrittenDocument,
)
from .csvtables import read_tables
from .jsontext import dumps, loads
from .plugin import Adjustment, Mapping, Validation

__all__ = ["case_tests", "differences", "load", "run"]

AnyPlugin: TypeAlias = "Mapping[Any] | Adjustment[Any] | Validation[Any, Any]"


def case_tests(plugin: type[AnyPlugin], folder: Path | str | None = None) -> type[unittest.TestCase]:
    """A test class with one test for every case. `folder` is the plugin's; without it, the one above its module's."""
    if folder is None:
        module = sys.modules[plugin.__module__].__file__
        assert module is not None
        folder = Path(module).resolve().parent.parent
    cases = load(Path(folder))
    methods: dict[str, Any] = {"test_there_are_cases": _there_are(cases)}
    for name, case in cases.items():
        methods[f"test_{name.replace('-', '_')}"] = _test_of(plugin, case)
    return type("Cases", (unittest.TestCase,), methods)


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """The cases of a plugin's folder by name, completed from `defaults.json`, `tables/*.csv` and the preset."""
    defaults: dict[str, Any] = {"settings": {}, "environment": {}, "tables": {}}
    own = folder / "cases" / "defaults.json"
    if own.exists():
        defaults.update(loads(own.read_text("utf-8-sig")))
    defaults["tables"] = {**read_tables(folder), **defaults["tables"]}
    manifest = folder / "plugin.json"
    preset = loads(manifest.read_text("utf-8-sig")).get("preset", {}) if manifest.exists() else {}
    cases: dict[str, dict[str, Any]] = {}
    for file in sorted((folder / "cases").glob("*.json")):
        if file.name in ("defaults.json", "cost.json"):
            continue
        case = {**defaults, **loads(file.read_text("utf-8-sig"))}
        case["settings"] = _laid_over(preset, case["settings"])
        cases[file.stem] = case
    return cases


def run(plugin: type[AnyPlugin], case: dict[str, Any]) -> dict[str, Any]:
    """What the plugin makes of a case, in the form of a case's `expect`."""
    made = plugin()
    environment = dict(case["environment"])
    for end in ("source", "target"):
        if isinstance(environment.get(end), str):
            environment[end] = None
    host.tables.clear()
    for table, rows in case["tables"].items():
        host.tables[table] = {key: dumps(row) for key, row in rows.items()}
    try:
        answer = loads(made.configure(dumps(case["settings"]), dumps(environment)))
    except Err as refused:
        raise AssertionError(f"the settings are refused: {refused.value}") from None
    for table in answer["tables"]:
        host.tables.setdefault(table, {})
    group = _group(case["group"], answer["needs"])
    if isinstance(made, Mapping):
        return _verdict(made.transform([group])[0])
    candidate = Candidate(group, _mapped(case["before"]))
    if isinstance(made, Adjustment):
        return _verdict(made.adjust_all([candidate])[0])
    violations = made.validate_all([candidate])[0]
    return {"rejected": [_violation(violation) for violation in violations]} if violations else {"passed": True}


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two values differ, one line each: `documents[0].body.dto.Memo: expected "a", found "b"`.

    Numbers differ if their digits do (`2.0000` is not `2`), objects also if their members stand in another order.
    """
    at = path or "verdict"
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in expected:
            inner = f"{path}.{name}" if path else name
            if name in found:
                yield from differences(expected[name], found[name], inner)
            else:
                yield f"{inner}: expected {_short(expected[name])}, found nothing"
        for name in found:
            if name not in expected:
                yield f"{path}.{name}: expected nothing, found {_short(found[name])}".lstrip(".")
        common = [name for name in found if name in expected]
        if common != [name for name in expected if name in found]:
            yield f"{at}: expected the members in the order {', '.join(expected)}, found {', '.join(found)}"
    elif isinstance(expected, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip(expected, found)):
            yield from differences(one, other, f"{path}[{index}]")
        for index in range(len(found), len(expected)):
            yield f"{path}[{index}]: expected {_short(expected[index])}, found nothing"
        for index in range(len(expected), len(found)):
            yield f"{path}[{index}]: expected nothing, found {_short(found[index])}"
    elif type(expected) is not type(found) or expected != found:
        yield f"{at}: expected {_short(expected)}, found {_short(found)}"


def _laid_over(under: Any, over: Any) -> Any:
    """Settings over a preset: objects merge key by key, everything else replaces."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    merged = dict(under)
    for name, value in over.items():
        merged[name] = _laid_over(under[name], value) if name in under else value
    return merged


def _test_of(plugin: type[AnyPlugin], case: dict[str, Any]) -> Any:
    def test(self: unittest.TestCase) -> None:
        expected = case.get("expect")
        if expected is None:
            self.skipTest("new: nothing is expected yet; `dukou plugin review` shows what comes out")
        if "failed" in expected:
            self.skipTest("a budget or a trap, which only `dukou plugin test` can see")
        found = run(plugin, case)
        self.assertEqual(found, run(plugin, case), "two runs of the same case differ")
        lines = list(differences(_comparable(expected, found), found))
        if lines:
            self.fail("\n  ".join(["not what was expected:", *lines]))

    test.__doc__ = case.get("title")
    return test


def _there_are(cases: dict[str, Any]) -> Any:
    def test(self: unittest.TestCase) -> None:
        self.assertTrue(cases, "no cases/*.json were found")

    return test


def _comparable(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What is expected, with the parts that a case may leave out taken from what was found."""
    expected = dict(expected)
    if "rejected" in expected and "rejected" in found:
        pairs = zip(expected["rejected"], found["rejected"])
        rest = expected["rejected"][len(found["rejected"]) :]
        expected["rejected"] = [{**other, **one} for one, other in pairs] + rest
    if "mapped" in expected:
        mapped = expected["mapped"]
        documents = [
            {"suffix": document.get("suffix", ""), "body": document["body"], "extra": document.get("extra", {})}
            for document in mapped["documents"]
        ]
        expected["mapped"] = {"documents": documents, "omitted": mapped.get("omitted", [])}
    return expected


def _group(case: dict[str, Any], needs: list[str]) -> Group:
    tree = _tree(needs)
    records = [
        SourceRecord(
            record["key"],
            record["received_at"],
            dumps(_projected(record["body"], tree)),
            dumps(record.get("extra", {})),
        )
        for record in case["records"]
    ]
    return Group(case["key"], records, dumps(case.get("extra", {})))


def _mapped(case: dict[str, Any]) -> Mapped:
    documents = [
        WrittenDocument(document.get("suffix", ""), dumps(document["body"]), dumps(document.get("extra", {})))
        for document in case["documents"]
    ]
    omitted = [Omission(int(part["member"]), part["path"], part["reason"]) for part in case.get("omitted", [])]
    return Mapped(documents, omitted)


def _tree(needs: list[str]) -> dict[str, Any]:
    """Paths as a tree; an empty node takes all of it."""
    if "*" in needs:
        return {}
    tree: dict[str, Any] = {}
    for path in needs:
        node = tree
        for part in path.split("."):
            node = node.setdefault(part.removesuffix("[]"), {})
    return tree


def _projected(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_projected(element, tree) for element in value]
    if isinstance(value, dict):
        return {name: _projected(member, tree[name]) for name, member in value.items() if name in tree}
    return value


def _verdict(verdict: Any) -> dict[str, Any]:
    if isinstance(verdict, Verdict_Mapped):
        documents = [
            {"suffix": document.suffix, "body": loads(document.body), "extra": loads(document.extra)}
            for document in verdict.value.documents
        ]
        omitted = [
            {"member": loads(str(part.member)), "path": part.path, "reason": part.reason}
            for part in verdict.value.omitted
        ]
        return {"mapped": {"documents": documents, "omitted": omitted}}
    if isinstance(verdict, Verdict_Skipped):
        return {"skipped": verdict.value}
    return {"rejected": [_violation(violation) for violation in verdict.value]}


def _violation(violation: Violation) -> dict[str, Any]:
    found: dict[str, Any] = {"code": violation.code}
    if violation.source_path is not None:
        found["source_path"] = violation.source_path
    if violation.target_path is not None:
        found["target_path"] = violation.target_path
    return {**found, "message": violation.message, "extra": loads(violation.extra)}


def _short(value: Any) -> str:
    text = dumps(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
