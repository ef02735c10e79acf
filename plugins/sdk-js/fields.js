// Declarations of what a plugin reads: fields with their meaning, lists and objects of them.
//
// A source is declared once. Its needs are collected from the declaration, so they cannot go stale, and records are read
// through views made from it, here, when the module is loaded: at build time, that is. Views read nothing in advance.

import { Cell } from "./cell.js";
import { Num, isObject } from "./json.js";
import { ANY, BOOLEAN, DATE, DATETIME, DECIMAL, INTEGER, TEXT, isEmpty } from "./kinds.js";

const field = (kind) => (options = {}) => ({ kind, personal: options.personal === true, inner: null, repeated: false });

export const text = field(TEXT);
export const decimal = field(DECIMAL);
export const integer = field(INTEGER);
export const boolean = field(BOOLEAN);
export const date = field(DATE);
export const datetime = field(DATETIME);
export const any = field(ANY);

/** A list of objects. Absent, null and "" have no elements, a lone object is one. */
export function list(shape) {
  return { kind: null, personal: false, inner: shape, repeated: true };
}

/** An object inside the record. */
export function object(shape) {
  return { kind: null, personal: false, inner: shape, repeated: false };
}

/** What a plugin reads of a source record. */
export function source(shape) {
  return { needs: needsOf(shape, ""), View: viewOf(shape, "") };
}

/** What a plugin reads of a target document, below `wrapper`; "" if the API has none. */
export function target(wrapper, shape) {
  return { wrapper, View: viewOf(shape, "") };
}

function needsOf(shape, prefix) {
  return Object.entries(shape).flatMap(([name, { inner, repeated }]) => {
    const path = prefix + name;
    if (inner === null || Object.keys(inner).length === 0) return [path];
    return needsOf(inner, `${path}${repeated ? "[]" : ""}.`);
  });
}

/** The class of views of a shape. `dotted` is its path without indexes, with a point at the end. */
function viewOf(shape, dotted) {
  class View {
    constructor(root, raw, parent, spec, index) {
      this.$root = root;
      this.$raw = raw;
      this.$parent = parent;
      this.$spec = spec;
      this.$index = index;
    }
  }
  for (const [name, { kind, personal, inner, repeated }] of Object.entries(shape)) {
    if (name.startsWith("$")) throw new TypeError(`field names do not begin with $: ${name}`);
    const spec = { name, dotted: dotted + name, kind, personal, View: inner && viewOf(inner, `${dotted}${name}.`) };
    const get =
      inner === null
        ? function () {
            return new Cell(this, spec, this.$raw[name]);
          }
        : repeated
          ? function () {
              return elements(this, spec);
            }
          : function () {
              const raw = this.$raw[name];
              return new spec.View(this.$root, isObject(raw) ? raw : {}, this, spec, null);
            };
    Object.defineProperty(View.prototype, name, { get, enumerable: true });
  }
  return View;
}

/** A list as sources mean it; `$list` says where it stands and whether something else stands there. */
function elements(view, spec) {
  const raw = view.$raw[spec.name];
  const views = [];
  let wrong = false;
  if (Array.isArray(raw)) {
    for (let index = 0; index < raw.length && !wrong; index++) {
      const element = raw[index];
      if (isObject(element)) views.push(new spec.View(view.$root, element, view, spec, index));
      else wrong = true;
    }
  } else if (isObject(raw)) {
    views.push(new spec.View(view.$root, raw, view, spec, 0));
  } else {
    wrong = raw instanceof Num || !isEmpty(raw);
  }
  if (wrong) views.length = 0;
  views.$list = { view, spec, wrong };
  return views;
}
