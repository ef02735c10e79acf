// Values made from other values, and what the host offers.

import type { Cell, Place } from "./fields.js";
import type { Decimal } from "./decimal.js";
import type { Value } from "./place.js";

/** A cell read as another kind than its field was declared: `as.text(line.goods_count)`. */
export const as: {
  text(cell: Cell<any>): Cell<string>;
  decimal(cell: Cell<any>): Cell<Decimal>;
  integer(cell: Cell<any>): Cell<bigint>;
  boolean(cell: Cell<any>): Cell<boolean>;
  date(cell: Cell<any>): Cell<string>;
  datetime(cell: Cell<any>): Cell<string>;
};

/**
 * The value that one of the scheme's tables has for a key: its second column, unless `column` names one. An empty key
 * stays empty (with `required`, it is a miss); a missing row or an empty cell refuses the group with `lookup.miss`,
 * unless `.or(…)` follows. The table must be among the definition's `tables`.
 */
export function lookup(table: string, key: Cell<any>, options?: { column?: string; required?: boolean }): Cell<string>;

/** Asks for many keys with one call of the host; each `lookup` of them is then free. */
export function prefetch(table: string, keys: readonly (Cell<any> | string)[]): void;

/** The exact sum; empty cells count as nothing. */
export function sum(values: readonly (Cell<Decimal> | Cell<bigint> | Decimal | null)[]): Decimal;

/**
 * Sets fields of a document or of one of its lines. Changed fields keep their place, new ones follow the others; an empty
 * value takes the field out, `undefined` leaves it as it is.
 */
export function put(view: Place, fields: { [field: string]: Value }): void;

/** The date that many days later, `YYYY-MM-DD`. */
export function addDays(date: string, days: number): string;

/** Lines of the run's report, for the author's eyes; a batch may write 64 KiB and 1,000 lines. */
export const log: {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
};
