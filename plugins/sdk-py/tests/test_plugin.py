"""Groups through the three kinds of plugins: verdicts, and what stops them."""

import unittest
from decimal import Decimal
from typing import Any

from dukou_sdk import (
    AdjustContext,
    Adjustment,
    Date,
    Document,
    MapContext,
    Mapping,
    Settings,
    Source,
    ValidateContext,
    Validation,
    host,
)
from dukou_sdk.contract import (
    Candidate,
    Err,
    Group,
    Mapped,
    Omission,
    SourceRecord,
    Verdict_Mapped,
    Verdict_Rejected,
    Verdict_Skipped,
    WrittenDocument,
)

ENVIRONMENT = (
    '{"target":{"api":"/x","wrapper":"dto","fields":[]},"source":{"fields":[{"path":"phone","personal":true}]}}'
)


class Line(Source):
    qty: Decimal
    gift: int | None


class Order(Source):
    no: str
    day: Date | None
    shop: str | None
    phone: str | None
    lines: list[Line]


class MySettings(Settings):
    table: str = "shops"


class Plugin(Mapping[Order]):
    settings: MySettings
    wrapper = "dto"

    def tables(self) -> list[str]:
        return [self.settings.table]

    def map(self, order: Order, ctx: MapContext) -> None:
        if order.no == "skip":
            ctx.skip("not wanted")
        if order.no == "broken":
            raise ValueError("a mistake")
        dto = ctx.document()
        dto.text("No", order.no)
        dto.text("Again", order.no)
        dto.date("Day", order.day)
        dto.text("Phone", order.phone)
        if order.shop:
            dto.reference("Shop", ctx.lookup(self.settings.table, order.shop), by="Name")
        if order.no == "told":
            ctx.violation("odd", "an odd order", source=order.no, target="No", extra={"n": 1})
        total = Decimal(0)
        for line, row in dto.lines("Rows", order.lines):
            if line.gift:
                ctx.omit(line, "gift")
                continue
            row.decimal("Qty", line.qty)
            total += line.qty
        dto.decimal("Total", total)


def group(*bodies: str) -> Group:
    records = [SourceRecord(f"R{index}", "2026-11-20T16:00:00Z", body, "{}") for index, body in enumerate(bodies)]
    return Group("G", records, "{}")


def configured(plugin: Any) -> Any:
    plugin.configure("{}", ENVIRONMENT)
    return plugin


def brief(verdict: Any) -> Any:
    if isinstance(verdict, Verdict_Mapped):
        return [document.body for document in verdict.value.documents]
    if isinstance(verdict, Verdict_Rejected):
        return [(found.code, found.source_path, found.target_path) for found in verdict.value]
    return verdict.value


