// What definitions do with groups: values and paths, lines, merged records, look-ups, changes, violations.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { instantiate } from "../define.js";
import { bind } from "../host.js";
import {
  Decimal, any, as, boolean, code, date, datetime, decimal, defineAdjustment, defineMapping, defineValidation, integer, joined, lines, list,
  log, lookup, name, object, omit, part, prefetch, put, required, setting, skip, source, sum, target, text,
} from "../index.js";

const ENVIRONMENT = '{"time_zone":"Asia/Shanghai","source":null,"target":null,"later":1}';
const order = source({
  no: text(),
  phone: text({ personal: true }),
  count: integer(),
  paid: boolean(),
  at: datetime(),
  day: date(),
  raw: any(),
  shop: object({ name: text(), code: text() }),
  lines: list({ qty: decimal(), price: decimal(), gift: text(), inner: list({ batch: text() }) }),
});

function record(body, index = 0) {
  return { key: `R${index}`, receivedAt: "2026-11-05T16:00:00Z", body: typeof body === "string" ? body : JSON.stringify(body), extra: "{}" };
}

function group(...bodies) {
  return { key: "G", records: bodies.map(record), extra: "{}" };
}

function started(plugin, settings = "{}", environment = ENVIRONMENT) {
  const instance = instantiate(plugin);
  const answer = JSON.parse(instance.configure(settings, environment));
  return { ...instance, answer };
}

/** The only verdict of a mapping over one group. */
function mapped(map, ...bodies) {
  const [verdict] = started(defineMapping({ source: order, ...(typeof map === "function" ? { map } : map) })).transform([group(...bodies)]);
  return verdict;
}

function bodyOf(verdict) {
  assert.equal(verdict.tag, "mapped", JSON.stringify(verdict));
  return verdict.val.documents[0].body;
}

function brief(violations) {
  return violations.map((one) => [one.code, one.sourcePath, one.targetPath]);
}

beforeEach(() => bind({}));

test("needs are collected from the declaration", () => {
  const { answer } = started(defineMapping({ source: order, map: () => ({}), tables: ["T", ""] }));
  assert.deepEqual(answer.needs, [
    "no", "phone", "count", "paid", "at", "day", "raw", "shop.name", "shop.code",
    "lines[].qty", "lines[].price", "lines[].gift", "lines[].inner[].batch",
  ]);
  assert.deepEqual(answer.tables, ["T"]);
  const whole = source({ lines: list({}), shop: object({}) });
  assert.deepEqual(started(defineMapping({ source: whole, map: () => ({}) })).answer.needs, ["lines", "shop"]);
  const narrowed = defineMapping({ source: order, settings: { all: setting.boolean(false) }, needs: ({ all }) => (all ? ["*"] : ["no"]), map: () => ({}) });
  assert.deepEqual(started(narrowed).answer.needs, ["no"]);
  assert.deepEqual(started(narrowed, '{"all":true}').answer.needs, ["*"]);
});

test("values are written by their kind, empty ones left out", () => {
  const all = (order) => ({ no: order.no, count: order.count, paid: order.paid, at: order.at, day: order.day, raw: order.raw, shop: order.shop.name });
  assert.equal(
    bodyOf(mapped(all, '{"no":1E+1,"count":"3.00","paid":1,"at":"2026-11-05","day":1700000000000,"raw":{"b":1.50,"a":[]},"shop":{"name":"店\\"1\\""}}')),
    '{"no":"10","count":3,"paid":true,"at":"2026-11-05 00:00:00","day":"2023-11-15","raw":{"b":1.50,"a":[]},"shop":"店\\"1\\""}',
  );
  assert.equal(bodyOf(mapped(all, '{"no":" ","count":null,"day":0,"at":"0000-00-00 00:00:00","raw":"","shop":"x"}')), "{}");
  const faults = mapped(all, '{"no":[],"count":1.5,"paid":"yes","at":"soon","day":true}');
  assert.deepEqual(brief(faults.val), [["type", "no", "no"], ["type", "count", "count"], ["type", "paid", "paid"], ["date", "at", "at"], ["date", "day", "day"]]);
});

