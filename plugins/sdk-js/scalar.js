// Values of untyped sources: what counts as empty, and what counts as a number.
//
// These are the value rules that all dukou plugins share, whatever their language. Nothing here passes through a
// JavaScript number, and nothing here knows records, fields or dates.

/** Longest number, in digits, that an exponent is written out to; beyond it a value is no quantity of goods or money. */
export const DIGITS_MAX = 64;

/** White space as Unicode has it; `\s` would leave out U+0085 and add U+FEFF. */
const SPACE = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const BLANK = new RegExp(`^[${SPACE}]*$`);
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

/** A number as JSON writes it, without exponent. */
const CANONICAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
/** Every way of writing a number that is understood: sign, leading zeros, `.5`, `5.` and exponents. */
const NUMBER = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?$/;

/**
 * Whether a text carries nothing: only white space, or masked by the source (contains `***`).
 *
 * @param {string} text
 */
export function isEmptyText(text) {
  const first = text.charCodeAt(0);
  // Most texts begin with a letter or digit; only the others are worth an expression.
  if (first > 0x20 && first < 0x80) return text.length > 2 && text.includes("***");
  return BLANK.test(text) || text.includes("***");
}

/**
 * The text without white space around it.
 *
 * @param {string} text
 */
export function trimmed(text) {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  if (first > 0x20 && first < 0x80 && last > 0x20 && last < 0x80) return text;
  return text.replace(AROUND, "");
}

/**
 * A number as a JSON token without exponent, or `null` if it is none or has too many digits.
 *
 * Trailing zeros stay, since the scale of a price is information: `2.0000` stays `2.0000`, `1E+1` is `10`.
 *
 * @param {string} written
 * @returns {string | null}
 */
export function plainNumber(written) {
  if (written.length <= DIGITS_MAX && CANONICAL.test(written)) return written;
  const text = trimmed(written);
  const parts = NUMBER.exec(text);
  if (parts === null) return null;
  const [, sign, whole, fraction = "", exponentSign = "", exponent = ""] = parts;
  const digits = whole + fraction;
  if (digits.length === 0 || digits.length > DIGITS_MAX) return null;
  const size = exponent.replace(/^0+/, "");
  if (size.length > 3) return null;
  const shift = Number(size) * (exponentSign === "-" ? -1 : 1);
  const point = whole.length + shift;
  if (Math.abs(point) > DIGITS_MAX || digits.length - point > DIGITS_MAX) return null;
  return (sign === "-" ? "-" : "") + shifted(digits, point);
}

/** Writes `digits` with the decimal point after `point` of them. */
function shifted(/** @type {string} */ digits, /** @type {number} */ point) {
  const before = Math.max(point, 0);
  if (before >= digits.length) {
    const significant = digits.replace(/^0+/, "");
    return significant === "" ? "0" : significant + "0".repeat(before - digits.length);
  }
  const whole = digits.slice(0, before).replace(/^0+/, "");
  return (whole === "" ? "0" : whole) + "." + "0".repeat(Math.max(-point, 0)) + digits.slice(before);
}

/**
 * The whole part of a plain number, or `null` if it has a fraction other than zeros.
 *
 * @param {string} plain
 * @returns {string | null}
 */
export function wholeNumber(plain) {
  const point = plain.indexOf(".");
  if (point < 0) return plain;
  return /^0*$/.test(plain.slice(point + 1)) ? plain.slice(0, point) : null;
}
