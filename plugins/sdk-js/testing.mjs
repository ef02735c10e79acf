// Runs a plugin's cases natively under `node --test`: every cases/NAME.json is one test.
//
// It gives the plugin what the host would, and compares as `dukou plugin test` does; that one also runs the component in
// the sandbox, with budgets, and checks more. Stock catalogues live in the host, so a catalogue that is only named is
// none here. Nothing is ever written.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { instantiate } from "./define.js";
import { diff } from "./diff.mjs";
import { bind } from "./host.js";
import { isObject, names, parse, quoted, stringify } from "./json.js";
import { readTables } from "./tables.mjs";

/** Files in the folder of cases that are no cases. */
const NO_CASES = new Set(["defaults.json", "cost.json"]);

/** Makes a test of every case in a folder. */
export function testCases(plugin, folder) {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  const cases = Object.entries(readCases(path));
  test("there are cases", () => {
    if (cases.length === 0) throw new Error(`no cases in ${path}`);
  });
  for (const [name, one] of cases) {
    test(name, (t) => {
      if (one.expect === undefined) return t.skip("new: see `dukou plugin review`");
      if (one.expect.failed !== undefined) return t.skip("needs the sandbox: see `dukou plugin test`");
      const lines = compare(one.expect, runCase(plugin, one));
      if (lines.length === 0) return undefined;
      throw new Error(`${one.title ?? name}\n  ${lines.join("\n  ")}`);
    });
  }
}

/**
 * The cases of a folder by name, completed from its `defaults.json` and, from the plugin's folder around it, the
 * `tables/*.csv` and the manifest's preset.
 */
export function readCases(path) {
  const plugin = dirname(resolve(path));
  const files = readdirSync(path).filter((file) => file.endsWith(".json"));
  const defaults = files.includes("defaults.json") ? readJson(join(path, "defaults.json")) : {};
  const tables = { ...readTables(plugin), ...defaults.tables };
  const manifest = join(plugin, "plugin.json");
  const preset = (existsSync(manifest) && readJson(manifest).preset) || {};
  const cases = files.filter((file) => !NO_CASES.has(file)).sort();
  return Object.fromEntries(
    cases.map((file) => {
      const one = { ...defaults, tables, ...readJson(join(path, file)) };
      return [basename(file, ".json"), { ...one, settings: layOver(preset, one.settings ?? {}) }];
    }),
  );
}

/** Settings over a preset: objects merge key by key, everything else replaces. */
export function layOver(under, over) {
  if (!isObject(under) || !isObject(over)) return over;
  const value = (name) => {
    if (!Object.hasOwn(over, name)) return under[name];
    return Object.hasOwn(under, name) ? layOver(under[name], over[name]) : over[name];
  };
  const all = [...new Set([...names(under), ...names(over)])];
  // By way of text, which keeps the place of names that are numbers.
  return parse(`{${all.map((name) => `${quoted(name)}:${stringify(value(name))}`)}}`, true);
}

/** The verdict of one case, as cases write it: `{mapped}`, `{skipped}`, `{rejected}` or `{passed}`. */
export function runCase(plugin, one, defaults = {}) {
  const setting = (key) => one[key] ?? defaults[key] ?? {};
  const instance = instantiate(plugin);
  const environment = { ...setting("environment") };
  for (const side of ["source", "target"]) if (!isObject(environment[side])) environment[side] = null;
  const answer = configure(instance, stringify(setting("settings")), stringify(environment));
  bind({ lookup: tables(setting("tables"), answer.tables) });
  const origin = toGroup(one.group);
  if (plugin.kind === "mapping") return fromVerdict(instance.transform([origin])[0]);
  const candidate = { origin, mapped: toMapped(one.before) };
  if (plugin.kind === "adjustment") return fromVerdict(instance.adjust([candidate])[0]);
  const violations = instance.validate([candidate])[0];
  return violations.length === 0 ? { passed: true } : { rejected: violations.map(fromViolation) };
}

/** What differs between an expected and a found verdict; of violations only what is written is compared. */
export function compare(expected, found) {
  if (!Array.isArray(expected.rejected) || !Array.isArray(found.rejected)) return diff(expected, found);
  const written = found.rejected.map((violation, index) => {
    const keys = Object.keys(expected.rejected[index] ?? violation);
    return Object.fromEntries(keys.filter((key) => key in violation).map((key) => [key, violation[key]]));
  });
  return diff({ rejected: expected.rejected }, { rejected: written });
}

function readJson(file) {
  try {
    return parse(readFileSync(file, "utf8").replace(/^\ufeff/, ""), true);
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
}

function configure(instance, settings, environment) {
  try {
    return JSON.parse(instance.configure(settings, environment));
  } catch (errors) {
    if (!Array.isArray(errors)) throw errors;
    const lines = errors.map(({ path, code, message }) => `${path || "settings"}: ${message} (${code})`);
    throw new Error(`the settings are refused\n  ${lines.join("\n  ")}`);
  }
}

function tables(rows, declared) {
  return (table, keys) => {
    if (!declared.includes(table)) throw new Error(`table ${table} is asked for, but not declared in \`tables\``);
    return keys.map((key) => {
      const row = Object.hasOwn(rows, table) && Object.hasOwn(rows[table], key) ? rows[table][key] : undefined;
      return row === undefined ? undefined : stringify(row);
    });
  };
}

function toGroup({ key, records, extra = {} }) {
  const toRecord = ({ key, received_at, body, extra = {} }) => ({
    key,
    receivedAt: received_at,
    body: stringify(body),
    extra: stringify(extra),
  });
  return { key, records: records.map(toRecord), extra: stringify(extra) };
}

function toMapped(before = {}) {
  const documents = (before.documents ?? []).map(({ suffix = "", body, extra = {} }) => ({
    suffix,
    body: stringify(body),
    extra: stringify(extra),
  }));
  const omitted = (before.omitted ?? []).map(({ member, path, reason }) => ({ member: Number(member.token), path, reason }));
  return { documents, omitted };
}

function fromVerdict({ tag, val }) {
  if (tag === "skipped") return { skipped: val };
  if (tag === "rejected") return { rejected: val.map(fromViolation) };
  const documents = val.documents.map(({ suffix, body, extra }) => ({
    suffix,
    body: parse(body, true),
    ...(extra === "{}" ? {} : { extra: parse(extra, true) }),
  }));
  return { mapped: { documents, omitted: parse(JSON.stringify(val.omitted), true) } };
}

function fromViolation({ code, message, sourcePath, targetPath, extra }) {
  return {
    code,
    ...(sourcePath === undefined ? {} : { source_path: sourcePath }),
    ...(targetPath === undefined ? {} : { target_path: targetPath }),
    message,
    ...(extra === "{}" ? {} : { extra: parse(extra, true) }),
  };
}
