// A template of the JavaScript kit as `dukou plugin new` would lay it out, in a temporary folder, for tests.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SDK = fileURLToPath(new URL("../", import.meta.url));
const TEMPLATES = fileURLToPath(new URL("../../templates/", import.meta.url));

/** The folder of the template of a kind; it is removed when the process ends. */
export function unpack(kind) {
  const folder = mkdtempSync(join(tmpdir(), "dukou-js-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(TEMPLATES, "js", kind), folder, { recursive: true });
  cpSync(join(TEMPLATES, "cases", kind), join(folder, "cases"), { recursive: true });
  cpSync(SDK, join(folder, "dukou-sdk"), { recursive: true, filter: (path) => !path.endsWith("/test") && !path.includes("node_modules") });
  return folder;
}

/** A module of an unpacked template. */
export function load(folder, path) {
  return import(pathToFileURL(join(folder, path)).href);
}
