// Exact arithmetic.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Decimal } from "../decimal.js";

const of = Decimal.of;

test("a number is written as it was read", () => {
  for (const text of ["0", "-1", "2.0000", "0.05", "-0.50", "1234567890123456789012345.678"]) {
    assert.equal(String(Decimal.parse(text)), text);
  }
  assert.equal(String(Decimal.parse("1E+1")), "10");
  assert.equal(Decimal.parse("x"), null);
});

test("sums and differences keep the scale", () => {
  assert.equal(String(of("0.1").add("0.2")), "0.3");
  assert.equal(String(of("2.50").add("1")), "3.50");
  assert.equal(String(of("1").sub("1.00")), "0.00");
  assert.equal(String(Decimal.sum([of("0.1"), of("0.02"), of(3)])), "3.12");
  assert.equal(String(Decimal.sum([])), "0");
});

test("products and quotients have no trailing zeros", () => {
  assert.equal(String(of("2.50").mul("4")), "10");
  assert.equal(String(of("19.90").mul("-0.1")), "-1.99");
  assert.equal(String(of("10").div("4")), "2.5");
  assert.equal(String(of("1").div("3")), "0.3333333333333333333333333333");
  assert.equal(String(of("200").div("3")), "66.66666666666666666666666667");
  assert.equal(of("1").div("0"), null);
});

test("rounding is half away from zero", () => {
  for (const [text, places, expected] of [
    ["2.345", 2, "2.35"],
    ["-2.345", 2, "-2.35"],
    ["2.344", 2, "2.34"],
    ["0.5", 0, "1"],
    ["-0.5", 0, "-1"],
    ["1.5", 4, "1.5"],
    ["0.004", 2, "0.00"],
  ]) {
    assert.equal(String(of(text).round(places)), expected, text);
  }
  assert.equal(String(of("50.76").div("3", 6)), "16.920000");
  assert.equal(String(of("-1").div("6", 3)), "-0.167");
});

test("comparing ignores the scale", () => {
  assert.ok(of("2.0").eq("2"));
  assert.ok(of("0.009").lt("0.01"));
  assert.ok(of("-1").lt(0) && of(0).gt("-0.1"));
  assert.ok(of(1).gte(1n) && of(1).lte("1.00"));
  assert.equal(of("1.10").cmp("1.1"), 0);
  assert.ok(of("0.000").isZero() && of("-3").isNegative() && of("-3").abs().eq(3));
});

test("nothing passes through binary floating point", () => {
  assert.throws(() => of(0.1), TypeError);
  assert.throws(() => of("two"), TypeError);
  assert.throws(() => of(2 ** 60), TypeError);
  assert.throws(() => of("1") + 1, TypeError);
  assert.throws(() => of("1") < of("2"), TypeError);
  assert.equal(`${of("1.50")}`, "1.50");
});

test("sums agree with whole numbers of cents", () => {
  let sum = Decimal.ZERO;
  let cents = 0n;
  for (let step = 1n; step < 2000n; step++) {
    const part = (step * 7919n) % 100_003n;
    sum = sum.add(new Decimal(part, 2));
    cents += part;
  }
  assert.equal(String(sum), `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`);
});
