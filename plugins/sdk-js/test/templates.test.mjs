// The templates: their own cases, and for the mapping the cases of the reference mapping in Rust, byte by byte.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { load, unpack } from "./unpack.mjs";

const REFERENCE = fileURLToPath(new URL("../../wdt-to-tplus/vectors/", import.meta.url));
const ENVIRONMENT = '{"time_zone":"Asia/Shanghai","source":null,"target":{"system":"tplus","api":"/tplus/api/v2/saleDispatch/Create","title":"","wrapper":"dto","fields":[]}}';

for (const kind of ["mapping", "adjustment", "validation"]) {
  const folder = unpack(kind);
  const { default: plugin } = await load(folder, "src/plugin.js");
  const { testCases } = await load(folder, "dukou-sdk/testing.mjs");
  assert.equal(plugin.kind, kind);
  assert.equal(JSON.parse(readFileSync(join(folder, "plugin.json"), "utf8")).kind, kind);
  testCases(plugin, join(folder, "cases"));
}

const folder = unpack("mapping");
const { default: mapping } = await load(folder, "src/plugin.js");
const { instantiate } = await load(folder, "dukou-sdk/define.js");

for (const file of readdirSync(REFERENCE)) {
  test(`as in Rust: ${file}`, () => {
    const { records, settings, expected } = members(readFileSync(join(REFERENCE, file), "utf8"));
    const instance = instantiate(mapping);
    instance.configure(settings ?? "{}", ENVIRONMENT);
    const group = {
      key: "G",
      records: elements(records).map((body, index) => ({ key: `R${index}`, receivedAt: "2026-11-05T00:00:00Z", body, extra: "{}" })),
      extra: "{}",
    };
    const [verdict] = instance.transform([group]);
    const found =
      verdict.tag === "mapped"
        ? { documents: verdict.val.documents.map(({ body }) => body) }
        : verdict.tag === "rejected"
          ? { rejected: verdict.val.map((one) => [one.code, one.sourcePath ?? null, one.targetPath ?? null]) }
          : { skipped: verdict.val };
    assert.deepEqual(found, JSON.parse(expected));
  });
}

test("needs are those of the reference", () => {
  const answer = JSON.parse(instantiate(mapping).configure("{}", ENVIRONMENT));
  assert.deepEqual(answer, {
    needs: [
      "order_no",
      "consign_time",
      "receiver_address",
      "logistics_no",
      "details_list[].goods_count",
      "details_list[].price",
      "details_list[].stockout_id",
    ],
    tables: [],
  });
});

test("wrong settings are those of the reference", () => {
  const configure = () =>
    instantiate(mapping).configure('{"warehous":"W","partner":"","inventory":2121}', '{"time_zone":"Europe/Berlin","target":{"api":"/other","wrapper":null}}');
  assert.throws(configure, (errors) => {
    assert.deepEqual(
      errors.map(({ path, code }) => [path, code]),
      [
        ["partner", "required"],
        ["inventory", "type"],
        ["environment.target", "target"],
        ["environment.time_zone", "time-zone"],
        ["warehous", "unknown"],
      ],
    );
    return true;
  });
});

test("whatever stands in place of the list is refused where it stands", () => {
  const instance = instantiate(mapping);
  instance.configure("{}", ENVIRONMENT);
  for (const list of ["5", "-5", "1.5", "98765432109876543210", "true", '"x"', "[null]", "[1.5]", "[[]]", "[true]", '[""]']) {
    const body = `{"order_no":"A","consign_time":"2026-11-05","details_list":${list}}`;
    const record = { key: "R", receivedAt: "2026-11-05T00:00:00Z", body, extra: "{}" };
    const [{ tag, val }] = instance.transform([{ key: "G", records: [record], extra: "{}" }]);
    assert.equal(tag, "rejected", list);
    assert.deepEqual(val.map((one) => [one.code, one.sourcePath, one.targetPath]), [["type", "details_list", "RDRecordDetails"]], list);
  }
});

test("no body makes it throw", () => {
  const instance = instantiate(mapping);
  instance.configure("{}", ENVIRONMENT);
  let seed = 7;
  const next = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const pieces = ['{"order_no":', '{"details_list":', "[", "]", "{", "}", '"', ",", ":", "1E+1", "null", "true", "-", "\\u00", "\\", "A", " "];
  for (let round = 0; round < 3000; round++) {
    const body = Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join("");
    const record = { key: "R", receivedAt: "", body, extra: "{}" };
    const [{ tag }] = instance.transform([{ key: "G", records: [record], extra: "{}" }]);
    assert.equal(tag, "rejected", body);
  }
});

/** The members of an object as text: a parsed tree would lose how numbers and escapes were written. */
function members(text) {
  const parts = {};
  let at = text.indexOf("{") + 1;
  for (;;) {
    const name = /\s*"([^"]+)"\s*:\s*/y;
    name.lastIndex = at;
    const found = name.exec(text);
    if (found === null) return parts;
    const end = endOfValue(text, name.lastIndex);
    parts[found[1]] = text.slice(name.lastIndex, end);
    at = text.indexOf(",", end) + 1;
    if (at === 0) return parts;
  }
}

function elements(text) {
  const parts = [];
  let at = 1;
  for (;;) {
    at += /^[\s,]*/.exec(text.slice(at))[0].length;
    if (text[at] === "]") return parts;
    const end = endOfValue(text, at);
    parts.push(text.slice(at, end));
    at = end;
  }
}

function endOfValue(text, from) {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if ("{[".includes(character)) depth++;
    else if ("}]".includes(character) && --depth < 0) return at;
    if (!inString && depth === 0 && at >= from && (text[at + 1] === "," || /[\s}\]]/.test(text[at + 1] ?? "}"))) return at + 1;
  }
  return text.length;
}
