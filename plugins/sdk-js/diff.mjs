// What differs between two JSON values, line by line with paths: `dto.Memo: expected "a", found "b"`.
//
// Numbers are compared digit by digit (`2.0000` is not `2`), and the order of members counts. Needs Node for nothing.

import { Num, isObject, names, stringify } from "./json.js";

/** Longest value that a line shows. */
const SHOWN_CHARS = 120;

/** @returns {string[]} nothing if the values are the same */
export function diff(expected, found, path = "") {
  if (Array.isArray(expected) && Array.isArray(found)) return diffArrays(expected, found, path);
  if (isObject(expected) && isObject(found)) return diffObjects(expected, found, path);
  if (sameScalar(expected, found)) return [];
  return [`${path || "value"}: expected ${shown(expected)}, found ${shown(found)}`];
}

function diffArrays(expected, found, path) {
  const lines = [];
  for (let index = 0; index < Math.max(expected.length, found.length); index++) {
    const at = `${path}[${index}]`;
    if (index >= found.length) lines.push(`${at}: missing, expected ${shown(expected[index])}`);
    else if (index >= expected.length) lines.push(`${at}: not expected, found ${shown(found[index])}`);
    else lines.push(...diff(expected[index], found[index], at));
  }
  return lines;
}

function diffObjects(expected, found, path) {
  const lines = [];
  const [wanted, there] = [names(expected), names(found)];
  for (const name of wanted) {
    const at = path === "" ? name : `${path}.${name}`;
    if (there.includes(name)) lines.push(...diff(expected[name], found[name], at));
    else lines.push(`${at}: missing, expected ${shown(expected[name])}`);
  }
  for (const name of there) {
    if (!wanted.includes(name)) lines.push(`${path === "" ? name : `${path}.${name}`}: not expected, found ${shown(found[name])}`);
  }
  const shared = (list, other) => list.filter((name) => other.includes(name)).join(", ");
  if (shared(wanted, there) !== shared(there, wanted)) {
    lines.push(`${path || "value"}: expected the order ${shared(wanted, there)}; found ${shared(there, wanted)}`);
  }
  return lines;
}

function sameScalar(expected, found) {
  if (expected instanceof Num && found instanceof Num) return expected.token === found.token;
  return expected === found;
}

function shown(value) {
  if (value === undefined) return "nothing";
  const text = stringify(value);
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}
