"""JSON is read and written exactly: digits, order, escapes."""

import unittest
from decimal import Decimal

from dukou_sdk.jsontext import JsonError, Token, dumps, loads, quote


class Reading(unittest.TestCase):
    def test_numbers_keep_their_digits(self) -> None:
        for digits in ("2.0000", "1E+1", "-0", "1234567890123456789.0100", "1e400", "9007199254740993"):
            value = loads(digits)
            self.assertIsInstance(value, Token)
            self.assertEqual(value, digits)

    def test_what_is_no_json_is_refused(self) -> None:
        for text in (
            "",
            "{",
            "NaN",
            "-Infinity",
            '{"a":NaN}',
            "01",
            "1.",
            "{'a':1}",
            '{"a":1,}',
            '"\t"',
            "1 2",
            "\ufeff1",
        ):
            with self.subTest(text), self.assertRaises(JsonError):
                loads(text)

    def test_half_a_surrogate_pair_is_no_text(self) -> None:
        self.assertEqual(loads('{"a":"\\ud800x","b":["\\uDFFF","\\ud83d\\ude00"]}'), {"a": None, "b": [None, "😀"]})

    def test_of_members_with_one_name_the_last_counts(self) -> None:
        self.assertEqual(loads('{"a":1,"b":2,"a":3}'), {"a": "3", "b": "2"})


class Writing(unittest.TestCase):
    def test_what_is_read_is_written_as_it_was(self) -> None:
        text = '{"b":[2.0000,1E+1,{"甲":"乙"},[],{}],"a":null,"t":true,"f":false}'
        self.assertEqual(dumps(loads(text)), text)

    def test_escapes_are_the_shortest(self) -> None:
        self.assertEqual(quote('a"\\\b\f\n\r\t/\x7f中'), '"a\\"\\\\\\b\\f\\n\\r\\t/\x7f中"')
        for code in range(0x20):
            escaped = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}.get(code, f"\\u00{code:02x}")
            self.assertEqual(quote(chr(code)), f'"{escaped}"')

    def test_a_float_is_never_written(self) -> None:
        with self.assertRaises(TypeError):
            dumps({"a": [0.1]})
        self.assertEqual(dumps([Decimal("1E+2"), Decimal("0.10"), 3, True]), "[100,0.10,3,true]")


if __name__ == "__main__":
    unittest.main()
