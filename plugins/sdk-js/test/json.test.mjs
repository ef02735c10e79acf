// Reading and writing with exact numbers, by both parsers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Num, names, parse, parseByHand, quoted, stringify } from "../json.js";

test("numbers come back digit by digit", () => {
  for (const text of ['{"a":2.0000,"b":[1E+1,-0,0.10,12345678901234567890.0100],"c":"2.0000"}', "1e400", "[]", "{}", '"x"', "null", "[true,false]"]) {
    assert.equal(stringify(parse(text, true)), text);
    assert.equal(stringify(parseByHand(text)), text);
  }
  assert.equal(parse('{"a":1.50}').a.token, "1.50");
  assert.ok(parse("[7]")[0] instanceof Num);
});

test("both parsers agree", () => {
  const text = ' { "a" : [ 1 , {"b":null} , "\\u4e2d\\/\\n" ] ,\n\t"c":{"d":false,"__proto__":1},"a2":"" } ';
  assert.equal(stringify(parse(text)), stringify(parseByHand(text)));
  assert.equal(stringify(parseByHand(text)), '{"a":[1,{"b":null},"中/\\n"],"c":{"d":false,"__proto__":1},"a2":""}');
});

test("members keep their order, those that look like indexes too", () => {
  const text = '{"b":1,"10":2,"a":{"2":3,"1":4},"0":5}';
  const value = parse(text, true);
  assert.equal(stringify(value), text);
  assert.deepEqual(names(value), ["b", "10", "a", "0"]);
  value.new = new Num("6");
  delete value.b;
  assert.equal(stringify(value), '{"10":2,"a":{"2":3,"1":4},"0":5,"new":6}');
});

test("of members with the same name the last counts, in the first's place", () => {
  assert.equal(stringify(parseByHand('{"a":1,"b":2,"a":3}')), '{"a":3,"b":2}');
  assert.equal(stringify(parse('{"a":1,"b":2,"a":3}', true)), '{"a":3,"b":2}');
});

test("escapes are those of serde_json", () => {
  assert.equal(quoted('"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028中😀'), '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u2028中😀"');
  for (let code = 0; code < 0x80; code++) {
    const character = String.fromCharCode(code);
    const expected =
      { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character] ??
      (code < 0x20 ? `\\u00${code.toString(16).padStart(2, "0")}` : character);
    assert.equal(quoted(character), `"${expected}"`);
    assert.equal(parseByHand(quoted(character)), character);
  }
});

test("characters beyond 16 bits may be written as two escapes, never as one", () => {
  assert.equal(parse('"\\ud83d\\ude00"'), "😀");
  assert.equal(parseByHand('"\\uD83D\\uDE00"'), "😀");
  for (const text of ['"\\ud83d"', '"\\ude00"', '"\\ud83dx"', '"\\ud83d\\ud83d"', '{"\\udfff":1}']) {
    assert.throws(() => parse(text), SyntaxError, text);
  }
});

test("what is not JSON is refused", () => {
  for (const text of ["", " ", "{", "[1,]", "[,]", '{"a":1,}', '{"a"}', "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "truex", '"\n"', '"\\x"', '"\\u12"', "[1] 2", "'a'", '"a', "-"]) {
    assert.throws(() => parseByHand(text), SyntaxError, text);
    assert.throws(() => parse(text), SyntaxError, text);
  }
});

test("nesting has a limit instead of the stack's", () => {
  assert.throws(() => parseByHand("[".repeat(100_000)), SyntaxError);
  assert.equal(stringify(parseByHand("[".repeat(100) + "]".repeat(100))), "[".repeat(100) + "]".repeat(100));
});

test("texts of every kind come back", () => {
  let seed = 42;
  const next = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 500; round++) {
    const points = Array.from({ length: next(12) }, () => [next(0x80), next(0x800), 0xe000 + next(0x1ff0), 0x1f300 + next(0x300)][next(4)]);
    const text = String.fromCodePoint(...points);
    assert.equal(parseByHand(quoted(text)), text);
    assert.equal(parse(stringify({ [`k${text}`]: text }))[`k${text}`], text);
  }
});
