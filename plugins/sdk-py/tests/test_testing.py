"""The native runner sees what `dukou plugin test` sees: `tables/*.csv` and the manifest's preset."""

import tempfile
import unittest
from pathlib import Path

from dukou_sdk.csvtables import read_tables
from dukou_sdk.jsontext import dumps
from dukou_sdk.testing import load


class Folders(unittest.TestCase):
    def folder(self, files: dict[str, str | bytes]) -> Path:
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        root = Path(made.name)
        for part in ("cases", "tables"):
            (root / part).mkdir()
        for name, content in files.items():
            (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    def test_tables_have_byte_order_marks_quotes_and_leading_zeros(self) -> None:
        text = '\ufeff编码,value,"名,""称""",7\r\n\r\n007, 乙 ,"a\r\nb",x\r\n,,,\r\n'
        tables = read_tables(self.folder({"tables/U.csv": text, "tables/no.txt": ""}))
        self.assertEqual(list(tables), ["U"])
        self.assertEqual(dumps(tables["U"]["007"]), dumps({"编码": "007", "value": "乙", '名,"称"': "a\r\nb", "7": "x"}))

    def test_cells_are_those_of_rfc_4180(self) -> None:
        tables = read_tables(self.folder({"tables/U.csv": 'a,b\r\n1,""\n2,"x""y,\nz"\rb,c"d'}))
        self.assertEqual({key: row["b"] for key, row in tables["U"].items()}, {"1": "", "2": 'x"y,\nz', "b": 'c"d'})

    def test_what_is_wrong_with_a_table_names_its_file(self) -> None:
        for wrong in (b"", b"k\n", b"k,k\n", b"k,v\n1\n", b"k,v\n,2\n", b"k,v\n1,2\n1,3\n", b"k,v\n1,\xbc\xd7\n"):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, r"U\.csv: "):
                read_tables(self.folder({"tables/U.csv": wrong}))

    def test_the_tables_of_the_defaults_win_and_settings_lie_over_the_preset(self) -> None:
        defaults = '{"settings":{"b":{"y":3},"c":[1],"d":1},"tables":{"T":{"1":{"value":"甲"}}}}'
        cases = load(
            self.folder(
                {
                    "tables/T.csv": "k,value\n1,乙\n",
                    "tables/U.csv": "k,value\n1,丙\n",
                    "plugin.json": '\ufeff{"preset":{"a":2.00,"b":{"x":1,"y":2},"c":[7,8]}}',
                    "cases/defaults.json": defaults,
                    "cases/cost.json": "{}",
                    "cases/a.json": "{}",
                    "cases/b.json": '{"settings":{},"tables":{}}',
                }
            )
        )
        self.assertEqual(list(cases), ["a", "b"])
        self.assertEqual(dumps(cases["a"]["settings"]), '{"a":2.00,"b":{"x":1,"y":3},"c":[1],"d":1}')
        self.assertEqual(cases["a"]["tables"], {"T": {"1": {"value": "甲"}}, "U": {"1": {"k": "1", "value": "丙"}}})
        self.assertEqual(dumps(cases["b"]["settings"]), '{"a":2.00,"b":{"x":1,"y":2},"c":[7,8]}')
        self.assertEqual(cases["b"]["tables"], {})
