// Values made from other values: read as another kind, looked up in a table, summed.

import { Cell, lookup } from "./cell.js";
import { Decimal } from "./decimal.js";
import { lookupRows } from "./host.js";
import { BOOLEAN, DATE, DATETIME, DECIMAL, INTEGER, TEXT } from "./kinds.js";

export { lookup };

/** A cell read as another kind than its field was declared: `as.text(order.stockout_id)`. */
export const as = {
  text: (cell) => cell.$as(TEXT),
  decimal: (cell) => cell.$as(DECIMAL),
  integer: (cell) => cell.$as(INTEGER),
  boolean: (cell) => cell.$as(BOOLEAN),
  date: (cell) => cell.$as(DATE),
  datetime: (cell) => cell.$as(DATETIME),
};

/** Asks a table for many keys at once, so that each `lookup` of them costs nothing more. */
export function prefetch(table, keys) {
  const texts = keys.map((key) => (key instanceof Cell ? key.$as(TEXT).toString() : String(key)));
  lookupRows(table, texts.filter((key) => key !== ""));
}

/** The exact sum of decimals or of cells that hold some; an empty one counts as nothing. */
export function sum(values) {
  let total = Decimal.ZERO;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] instanceof Cell ? values[index].value : values[index];
    if (value !== null && value !== undefined) total = total.add(value);
  }
  return total;
}