test("constants are written exactly or not at all", () => {
  const map = () => ({ a: "x", b: "", c: null, d: undefined, e: false, f: 5, g: 7n, h: Decimal.of("1.50"), i: { j: "k", l: "" }, m: ["n", ""], o: name("p"), q: code("") });
  assert.equal(bodyOf(mapped(map, "{}")), '{"a":"x","e":false,"f":5,"g":7,"h":1.50,"i":{"j":"k"},"m":["n"],"o":{"Name":"p"}}');
  assert.throws(() => mapped(() => ({ a: 0.1 }), "{}"), TypeError);
  assert.throws(() => mapped((order) => ({ a: order }), "{}"), TypeError);
});

test("members of the prototype are no fields of a record", () => {
  const odd = source({ constructor: text(), toString: decimal() });
  const plugin = defineMapping({ source: odd, map: (order) => ({ a: order.constructor, b: order.toString }) });
  const [verdict] = started(plugin).transform([group("{}")]);
  assert.equal(bodyOf(verdict), "{}");
});

test("references and joined texts follow their values", () => {
  const map = (order) => ({ a: code(order.no), b: name(order.count), c: joined("单", order.no, "-", order.count), d: joined("单", order.shop.name), e: required(code(order.no)) });
  assert.equal(bodyOf(mapped(map, '{"no":"A\\n","count":2}')), '{"a":{"Code":"A\\n"},"b":{"Name":"2"},"c":"单A\\n-2","e":{"Code":"A\\n"}}');
  assert.deepEqual(brief(mapped(map, '{"no":"","count":{}}').val), [
    ["type", "count", "b"],
    ["type", "count", "c"],
    ["required", "no", "e"],
  ]);
});

test("messages show the expression and a short value, never a personal one", () => {
  const { val } = mapped((order) => ({ a: order.count, b: order.phone, c: order.day }), { count: "9".repeat(200), phone: { x: "13800000000" }, day: "x" });
  assert.equal(val[0].message, `{{count}}: "${"9".repeat(80)}…" is not a whole number`);
  assert.equal(val[1].message, "{{phone}}: *** is not a text");
  assert.match(val[2].message, /^\{\{day\|date\}\}: "x" is not a date/);
  const plugin = defineMapping({ source: order, map: (order) => ({ a: order.count }) });
  const catalogue = '{"source":{"fields":[{"path":"count","personal":true}]}}';
  const [verdict] = started(plugin, "{}", catalogue).transform([group('{"count":"x"}')]);
  assert.equal(verdict.val[0].message, "{{count}}: *** is not a whole number");
});

test("values that are read are typed, and told when they cannot be", () => {
  const seen = [];
  const map = (order) => {
    seen.push(order.no.value, order.count.value, order.paid.value, order.day.value, order.lines.map((line) => String(line.qty)), `${order.shop.name}`);
    return { a: order.count };
  };
  mapped(map, '{"no":5,"count":"12","paid":"0","day":"2026-11-05 10:00:00","lines":[{"qty":"1.50"},{}],"shop":{"name":"S"}}');
  assert.deepEqual(seen, ["5", 12n, false, "2026-11-05", ["1.50", ""], "S"]);
  const { tag, val } = mapped(map, '{"no":"A","count":"x","lines":[{"qty":"y"}]}');
  assert.equal(tag, "rejected");
  assert.deepEqual(brief(val), [["type", "count", "a"], ["type", "lines[0].qty", undefined]]);
});

test("calculated values keep their path", () => {
  const map = (order) => ({
    amount: sum(order.lines.map((line) => line.qty)),
    lines: lines(order.lines, (line) => ({ half: line.qty.map((qty) => qty.div(2)), doubled: required(line.price.map((price) => price.mul(2))), or: line.gift.or("无"), as: as.text(line.qty) })),
  });
  assert.equal(
    bodyOf(mapped(map, '{"lines":[{"qty":1.0,"price":"0.10"},{"qty":"2","price":3,"gift":"G"}]}')),
    '{"amount":3.0,"lines":[{"half":0.5,"doubled":0.2,"or":"无","as":"1.0"},{"half":1,"doubled":6,"or":"G","as":"2"}]}',
  );
  assert.deepEqual(brief(mapped(map, '{"lines":[{"qty":1,"price":null}]}').val), [["required", "lines[0].price", "lines[0].doubled"]]);
});

