// The environment that the host hands to `configure`: time zone, and what is personal in the source.
//
// Keys that this version does not know are ignored, because the environment may grow.

import { zoneOffset } from "./date.js";
import { isObject } from "./json.js";

/** The environment; mistakes go to `errors`. `wrapper` is what the plugin's documents stand under, if it makes or reads any. */
export function readEnvironment(text, wrapper, errors) {
  const given = parseObject(text, errors);
  const zone = typeof given.time_zone === "string" && given.time_zone !== "" ? zoneOffset(given.time_zone) : zoneOffset("Asia/Shanghai");
  const { target, source } = given;
  if (wrapper !== undefined && isObject(target) && (target.wrapper ?? "") !== wrapper) {
    const message = `this plugin is for documents below "${wrapper}", which those of ${target.api} are not`;
    errors.push({ path: "environment.target", code: "target", message });
  }
  if (zone === null) {
    const message = `\`${given.time_zone}\` is no zone with a fixed offset that plugins know`;
    errors.push({ path: "environment.time_zone", code: "time-zone", message });
  }
  return { zone: zone ?? 0, personalSource: personal(source), personalTarget: personal(target) };
}

/** Paths of the personal fields of a catalogue. */
function personal(catalogue) {
  const paths = new Set();
  const fields = isObject(catalogue) && Array.isArray(catalogue.fields) ? catalogue.fields : [];
  for (let index = 0; index < fields.length; index++) if (fields[index].personal === true) paths.add(fields[index].path);
  return paths;
}

function parseObject(text, errors) {
  if (text.trim() === "") return {};
  try {
    // Catalogues are long and hold no number, so the engine's parser reads them as it is.
    const given = JSON.parse(text);
    if (given === null || isObject(given)) return given ?? {};
    errors.push({ path: "environment", code: "json", message: "the environment is no JSON object" });
  } catch (error) {
    errors.push({ path: "environment", code: "json", message: `cannot be read: ${error.message}` });
  }
  return {};
}
