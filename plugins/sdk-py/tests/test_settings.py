"""Settings and environment: defaults, every mistake by path."""

import unittest
from decimal import Decimal

from dukou_sdk import Count, NonEmpty, SettingFault, Settings
from dukou_sdk.environment import Environment, EnvironmentFault
from dukou_sdk.settings import nearest, read_settings
from dukou_sdk.zone import SHANGHAI


class Rule(Settings):
    when: NonEmpty
    reason: str = ""


class Mine(Settings):
    customer: str = "C"
    warehouse: NonEmpty = "W"
    tolerance: Decimal = Decimal("0.10")
    days: Count = 0
    strict: bool = False
    skip: list[Rule] = []
    shops: dict[str, str] = {}

    def check(self) -> list[SettingFault]:
        return [SettingFault("days", "range", "at most 9")] if self.days > 9 else []


def read(text: str) -> tuple[Mine, list[tuple[str, str]]]:
    settings, faults = read_settings(Mine, text)
    assert isinstance(settings, Mine)
    return settings, [(fault.path, fault.code) for fault in faults]


class Reading(unittest.TestCase):
    def test_defaults_stand_in_for_what_is_not_said(self) -> None:
        for text in ("", " ", "null", "{}", '{"customer":null}'):
            settings, faults = read(text)
            self.assertEqual(faults, [])
            self.assertEqual(
                (settings.customer, str(settings.tolerance), settings.days, settings.skip), ("C", "0.10", 0, [])
            )

    def test_values_have_their_types(self) -> None:
        settings, faults = read(
            '{"customer":"","tolerance":0.050,"days":3,"strict":true,"skip":[{"when":"x"}],"shops":{"甲":"1"}}'
        )
        self.assertEqual(faults, [])
        self.assertEqual(
            (settings.customer, str(settings.tolerance), settings.days, settings.strict), ("", "0.050", 3, True)
        )
        self.assertEqual((settings.skip[0].when, settings.skip[0].reason, settings.shops), ("x", "", {"甲": "1"}))

    def test_every_mistake_is_named(self) -> None:
        text = (
            '{"custmer":"x","customer":101,"warehouse":" ","days":-1,"strict":"yes",'
            '"skip":[{"when":"x"},{"reason":1,"wen":2}],"shops":{"甲":1}}'
        )
        _, faults = read(text)
        expected = [
            ("customer", "type"),
            ("warehouse", "required"),
            ("days", "type"),
            ("strict", "type"),
            ("skip[1].when", "required"),
            ("skip[1].reason", "type"),
            ("skip[1].wen", "unknown"),
            ("shops.甲", "type"),
            ("custmer", "unknown"),
        ]
        self.assertEqual(faults, expected)
        self.assertIn("`customer`", read_settings(Mine, text)[1][-1].message)
        self.assertEqual([fault[1] for fault in read("[]")[1] + read("{")[1]], ["json", "json"])

    def test_rules_of_the_plugins_own_are_asked_last(self) -> None:
        self.assertEqual(read('{"days":10}')[1], [("days", "range")])
        self.assertEqual(read('{"days":10,"x":1}')[1], [("x", "unknown")])

    def test_only_slips_are_suggested(self) -> None:
        known = ["customer", "warehouse", "memo"]
        self.assertEqual(
            (nearest("Custmer", known), nearest("warehose", known), nearest("zzz", known)),
            ("customer", "warehouse", None),
        )


class Surroundings(unittest.TestCase):
    def test_zone_and_catalogues(self) -> None:
        environment = Environment(
            '{"time_zone":"Asia/Tokyo","source":null,"target":{"system":"tplus","api":"/x","title":"创建","wrapper":"dto","fields":'
            '[{"path":"A","label":"甲","type":"reference","by":"Code","required":true,"personal":true},{"path":"B","type":"text"}]},"later":{}}'
        )
        target = environment.target
        assert target is not None
        self.assertEqual((target.api, target.wrapper, list(target.fields())), ("/x", "dto", ["A", "B"]))
        self.assertEqual((target.fields()["A"].by, target.fields()["A"].required), ("Code", True))
        self.assertEqual((environment.personal(True), environment.personal(False)), (frozenset("A"), frozenset()))
        self.assertEqual(Environment("").zone, SHANGHAI)

    def test_zones_that_cannot_be_computed_in_are_refused(self) -> None:
        with self.assertRaises(EnvironmentFault) as caught:
            Environment('{"time_zone":"Europe/Berlin"}')
        self.assertEqual((caught.exception.path, caught.exception.code), ("environment.time_zone", "time-zone"))


if __name__ == "__main__":
    unittest.main()
