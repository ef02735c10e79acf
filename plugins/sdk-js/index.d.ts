// Everything that a plugin's source imports.

export { any, boolean, date, datetime, decimal, integer, list, object, source, target, text } from "./fields.js";
export type { Cell, Field, List, Shape, Source, Target, View } from "./fields.js";
export { code, joined, lines, name, omit, part, required, skip } from "./place.js";
export type { Constant, Fields, Value } from "./place.js";
export { defineAdjustment, defineMapping, defineValidation } from "./define.js";
export type { Context, Group, Omission, Plugin, SourceRecord } from "./define.js";
export { addDays, as, log, lookup, prefetch, put, sum } from "./calculate.js";
export { setting } from "./settings.js";
export type { Settings } from "./settings.js";
export { Decimal } from "./decimal.js";
export type { Numeric } from "./decimal.js";
