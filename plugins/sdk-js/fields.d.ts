// Declarations of records and documents, and what reading them gives. Types follow from the declaration.

import type { Decimal } from "./decimal.js";
import type { Constant } from "./place.js";

/** One value of a record or document. Nothing is judged before it is read or placed. */
export interface Cell<V> {
  /**
   * What to calculate with; `null` if it is empty. Reading what cannot be understood (`"two"` for a decimal) gives `null`
   * as well, and refuses the group with the cell's path: there is no need to test for it.
   */
  readonly value: V | null;
  /** Whether there is nothing to carry over: absent, null, blank, or masked by the source (`***`); zero dates too. */
  readonly empty: boolean;
  /** For example `details_list[0].price`. */
  readonly path: string;
  /** The value as text, "" if it is empty: `${order.shop_name}`. */
  toString(): string;
  /** This value, or `other` where it is empty or a look-up found nothing. */
  or(other: Cell<V> | Constant): Cell<V>;
  /** A value calculated from this one; empty stays empty: `line.price.map((price) => price.mul("1.13").round(2))`. */
  map<W extends Constant | Cell<any>>(calculate: (value: V) => W): Cell<W extends Cell<infer U> ? U : NonNullable<W>>;
}

/** A field of a declaration; `C` is what a view has in its place. */
export interface Field<C> {
  readonly $is?: C;
}

/** Field names with their declarations. */
export type Shape = { readonly [name: string]: Field<any> };

/** A record, document or line: one member for each declared field. */
export type View<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer C> ? C : never } & Place;

/** Something with a path. */
export interface Place {
  readonly $root: object;
}

/** The elements of a list. */
export type List<S extends Shape> = ReadonlyArray<View<S>> & { readonly $list: object };

export interface FieldOptions {
  /** Messages do not show its value. Fields that the host's catalogue calls personal need not say so. */
  personal?: boolean;
}

/** Text. A number is its digits as they came. */
export function text(options?: FieldOptions): Field<Cell<string>>;
/** An exact decimal, sent as a number or as numeric text. */
export function decimal(options?: FieldOptions): Field<Cell<Decimal>>;
/** A whole number. */
export function integer(options?: FieldOptions): Field<Cell<bigint>>;
/** `true`, `false`, `1` or `0`. */
export function boolean(options?: FieldOptions): Field<Cell<boolean>>;
/** A day, `YYYY-MM-DD`, from a date, a date with a time, or epoch milliseconds in the scheme's zone. */
export function date(options?: FieldOptions): Field<Cell<string>>;
/** `YYYY-MM-DD HH:MM:SS` in the scheme's zone. */
export function datetime(options?: FieldOptions): Field<Cell<string>>;
/** Any JSON, kept as it came. */
export function any(options?: FieldOptions): Field<Cell<any>>;
/** A list of objects. Absent, null and "" have no elements, a lone object is one. */
export function list<const S extends Shape>(shape: S): Field<List<S>>;
/** An object inside the record. */
export function object<const S extends Shape>(shape: S): Field<View<S>>;

/** What a plugin reads of a record; its needs are collected from it. */
export interface Source<S extends Shape> {
  /** `["order_no", "details_list[].price"]` */
  readonly needs: readonly string[];
  readonly $shape?: S;
}

/** What a plugin reads of a document. */
export interface Target<S extends Shape> {
  readonly wrapper: string;
  readonly $shape?: S;
}

/**
 * Declares what is read of a source record. Nothing else reaches the plugin.
 *
 * ```js
 * const order = source({ order_no: text(), details_list: list({ price: decimal() }) });
 * ```
 */
export function source<const S extends Shape>(shape: S): Source<S>;

/** Declares what is read of a document, below `wrapper` ("" if the API has none): `target("dto", { Memo: text() })`. */
export function target<const S extends Shape>(wrapper: string, shape: S): Target<S>;
