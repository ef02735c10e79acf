// Reading a flat settings object, with every mistake reported at once.
//
// Unknown keys are errors with a suggestion, since a misspelt optional setting would otherwise be silently ignored. The
// schema in `plugin.json` is for people and for the host; this is what the plugin itself holds to.

import { Decimal } from "./decimal.js";
import { Num, isObject, parse, stringify } from "./json.js";
import { isEmptyText, plainNumber, wholeNumber } from "./scalar.js";

const ofType = (wanted, read) => ({ wanted, read });
const TEXT = ofType("a string", (raw) => (typeof raw === "string" ? raw : undefined));
const BOOLEAN = ofType("true or false", (raw) => (typeof raw === "boolean" ? raw : undefined));
const digits = (raw) => (typeof raw === "string" ? plainNumber(raw) : raw instanceof Num ? plainNumber(raw.token) : null);
const DECIMAL = ofType("a decimal", (raw) => {
  const plain = digits(raw);
  return plain === null ? undefined : Decimal.ofPlain(plain);
});
const COUNT = ofType("a whole number", (raw) => {
  const plain = digits(raw);
  const whole = plain === null ? null : wholeNumber(plain);
  const count = whole === null ? -1 : Number(whole);
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
});

/** Settings of a plugin; each has a default, so that no settings at all are good settings. */
export const setting = {
  text: (fallback = "") => ({ type: TEXT, fallback, needed: false }),
  requiredText: (fallback) => ({ type: TEXT, fallback, needed: true }),
  boolean: (fallback = false) => ({ type: BOOLEAN, fallback, needed: false }),
  decimal: (fallback = "0") => ({ type: DECIMAL, fallback: Decimal.of(fallback), needed: false }),
  count: (fallback = 0) => ({ type: COUNT, fallback, needed: false }),
};

/** Settings as the scheme gives them; mistakes go to `errors`, unknown keys to the second list that is returned. */
export function readSettings(declared, text, errors) {
  const given = parseObject(text, errors);
  const settings = {};
  for (const [name, { type, fallback, needed }] of Object.entries(declared)) {
    const raw = Object.hasOwn(given, name) ? given[name] : null;
    let value = raw === null ? fallback : type.read(raw);
    if (value === undefined) {
      const shown = Array.from(stringify(raw)).slice(0, 40).join("");
      errors.push({ path: name, code: "type", message: `must be ${type.wanted}, not ${shown}` });
      value = fallback;
    }
    if (needed && isEmptyText(value)) errors.push({ path: name, code: "required", message: "must not be empty" });
    settings[name] = value;
  }
  const known = Object.keys(declared);
  const unknown = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: name, code: "unknown", message: suggestion(name, known) }));
  return { settings: Object.freeze(settings), unknown };
}

function parseObject(text, errors) {
  if (text.trim() === "") return {};
  let given;
  try {
    given = parse(text);
  } catch (error) {
    errors.push({ path: "", code: "json", message: `settings are no JSON object: ${error.message}` });
    return {};
  }
  if (given === null) return {};
  if (isObject(given)) return given;
  errors.push({ path: "", code: "json", message: "settings are no JSON object" });
  return {};
}

function suggestion(name, known) {
  const near = nearest(name, known);
  return near === null ? `unknown setting; there are: ${known.join(", ")}` : `unknown setting; did you mean \`${near}\`?`;
}

/** The candidate closest to `name`, if it is close enough to be a slip: at most a third of its characters differ. */
export function nearest(name, candidates) {
  const typed = Array.from(name.toLowerCase()).slice(0, 64);
  let best = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = levenshtein(typed, Array.from(candidate.toLowerCase()));
    if (distance <= Math.ceil(Array.from(candidate).length / 3) && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function levenshtein(typed, wanted) {
  let row = typed.map((_, index) => index);
  row.push(typed.length);
  for (let line = 0; line < wanted.length; line++) {
    const next = [line + 1];
    for (let column = 0; column < typed.length; column++) {
      const replaced = row[column] + (typed[column] === wanted[line] ? 0 : 1);
      next.push(Math.min(replaced, row[column + 1] + 1, next[column] + 1));
    }
    row = next;
  }
  return row[typed.length];
}
