// Changing documents that the plugins before made.
//
// Changed members keep their place and new ones follow the others; all that is not named stays as it was, digit by digit.

import { FAULTED, pathOf } from "./cell.js";
import { parse } from "./json.js";
import { Renderer } from "./render.js";

/**
 * Sets fields of a document or of one of its lines. An empty value takes the field out, `undefined` leaves it as it is,
 * and a value that cannot be used adds a violation.
 */
export function put(view, fields) {
  const root = view.$root;
  if (root.side !== "target") throw new TypeError("only documents can be changed; records are the source's");
  const renderer = new Renderer(root.draft);
  const base = pathOf(view);
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    const before = root.draft.violations.length;
    const token = renderer.token(value, base, name);
    if (token === FAULTED) {
      dropRepeated(root.draft, before);
      continue;
    }
    root.changed = true;
    if (token === null) delete view.$raw[name];
    else view.$raw[name] = parse(token, true);
  }
}

/** A value put into every document of a group is wrong once, not once for each. */
function dropRepeated(draft, before) {
  const added = draft.violations.splice(before);
  const known = (one) =>
    draft.violations.some(
      (other) =>
        other.code === one.code &&
        other.sourcePath === one.sourcePath &&
        other.targetPath === one.targetPath &&
        other.extra === one.extra,
    );
  draft.violations.push(...added.filter((one) => !known(one)));
}
