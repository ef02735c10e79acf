// What a plugin's function is given beside the records: settings, the group, and ways to refuse it.
//
// One context is made for one group and forgotten with it; nothing lasts from group to group.

import { pathOf } from "./cell.js";
import { dateOfRfc3339 } from "./date.js";
import { Draft } from "./draft.js";
import { isObject, parse } from "./json.js";

export class Context {
  constructor(configured, group, omitted = []) {
    this.settings = configured.settings;
    this.group = group;
    this.omitted = omitted;
    this.orders = [];
    this.$configured = configured;
    this.$draft = new Draft(group);
  }

  /** The day on which a record was received, in the scheme's zone. The only time that a plugin sees. */
  receivedDate(member = 0) {
    return dateOfRfc3339(this.group.records[member].receivedAt, this.$configured.zone) ?? null;
  }

  /** Whether the plugins before left out this line, or its whole record. */
  isOmitted(view) {
    const { member } = view.$root;
    const path = pathOf(view).slice(0, -1);
    return this.omitted.some((one) => one.member === member && (one.path === path || one.path === ""));
  }

  /** Refuses the group, for one of possibly many reasons. */
  refuse(code, message, { source = undefined, target = undefined } = {}) {
    const root = rootOf(target) ?? rootOf(source);
    this.$draft.refuse(root?.member ?? 0, code, message, placeOf(source), placeOf(target), root?.suffix);
  }

  /** Leaves out a part of a record on purpose: a line, or something that `path` names. */
  omit(part, reason) {
    this.$draft.omit(part.$root.member, pathOf(part).slice(0, -1), reason);
  }

  /** Views of the group's records. What cannot be read is refused at `targetPath`. */
  $read(View, targetPath) {
    const { zone, personalSource } = this.$configured;
    this.group.records.forEach((record, member) => {
      const root = { draft: this.$draft, zone, personal: personalSource, side: "source", member, suffix: "" };
      const raw = this.$parse(record.body, false, (reason) => {
        this.$draft.refuse(member, "type", `record ${record.key} cannot be read: ${reason}`, undefined, targetPath);
      });
      if (raw !== null) this.orders.push(new View(root, raw, null, null, null));
    });
    return this.orders;
  }

  /** Views of documents, below their wrapper. */
  $readDocuments(documents, { View, wrapper }) {
    const { zone, personalTarget } = this.$configured;
    const views = [];
    for (const { suffix, body } of documents) {
      const refuse = (reason) => {
        this.$draft.refuse(0, "type", `a document cannot be read: ${reason}`, undefined, wrapper || undefined, suffix);
      };
      const whole = this.$parse(body, true, refuse);
      if (whole === null) continue;
      const raw = wrapper === "" ? whole : whole[wrapper];
      const root = { draft: this.$draft, zone, personal: personalTarget, side: "target", member: 0, suffix, whole, changed: false };
      if (isObject(raw)) views.push(new View(root, raw, null, null, null));
      else refuse(`there is no object at ${wrapper}`);
    }
    return views;
  }

  $parse(body, ordered, refuse) {
    try {
      const raw = parse(body, ordered);
      if (isObject(raw)) return raw;
      refuse("it is no JSON object");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      refuse(error.message);
    }
    return null;
  }
}

function rootOf(place) {
  return place?.$root ?? place?.$view?.$root ?? place?.$list?.view.$root;
}

function placeOf(place) {
  if (place === undefined || place === null || typeof place === "string") return place ?? undefined;
  if (place.$list !== undefined) return pathOf(place.$list.view) + place.$list.spec.name;
  return place.$root !== undefined ? pathOf(place).slice(0, -1) : place.path;
}
