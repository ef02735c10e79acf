// Numbers and emptiness, as plugins/sdk/src/scalar.rs has them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isEmptyText, plainNumber, trimmed, wholeNumber } from "../scalar.js";

test("numbers keep their scale and lose their exponent", () => {
  for (const [written, expected] of [
    ["2.0000", "2.0000"],
    ["1E+1", "10"],
    ["1e1", "10"],
    ["12.345e2", "1234.5"],
    ["1.5E-3", "0.0015"],
    ["-2.50", "-2.50"],
    ["+7", "7"],
    ["007.10", "7.10"],
    [".5", "0.5"],
    ["5.", "5"],
    [" 3 ", "3"],
    ["\u00853\u3000", "3"],
    ["-0", "-0"],
    ["0E+5", "0"],
    ["0.00", "0.00"],
    ["1234567890123456789.0100", "1234567890123456789.0100"],
    ["100E-2", "1.00"],
    ["1e0000001", "10"],
  ]) {
    assert.equal(plainNumber(written), expected, written);
  }
});

test("what is no number is none", () => {
  for (const written of ["", " ", ".", "-", "+", "e5", "1e", "1e+", "1,000.00", "1 000", "12元", "0x10", "NaN", "Infinity", "--1", "1.2.3", "\ufeff1", "１"]) {
    assert.equal(plainNumber(written), null, written);
  }
});

test("numbers beyond 64 digits are none", () => {
  assert.equal(plainNumber("1".repeat(64)), "1".repeat(64));
  assert.equal(plainNumber("1".repeat(65)), null);
  assert.equal(plainNumber("1e63"), `1${"0".repeat(63)}`);
  assert.equal(plainNumber("1e64"), null);
  assert.equal(plainNumber("1e9999"), null);
  assert.equal(plainNumber("1e-64"), `0.${"0".repeat(63)}1`);
  assert.equal(plainNumber("1e-65"), null);
});

test("whole numbers may have a fraction of zeros", () => {
  assert.equal(wholeNumber("3"), "3");
  assert.equal(wholeNumber("3.000"), "3");
  assert.equal(wholeNumber("3.001"), null);
});

test("empty is blank or masked", () => {
  for (const text of ["", " ", "\t\n", "\u3000", "\u0085", "***", "张***", "138****0000", "   ***"]) assert.ok(isEmptyText(text), text);
  for (const text of ["a", "0", "**", "* * *", "\ufeff", "。", "张三"]) assert.ok(!isEmptyText(text), text);
});

test("white space around is Unicode's", () => {
  assert.equal(trimmed("\u3000 a b\u2028"), "a b");
  assert.equal(trimmed("\ufeffa"), "\ufeffa");
  assert.equal(trimmed(""), "");
});