class Mappings(unittest.TestCase):
    def setUp(self) -> None:
        host.tables.clear()
        host.lines.clear()
        host.tables["shops"] = {"S1": '{"value":"Shop 1"}', "S2": '{"value":""}'}

    def mapped(self, *bodies: str) -> Any:
        return configured(Plugin()).transform([group(*bodies)])[0]

    def test_it_answers_what_it_needs(self) -> None:
        expected = '{"needs":["no","day","shop","phone","lines[].qty","lines[].gift"],"tables":["shops"]}'
        self.assertEqual(Plugin().configure("{}", ENVIRONMENT), expected)

    def test_settings_for_another_target_are_refused(self) -> None:
        with self.assertRaises(Err) as caught:
            Plugin().configure('{"tabel":"x"}', '{"target":{"api":"/y","wrapper":null}}')
        self.assertEqual(
            [(error.path, error.code) for error in caught.exception.value],
            [("tabel", "unknown"), ("environment.target", "target")],
        )

    def test_a_record_becomes_a_document(self) -> None:
        verdict = self.mapped(
            '{"no":"A","shop":"S1","day":"2026-11-05","lines":[{"qty":"1.50"},{"qty":9,"gift":1},{"qty":2}]}'
        )
        header = '"No":"A","Again":"A","Day":"2026-11-05","Shop":{"Name":"Shop 1"}'
        body = f'{{"dto":{{{header},"Rows":[{{"Qty":1.50}},{{"Qty":2}}],"Total":3.50}}}}'
        self.assertEqual(brief(verdict), [body])
        self.assertEqual(verdict.value.omitted, [Omission(0, "lines[1]", "gift")])

    def test_everything_that_is_wrong_is_told(self) -> None:
        verdict = self.mapped(
            '{"day":"x","shop":"S9","phone":{"a":"139"},"lines":[{"qty":"1"},{"gift":1},{"qty":"y"}]}'
        )
        expected = [
            ("required", "no", "No"),
            ("date", "day", "Day"),
            ("type", "phone", "Phone"),
            ("lookup.miss", "shop", "Shop"),
            ("type", "lines[2].qty", "Rows[1].Qty"),
            ("type", "lines[2].qty", "Total"),
        ]
        self.assertEqual(brief(verdict), expected)
        self.assertIn("***", verdict.value[2].message)

    def test_an_empty_cell_is_a_miss(self) -> None:
        self.assertEqual(
            brief(self.mapped('{"no":"A","shop":"S2","lines":{"qty":1}}')), [("lookup.miss", "shop", "Shop")]
        )

    def test_violations_of_the_authors_own_are_told_too(self) -> None:
        verdict = self.mapped('{"no":"told","lines":[]}')
        self.assertEqual(brief(verdict), [("required", "lines", "Rows"), ("odd", "no", "No")])
        self.assertEqual(verdict.value[1].extra, '{"n":1}')

    def test_a_record_can_be_skipped(self) -> None:
        self.assertEqual(self.mapped('{"no":"skip"}'), Verdict_Skipped("not wanted"))
        verdict = self.mapped('{"no":"skip"}', '{"no":"A","lines":{"qty":1}}')
        self.assertEqual(verdict.value.omitted, [Omission(0, "", "not wanted")])

    def test_records_of_a_group_share_their_header(self) -> None:
        verdict = self.mapped('{"no":"A","lines":{"qty":1}}', '{"no":"A","lines":[{"qty":1},{"qty":"z"}]}')
        self.assertEqual(brief(verdict)[0], ("type", "lines[1].qty", "Rows[2].Qty"))
        self.assertEqual(verdict.value[0].extra, '{"record":"R1"}')
        verdict = self.mapped('{"no":"A","day":"2026-11-05","lines":{"qty":1}}', '{"no":"B","lines":{"qty":1}}')
        disagree = [("merge.disagree", "no", "No"), ("merge.disagree", "no", "Again"), ("merge.disagree", "day", "Day")]
        self.assertEqual(brief(verdict), disagree)

    def test_at_most_fifty_are_told(self) -> None:
        verdict = self.mapped('{"no":"A","lines":[' + ",".join(['{"qty":"x"}'] * 60) + "]}")
        self.assertEqual(len(verdict.value), 50)
        self.assertTrue(verdict.value[-1].message.endswith(" (and 11 more violations)"))

    def test_what_is_no_record_is_refused(self) -> None:
        for body in ("", "[]", "null", '{"no":01}'):
            self.assertEqual(brief(self.mapped(body)), [("type", None, "dto")], body)

    def test_an_exception_stops_the_plugin_unless_the_record_is_at_fault(self) -> None:
        with self.assertRaises(ValueError):
            self.mapped('{"no":"broken"}')

        class Hasty(Plugin):
            def map(self, order: Order, ctx: MapContext) -> None:
                ctx.document().decimal("Q", 1 / order.lines[0].qty)
                order.no[0]

        verdict = configured(Hasty()).transform([group('{"lines":{"qty":"x"}}')])[0]
        self.assertEqual(brief(verdict), [("type", "lines[0].qty", "Q"), ("required", "no", None)])
        self.assertEqual(host.lines[0][0], "WARN")
        self.assertIn("test_plugin.py:", host.lines[0][1])

    def test_a_mapping_that_makes_nothing_says_so(self) -> None:
        class Idle(Mapping[Order]):
            def map(self, order: Order, ctx: MapContext) -> None:
                pass

        with self.assertRaisesRegex(RuntimeError, "ctx.skip"):
            configured(Idle()).transform([group("{}")])

    def test_a_group_can_be_mapped_as_a_whole(self) -> None:
        class Whole(Mapping[Order]):
            wrapper = "dto"

            def map_group(self, orders: list[Order], ctx: MapContext) -> None:
                if len(orders) == 1:
                    ctx.skip("alone")
                dto = ctx.document("-all")
                dto.text("No", ctx.key)
                for line, row in dto.lines("Rows", [line for order in orders for line in order.lines]):
                    if line.gift:
                        ctx.omit(line, "gift")
                    else:
                        row.decimal("Qty", line.qty)

        def mapped(*bodies: str) -> Any:
            return configured(Whole()).transform([group(*bodies)])[0]

        self.assertEqual(mapped("{}"), Verdict_Skipped("alone"))
        verdict = mapped('{"lines":{"qty":1}}', '{"lines":[{"qty":2},{"gift":1}]}')
        self.assertEqual(brief(verdict), ['{"dto":{"No":"G","Rows":[{"Qty":1},{"Qty":2}]}}'])
        self.assertEqual(verdict.value.omitted, [Omission(1, "lines[1]", "gift")])
        verdict = mapped('{"lines":{"qty":1}}', '{"lines":{"qty":"x"}}')
        self.assertEqual(
            (brief(verdict), verdict.value[0].extra), ([("type", "lines[0].qty", "Rows[1].Qty")], '{"record":"R1"}')
        )

    def test_many_keys_are_asked_for_once(self) -> None:
        plugin = configured(Plugin())
        asked: list[list[str]] = []
        original = host._lookup

        def counted(table: str, keys: list[str]) -> list[str | None]:
            asked.append(keys)
            return original(table, keys)

        try:
            host._lookup = counted
            body = '{"no":"A","shop":"S1","lines":{"qty":1}}'
            plugin.transform([group(body), group(body)])
        finally:
            host._lookup = original
        self.assertEqual(asked, [["S1"]])


