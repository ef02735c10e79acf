// Turns described fields into JSON text, straight into one string, and tells what cannot be written.
//
// A value answers with JSON text, with `null` if it is empty, which leaves its key out, or with `FAULTED`. The records of
// a group become one document: they must agree in every field, and their lines follow one another.

import { Cell, FAULTED, RENDER, pathOf } from "./cell.js";
import { isObject, quoted } from "./json.js";
import { shown, tokenOf } from "./kinds.js";
import { Lines, Omit } from "./place.js";

/** Names as JSON, with their colon. */
const written = new Map();

function nameOf(key) {
  let text = written.get(key);
  if (text === undefined) written.set(key, (text = `${quoted(key)}:`));
  return text;
}

export class Renderer {
  constructor(draft) {
    this.draft = draft;
    /** The reason of the last line left out, if none was kept. */
    this.nothingLeft = null;
  }

  /** The fields of one record as an object. `base` is its path in the target, with a point at the end. */
  object(fields, base) {
    let out = "{";
    let separator = "";
    for (const key in fields) {
      const value = fields[key];
      const token = value instanceof Cell ? value[RENDER](this, base, key) : this.token(value, base, key);
      if (typeof token !== "string") continue;
      out += separator + (written.get(key) ?? nameOf(key)) + token;
      separator = ",";
    }
    return out + "}";
  }

  /** The fields of several records as one object; `outputs` are `{member, fields}`. */
  merged(outputs) {
    const keys = new Set(outputs.flatMap(({ fields }) => Object.keys(fields)));
    let out = "{";
    for (const key of keys) {
      const values = outputs.map(({ member, fields }) => ({ member, value: fields[key] }));
      const isLines = values.some(({ value }) => value instanceof Lines);
      const token = isLines ? this.lines(values.map(({ value }) => value), "", key) : this.agreed(values, key);
      if (typeof token === "string") out += out.length > 1 ? `,${nameOf(key)}${token}` : nameOf(key) + token;
    }
    return `${out}}`;
  }

  /** The value that all records share. */
  agreed(values, key) {
    let first;
    let sound = true;
    for (const { member, value } of values) {
      const token = this.token(value, "", key);
      if (token === FAULTED) sound = false;
      else if (first === undefined) first = token;
      else if (token !== first) {
        sound = false;
        const cell = value?.$cell;
        const [known, found] = [first, token].map((text) => shownToken(text, cell?.personal === true));
        const reason = `${known} and ${found} differ between the records of the group`;
        const message = cell === undefined ? reason : `${cell.expression}: ${reason}`;
        this.draft.refuse(member, "merge.disagree", message, cell?.path, key);
      }
    }
    return sound ? (first ?? null) : FAULTED;
  }

  /** One value at `base` + `key`. */
  token(value, base, key) {
    if (typeof value !== "object" || value === null) return tokenOf(value);
    if (value[RENDER] !== undefined) return value[RENDER](this, base, key);
    if (Array.isArray(value)) return this.array(value, base + key);
    return isObject(value) && Object.getPrototypeOf(value) === Object.prototype ? this.object(value, `${base}${key}.`) : tokenOf(value);
  }

  array(values, path) {
    const tokens = values.map((value, index) => this.token(value, path, `[${index}]`));
    return `[${tokens.filter((token) => typeof token === "string").join(",")}]`;
  }

  /** The lines of one or several records as one array. */
  lines(parts, base, key) {
    const path = base + key;
    let needed = false;
    for (let each = 0; each < parts.length; each++) {
      const { list, needed: here } = parts[each];
      needed ||= here;
      const place = list.$list;
      if (place?.wrong) this.refuseList(place, "type", "it is not a list of objects", path);
      else if (list.length === 0 && here) {
        this.refuseList(place, "required", "the field is required and there are no lines", path);
      }
    }
    let out = "[";
    let count = 0;
    let left = null;
    for (let each = 0; each < parts.length; each++) {
      const { list, line } = parts[each];
      for (let index = 0; index < list.length; index++) {
        const view = list[index];
        const fields = line(view, index);
        if (fields instanceof Omit) {
          left = fields.reason;
          this.draft.omit(view.$root.member, pathOf(view).slice(0, -1), left);
          continue;
        }
        const token = this.object(fields, `${path}[${count}].`);
        out += count > 0 ? `,${token}` : token;
        count += 1;
      }
    }
    if (count === 0 && left !== null) this.nothingLeft = left;
    return count === 0 && !needed ? null : `${out}]`;
  }

  refuseList(place, code, reason, targetPath) {
    if (place === undefined) return this.draft.refuse(0, code, reason, undefined, targetPath);
    const { view, spec } = place;
    return this.draft.refuse(view.$root.member, code, `${spec.dotted}: ${reason}`, pathOf(view) + spec.name, targetPath);
  }

  /** A violation at a target path, about a cell if there is one. */
  refuse(cell, code, reason, targetPath) {
    if (cell === undefined) return this.draft.refuse(0, code, reason, undefined, targetPath);
    const { member, side } = cell.$view.$root;
    const sourcePath = side === "source" ? cell.path : undefined;
    return this.draft.refuse(member, code, `${cell.expression}: ${reason}`, sourcePath, targetPath);
  }
}

function shownToken(token, personal) {
  if (token === null) return shown("", personal);
  return shown(token.startsWith('"') ? JSON.parse(token) : token, personal);
}
