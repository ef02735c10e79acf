// The three kinds of plugin: what an author gives, and what runs it over groups.
//
// A definition only keeps what it is given. `component` makes the contract's exports of it for one instance, and
// `testing` runs the same natively.

import { Context } from "./context.js";
import { readEnvironment } from "./environment.js";
import { log } from "./host.js";
import { quoted, stringify } from "./json.js";
import { Part, Skip } from "./place.js";
import { Renderer } from "./render.js";
import { readSettings } from "./settings.js";

/** Longest text of an error that is logged. */
const ERROR_CHARS = 4000;

/** Makes documents: `map(order, context)` for each record, or `mapGroup(orders, context)` for all of them. */
export function defineMapping(definition) {
  check(definition, ["map", "mapGroup"]);
  return { kind: "mapping", call: "transform", definition, wrapper: definition.wrapper ?? "", run: transformOne };
}

/** Changes documents: `adjust(document, order, context)` for each document. */
export function defineAdjustment(definition) {
  check(definition, ["adjust"]);
  return { kind: "adjustment", call: "adjust", definition, wrapper: definition.target.wrapper, run: adjustOne };
}

/** Judges documents: `validate(documents, orders, context)`. */
export function defineValidation(definition) {
  check(definition, ["validate"]);
  return { kind: "validation", call: "validate", definition, wrapper: definition.target.wrapper, run: validateOne };
}

function check(definition, functions) {
  if (definition.source?.needs === undefined) throw new TypeError("source: must be source({…})");
  const given = functions.filter((name) => typeof definition[name] === "function");
  if (given.length !== 1) throw new TypeError(`give exactly one function: ${functions.join(" or ")}`);
}

/** The exports of one instance: `configure(settings, environment)` and the kind's own function. */
export function instantiate(plugin) {
  const { definition, call, run } = plugin;
  let configured = null;
  const configure = (settings, environment) => {
    const [made, answer] = configureOnce(plugin, settings, environment, configured !== null);
    configured = made;
    return answer;
  };
  const runAll = (groups) => {
    if (configured === null) throw new Error("the host calls configure before anything else");
    const answers = [];
    for (let index = 0; index < groups.length; index++) answers.push(run(definition, configured, groups[index]));
    return answers;
  };
  return { configure: told(configure), [call]: told(runAll) };
}

/** Logs what an author's function throws before the instance traps; without it a trap has no text. */
function told(run) {
  return (first, second) => {
    try {
      return run(first, second);
    } catch (error) {
      if (error instanceof Error) log.error(textOf(error));
      throw error;
    }
  };
}

/** The error and where it was thrown, without the engine's own lines. */
function textOf(error) {
  const lines = (error.stack ?? "").split("\n").filter((line) => line !== "" && !/initializer\.js|wasm:/.test(line));
  const head = lines[0]?.includes(error.message) ? [] : [String(error)];
  return [...head, ...lines].join("\n").slice(0, ERROR_CHARS);
}

/** Throws an array of setting errors, which is how the contract's `result` is refused. */
function configureOnce({ definition, wrapper }, settingsText, environmentText, again) {
  if (again) throw [{ path: "", code: "configured", message: "this instance is configured already" }];
  const errors = [];
  const { settings, unknown } = readSettings(definition.settings ?? {}, settingsText, errors);
  const environment = readEnvironment(environmentText, wrapper, errors);
  if (errors.length === 0) {
    definition.check?.(settings, (path, code, message) => errors.push({ path, code, message }));
  }
  errors.push(...unknown);
  if (errors.length > 0) throw errors;
  const needs = definition.needs?.(settings) ?? definition.source.needs;
  const tables = typeof definition.tables === "function" ? definition.tables(settings) : (definition.tables ?? []);
  const named = [tables].flat().filter((name) => name !== "");
  const texts = (list) => `[${list.map((text) => quoted(text)).join(",")}]`;
  return [{ settings, ...environment }, `{"needs":${texts(needs)},"tables":${texts(named)}}`];
}

function rejected(draft) {
  return { tag: "rejected", val: draft.finish() };
}

function transformOne(definition, configured, group) {
  const context = new Context(configured, group);
  const draft = context.$draft;
  const wrapper = definition.wrapper ?? "";
  const orders = context.$read(definition.source.View, wrapper || undefined);
  const renderer = new Renderer(draft);
  const outcome = definition.mapGroup ? wholeGroup(definition, context, renderer) : eachRecord(definition, context, renderer);
  if (draft.violations.length > 0) return rejected(draft);
  if (outcome instanceof Skip) return { tag: "skipped", val: outcome.reason };
  if (renderer.nothingLeft !== null) return { tag: "skipped", val: renderer.nothingLeft };
  if (orders.length === 0) throw new Error("a group has at least one record");
  const documents = outcome.map(({ suffix, text }) => ({
    suffix,
    body: wrapper === "" ? text : `{${quoted(wrapper)}:${text}}`,
    extra: "{}",
  }));
  return { tag: "mapped", val: { documents, omitted: draft.omitted } };
}

function eachRecord(definition, context, renderer) {
  const outputs = [];
  let skipped = null;
  for (let each = 0; each < context.orders.length; each++) {
    const order = context.orders[each];
    const { member } = order.$root;
    const fields = definition.map(order, context);
    if (fields instanceof Skip) {
      skipped ??= fields;
      context.$draft.omit(member, "", fields.reason);
    } else {
      outputs.push({ member, fields });
    }
  }
  if (outputs.length === 0) return skipped;
  const text = outputs.length === 1 ? renderer.object(outputs[0].fields, "") : renderer.merged(outputs);
  return [{ suffix: "", text }];
}

function wholeGroup(definition, context, renderer) {
  if (context.$draft.violations.length > 0) return [];
  const answer = definition.mapGroup(context.orders, context);
  if (answer instanceof Skip) return answer;
  const parts = Array.isArray(answer) ? answer : [new Part("", answer)];
  return parts.map(({ suffix, fields }) => ({ suffix, text: renderer.object(fields, "") }));
}

function adjustOne(definition, configured, { origin, mapped }) {
  const context = new Context(configured, origin, mapped.omitted);
  const draft = context.$draft;
  const orders = context.$read(definition.source.View);
  const views = context.$readDocuments(mapped.documents, definition.target);
  if (draft.violations.length > 0) return rejected(draft);
  let skipped = null;
  for (const view of views) {
    const answer = definition.adjust(view, orders[0], context);
    if (answer instanceof Skip) skipped ??= answer;
  }
  if (draft.violations.length > 0) return rejected(draft);
  if (skipped !== null) return { tag: "skipped", val: skipped.reason };
  const documents = mapped.documents.map((document, index) => {
    const root = views[index].$root;
    return root.changed ? { ...document, body: stringify(root.whole) } : document;
  });
  return { tag: "mapped", val: { documents, omitted: [...mapped.omitted, ...draft.omitted] } };
}

function validateOne(definition, configured, { origin, mapped }) {
  const context = new Context(configured, origin, mapped.omitted);
  const draft = context.$draft;
  const orders = context.$read(definition.source.View);
  const views = context.$readDocuments(mapped.documents, definition.target);
  if (draft.violations.length === 0) definition.validate(views, orders, context);
  return draft.violations.length === 0 ? [] : draft.finish();
}
