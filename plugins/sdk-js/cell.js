// One value of a record or document: what came, where it stands, and what it means.
//
// A cell is cheap and judges nothing until it is read or placed. Reading a value of the wrong type adds a violation with
// the cell's path; the host then refuses the group, so authors need not test for it.

import { Fault, TEXT, tokenOf } from "./kinds.js";
import { lookupRow } from "./host.js";
import { names, parse } from "./json.js";

/** How a value becomes JSON text at a place of the target; see `render`. */
export const RENDER = Symbol("render");
/** Answer of a value that cannot be used; the violation is told already. */
export const FAULTED = Symbol("faulted");

export class Cell {
  constructor(view, spec, raw) {
    this.$view = view;
    this.$spec = spec;
    this.$raw = raw;
  }

  /** What authors calculate with; `null` if it is empty or cannot be read. */
  get value() {
    const value = this.$value();
    if (!(value instanceof Fault)) return value;
    this.$view.$root.draft.refuseRead(this, value);
    return null;
  }

  /** Whether there is nothing to carry over. */
  get empty() {
    return this.$token() === null;
  }

  get path() {
    return pathOf(this.$view) + this.$spec.name;
  }

  /** As messages name it, `{{details_list.price}}`. */
  get expression() {
    return `{{${this.$spec.dotted}${this.$spec.kind.format}}}`;
  }

  get personal() {
    return this.$spec.personal || this.$view.$root.personal.has(this.$spec.dotted);
  }

  /** The value as text, "" if it is empty. */
  toString() {
    const value = this.value;
    return value === null ? "" : String(value);
  }

  /** This, or `other` where this is empty or a look-up found nothing. */
  or(other) {
    const token = this.$token();
    if (token !== null && !(token instanceof Fault && token.code === "lookup.miss")) return this;
    return other instanceof Cell ? other : new Derived(this.$view, this.$spec, other);
  }

  /** A value calculated from this one. Empty stays empty, and what cannot be read keeps its reason. */
  map(calculate) {
    const value = this.$value();
    if (value === null || value instanceof Fault) return new Derived(this.$view, this.$spec, value);
    const result = calculate(value);
    return result instanceof Cell ? result : new Derived(this.$view, this.$spec, result);
  }

  /** The same value with another meaning. */
  $as(kind) {
    const spec = this.$spec;
    return kind === spec.kind ? this : new Cell(this.$view, { ...spec, kind }, this.$raw);
  }

  $token() {
    return this.$spec.kind.token(this.$raw, this.$view.$root.zone);
  }

  $value() {
    return this.$spec.kind.value(this.$raw, this.$view.$root.zone);
  }

  get $cell() {
    return this;
  }

  [RENDER](renderer, base, key) {
    const token = this.$token();
    if (typeof token === "string" || token === null) return token;
    renderer.draft.refusePlaced(this, token, base + key);
    return FAULTED;
  }
}

/** A value that was calculated; its path is that of the value it came from. */
class Derived extends Cell {
  $as(kind) {
    if (this.$raw instanceof Fault || this.$raw === null || this.$raw === undefined) return this;
    return new Derived(this.$view, this.$spec, kind === TEXT ? String(this.$raw) : this.$raw);
  }

  $token() {
    return this.$raw instanceof Fault ? this.$raw : tokenOf(this.$raw);
  }

  $value() {
    return this.$raw ?? null;
  }
}

/**
 * The cell of a table's row. An empty key stays empty, or is a miss if `required` says so; a missing row and an empty
 * cell are misses.
 */
export function lookup(table, key, { column = undefined, required = false } = {}) {
  const keyCell = key.$as(TEXT);
  const value = keyCell.$value();
  const miss = (reason, raw) => new Derived(key.$view, key.$spec, new Fault("lookup.miss", reason, raw));
  if (value instanceof Fault) return keyCell;
  if (value === null) return required ? miss(`is no key of table ${table}`, keyCell.$raw ?? "") : keyCell;
  const text = lookupRow(table, value);
  if (text === null) return miss(`has no row in table ${table}`, value);
  const row = parse(text, true);
  const found = column ?? secondName(row);
  const cell = row[found];
  if (typeof cell !== "string") throw new TypeError(`table ${table} has no column ${found}`);
  const result = new Derived(key.$view, key.$spec, cell);
  return result.empty ? miss(`has an empty ${found} in table ${table}`, value) : result;
}

/** The first column of a table is its key, the second its value. */
function secondName(row) {
  const columns = names(row);
  return columns[1] ?? columns[0];
}

/** The path of a view, with a point at its end; "" for a record or document as a whole. */
export function pathOf(view) {
  const parent = view.$parent;
  if (parent === null) return "";
  const index = view.$index === null ? "" : `[${view.$index}]`;
  return `${pathOf(parent)}${view.$spec.name}${index}.`;
}

