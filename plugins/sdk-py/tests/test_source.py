"""Sources say what they need, and read whatever stands there."""

import unittest
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from dukou_sdk import Date, DateTime, Named, Personal, Source
from dukou_sdk.jsontext import loads
from dukou_sdk.reading import Reading
from dukou_sdk.source import needs_of
from dukou_sdk.zone import SHANGHAI


class Position(Source):
    batch_no: str | None


class Line(Source):
    goods_count: Decimal
    price: Decimal | None
    position_list: list[Position]


class Receiver(Source):
    name: Personal[str] | None


class Order(Source):
    order_no: str
    kind: Annotated[int | None, Named("class")]
    shipped: Annotated[DateTime | None, Named("consign_time")]
    is_gift: bool | None
    receiver: Receiver
    tags: list[str]
    raw: Any
    details_list: list[Line]


class Day(Source):
    at: Date


def read(model: Any, text: str) -> Any:
    return model(loads(text), "", Reading(SHANGHAI, 0, frozenset))


class Needs(unittest.TestCase):
    def test_they_are_the_annotations(self) -> None:
        expected = ["order_no", "class", "consign_time", "is_gift", "receiver.name", "tags", "raw"]
        lines = ["details_list[].goods_count", "details_list[].price", "details_list[].position_list[].batch_no"]
        self.assertEqual(needs_of(Order), expected + lines)

    def test_a_type_that_cannot_be_read_is_named(self) -> None:
        with self.assertRaisesRegex(TypeError, "Broken.amount: float cannot be read"):
            type("Broken", (Source,), {"__annotations__": {"amount": float}, "__module__": __name__})

    def test_a_class_further_down_is_found_later(self) -> None:
        self.assertEqual(needs_of(Early), ["inner.value"])


class Early(Source):
    inner: "Late"


class Late(Source):
    value: str


class Values(unittest.TestCase):
    def test_the_same_field_comes_in_many_forms(self) -> None:
        for body, number in (
            ('"CK1"', "CK1"),
            ("4503599627370497123", "4503599627370497123"),
            ("1E+1", "10"),
            ("true", "true"),
        ):
            self.assertEqual(read(Order, f'{{"order_no":{body}}}').order_no, number)
        for body in ("2.0000", '"2.0000"', '" 2.0000 "'):
            self.assertEqual(str(read(Line, f'{{"goods_count":{body}}}').goods_count), "2.0000")
        for body in ("1793844309000", '"2026-11-05 10:05:09"', '"2026-11-05"'):
            self.assertEqual(read(Day, f'{{"at":{body}}}').at, date(2026, 11, 5))
        order = read(Order, '{"class":"2.00","is_gift":0,"tags":["a",1.50],"raw":{"x":[1.0]}}')
        self.assertEqual((order.kind, order.is_gift, order.tags, order.raw), (2, False, ["a", "1.50"], {"x": ["1.0"]}))

    def test_empty_values_are_none_where_they_may_be(self) -> None:
        for body in ("{}", '{"price":null}', '{"price":""}', '{"price":" "}', '{"price":"***"}'):
            line = read(Line, body)
            self.assertIsNone(line.price)
            self.assertEqual(line._reading.faults, [])
        self.assertIsNone(read(Order, '{"consign_time":"0000-00-00 00:00:00"}').shipped)

    def test_lists_are_read_as_sources_mean_them(self) -> None:
        for body, count in (("null", 0), ('""', 0), ("[]", 0), ('{"price":1}', 1), ("[{},{}]", 2)):
            self.assertEqual(len(read(Order, f'{{"details_list":{body}}}').details_list), count, body)
        self.assertEqual(len(read(Order, "{}").details_list), 0)
        for body in ("5", '"x"', "[5]", "[{},null]", "true"):
            order = read(Order, f'{{"details_list":{body}}}')
            self.assertEqual((list(order.details_list), order.details_list.fault.code), ([], "type"), body)

    def test_faults_know_code_and_path(self) -> None:
        order = read(
            Order,
            '{"order_no":{},"class":1.5,"receiver":3,"details_list":[{"goods_count":""},{"goods_count":"x","price":true}]}',
        )
        for line in order.details_list:
            self.assertIsNotNone(line.goods_count.fault)
            self.assertEqual(line.price is None, line._path == "details_list[0]")
        self.assertIsNotNone(order.order_no.fault)
        self.assertIsNotNone(order.kind.fault)
        self.assertIsNone(order.receiver.name)
        self.assertEqual(
            [(fault.code, fault.origin[0]._path, fault.message()) for fault in order._reading.faults],
            [
                (
                    "required",
                    "details_list[0]",
                    "{{details_list.goods_count}}: the field is required and the value is empty",
                ),
                ("type", "details_list[1]", '{{details_list.goods_count}}: "x" is not a decimal'),
                ("type", "details_list[1]", '{{details_list.price}}: "true" is not a decimal'),
                ("type", "", '{{order_no}}: "{}" is not a text'),
                ("type", "", '{{class}}: "1.5" is not a whole number'),
                ("type", "", "receiver: it is not an object"),
            ],
        )

    def test_personal_values_are_not_shown(self) -> None:
        receiver = read(Order, '{"receiver":{"name":["Li"]}}').receiver
        self.assertEqual(receiver.name.fault.message(), "{{receiver.name}}: *** is not a text")


if __name__ == "__main__":
    unittest.main()
