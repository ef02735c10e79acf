// What a field's value means: how it is read from whatever the source sent, and how it is written to the target.
//
// `token` answers with JSON text, `null` for an empty value, or a `Fault`; `value` answers with the JavaScript value that
// authors calculate with, `null`, or a `Fault`. Nothing here knows where the value came from or goes to.

import { readDate, readDatetime } from "./date.js";
import { Decimal } from "./decimal.js";
import { Num, quoted, stringify } from "./json.js";
import { isEmptyText, plainNumber, trimmed, wholeNumber } from "./scalar.js";

/** Most characters of a source value that a message shows. */
const SHOWN_CHARS = 80;

/** Why a value cannot be used. */
export class Fault {
  /**
   * @param {string} code
   * @param {string} reason
   * @param {unknown} [raw] the value that came; the message shows it before the reason, unless it is personal
   */
  constructor(code, reason, raw = undefined) {
    this.code = code;
    this.reason = reason;
    this.raw = raw;
  }

  message(personal = false) {
    return this.raw === undefined ? this.reason : `${shown(this.raw, personal)} ${this.reason}`;
  }
}

/** A value between quotes, cut to 80 characters; personal data is masked. */
export function shown(raw, personal = false) {
  if (personal) return "***";
  const text = isStructure(raw) ? stringify(raw) : textOf(raw);
  if (text.length <= SHOWN_CHARS) return `"${text}"`;
  const characters = Array.from(text.slice(0, 2 * SHOWN_CHARS + 2));
  return characters.length <= SHOWN_CHARS ? `"${text}"` : `"${characters.slice(0, SHOWN_CHARS).join("")}…"`;
}

/** Whether there is nothing to carry over: null, absent, only white space, or masked by the source. */
export function isEmpty(raw) {
  if (typeof raw === "string") return isEmptyText(raw);
  return raw === null || raw === undefined || typeof raw === "function";
}

/** A string as it is, a number's digits with an exponent written out, `true`, `false`, and "" for nothing. */
export function textOf(raw) {
  if (typeof raw === "string") return raw;
  if (raw instanceof Num) return plainNumber(raw.token) ?? raw.token;
  return typeof raw === "boolean" ? String(raw) : "";
}

function isStructure(raw) {
  return typeof raw === "object" && raw !== null && !(raw instanceof Num);
}

/** @param {(raw: any, zone: number) => any} read the text, or a `Fault`; asked only for what is not empty */
function textual(name, format, read) {
  return {
    name,
    format,
    token(raw, zone) {
      if (isEmpty(raw)) return null;
      const text = read(raw, zone);
      return typeof text === "string" ? quoted(text) : text;
    },
    value(raw, zone) {
      return isEmpty(raw) ? null : read(raw, zone);
    },
  };
}

export const TEXT = textual("text", "", (raw) => (isStructure(raw) ? new Fault("type", "is not a text", raw) : textOf(raw)));

const slowText = TEXT.token;
/** Most values are texts or numbers, and an interpreter pays for every call. */
TEXT.token = (raw, zone) => {
  if (typeof raw === "string") return isEmptyText(raw) ? null : quoted(raw);
  return raw instanceof Num ? `"${plainNumber(raw.token) ?? raw.token}"` : slowText(raw, zone);
};

const DATE_FORMS = "is not a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds";

function dated(name, read) {
  return textual(name, `|${name}`, (raw, zone) => {
    if (isStructure(raw)) return new Fault("type", "is not a date", raw);
    const text = typeof raw === "boolean" ? undefined : read(typeof raw === "string" ? raw : raw.token, zone);
    return text === undefined ? new Fault("date", DATE_FORMS, raw) : text;
  });
}

export const DATE = dated("date", readDate);
export const DATETIME = dated("datetime", readDatetime);

function numeric(name, wanted, read, value) {
  return {
    name,
    format: "",
    token(raw) {
      const digits = raw instanceof Num ? plainNumber(raw.token) : typeof raw === "string" ? plainNumber(raw) : null;
      const token = digits === null ? null : read(digits);
      if (token !== null || isEmpty(raw)) return token;
      return new Fault("type", `is not ${wanted}`, raw);
    },
    value(raw) {
      const token = this.token(raw);
      return typeof token === "string" ? value(token) : token;
    },
  };
}

export const DECIMAL = numeric("decimal", "a decimal", (digits) => digits, Decimal.ofPlain);
export const INTEGER = numeric("integer", "a whole number", wholeNumber, BigInt);

const TRUE = new Set(["true", "1"]);
const FALSE = new Set(["false", "0"]);

export const BOOLEAN = {
  name: "boolean",
  format: "",
  token(raw) {
    if (isEmpty(raw)) return null;
    const text = isStructure(raw) ? "" : trimmed(textOf(raw));
    if (TRUE.has(text)) return "true";
    return FALSE.has(text) ? "false" : new Fault("type", "is not true or false", raw);
  },
  value(raw) {
    const token = this.token(raw);
    return typeof token === "string" ? token === "true" : token;
  },
};

/** A value of any form, kept as it came. */
export const ANY = {
  name: "any",
  format: "",
  token(raw) {
    return isEmpty(raw) ? null : stringify(raw);
  },
  value(raw) {
    return isEmpty(raw) ? null : raw;
  },
};

/** Texts of settings and of the author's code: the same few for every record. */
const constants = new Map();
const CONSTANTS_MAX = 256;

function constantToken(text) {
  let token = constants.get(text);
  if (token === undefined) {
    token = isEmptyText(text) ? null : quoted(text);
    if (constants.size < CONSTANTS_MAX) constants.set(text, token);
  }
  return token;
}

/** A JavaScript value as JSON text; `null` if it is empty. Throws on what has no exact form. */
export function tokenOf(value) {
  switch (typeof value) {
    case "string":
      return constantToken(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      if (Number.isSafeInteger(value)) return String(value);
      throw new TypeError(`${value} is no exact number; use Decimal.of("0.05")`);
    case "undefined":
      return null;
    default:
      if (value === null) return null;
      if (value instanceof Decimal) return value.toString();
      if (value instanceof Num) return value.token;
      throw new TypeError(`${Object.prototype.toString.call(value)} is no value of a field`);
  }
}

