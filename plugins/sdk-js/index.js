// Everything that a plugin's source imports. What is not named here is not for authors and may change.

export { any, boolean, date, datetime, decimal, integer, list, object, source, target, text } from "./fields.js";
export { code, joined, lines, name, omit, part, required, skip } from "./place.js";
export { defineAdjustment, defineMapping, defineValidation } from "./define.js";
export { as, lookup, prefetch, sum } from "./calculate.js";
export { put } from "./change.js";
export { setting } from "./settings.js";
export { Decimal } from "./decimal.js";
export { addDays } from "./date.js";
export { log } from "./host.js";
