"""The value rules: what is empty, what is a number, what is a date."""

import unittest
from datetime import datetime

from dukou_sdk.scalar import NotANumber, is_empty, plain_integer, plain_number, trim
from dukou_sdk.zone import SHANGHAI, Unreadable, Zone, read_moment, read_rfc3339


class Numbers(unittest.TestCase):
    def test_a_number_keeps_its_scale_and_loses_its_exponent(self) -> None:
        forms = {
            "2": "2",
            "2.0000": "2.0000",
            "-0.50": "-0.50",
            "1E+1": "10",
            "1e5": "100000",
            "123e-2": "1.23",
            "1.50E1": "15.0",
            "0e5": "0",
            "0.000E+2": "0.0",
            ".5": "0.5",
            "5.": "5",
            "+007": "7",
            "-00": "-0",
            " 7.10 ": "7.10",
            "\u3000 1 ": "1",
            "1e0005": "100000",
            "12345678901234567890.123456789": "12345678901234567890.123456789",
            "1" * 64: "1" * 64,
        }
        for text, plain in forms.items():
            with self.subTest(text):
                self.assertEqual(plain_number(text), plain)

    def test_anything_else_is_no_number(self) -> None:
        for text in (
            "",
            " ",
            "-",
            ".",
            "1,000",
            "1.2.3",
            "0x1",
            "NaN",
            "Infinity",
            "1_000",
            "１２",
            "1e",
            "--1",
            "1" * 65,
            "1e64",
            "1e-70",
        ):
            with self.subTest(text), self.assertRaises(NotANumber):
                plain_number(text)

    def test_a_whole_number_has_a_fraction_of_zeros_at_most(self) -> None:
        self.assertEqual(plain_integer("2.0000"), "2")
        self.assertEqual(plain_integer("1E+1"), "10")
        with self.assertRaises(NotANumber):
            plain_integer("2.5")

    def test_masked_and_blank_texts_are_empty(self) -> None:
        for text in ("", " \t\r\n", "\u3000\u00a0", "***", "138****0000"):
            self.assertTrue(is_empty(text), text)
        for text in ("0", "**", "\x1c", "\u200b"):
            self.assertFalse(is_empty(text), repr(text))
        self.assertEqual(trim("\u3000a\x1c "), "a\x1c")


class Dates(unittest.TestCase):
    def test_every_form_is_read_as_wall_time(self) -> None:
        forms = {
            "2026-11-05": datetime(2026, 11, 5),
            "2026-11-05 10:05:09": datetime(2026, 11, 5, 10, 5, 9),
            "2026-11-05T10:05:09": datetime(2026, 11, 5, 10, 5, 9),
            " 2024-02-29 ": datetime(2024, 2, 29),
            "1793844309000": datetime(2026, 11, 5, 10, 5, 9),
            "0000000000000": datetime(1970, 1, 1, 8),
        }
        for text, moment in forms.items():
            with self.subTest(text):
                self.assertEqual(read_moment(text, SHANGHAI), moment)

    def test_zero_dates_are_none(self) -> None:
        for text in ("", "0", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00"):
            self.assertIsNone(read_moment(text, SHANGHAI), text)

    def test_nothing_is_guessed(self) -> None:
        for text in (
            "2026/11/05",
            "2026-02-30",
            "2026-11-05 24:00:00",
            "2026-11-05 10:05",
            "昨天",
            "0000-01-01",
            "２026-11-05",
            "20261105",
        ):
            with self.subTest(text), self.assertRaises(Unreadable):
                read_moment(text, SHANGHAI)

    def test_the_time_of_receipt_is_in_the_schemes_zone(self) -> None:
        self.assertEqual(read_rfc3339("2026-11-20T16:00:00Z", SHANGHAI), datetime(2026, 11, 21))
        self.assertEqual(read_rfc3339("2026-11-20T10:00:00.123+08:00", SHANGHAI), datetime(2026, 11, 20, 10))
        with self.assertRaises(Unreadable):
            read_rfc3339("2026-11-20 10:00", SHANGHAI)

    def test_zones_have_one_offset(self) -> None:
        self.assertEqual(Zone.named("Asia/Tokyo"), Zone(540))
        self.assertEqual(Zone.named("-03:30"), Zone(-210))
        self.assertIsNone(Zone.named("Europe/Berlin"))
        self.assertIsNone(Zone.named("+15:00"))


if __name__ == "__main__":
    unittest.main()