test("lines keep their order and can be left out with a reason", () => {
  const map = (order) => ({ no: order.no, L: lines(order.lines, (line) => (line.gift.value === "1" ? omit("赠品") : { q: line.qty })) });
  const verdict = mapped(map, '{"no":"A","lines":[{"qty":1},{"qty":2,"gift":1},{"qty":3}]}');
  assert.equal(bodyOf(verdict), '{"no":"A","L":[{"q":1},{"q":3}]}');
  assert.deepEqual(verdict.val.omitted, [{ member: 0, path: "lines[1]", reason: "赠品" }]);
  assert.deepEqual(mapped(map, '{"lines":[{"gift":"1"}]}'), { tag: "skipped", val: "赠品" });
  assert.deepEqual(brief(mapped(map, '{"lines":[{"gift":1},{"qty":"x"}]}').val), [["type", "lines[1].qty", "L[0].q"]]);
  assert.deepEqual(brief(mapped(map, '{"lines":""}').val), [["required", "lines", "L"]]);
  const optional = (order) => ({ L: lines(order.lines, () => ({ a: "b" }), { required: false }) });
  assert.equal(bodyOf(mapped(optional, "{}")), "{}");
  const inner = (order) => ({ L: lines(order.lines.flatMap((line) => line.inner), (one) => ({ b: required(one.batch) })) });
  assert.equal(bodyOf(mapped(inner, '{"lines":[{"inner":[{"batch":"1"}]},{"inner":{"batch":"2"}}]}')), '{"L":[{"b":"1"},{"b":"2"}]}');
  assert.deepEqual(brief(mapped(inner, '{"lines":[{"inner":[{"batch":"1"},{}]}]}').val), [["required", "lines[0].inner[1].batch", "L[1].b"]]);
});

test("records of a group agree or are refused", () => {
  const map = (order) => ({ no: required(order.no), day: order.day, memo: "m", L: lines(order.lines, (line) => ({ q: required(line.qty) })) });
  const body = (no, qty) => ({ no, day: "2026-11-05 10:00:00", lines: [{ qty }] });
  assert.equal(bodyOf(mapped(map, body("A", 1), body("A", 2))), '{"no":"A","day":"2026-11-05","memo":"m","L":[{"q":1},{"q":2}]}');
  const { val } = mapped(map, body("A", 1), body("B", null), "[]");
  assert.deepEqual(
    val.map((one) => [one.code, one.sourcePath, one.targetPath, one.extra]),
    [
      ["type", undefined, undefined, '{"record":"R2"}'],
      ["merge.disagree", "no", "no", '{"record":"R1"}'],
      ["required", "lines[0].qty", "L[1].q", '{"record":"R1"}'],
    ],
  );
  assert.match(val[1].message, /^\{\{no\}\}: "A" and "B" differ/);
});

test("records can be skipped, groups make several documents", () => {
  const map = (order) => (order.no.empty ? skip("空单") : { no: order.no });
  assert.deepEqual(mapped(map, "{}"), { tag: "skipped", val: "空单" });
  const verdict = mapped(map, "{}", '{"no":"A"}');
  assert.deepEqual(verdict.val.omitted, [{ member: 0, path: "", reason: "空单" }]);
  const both = mapped({ wrapper: "dto", mapGroup: (orders, { group }) => [part("", { k: group.key }), part("-p2", { n: String(orders.length) })] }, "{}", "{}");
  assert.deepEqual(both.val.documents, [
    { suffix: "", body: '{"dto":{"k":"G"}}', extra: "{}" },
    { suffix: "-p2", body: '{"dto":{"n":"2"}}', extra: "{}" },
  ]);
  assert.deepEqual(mapped({ mapGroup: () => skip("x") }, "{}"), { tag: "skipped", val: "x" });
});

