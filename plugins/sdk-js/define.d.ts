// The three kinds of plugin, and what their functions are given.

import type { List, Cell, Place, Shape, Source, Target, View } from "./fields.js";
import type { Fields, Part, Skip } from "./place.js";
import type { SettingShape, Settings } from "./settings.js";

/** One source object as the host hands it over. */
export interface SourceRecord {
  readonly key: string;
  /** RFC 3339. */
  readonly receivedAt: string;
  readonly body: string;
  readonly extra: string;
}

/** What becomes documents together. */
export interface Group {
  readonly key: string;
  readonly records: readonly SourceRecord[];
  readonly extra: string;
}

/** A part left out on purpose. */
export interface Omission {
  readonly member: number;
  readonly path: string;
  readonly reason: string;
}

type Where = Cell<any> | Place | List<any> | string;

/** What a function is given beside the records; made for one group and forgotten with it. */
export interface Context<S extends Shape, T extends SettingShape> {
  readonly settings: Settings<T>;
  readonly group: Group;
  /** The group's records. */
  readonly orders: readonly View<S>[];
  /** What the plugins before this one left out. */
  readonly omitted: readonly Omission[];
  /** The day on which a record was received, in the scheme's zone; the only time that a plugin sees. */
  receivedDate(member?: number): string | null;
  /** Whether a line, or its whole record, was left out. */
  isOmitted(line: Place): boolean;
  /**
   * Refuses the group, for one of possibly many reasons. `code` is a short stable word without values; the message says
   * what was expected and what came.
   */
  refuse(code: string, message: string, where?: { source?: Where; target?: Where }): void;
  /** Leaves out a part of a record on purpose. */
  omit(part: Place, reason: string): void;
}

interface Common<S extends Shape, T extends SettingShape> {
  /** What is read of a record. */
  source: Source<S>;
  settings?: T;
  /** Tables that `lookup` may ask, "" for none. */
  tables?: string | readonly string[] | ((settings: Settings<T>) => string | readonly string[]);
  /** Fewer needs than all of `source`, where settings make fields superfluous. */
  needs?(settings: Settings<T>): readonly string[];
  /** Refuses settings that do not fit together. */
  check?(settings: Settings<T>, refuse: (path: string, code: string, message: string) => void): void;
}

/** A defined plugin: the default export of a plugin's source. */
export interface Plugin {
  readonly kind: "mapping" | "adjustment" | "validation";
}

interface MapEach<S extends Shape, T extends SettingShape> {
  /**
   * The document of one record. If a group has several, they must agree in every field, and their lines follow one another.
   */
  map(order: View<S>, context: Context<S, T>): Fields | Skip;
  mapGroup?: undefined;
}

interface MapAll<S extends Shape, T extends SettingShape> {
  /** The document of a whole group, or several made by `part`. */
  mapGroup(orders: readonly View<S>[], context: Context<S, T>): Fields | readonly Part[] | Skip;
  map?: undefined;
}

/**
 * Makes documents out of records.
 *
 * ```js
 * export default defineMapping({
 *   source: order,
 *   wrapper: "dto",
 *   map: (order) => ({ ExternalCode: required(order.order_no), Memo: "来自旺店通" }),
 * });
 * ```
 */
export function defineMapping<S extends Shape, const T extends SettingShape = {}>(
  definition: Common<S, T> & {
    /** The key that the whole document stands under; none by default. */
    wrapper?: string;
  } & (MapEach<S, T> | MapAll<S, T>),
): Plugin;

/** Changes documents that a mapping made. `adjust` is called for each document, with the group's first record. */
export function defineAdjustment<S extends Shape, D extends Shape, const T extends SettingShape = {}>(
  definition: Common<S, T> & {
    /** What is read of a document. */
    target: Target<D>;
    adjust(document: View<D>, order: View<S>, context: Context<S, T>): void | Skip;
  },
): Plugin;

/** Judges what the other plugins made, and changes nothing; whatever `context.refuse` tells refuses the group. */
export function defineValidation<S extends Shape, D extends Shape, const T extends SettingShape = {}>(
  definition: Common<S, T> & {
    /** What is read of a document. */
    target: Target<D>;
    validate(documents: readonly View<D>[], orders: readonly View<S>[], context: Context<S, T>): void;
  },
): Plugin;
