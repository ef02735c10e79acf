// What may stand at a place of the target: values, required values, references, joined texts, lines.
//
// These are descriptions; `render` turns them into JSON text and violations.

import { Cell, FAULTED, RENDER } from "./cell.js";
import { TEXT } from "./kinds.js";
import { quoted } from "./json.js";

/** A value without which the group is refused. */
export function required(value) {
  return new Required(value);
}

/** A reference by code, `{"Code":"…"}`; an empty value leaves the field out. */
export function code(value) {
  return new Reference("Code", value);
}

/** A reference by name, `{"Name":"…"}`. */
export function name(value) {
  return new Reference("Name", value);
}

/** One text out of several parts. A field among them that is empty leaves the whole text out; constants may be empty. */
export function joined(...parts) {
  return new Joined(parts);
}

/** The lines of a document: what `line` makes of each element of a list, or `omit(…)`. */
export function lines(list, line, { required: needed = true } = {}) {
  return new Lines(list, line, needed);
}

/** Leaves a line out on purpose. */
export function omit(reason) {
  return new Omit(reason);
}

/** Makes no document, on purpose. */
export function skip(reason) {
  return new Skip(reason);
}

/** One of several documents of a group. */
export function part(suffix, fields) {
  return new Part(suffix, fields);
}

class Required {
  constructor(value) {
    this.value = value;
  }

  get $cell() {
    return this.value?.$cell;
  }

  [RENDER](renderer, base, key) {
    const token = renderer.token(this.value, base, key);
    if (token !== null) return token;
    renderer.refuse(this.$cell, "required", "the field is required and the value is empty", base + key);
    return FAULTED;
  }
}

class Reference {
  constructor(by, value) {
    this.by = by;
    this.value = value instanceof Cell ? value.$as(TEXT) : value;
  }

  get $cell() {
    return this.value?.$cell;
  }

  [RENDER](renderer, base, key) {
    const token = renderer.token(this.value, base, key);
    if (typeof token !== "string") return token;
    return (this.by === "Code" ? '{"Code":' : '{"Name":') + (token[0] === '"' ? token : quoted(token)) + "}";
  }
}

class Joined {
  constructor(parts) {
    this.parts = parts;
  }

  get $cell() {
    return this.parts.find((part) => part instanceof Cell);
  }

  [RENDER](renderer, base, key) {
    let inside = "";
    let answer = "";
    for (let at = 0; at < this.parts.length; at++) {
      const part = this.parts[at];
      if (!(part instanceof Cell)) {
        inside += typeof part === "string" ? insideOf(part) : String(part);
        continue;
      }
      const token = part.$as(TEXT)[RENDER](renderer, base, key);
      if (typeof token === "string") inside += token.slice(1, -1);
      else if (answer !== FAULTED) answer = token;
    }
    return answer === "" ? `"${inside}"` : answer;
  }
}

/** Constant parts as the inside of a JSON string: the same few for every record. */
const insides = new Map();
const INSIDES_MAX = 256;

function insideOf(text) {
  let inside = insides.get(text);
  if (inside === undefined) {
    inside = quoted(text).slice(1, -1);
    if (insides.size < INSIDES_MAX) insides.set(text, inside);
  }
  return inside;
}

export class Lines {
  constructor(list, line, needed) {
    this.list = list;
    this.line = line;
    this.needed = needed;
  }

  [RENDER](renderer, base, key) {
    return renderer.lines([this], base, key);
  }
}

export class Omit {
  constructor(reason) {
    this.reason = reason;
  }
}

export class Skip {
  constructor(reason) {
    this.reason = reason;
  }
}

export class Part {
  constructor(suffix, fields) {
    this.suffix = suffix;
    this.fields = fields;
  }
}