test("look-ups find, miss, and take another value", () => {
  const asked = [];
  bind({
    lookup(table, keys) {
      asked.push([table, keys]);
      return keys.map((key) => ({ S1: '{"key":"S1","value":"C1","2":"D"}', S2: '{"key":"S2","value":" "}' })[key]);
    },
  });
  const map = (order) => ({ a: code(lookup("T", order.no)), b: lookup("T", order.no, { column: "2" }).or("D0"), c: lookup("T", order.no).or(order.shop.name) });
  assert.equal(bodyOf(mapped(map, '{"no":"S1"}')), '{"a":{"Code":"C1"},"b":"D","c":"C1"}');
  assert.equal(asked.length, 1);
  assert.deepEqual(brief(mapped((order) => ({ a: lookup("T", order.no) }), '{"no":"S9"}').val), [["lookup.miss", "no", "a"]]);
  assert.deepEqual(brief(mapped((order) => ({ a: code(lookup("T", order.no)) }), '{"no":"S2"}').val), [["lookup.miss", "no", "a"]]);
  assert.equal(bodyOf(mapped((order) => ({ a: lookup("T", order.no) }), '{"no":""}')), "{}");
  assert.deepEqual(brief(mapped((order) => ({ a: lookup("T", order.no, { required: true }) }), '{"no":""}').val), [["lookup.miss", "no", "a"]]);
  assert.deepEqual(brief(mapped((order) => ({ a: lookup("T", order.no) }), '{"no":{}}').val), [["type", "no", "a"]]);
  asked.length = 0;
  prefetch("T", ["X1", "X2", "X1", ""]);
  assert.deepEqual(asked, [["T", ["X1", "X2"]]]);
});

const voucher = target("dto", { Memo: text(), Date: date(), L: list({ q: decimal() }) });

function adjusted(adjust, document, body = "{}") {
  const instance = started(defineAdjustment({ source: order, target: voucher, adjust }));
  const documents = [document].flat().map((body, index) => ({ suffix: index === 0 ? "" : `-p${index + 1}`, body, extra: '{"k":1}' }));
  return instance.adjust([{ origin: group(body), mapped: { documents, omitted: [{ member: 0, path: "", reason: "r" }] } }])[0];
}

test("what is not changed stays as it was, byte for byte", () => {
  const odd = '{ "dto": {"Memo":"\\u4e2d","n":1.00} }';
  assert.equal(bodyOf(adjusted(() => {}, odd)), odd);
  const body = '{"dto":{"9":1,"Memo":"m","n":1E+2,"L":[{"q":2.0000,"x":{"10":1,"2":0.10}}],"1":2},"b":"","a":null}';
  const changed = body.replace('"m"', '"m 店"').replace('"x":', '"x":').replace('}],"1"', ',"new":{"Code":"C"}}],"1"').replace('"1":2}', '"1":2,"z":"Z"}');
  const verdict = adjusted((voucher, order) => {
    put(voucher, { Memo: `${voucher.Memo} ${order.no}`, gone: "", kept: undefined, z: "Z" });
    put(voucher.L[0], { new: code("C") });
  }, body, '{"no":"店"}');
  assert.equal(bodyOf(verdict), changed);
  assert.equal(verdict.val.documents[0].extra, '{"k":1}');
  assert.deepEqual(verdict.val.omitted, [{ member: 0, path: "", reason: "r" }]);
  assert.equal(bodyOf(adjusted((voucher) => put(voucher, { Memo: "" }), '{"dto":{"Memo":"m","n":1.0}}')), '{"dto":{"n":1.0}}');
});

test("a value that cannot be put is refused once", () => {
  const wrong = adjusted((voucher, order) => put(voucher, { Memo: order.count }), ['{"dto":{}}', '{"dto":{}}'], '{"count":"x"}');
  assert.deepEqual(brief(wrong.val), [["type", "count", "Memo"]]);
  assert.throws(() => adjusted((_, order) => put(order, { no: "x" }), '{"dto":{}}'), TypeError);
  assert.deepEqual(brief(adjusted(() => {}, '{"dto":[]}').val), [["type", undefined, "dto"]]);
  assert.deepEqual(brief(adjusted(() => {}, "{").val), [["type", undefined, "dto"]]);
  assert.deepEqual(adjusted(() => skip("s"), '{"dto":{}}'), { tag: "skipped", val: "s" });
});

test("validations tell all they find, and where", () => {
  const validate = (vouchers, orders, context) => {
    assert.equal(context.receivedDate(), "2026-11-06");
    for (const line of vouchers.flatMap((one) => one.L)) if (line.q.value?.gt(1)) context.refuse("much", `${line.q}`, { target: line.q });
    for (const line of orders[0].lines) if (!context.isOmitted(line)) context.refuse("line", "l", { source: line });
    context.refuse("list", "l", { source: orders[0].lines, target: "L" });
  };
  const instance = started(defineValidation({ source: order, target: voucher, validate }));
  const documents = [
    { suffix: "", body: '{"dto":{"L":[{"q":1},{"q":2}]}}', extra: "{}" },
    { suffix: "-p2", body: '{"dto":{"L":{"q":"3"}}}', extra: "{}" },
  ];
  const origin = group('{"lines":[{"qty":1},{"qty":2}]}');
  const [found] = instance.validate([{ origin, mapped: { documents, omitted: [{ member: 0, path: "lines[0]", reason: "" }] } }]);
  assert.deepEqual(
    found.map((one) => [one.code, one.sourcePath, one.targetPath, one.extra]),
    [
      ["much", undefined, "L[1].q", "{}"],
      ["much", undefined, "L[0].q", '{"suffix":"-p2"}'],
      ["line", "lines[1]", undefined, "{}"],
      ["list", "lines", "L", "{}"],
    ],
  );
});

