// JSON whose numbers keep their digits: `2.0000` is read and written as `2.0000`.
//
// Reading uses the engine's parser where it tells a number's source text (the sandbox's engine does, Node from 21 on),
// and else the parser below. Both give the same values. Text that serde_json would refuse is refused here too: a lone
// surrogate, nesting deeper than 128. Writing is compact, in the order of the members, with serde_json's escapes.

/** Deepest nesting that is read. */
const DEPTH_MAX = 128;
/** An escape that may be half a character. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
/** A name that JavaScript would move to the front of its object. */
const COUNTING_NAME = /"[0-9]+"\s*:/;
/** The names of an object that has such a name, in their order. */
const ORDER = Symbol("order of names");

/** A number, digit by digit as it came. */
export class Num {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
  }

  toString() {
    return this.token;
  }

  toJSON() {
    return raw(this.token);
  }
}

/** @type {(token: string) => unknown} */
const raw = /** @type {any} */ (JSON).rawJSON ?? ((token) => token);
const writesRaw = "rawJSON" in JSON;

const tellsSource = (() => {
  let told;
  const look = (/** @type {string} */ _, /** @type {unknown} */ value, /** @type {any} */ context) => {
    told = context?.source;
    return value;
  };
  JSON.parse("1.0", /** @type {any} */ (look));
  return told === "1.0";
})();

function revive(/** @type {string} */ _, /** @type {any} */ value, /** @type {any} */ context) {
  return typeof value === "number" ? new Num(context.source) : value;
}

/**
 * Reads one value. Throws a `SyntaxError` on anything that is not JSON.
 *
 * @param {string} text
 * @param {boolean} [ordered] whether the value will be written again, so that the order of all names matters
 * @returns {any}
 */
export function parse(text, ordered = false) {
  if (!tellsSource || (text.includes("\\u") && SURROGATE.test(text)) || (ordered && COUNTING_NAME.test(text))) {
    return parseByHand(text);
  }
  return JSON.parse(text, /** @type {any} */ (revive));
}

/**
 * Writes a value that `parse` read, or one made of texts, `Num`, booleans, null, arrays and plain objects.
 *
 * @param {any} value
 * @returns {string}
 */
export function stringify(value) {
  return writesRaw && !hasOrder(value) ? JSON.stringify(value) : write(value);
}

/** A text as a JSON string. @type {(text: string) => string} */
export const quoted = JSON.stringify;

/** Whether a value is a JSON object. @param {any} value */
export function isObject(value) {
  return typeof value === "object" && value !== null && !(value instanceof Num) && !Array.isArray(value);
}

function hasOrder(/** @type {any} */ value) {
  if (typeof value !== "object" || value === null || value instanceof Num) return false;
  if (value[ORDER] !== undefined) return true;
  for (const name in value) if (hasOrder(value[name])) return true;
  return false;
}

/** The names of an object in the order of its text; those that were added come last. */
export function names(/** @type {any} */ object) {
  const order = object[ORDER];
  if (order === undefined) return Object.keys(object);
  const there = order.filter((/** @type {string} */ name) => Object.hasOwn(object, name));
  return there.concat(Object.keys(object).filter((name) => !order.includes(name)));
}

/** @returns {string} */
function write(/** @type {any} */ value) {
  if (value === null || value === undefined) return "null";
  if (value instanceof Num) return value.token;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${names(value).map((/** @type {string} */ name) => `${quoted(name)}:${write(value[name])}`).join(",")}}`;
}

// The parser by hand.

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACES = /[ \t\n\r]*/y;
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * The same as `parse`, without the engine's parser.
 *
 * @param {string} text
 * @returns {any}
 */
export function parseByHand(text) {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  if (reader.at < text.length) reader.fail();
  return value;
}

class Reader {
  constructor(/** @type {string} */ text) {
    this.text = text;
    this.at = 0;
  }

  /** @returns {never} */
  fail(what = "unexpected character") {
    throw new SyntaxError(this.at < this.text.length ? `${what} at position ${this.at}` : "unexpected end of the text");
  }

  space() {
    if (this.text.charCodeAt(this.at) > 0x20) return;
    SPACES.lastIndex = this.at;
    SPACES.test(this.text);
    this.at = SPACES.lastIndex;
  }

  /** @returns {any} */
  value(/** @type {number} */ depth) {
    if (depth > DEPTH_MAX) this.fail("nested too deeply");
    this.space();
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  word(/** @type {string} */ word, /** @type {any} */ value) {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  number() {
    NUMBER.lastIndex = this.at;
    if (!NUMBER.test(this.text)) this.fail();
    const token = this.text.slice(this.at, NUMBER.lastIndex);
    this.at = NUMBER.lastIndex;
    return new Num(token);
  }

  object(/** @type {number} */ depth) {
    /** @type {any} */
    const object = {};
    /** @type {string[]} */
    const order = [];
    let counting = false;
    for (this.at++; ; this.at++) {
      this.space();
      if (order.length === 0 && this.text[this.at] === "}") break;
      if (this.text[this.at] !== '"') this.fail();
      const name = this.string();
      this.space();
      if (this.text[this.at++] !== ":") this.fail();
      const value = this.value(depth + 1);
      if (!Object.hasOwn(object, name)) order.push(name);
      counting ||= /^[0-9]+$/.test(name);
      // Plain assignment would set the prototype.
      if (name === "__proto__") Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      else object[name] = value;
      this.space();
      if (this.text[this.at] === "}") break;
      if (this.text[this.at] !== ",") this.fail();
    }
    this.at++;
    if (counting) Object.defineProperty(object, ORDER, { value: order });
    return object;
  }

  array(/** @type {number} */ depth) {
    /** @type {any[]} */
    const array = [];
    this.at++;
    this.space();
    if (this.text[this.at] === "]") {
      this.at++;
      return array;
    }
    for (;;) {
      array.push(this.value(depth + 1));
      this.space();
      const next = this.text[this.at++];
      if (next === "]") return array;
      if (next !== ",") {
        this.at--;
        this.fail();
      }
    }
  }

  string() {
    let out = "";
    this.at++;
    for (;;) {
      PLAIN.lastIndex = this.at;
      PLAIN.test(this.text);
      out += this.text.slice(this.at, PLAIN.lastIndex);
      this.at = PLAIN.lastIndex;
      const next = this.text[this.at];
      if (next === '"') {
        this.at++;
        return out;
      }
      if (next !== "\\") this.fail("unexpected character in a string");
      out += this.escape();
    }
  }

  escape() {
    const letter = this.text[this.at + 1];
    if (letter !== "u") {
      const character = ESCAPES[letter] ?? this.fail("unknown escape");
      this.at += 2;
      return character;
    }
    const unit = this.unit(this.at + 2);
    this.at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const paired = unit < 0xdc00 && this.text.startsWith("\\u", this.at) ? this.unit(this.at + 2) : 0;
    if (paired < 0xdc00 || paired > 0xdfff) this.fail("half a character");
    this.at += 6;
    return String.fromCharCode(unit, paired);
  }

  unit(/** @type {number} */ at) {
    const digits = this.text.slice(at, at + 4);
    return /^[0-9a-fA-F]{4}$/.test(digits) ? parseInt(digits, 16) : this.fail("unknown escape");
  }
}
