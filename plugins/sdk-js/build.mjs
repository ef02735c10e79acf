// Builds a plugin's component: node dukou-sdk/build.mjs --world mapper --source src/plugin.js --out build/NAME.wasm
//
// `dukou plugin build` calls this in the plugin's folder. It writes an entry that joins the source to the contract and
// hands it to componentize-js with every WASI feature off, so the component imports nothing but the tables and the log.
// With `esbuild` among the plugin's packages the source is bundled first; only then may it be TypeScript or import npm
// packages. Exit codes: 0 built, 1 the source cannot be built, 2 wrong call, 3 a package is missing.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const KINDS = { mapper: "mapping", adjuster: "adjustment", validator: "validation" };
const FEATURES = ["stdio", "random", "clocks", "http", "fetch-event"];
const COMPONENTIZE = "@bytecodealliance/componentize-js";

const SDK = dirname(fileURLToPath(import.meta.url));
const FOLDER = dirname(SDK);

class Stop extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

function call() {
  let values;
  try {
    values = parseArgs({ options: { world: { type: "string" }, source: { type: "string" }, out: { type: "string" } } }).values;
  } catch (error) {
    throw new Stop(2, error.message);
  }
  const { world, source, out } = values;
  if (!Object.hasOwn(KINDS, world ?? "") || !source || !out) {
    throw new Stop(2, `usage: node dukou-sdk/build.mjs --world ${Object.keys(KINDS).join("|")} --source FILE --out FILE`);
  }
  const path = resolve(FOLDER, source);
  if (!existsSync(path)) throw new Stop(2, `${source}: no such file`);
  return { world, kind: KINDS[world], source: path, out: resolve(FOLDER, out) };
}

/** A package of the plugin's folder; `null` if it is not installed. */
async function installed(name) {
  const resolveFrom = createRequire(join(FOLDER, "package.json"));
  for (const folder of resolveFrom.resolve.paths(name) ?? []) {
    const manifest = join(folder, name, "package.json");
    if (!existsSync(manifest)) continue;
    const { exports, main } = createRequire(manifest)(manifest);
    const entry = exports?.import ?? exports?.["."]?.import ?? main;
    return import(pathToFileURL(join(folder, name, entry)).href);
  }
  return null;
}

function entryText({ kind, source }, at) {
  const from = (path) => {
    const way = relative(dirname(at), path).split(sep).join("/");
    return JSON.stringify(way.startsWith(".") ? way : `./${way}`);
  };
  return [
    `import plugin from ${from(source)};`,
    `import { component } from ${from(join(SDK, "component.js"))};`,
    'import { lookup } from "dukou:plugin/lookups@0.1.0";',
    'import { log } from "dukou:plugin/logging@0.1.0";',
    `const made = component(plugin, "${kind}", { lookup, log });`,
    "export const setup = made.setup;",
    `export const ${kind} = made.functions;`,
    "",
  ].join("\n");
}

async function bundle(esbuild, entry) {
  const out = entry.replace(/\.js$/, ".bundle.js");
  try {
    await esbuild.build({
      entryPoints: [entry],
      outfile: out,
      bundle: true,
      format: "esm",
      target: "es2022",
      platform: "neutral",
      mainFields: ["module", "main"],
      external: ["dukou:*"],
      charset: "utf8",
      logLevel: "silent",
    });
  } catch (error) {
    const lines = (error.errors ?? []).map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
    throw new Stop(1, lines.join("\n") || error.message);
  }
  return out;
}

async function build() {
  const told = call();
  const componentizeJs = await installed(COMPONENTIZE);
  if (componentizeJs === null) throw new Stop(3, `${COMPONENTIZE} is not installed; run in ${FOLDER}: npm install`);
  const esbuild = await installed("esbuild");
  if (esbuild === null && /\.[mc]?ts$/.test(told.source)) {
    throw new Stop(3, `TypeScript needs esbuild; run in ${FOLDER}: npm install --save-dev esbuild`);
  }
  const work = join(FOLDER, "build", "js");
  await mkdir(work, { recursive: true });
  await mkdir(dirname(told.out), { recursive: true });
  let entry = join(work, "entry.js");
  await writeFile(entry, entryText(told, entry));
  try {
    if (esbuild !== null) entry = await bundle(esbuild, entry);
    await writeFile(told.out, await componentize(componentizeJs, told.world, entry));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function componentize({ componentize }, worldName, sourcePath) {
  // Paths seen by the component are relative to the working folder.
  process.chdir(FOLDER);
  try {
    const { component } = await componentize({ sourcePath, witPath: join(SDK, "wit"), worldName, disableFeatures: FEATURES });
    return component;
  } catch (error) {
    throw new Stop(1, readable(String(error.message ?? error)));
  }
}

/** The author's part of what the engine says: its own names and the promise that failed with the module are noise. */
function readable(text) {
  const said = text
    .replace(/^Failed to initialize component .*\n/, "")
    .replace(/^Exception while evaluating top-level script\n/, "")
    .replace(/Additionally, some promises were rejected.*\n(?:Promise rejected but never handled: .*\n)*/, "")
    .replaceAll(`${tmpdir()}${sep}`, "")
    .trim();
  const missing = /Error loading module "([^."/][^"]*)"/.exec(said);
  if (missing === null) return said;
  return `${said}\nPackages are bundled by esbuild; run in ${FOLDER}: npm install --save-dev esbuild`;
}

try {
  await build();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.code;
}
