// Types of the native case runner.

import type { Plugin } from "./define.js";

/** Makes a `node --test` test of every case in a folder. */
export function testCases(plugin: Plugin, folder: URL | string): void;

/** The cases of a folder by name, completed from its `defaults.json`, the `tables/*.csv` and the manifest's preset. */
export function readCases(path: string): Record<string, object>;

/** Settings over a preset: objects merge key by key, everything else replaces. */
export function layOver(under: unknown, over: unknown): unknown;

/** The verdict of one case, as cases write it, with exact numbers; `defaults` is what `cases/defaults.json` holds. */
export function runCase(plugin: Plugin, one: object, defaults?: object): object;

/** What differs between an expected and a found verdict, line by line with paths. */
export function compare(expected: object, found: object): string[];
