// What may stand at a place of the target document.

import type { Cell, List, Shape, View } from "./fields.js";
import type { Decimal } from "./decimal.js";

/** A value without a source. An empty text leaves its field out; fractions are decimals, never JavaScript numbers. */
export type Constant = string | boolean | bigint | number | Decimal | null | undefined;

/** Made by `required`, `code`, `name`, `joined` and `lines`. */
export interface Described {
  readonly $described?: never;
  readonly $cell?: unknown;
}

/** What a target field can be: a value, a description of one, or objects and arrays of them. */
export type Value = Constant | Cell<any> | Described | Fields | readonly Value[];

/** Target fields in the order in which they are written. */
export interface Fields {
  [field: string]: Value;
}

declare class Omit {
  private readonly reason: string;
}
declare class Skip {
  private readonly reason: string;
}
declare class Part {
  private readonly suffix: string;
}
export type { Omit, Part, Skip };

/** A value without which the group is refused (`required`). */
export function required(value: Value): Described;
/** A reference by code, `{"Code":"…"}`. An empty value leaves the field out. */
export function code(value: Cell<any> | Constant): Described;
/** A reference by name, `{"Name":"…"}`. */
export function name(value: Cell<any> | Constant): Described;
/** One text of several parts. A cell among them that is empty leaves the whole field out; constants may be empty. */
export function joined(...parts: (Cell<any> | string)[]): Described;
/**
 * The lines of a document, in the order of the list. No lines at all refuse the group, unless `required` is false; if all
 * are left out, the group is skipped.
 *
 * ```js
 * RDRecordDetails: lines(order.details_list, (line) =>
 *   line.gift_type.value === "0" ? { BaseQuantity: required(line.goods_count) } : omit("赠品"),
 * ),
 * ```
 */
export function lines<S extends Shape>(
  list: List<S> | ReadonlyArray<View<S>>,
  line: (line: View<S>, index: number) => Fields | Omit,
  options?: { required?: boolean },
): Described;
/** Leaves a line out on purpose, so that totals can still be reconciled. */
export function omit(reason: string): Omit;
/** Makes no document of this record, on purpose. Nobody is asked to do anything. */
export function skip(reason: string): Skip;
/** One of several documents of a group; suffixes differ and depend on nothing that can change: `part("-p2", {…})`. */
export function part(suffix: string, fields: Fields): Part;
