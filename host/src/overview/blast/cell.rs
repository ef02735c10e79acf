//! Cells for accountants: what a spreadsheet may take as a number, what it must take as text, and nothing that it could
//! take as a formula.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::overview::text::clean;

/// Digits that a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;
/// Characters that a cell holds.
const MOST_CHARS: usize = 30_000;

/// The binary number that a spreadsheet shall be given for a decimal: only where it is that decimal, that is, where the
/// shortest text of the binary number is the decimal's own text and it has no more digits than a spreadsheet keeps.
/// Anything else is written as text.
///
/// The only place where an amount becomes a binary float, and nothing is ever calculated with it: the format of xlsx has no
/// other numbers.
pub fn number(value: Decimal) -> Option<f64> {
    let text = unsigned_zero(value).to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = text.parse().ok()?;
    (digits <= KEPT_DIGITS && number.to_string() == text).then_some(number)
}

/// A JSON value for people who know no JSON: text without quotes. As JSON where that would make two different values
/// look the same.
pub fn values(written: Option<&str>, right: Option<&str>) -> (String, String) {
    let plain = |text: Option<&str>| match text {
        None => "∅".to_owned(),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::String(inside)) => inside,
            _ => text.to_owned(),
        },
    };
    let (left, other) = (plain(written), plain(right));
    if left == other {
        let whole = |text: Option<&str>| text.unwrap_or("∅").to_owned();
        return (whole(written), whole(right));
    }
    (left, other)
}

/// A JSON number as a decimal.
pub fn decimal(json: Option<&str>) -> Option<Decimal> {
    let json = json?;
    let begins = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    begins.then(|| dukou_core::json::decimal(json)).flatten()
}

/// Foreign text for a cell of a workbook, where it stays text: cleaned and of bounded length.
pub fn text(foreign: &str) -> String {
    let text = clean(foreign);
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Foreign text for a cell of a CSV file: what a spreadsheet would run as a formula gets an apostrophe in front, what it
/// would read as a number or a date (`0101`, `202403010001`, `1E5`) a tab behind, so that it stays as it is.
pub fn csv_text(foreign: &str) -> String {
    let text = text(foreign);
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && text.chars().any(|c| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '/' | ':' | 'e' | 'E' | ' ' | '%'));
    if numeric {
        return format!("{text}\t");
    }
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        return format!("'{text}");
    }
    text
}

/// An amount for a cell of a CSV file: plain digits, at least two decimals, never an exponent; as text where a spreadsheet
/// would drop digits.
pub fn csv_amount(value: Decimal) -> String {
    kept(value, two_decimals(value))
}

/// Any other number for a cell of a CSV file, as short as it can be written.
pub fn csv_number(value: Decimal) -> String {
    kept(value, unsigned_zero(value).to_string())
}

fn kept(value: Decimal, text: String) -> String {
    if number(value).is_some() {
        text
    } else {
        format!("{text}\t")
    }
}

fn unsigned_zero(value: Decimal) -> Decimal {
    if value.is_zero() {
        Decimal::ZERO
    } else {
        value.normalize()
    }
}

/// `1234.5` → `1234.50`
pub fn two_decimals(value: Decimal) -> String {
    let mut value = unsigned_zero(value);
    if value.scale() < 2 {
        // Only adds zeros; a decimal too large for them stays as it is.
        value.rescale(2);
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_keep_codes_and_never_hold_a_formula() {
        for (given, cell) in [
            ("CK2024", "CK2024"),
            ("0101", "0101\t"),
            ("202403010001", "202403010001\t"),
            ("1E5", "1E5\t"),
            ("2024-03-01", "2024-03-01\t"),
            ("-5", "-5\t"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+cmd", "'+cmd"),
            ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
            ("@SUM(1)", "'@SUM(1)"),
            ("＝1+1", "'＝1+1"),
            ("\t=1", "\\t=1"),
            ("a\nb", "a\\nb"),
            ("", ""),
        ] {
            assert_eq!(csv_text(given), cell);
        }
    }

    #[test]
    fn amounts_are_numbers_only_where_nothing_is_lost() {
        for (value, cell, exact) in [
            ("1234.5", "1234.50", true),
            ("-0.1", "-0.10", true),
            ("0", "0.00", true),
            ("-0.00", "0.00", true),
            ("0.000001", "0.000001", true),
            ("999999999999.99", "999999999999.99", true),
            ("9007199254740993", "9007199254740993.00\t", false),
            ("0.1234567890123456", "0.1234567890123456\t", false),
            (
                "79228162514264337593543950335",
                "79228162514264337593543950335\t",
                false,
            ),
        ] {
            let value: Decimal = value.parse().unwrap();
            assert_eq!((csv_amount(value).as_str(), number(value).is_some()), (cell, exact));
        }
    }

    #[test]
    fn values_lose_their_quotes_unless_those_are_the_difference() {
        assert_eq!(values(Some("\"a\""), Some("\"b\"")), ("a".into(), "b".into()));
        assert_eq!(values(Some("\"1\""), Some("1")), ("\"1\"".into(), "1".into()));
        assert_eq!(values(None, Some("2.50")), ("∅".into(), "2.50".into()));
        assert_eq!(decimal(Some("1E+1")), Some("10".parse().unwrap()));
        assert_eq!(decimal(Some("\"1\"")), None);
        assert_eq!(decimal(None), None);
    }

    proptest! {
        /// A number cell, read back as text, is the decimal to the last digit.
        #[test]
        fn a_number_cell_is_the_decimal(mantissa in any::<i64>(), scale in 0u32..28) {
            let value = Decimal::from_i128_with_scale(mantissa.into(), scale);
            match number(value) {
                Some(cell) => prop_assert_eq!(cell.to_string().parse::<Decimal>().unwrap(), value),
                // Whatever has at most 15 digits is one.
                None => prop_assert!(value.normalize().to_string().bytes().filter(u8::is_ascii_digit).count() > KEPT_DIGITS),
            }
        }

        /// Whatever is given, no cell begins as a formula does, and a tab or an apostrophe is all that is added.
        #[test]
        fn no_cell_is_a_formula(given in ".{0,40}") {
            let cell = csv_text(&given);
            let formula = cell.starts_with(['=', '@'])
                || (cell.starts_with(['+', '-']) && !cell.ends_with('\t'));
            prop_assert!(!formula, "{cell:?}");
            prop_assert!(!cell.contains(['\n', '\r']));
        }
    }
}
