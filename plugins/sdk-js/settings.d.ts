// Declarations of settings. Every setting has a default; unknown settings are refused with a suggestion.

import type { Decimal } from "./decimal.js";

export interface Setting<V> {
  readonly $is?: V;
}

/** Setting names with their declarations. */
export type SettingShape = { readonly [name: string]: Setting<any> };

/** The settings as a plugin's function gets them. */
export type Settings<T extends SettingShape> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never };

export const setting: {
  /** A text, which may be empty. */
  text(fallback?: string): Setting<string>;
  /** A text that must not be empty. */
  requiredText(fallback: string): Setting<string>;
  boolean(fallback?: boolean): Setting<boolean>;
  /** A decimal, as a number or a text. */
  decimal(fallback?: string): Setting<Decimal>;
  /** A whole number of zero or more. */
  count(fallback?: number): Setting<number>;
};
