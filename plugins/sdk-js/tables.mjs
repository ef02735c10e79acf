// The tables in a plugin's `tables/*.csv`, read as the host reads them, but for GBK: the first column is the key, a row
// is an object of all columns as text.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

import { parse, quoted } from "./json.js";

/** Every table of a plugin's folder, by name. The error names the file. */
export function readTables(plugin) {
  const folder = join(plugin, "tables");
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const files = entries.filter((entry) => !entry.isDirectory() && /.\.csv$/.test(entry.name)).map(({ name }) => join(folder, name));
  return Object.fromEntries(files.map((file) => [basename(file, ".csv"), readTable(file)]));
}

function readTable(file) {
  const fail = (reason) => {
    throw new Error(`${file}: ${reason}`);
  };
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch {
    fail('is not UTF-8; save it as "CSV UTF-8"');
  }
  const [columns = [], ...lines] = cells(text);
  if (columns.length < 2 || columns.includes("") || new Set(columns).size < columns.length) {
    fail("the first line must name two columns or more, each once");
  }
  const rows = new Map();
  for (const line of lines.filter((line) => line.some((cell) => cell !== ""))) {
    if (line.length !== columns.length) fail(`${columns.length} columns, but ${line.length} cells in: ${line}`);
    if (line[0] === "") fail(`no key in: ${line}`);
    if (rows.has(line[0])) fail(`the key stands twice: ${line[0]}`);
    // By way of text, so that columns whose names are numbers keep their place.
    rows.set(line[0], parse(`{${columns.map((column, at) => `${quoted(column)}:${quoted(line[at])}`)}}`, true));
  }
  return Object.fromEntries(rows);
}

/** RFC 4180: cells between commas, without the blanks around them; in quotes a cell holds commas, line ends and `""`. */
export function cells(text) {
  const lines = [];
  let [line, cell, fresh, inQuotes] = [[], "", true, false];
  const end = () => {
    line.push(cell.trim());
    [cell, fresh] = ["", true];
  };
  const endLine = () => {
    end();
    if (line.length > 1 || line[0] !== "") lines.push(line);
    line = [];
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (inQuotes && letter === '"' && text[at + 1] === '"') cell += text[++at];
    else if (inQuotes && letter === '"') inQuotes = false;
    else if (!inQuotes && fresh && letter === '"') [inQuotes, fresh] = [true, false];
    else if (!inQuotes && letter === ",") end();
    else if (!inQuotes && (letter === "\n" || letter === "\r")) endLine();
    else [cell, fresh] = [cell + letter, false];
  }
  endLine();
  return lines;
}
