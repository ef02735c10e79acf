// Exact decimals: a whole number of units and how many of its digits stand behind the point.
//
// Sums and differences keep the larger scale, products and quotients have no trailing zeros, as in dukou's mapping
// tables. There is no way to make one from a fraction in binary floating point, on purpose.

import { plainNumber } from "./scalar.js";

/** Significant digits of a quotient that is not asked for fewer. */
const QUOTIENT_DIGITS = 28;

export class Decimal {
  /**
   * @param {bigint} units
   * @param {number} scale
   */
  constructor(units, scale) {
    this.units = units;
    this.scale = scale;
    Object.freeze(this);
  }

  /** Reads a number, e.g. `"19.9000"` or `"1E+1"`; `null` if the text is none. */
  static parse(/** @type {string} */ text) {
    const plain = plainNumber(text);
    return plain === null ? null : Decimal.ofPlain(plain);
  }

  /** From a text, a bigint or a whole JavaScript number. Throws on anything else: use it for constants. */
  static of(/** @type {string | bigint | number | Decimal} */ value) {
    if (value instanceof Decimal) return value;
    if (typeof value === "bigint") return new Decimal(value, 0);
    if (typeof value === "number" && Number.isSafeInteger(value)) return new Decimal(BigInt(value), 0);
    const decimal = typeof value === "string" ? Decimal.parse(value) : null;
    if (decimal === null) throw new TypeError(`not an exact decimal: ${value}; write fractions as text, "0.05"`);
    return decimal;
  }

  /** From a token that `plainNumber` made. */
  static ofPlain(/** @type {string} */ plain) {
    const point = plain.indexOf(".");
    if (point < 0) return new Decimal(BigInt(plain), 0);
    return new Decimal(BigInt(plain.slice(0, point) + plain.slice(point + 1)), plain.length - point - 1);
  }

  /** The sum of any number of decimals. */
  static sum(/** @type {Iterable<Decimal>} */ values) {
    let sum = Decimal.ZERO;
    for (const value of values) sum = sum.add(value);
    return sum;
  }

  add(/** @type {Decimal | string | bigint | number} */ other) {
    const [left, right, scale] = aligned(this, Decimal.of(other));
    return new Decimal(left + right, scale);
  }

  sub(/** @type {Decimal | string | bigint | number} */ other) {
    return this.add(Decimal.of(other).neg());
  }

  mul(/** @type {Decimal | string | bigint | number} */ other) {
    const right = Decimal.of(other);
    return stripped(this.units * right.units, this.scale + right.scale);
  }

  /** The quotient, rounded half away from zero to `places` if they are given; `null` for a division by zero. */
  div(/** @type {Decimal | string | bigint | number} */ other, /** @type {number | undefined} */ places = undefined) {
    const right = Decimal.of(other);
    if (right.units === 0n) return null;
    const [left, divisor] = aligned(this, right);
    if (places !== undefined) return new Decimal(rounded(left * 10n ** BigInt(places), divisor), places);
    const whole = String(magnitude(left / divisor));
    // A quotient below one begins with zeros that are no significant digits.
    const digits = whole === "0" ? QUOTIENT_DIGITS + String(magnitude(divisor)).length - String(magnitude(left)).length : QUOTIENT_DIGITS - whole.length;
    const scale = Math.max(digits, 0);
    return stripped(rounded(left * 10n ** BigInt(scale), divisor), scale);
  }

  /** At most `places` digits behind the point, half away from zero. */
  round(/** @type {number} */ places) {
    if (this.scale <= places) return this;
    return new Decimal(rounded(this.units, 10n ** BigInt(this.scale - places)), places);
  }

  neg() {
    return new Decimal(-this.units, this.scale);
  }

  abs() {
    return this.units < 0n ? this.neg() : this;
  }

  /** Below zero if this is less, above zero if it is more; the scale does not count. */
  cmp(/** @type {Decimal | string | bigint | number} */ other) {
    const [left, right] = aligned(this, Decimal.of(other));
    return left < right ? -1 : left > right ? 1 : 0;
  }

  eq(/** @type {Decimal | string | bigint | number} */ other) {
    return this.cmp(other) === 0;
  }

  lt(/** @type {Decimal | string | bigint | number} */ other) {
    return this.cmp(other) < 0;
  }

  lte(/** @type {Decimal | string | bigint | number} */ other) {
    return this.cmp(other) <= 0;
  }

  gt(/** @type {Decimal | string | bigint | number} */ other) {
    return this.cmp(other) > 0;
  }

  gte(/** @type {Decimal | string | bigint | number} */ other) {
    return this.cmp(other) >= 0;
  }

  isZero() {
    return this.units === 0n;
  }

  isNegative() {
    return this.units < 0n;
  }

  /** The number as JSON writes it, with all digits of its scale. */
  toString() {
    const digits = String(magnitude(this.units)).padStart(this.scale + 1, "0");
    const point = digits.length - this.scale;
    const text = this.scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
    return this.units < 0n ? `-${text}` : text;
  }

  /** `<`, `+` and the like would go through binary floating point. */
  valueOf() {
    throw new TypeError("calculate with add, sub, mul, div, and compare with lt, lte, eq, gte, gt");
  }

  /** In a template text it is its digits. */
  [Symbol.toPrimitive](/** @type {string} */ hint) {
    return hint === "string" ? this.toString() : this.valueOf();
  }
}

Decimal.ZERO = new Decimal(0n, 0);

/** Units of both at the larger scale. @returns {[bigint, bigint, number]} */
function aligned(/** @type {Decimal} */ left, /** @type {Decimal} */ right) {
  if (left.scale === right.scale) return [left.units, right.units, left.scale];
  if (left.scale < right.scale) return [left.units * 10n ** BigInt(right.scale - left.scale), right.units, right.scale];
  return [left.units, right.units * 10n ** BigInt(left.scale - right.scale), left.scale];
}

function magnitude(/** @type {bigint} */ units) {
  return units < 0n ? -units : units;
}

/** A quotient of units, half away from zero. */
function rounded(/** @type {bigint} */ units, /** @type {bigint} */ divisor) {
  const size = magnitude(divisor);
  const up = (2n * magnitude(units) + size) / (2n * size);
  return units < 0n === divisor < 0n ? up : -up;
}

/** Without zeros at the end. */
function stripped(/** @type {bigint} */ units, /** @type {number} */ scale) {
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return new Decimal(units, scale);
}
