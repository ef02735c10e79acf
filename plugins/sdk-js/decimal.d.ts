// Exact decimals. Constants with a fraction are written as text: `Decimal.of("0.05")`.

/** What can be calculated with: texts such as `"0.05"`, whole numbers, decimals. */
export type Numeric = Decimal | string | bigint | number;

/**
 * An exact decimal number that keeps its scale: `2.0000` stays `2.0000`.
 *
 * ```js
 * const price = line.share_amount.value?.div(line.goods_count.value ?? 1, 6);
 * if (price?.lt("0.01")) …
 * ```
 */
export class Decimal {
  private constructor();
  static readonly ZERO: Decimal;
  /** Reads a number, exponents included; `null` if the text is none. */
  static parse(text: string): Decimal | null;
  /** From a constant. Throws on what is not exact, such as the JavaScript number `0.1`. */
  static of(value: Numeric): Decimal;
  static sum(values: Iterable<Decimal>): Decimal;
  readonly units: bigint;
  /** Digits behind the point. */
  readonly scale: number;
  /** Keeps the larger scale, as `sub` does. */
  add(other: Numeric): Decimal;
  sub(other: Numeric): Decimal;
  /** Without zeros at the end. */
  mul(other: Numeric): Decimal;
  /** Rounded half away from zero to `places`, else to 28 significant digits; `null` for a division by zero. */
  div(other: Numeric, places?: number): Decimal | null;
  /** At most `places` digits behind the point, half away from zero. */
  round(places: number): Decimal;
  neg(): Decimal;
  abs(): Decimal;
  /** -1, 0 or 1; the scale does not count. */
  cmp(other: Numeric): -1 | 0 | 1;
  eq(other: Numeric): boolean;
  lt(other: Numeric): boolean;
  lte(other: Numeric): boolean;
  gt(other: Numeric): boolean;
  gte(other: Numeric): boolean;
  isZero(): boolean;
  isNegative(): boolean;
  /** All digits of its scale. */
  toString(): string;
}