test("no more than fifty violations are told", () => {
  const map = (order) => ({ L: lines(order.lines, (line) => ({ q: required(line.qty) })) });
  const { val } = mapped(map, { lines: Array.from({ length: 60 }, () => ({})) });
  assert.equal(val.length, 50);
  assert.match(val[49].message, / \(and 10 more violations\)$/);
});

test("a verdict does not depend on the group's neighbours", () => {
  const instance = started(defineMapping({ source: order, map: (order) => ({ no: required(order.no) }) }));
  const good = group('{"no":"A"}');
  const [alone] = instance.transform([good]);
  const verdicts = instance.transform([group("{"), good, group("{}"), good]);
  assert.deepEqual([verdicts[1], verdicts[3]], [alone, alone]);
  assert.deepEqual(verdicts.map(({ tag }) => tag), ["rejected", "mapped", "rejected", "mapped"]);
});

test("settings are read with every mistake", () => {
  const settings = { t: setting.text("d"), r: setting.requiredText("R"), b: setting.boolean(true), d: setting.decimal("0.05"), c: setting.count(3) };
  const seen = [];
  const plugin = defineMapping({ source: order, settings, map: (_, context) => (seen.push(context.settings), {}) });
  const read = (json) => {
    started(plugin, json).transform([group("{}")]);
    const { t, r, b, d, c } = seen.pop();
    return [t, r, b, String(d), c];
  };
  for (const json of ["", " ", "null", "{}", '{"t":null}']) assert.deepEqual(read(json), ["d", "R", true, "0.05", 3]);
  assert.deepEqual(read('{"t":"","r":"x","b":false,"d":1E+1,"c":"7.0"}'), ["", "x", false, "10", 7]);
  const errors = (json) => {
    try {
      started(plugin, json);
    } catch (errors) {
      return errors.map(({ path, code }) => [path, code]);
    }
    return [];
  };
  assert.deepEqual(errors('{"t":5,"r":" ","b":"true","d":"x","c":-1,"cc":1,"zzzzzz":1}'), [
    ["t", "type"], ["r", "required"], ["b", "type"], ["d", "type"], ["c", "type"], ["cc", "unknown"], ["zzzzzz", "unknown"],
  ]);
  assert.deepEqual(errors("[]"), [["", "json"]]);
  assert.deepEqual(errors("{"), [["", "json"]]);
  const checked = defineMapping({ source: order, settings, check: (settings, refuse) => settings.t === "d" && refuse("t", "pair", "p"), map: () => ({}) });
  assert.throws(() => started(checked), (errors) => errors[0].code === "pair");
});

test("an instance is configured once, and before anything else", () => {
  const plugin = defineMapping({ source: order, map: () => ({}) });
  assert.throws(() => instantiate(plugin).transform([]), /configure/);
  const instance = instantiate(plugin);
  instance.configure("{}", ENVIRONMENT);
  assert.throws(() => instance.configure("{}", ENVIRONMENT), (errors) => errors[0].code === "configured");
});

test("what an author's function throws is logged and thrown on", () => {
  const lines = [];
  bind({ log: (level, text) => lines.push([level, text]) });
  assert.throws(() => mapped((order) => order.missing.value, "{}"), TypeError);
  assert.equal(lines[0][0], "error");
  assert.match(lines[0][1], /^TypeError: .*\n.*plugin\.test/s);
  log.info("x");
  assert.deepEqual(lines[1], ["info", "x"]);
});

test("definitions that are none are refused at once", () => {
  assert.throws(() => defineMapping({ map: () => ({}) }), /source/);
  assert.throws(() => defineMapping({ source: order }), /map or mapGroup/);
  assert.throws(() => source({ $root: text() }), /\$/);
});
