// What is wrong with one group, and what was left out of it.
//
// All problems are gathered, not only the first: whoever repairs the order sees the whole list. This file knows how a
// violation is told; which values are good is decided in `kinds`.

import { quoted } from "./json.js";

/** Most violations that one verdict names; the last says how many more there are. */
const VIOLATIONS_MAX = 50;

export class Draft {
  constructor(group) {
    this.group = group;
    this.violations = [];
    this.omitted = [];
    this.more = 0;
    /** Faults that authors' code met while it read a value, so that each is told once. */
    this.met = new Set();
  }

  /**
   * Adds a violation.
   *
   * @param {number} member index of the record that it is about
   * @param {string | undefined} sourcePath
   * @param {string | undefined} targetPath
   * @param {string} [suffix] of the document that it is about
   */
  refuse(member, code, message, sourcePath, targetPath, suffix = "") {
    if (this.violations.length >= VIOLATIONS_MAX) {
      this.more += 1;
      return;
    }
    let extra = "{}";
    if (suffix !== "") extra = `{"suffix":${quoted(suffix)}}`;
    else if (this.group.records.length > 1) extra = `{"record":${quoted(this.group.records[member].key)}}`;
    this.violations.push({ code, message, sourcePath, targetPath, extra });
  }

  /** A fault of a value that authors' code read. */
  refuseRead(cell, fault) {
    const root = cell.$view.$root;
    const path = cell.path;
    const key = `${root.side} ${root.member} ${root.suffix} ${path}`;
    if (this.met.has(key)) return;
    this.met.add(key);
    const [source, target] = root.side === "source" ? [path, undefined] : [undefined, path];
    this.refuse(root.member, fault.code, `${cell.expression}: ${fault.message(cell.personal)}`, source, target, root.suffix);
  }

  /** A fault of a value that was to stand at `targetPath`. */
  refusePlaced(cell, fault, targetPath) {
    const { member, side } = cell.$view.$root;
    const sourcePath = side === "source" ? cell.path : undefined;
    const records = this.group.records;
    const known = this.violations.find(
      (one) =>
        one.code === fault.code &&
        one.sourcePath === sourcePath &&
        one.targetPath === undefined &&
        (records.length === 1 || one.extra === `{"record":${quoted(records[member].key)}}`),
    );
    // It was read before it was placed: one violation tells both.
    if (known !== undefined && sourcePath !== undefined) known.targetPath = targetPath;
    else this.refuse(member, fault.code, `${cell.expression}: ${fault.message(cell.personal)}`, sourcePath, targetPath);
  }

  /** Leaves out a part of a record on purpose. */
  omit(member, path, reason) {
    this.omitted.push({ member, path, reason });
  }

  /** Every violation, at least one. */
  finish() {
    if (this.more > 0) this.violations[this.violations.length - 1].message += ` (and ${this.more} more violations)`;
    return this.violations;
  }
}
