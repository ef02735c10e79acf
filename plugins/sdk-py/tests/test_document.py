"""Documents are changed in place, and nothing else of them is."""

import unittest
from decimal import Decimal

from dukou_sdk import Source
from dukou_sdk.contract import Group, WrittenDocument
from dukou_sdk.document import Document
from dukou_sdk.reading import Reading
from dukou_sdk.verdict import Violations
from dukou_sdk.zone import SHANGHAI

BODY = (
    '{ "v":1.0, "dto": {"A":"x\\/\\u4e2d", "N" : 2.0000,"L":[{"q":1E+1}, {"q":2,"m":"b"},7],"O":{"i":"1"},"Z":null }}'
)


def document(body: str = BODY) -> Document:
    return Document(WrittenDocument("-p2", body, '{"e":1}'), "dto", Reading(SHANGHAI, 0, frozenset, True))


def written(of: Document) -> str:
    violations = Violations(Group("G", [], "{}"))
    text = of.written(violations).body
    assert not violations.found, violations.found
    return text


class Changes(unittest.TestCase):
    def test_an_untouched_document_stays_as_it_came(self) -> None:
        of = document()
        self.assertEqual(
            (of.current("A"), of.current("N"), of.current("O"), of.current("Z"), of.current("none")),
            ("x/中", "2.0000", None, None, None),
        )
        self.assertEqual(written(of), BODY)
        self.assertEqual(of.written(Violations(Group("G", [], "{}"))), WrittenDocument("-p2", BODY, '{"e":1}'))

    def test_what_is_written_keeps_its_place_and_all_else_its_bytes(self) -> None:
        of = document()
        of.reference("Z", "W3")
        of.text("A", '"')
        of.decimal("N", Decimal("1E+2"))
        self.assertEqual(of.current("A"), '"')
        expected = BODY.replace('"x\\/\\u4e2d"', '"\\""').replace("2.0000", "100").replace("null", '{"Code":"W3"}')
        self.assertEqual(written(of), expected)

    def test_new_members_go_to_the_end(self) -> None:
        of = document()
        of.text("B", "b")
        of.boolean("C", True)
        self.assertEqual(written(of), BODY.replace("null }}", 'null,"B":"b","C":true }}'))
        empty = document('{"dto":{ }}')
        empty.text("B", "b")
        empty.text("C", "c")
        self.assertEqual(written(empty), '{"dto":{"B":"b","C":"c" }}')

    def test_empty_values_take_a_field_out(self) -> None:
        of = document('{"dto":{"A":"a","B":1.0,"C":[ 1 ]}}')
        of.text("A", None)
        of.text("D", "")
        of.text("E", "e")
        self.assertIsNone(of.current("A"))
        self.assertEqual(written(of), '{"dto":{"B":1.0,"C":[ 1 ],"E":"e"}}')
        for name in "BC":
            of.remove(name)
        self.assertEqual(written(of), '{"dto":{"E":"e"}}')

    def test_lines_and_objects_can_be_changed(self) -> None:
        of = document()
        first, second = of.lines("L")
        second.text("m", "c")
        of.object("O").integer("i", 2)
        self.assertEqual(written(of), BODY.replace('"m":"b"', '"m":"c"').replace('"i":"1"', '"i":2'))
        first.dropped = True
        of.add_line("L").text("m", "new")
        self.assertIn('"L":[{"q":2,"m":"c"},7,{"m":"new"}]', written(of))
        with self.assertRaises(KeyError):
            of.object("A")
        with self.assertRaises(KeyError):
            of.add_line("A")

    def test_it_can_be_read_as_a_source(self) -> None:
        class Row(Source):
            q: Decimal

        class Body(Source):
            N: Decimal
            L: list[Row]

        of = document(BODY.replace(",7]", "]"))
        body = of.read(Body)
        self.assertEqual((str(body.N), [str(row.q) for row in body.L]), ("2.0000", ["10", "2"]))


if __name__ == "__main__":
    unittest.main()
