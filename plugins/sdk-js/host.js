// What the host offers: rows of the scheme's tables, and lines for the author.
//
// The component's entry binds the contract's imports here; natively a test binds its own. Answers are kept for the life
// of the instance, which is sound because a deployment pins its tables. There is nothing else: no clock, no randomness,
// no files, no network.

let host = unbound();
let rows = new Map();

function unbound() {
  return { lookup: (_, keys) => keys.map(() => undefined), log: () => {} };
}

/** Binds `lookup(table, keys)` and `log(level, text)`, and forgets what was answered before. */
export function bind(functions) {
  host = { ...unbound(), ...functions };
  rows = new Map();
}

/** The row of one key as JSON text, `null` if there is none. */
export function lookupRow(table, key) {
  return lookupRows(table, [key])[0];
}

/** Rows of many keys with one call; `null` for each miss. */
export function lookupRows(table, keys) {
  let known = rows.get(table);
  if (known === undefined) rows.set(table, (known = new Map()));
  const unknown = keys.filter((key, index) => !known.has(key) && keys.indexOf(key) === index);
  if (unknown.length > 0) {
    const answers = host.lookup(table, unknown);
    unknown.forEach((key, index) => known.set(key, answers[index] ?? null));
  }
  return keys.map((key) => known.get(key));
}

/** Lines of the run's report, for the author's eyes. What an operator must see is a verdict. */
export const log = {
  debug: (text) => host.log("debug", String(text)),
  info: (text) => host.log("info", String(text)),
  warn: (text) => host.log("warn", String(text)),
  error: (text) => host.log("error", String(text)),
};
