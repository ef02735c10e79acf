// The native runner sees what `dukou plugin test` sees: `tables/*.csv` and the manifest's preset.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { stringify } from "../json.js";
import { cells, readTables } from "../tables.mjs";
import { layOver, readCases } from "../testing.mjs";

function folder(files) {
  const root = mkdtempSync(join(tmpdir(), "dukou-js-tables-"));
  process.on("exit", () => rmSync(root, { recursive: true, force: true }));
  for (const part of ["cases", "tables"]) mkdirSync(join(root, part));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, file), content);
  return root;
}

test("tables are read with byte order mark, quotes and leading zeros", () => {
  const root = folder({ "tables/U.csv": '\ufeff编码,value,"名,""称""",7\r\n\r\n007, 乙 ,"a\r\nb",x\r\n,,,\r\n', "tables/no.txt": "" });
  assert.deepEqual(Object.keys(readTables(root)), ["U"]);
  assert.equal(stringify(readTables(root).U["007"]), '{"编码":"007","value":"乙","名,\\"称\\"":"a\\r\\nb","7":"x"}');
  assert.deepEqual(readTables(join(root, "cases")), {});
});

test("what is wrong with a table names its file", () => {
  for (const wrong of ["", "k\n", "k,k\n", "k,v\n1\n", "k,v\n,2\n", "k,v\n1,2\n1,3\n", Buffer.from([0x6b, 0x2c, 0xbc, 0xd7])]) {
    assert.throws(() => readTables(folder({ "tables/U.csv": wrong })), /U\.csv: /, String(wrong));
  }
});

test("cells are those of RFC 4180", () => {
  assert.deepEqual(cells('a,b\r\n1,""\n'), [["a", "b"], ["1", ""]]);
  assert.deepEqual(cells('a,"x""y,\nz"\rb,c"d'), [["a", 'x"y,\nz'], ["b", 'c"d']]);
  assert.deepEqual(cells("\n\n"), []);
});

test("the tables of the defaults win, and settings lie over the preset", () => {
  const root = folder({
    "tables/T.csv": "k,value\n1,乙\n",
    "tables/U.csv": "k,value\n1,丙\n",
    "plugin.json": '\ufeff{"preset":{"a":2.00,"b":{"x":1,"y":2},"c":[7,8]}}',
    "cases/defaults.json": '{"settings":{"b":{"y":3},"c":[1],"d":1},"tables":{"T":{"1":{"value":"甲"}}}}',
    "cases/cost.json": "{}",
    "cases/a.json": "{}",
    "cases/b.json": '{"settings":{},"tables":{}}',
  });
  const { a, b, ...rest } = readCases(join(root, "cases"));
  assert.deepEqual(rest, {});
  assert.equal(stringify(a.settings), '{"a":2.00,"b":{"x":1,"y":3},"c":[1],"d":1}');
  assert.equal(stringify(a.tables), '{"T":{"1":{"value":"甲"}},"U":{"1":{"k":"1","value":"丙"}}}');
  assert.equal(stringify(b.settings), '{"a":2.00,"b":{"x":1,"y":2},"c":[7,8]}');
  assert.deepEqual(b.tables, {});
  assert.equal(stringify(layOver({ a: { b: true } }, { a: false })), '{"a":false}');
});