class Adjustments(unittest.TestCase):
    def test_faults_and_skips(self) -> None:
        class Rule(Adjustment[Order]):
            wrapper = "dto"

            def adjust(self, order: Order, document: Document, ctx: AdjustContext) -> None:
                if order.shop == "none":
                    ctx.skip("no such shop")
                document.text("Shop", order.shop)
                document.text("No", order.no)

        def adjusted(*bodies: str) -> Any:
            mapped = Mapped([WrittenDocument("", '{"dto":{"No":"1"}}', "{}")], [Omission(0, "lines[0]", "gift")])
            return configured(Rule()).adjust_all([Candidate(group(*bodies), mapped)])[0]

        self.assertEqual(brief(adjusted('{"shop":"S","no":2}')), ['{"dto":{"No":"2","Shop":"S"}}'])
        self.assertEqual(adjusted('{"shop":"S","no":2}').value.omitted, [Omission(0, "lines[0]", "gift")])
        self.assertEqual(brief(adjusted('{"shop":[]}')), [("type", "shop", "Shop"), ("required", "no", "No")])
        self.assertEqual(adjusted('{"shop":"none"}'), Verdict_Skipped("no such shop"))
        self.assertEqual(brief(adjusted("5")), [("type", None, "dto")])
        same = adjusted('{"shop":"S","no":2,"phone":"1"}', '{"shop":"S","no":"2","phone":"2"}')
        self.assertEqual(brief(same), ['{"dto":{"No":"2","Shop":"S"}}'])
        other = adjusted('{"shop":"S","no":2}', '{"shop":"S","no":3}')
        self.assertEqual((brief(other), other.value[0].extra), ([("merge.disagree", "no", "No")], '{"record":"R1"}'))


class Validations(unittest.TestCase):
    def test_paths_of_documents_are_target_paths(self) -> None:
        class Body(Source):
            No: str
            Day: Date | None

        class Check(Validation[Order, Body]):
            wrapper = "dto"

            def validate(self, orders: list[Order], documents: list[Body], ctx: ValidateContext) -> None:
                if documents[0].No != orders[0].no:
                    ctx.violation("no", "differs", source=orders[0].no, target="No")
                if documents[0].Day and documents[0].Day > ctx.received.date():
                    ctx.violation("date", "later", target=documents[0].Day)
                kept = [line for line in orders[0].lines if not ctx.is_omitted(line)]
                if len(kept) != 1:
                    ctx.violation("lines", str(kept), source=orders[0].lines[1])

        def judged(document: str, body: str = '{"no":"A","lines":[{},{}]}', omitted: str = "lines[0]") -> Any:
            mapped = Mapped([WrittenDocument("", document, "{}")], [Omission(0, omitted, "gift")])
            found = configured(Check()).validate_all([Candidate(group(body), mapped)])[0]
            return [(violation.code, violation.source_path, violation.target_path) for violation in found]

        self.assertEqual(judged('{"dto":{"No":"A","Day":"2026-11-21"}}'), [])
        self.assertEqual(judged('{"dto":{"No":"B","Day":"2026-11-22"}}'), [("no", "no", "No"), ("date", None, "Day")])
        self.assertEqual(judged('{"dto":{"No":[]}}'), [("no", "no", "No"), ("type", None, "No")])
        self.assertEqual(judged('{"dto":{"No":"A"}}', omitted="lines[9]"), [("lines", "lines[1]", None)])


if __name__ == "__main__":
    unittest.main()
