"""Arithmetic is exact, and values that could not be read stand for their fault."""

import decimal
import unittest
from decimal import Decimal

from dukou_sdk import divide, exact, round_to, total
from dukou_sdk.fault import Fault
from dukou_sdk.scalar import NotANumber
from dukou_sdk.values import UNREAD, Exact, text_of


class Arithmetic(unittest.TestCase):
    def test_sums_never_round_whatever_the_context(self) -> None:
        with decimal.localcontext(decimal.Context(prec=3)):
            big = exact("1234567890123456789012345678901234567890.0001")
            self.assertEqual(str(big + exact("0.0001")), "1234567890123456789012345678901234567890.0002")
            self.assertEqual(str(big - 1), "1234567890123456789012345678901234567889.0001")
            self.assertEqual(str(-big), "-1234567890123456789012345678901234567890.0001")
            self.assertEqual(str(abs(-big)), str(big))
            self.assertEqual(str(big * big * 0), "0")
            self.assertEqual(str(big * 10), "12345678901234567890123456789012345678900.001")

    def test_a_number_keeps_the_digits_it_came_with(self) -> None:
        self.assertEqual(str(exact("2.0000")), "2.0000")
        self.assertEqual(str(exact("1E+1")), "10")
        self.assertEqual(f"{exact('2.50')} {exact('2.50'):.1f}", "2.50 2.5")
        self.assertEqual(str(exact("2.00") + exact("1.5")), "3.50")
        self.assertEqual(str(exact("2.00") * exact("1.5")), "3")
        self.assertEqual(str(exact("100") * exact("10")), "1000")

    def test_plain_decimals_and_whole_numbers_join_in(self) -> None:
        for made in (
            Decimal("1.10") + exact("2"),
            exact("2") + Decimal("1.10"),
            sum([exact("1.10"), exact("2")], Decimal(0)),
        ):
            self.assertIsInstance(made, Exact)
            self.assertEqual(str(made), "3.10")
        self.assertEqual(str(3 - exact("0.5")), "2.5")
        self.assertTrue(exact("2.0") == 2 and exact("2.0") == Decimal("2.00") and hash(exact("2.0")) == hash(2))
        self.assertTrue(exact("1.9") < Decimal("2") < exact("2.1"))

    def test_binary_floats_are_refused(self) -> None:
        with self.assertRaises(TypeError):
            exact("1") + 0.1  # type: ignore[operator]
        with self.assertRaises(TypeError):
            float(exact("1"))
        with self.assertRaises(NotANumber):
            exact(Decimal("NaN"))

    def test_quotients_have_28_digits_and_rounding_is_half_away_from_zero(self) -> None:
        self.assertEqual(str(exact("1") / exact("3")), "0.3333333333333333333333333333")
        self.assertEqual(str(exact("10.00") / 4), "2.5")
        self.assertEqual(str(divide(exact("50.76"), exact("3"), 2)), "16.92")
        self.assertEqual(
            [str(round_to(exact(text), 2)) for text in ("2.005", "-2.005", "2.5", "2.004")],
            ["2.01", "-2.01", "2.5", "2.00"],
        )
        self.assertEqual(str(round(exact("2.5"), 0)), "3")
        self.assertEqual(round(exact("2.5")), 3)
        with self.assertRaises(ZeroDivisionError):
            exact("1") / exact("0")

    def test_a_total_leaves_out_what_is_empty(self) -> None:
        self.assertEqual(str(total([exact("1.50"), None, Decimal("2"), 3])), "6.50")
        self.assertEqual(str(total([])), "0")

    def test_zero_has_no_sign(self) -> None:
        self.assertEqual(str(exact("1.5") - exact("1.5")), "0.0")
        self.assertEqual(str(exact("0") * -1), "0")


class Unread(unittest.TestCase):
    def setUp(self) -> None:
        self.fault = Fault("type", "wrong", None)

    def test_a_fault_goes_through_every_sum(self) -> None:
        unread = UNREAD["decimal"](self.fault)
        for made in (
            unread + 1,
            1 + unread,
            exact("2") * unread,
            Decimal(2) - unread,
            -abs(unread / 3),
            sum([exact("1"), unread], Decimal(0)),
            total([unread, None]),
        ):
            self.assertIs(getattr(made, "fault"), self.fault)

    def test_an_unread_number_compares_to_nothing(self) -> None:
        unread = UNREAD["decimal"](self.fault)
        self.assertFalse(unread > 0 or unread < 0 or unread == unread or exact("1") >= unread or Decimal(1) < unread)
        day = UNREAD["date"](self.fault)
        self.assertFalse(day > day or day == day)

    def test_an_unread_text_is_empty_and_stays_unread(self) -> None:
        unread = UNREAD["text"](self.fault)
        self.assertFalse(unread)
        self.assertIs(("a" + unread + "b").fault, self.fault)
        self.assertIs((text_of("a", None) + unread).fault, self.fault)
        self.assertEqual(text_of("a", None) + "b" + text_of("c", None), "abc")


if __name__ == "__main__":
    unittest.main()
