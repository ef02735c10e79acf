//! How values look to people: money, times, ages, tables with double-width characters, and text from outside that must
//! not reach a terminal raw.

use chrono::{DateTime, Utc};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use rust_decimal::Decimal;

use super::Lens;
use crate::lang::Lang;

/// What stands for an absent value.
pub const NONE: &str = "-";

/// `1234567.5` → `1,234,567.50`: thousands separators, at least two decimals, further ones only where they say something.
pub fn money(value: Decimal) -> String {
    let value = value.normalize();
    let plain = value.abs().to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let sign = if value.is_sign_negative() && !value.is_zero() {
        "-"
    } else {
        ""
    };
    format!("{sign}{}.{fraction:0<2}", separated(whole))
}

/// An amount, or `-`.
pub fn money_or_none(value: Option<Decimal>) -> String {
    value.map_or_else(|| NONE.to_owned(), money)
}

/// `12345` → `12,345`
pub fn count(value: u64) -> String {
    separated(&value.to_string())
}

fn separated(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2026-11-01 08:05:11` in the scheme's zone.
pub fn time(lens: &Lens<'_>, time: DateTime<Utc>) -> String {
    time.with_timezone(&lens.zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time, or `-`.
pub fn time_or_none(lens: &Lens<'_>, at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| NONE.to_owned(), |at| time(lens, at))
}

/// How long ago, in the two largest units that matter.
pub fn age(lens: &Lens<'_>, since: DateTime<Utc>) -> String {
    let seconds = (lens.now - since).num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let (key, first, second) = match (days, hours, minutes) {
        (1.., _, _) => ("status.age.days", days, hours),
        (0, 1.., _) => ("status.age.hours", hours, minutes),
        (0, 0, 1..) => ("status.age.minutes", minutes, seconds % 60),
        _ => ("status.age.seconds", seconds, 0),
    };
    lens.lang.text(key, &[("a", &first), ("b", &second)])
}

/// One line of foreign text: control characters, line breaks and direction overrides written out, so that a value can
/// neither move the cursor nor disguise itself.
pub fn clean(text: &str) -> String {
    escaped(text, |_| false)
}

/// A block of foreign text: like [`clean`], but line breaks stay.
pub fn clean_block(text: &str) -> String {
    escaped(text, |c| c == '\n')
}

fn escaped(text: &str, keeps: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if keeps(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_direction(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// At most `most` characters, cleaned, with `…` where something is missing.
pub fn short(text: &str, most: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= most {
        return text;
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// Every line moved right by `columns`; empty lines stay empty.
pub fn indented(text: &str, columns: usize) -> String {
    let space = " ".repeat(columns);
    let mut out = String::with_capacity(text.len() + columns * 8);
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&space);
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// A table without borders: header, rows, and which columns are numbers. Ends with a line break; wraps only on a terminal.
pub fn table(lens: &Lens<'_>, header: &[String], rows: &[Vec<String>], numbers: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = lens.width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(row.clone());
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut out = table.trim_fmt();
    out.push('\n');
    out
}

/// Columns of the terminal that stdout is; `None` when it is none.
pub fn terminal_width() -> Option<u16> {
    Table::new().width()
}

/// An argument for a command line that people copy: quoted where a shell would read something into it.
pub fn argument(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.starts_with('-')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '+'));
    if plain {
        text.to_owned()
    } else {
        format!("'{}'", clean(text).replace('\'', "'\\''"))
    }
}

/// Names that a sentence lists.
const MOST_NAMES: usize = 10;

/// The first few names, and how many more there are.
pub fn some_names(lang: Lang, names: &[String]) -> String {
    let first = names.len().min(MOST_NAMES);
    let mut text = names[..first].join(", ");
    if names.len() > first {
        let more = lang.text("gate.more", &[("count", &(names.len() - first))]);
        text.push_str(&format!(", {more}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::Lens;

    #[test]
    fn money_has_separators_and_at_least_two_decimals() {
        for (value, shown) in [
            ("0", "0.00"),
            ("-0.0", "0.00"),
            ("12", "12.00"),
            ("999.5", "999.50"),
            ("1000", "1,000.00"),
            ("1234567.1230", "1,234,567.123"),
            ("-98765432.10", "-98,765,432.10"),
            (
                "79228162514264337593543950335",
                "79,228,162,514,264,337,593,543,950,335.00",
            ),
        ] {
            assert_eq!(money(value.parse().unwrap()), shown);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(7), "7");
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_disguise_itself() {
        assert_eq!(
            clean("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}"),
            "a\\u{1b}[2Jb\\r\\nc\\u{202e}d\\u{9b}"
        );
        assert_eq!(clean_block("a\nb\u{7}"), "a\nb\\u{7}");
        assert_eq!(short("出库单号很长", 4), "出库单…");
        assert_eq!(short("短", 4), "短");
    }

    #[test]
    fn a_long_list_of_names_ends_with_how_many_more() {
        let names: Vec<String> = (0..12).map(|number| format!("t{number}/sales")).collect();
        let text = some_names(Lang::En, &names);
        assert!(
            text.starts_with("t0/sales, t1/sales") && text.ends_with("t9/sales, … 2 more"),
            "{text}"
        );
        assert_eq!(some_names(Lang::Zh, &names[..2]), "t0/sales, t1/sales");
    }

    #[test]
    fn arguments_survive_a_shell() {
        assert_eq!(argument("CK2026-1"), "CK2026-1");
        assert_eq!(argument("店铺1"), "店铺1");
        assert_eq!(argument("a b"), "'a b'");
        assert_eq!(argument("it's; rm"), "'it'\\''s; rm'");
        assert_eq!(argument("-x"), "'-x'");
        assert_eq!(argument(""), "''");
    }

    #[test]
    fn double_width_columns_line_up() {
        let lens = Lens::plain(Lang::Zh, "2026-11-01T00:00:00Z".parse().unwrap());
        let rows = [
            vec!["待写入".to_owned(), "5".to_owned()],
            vec!["ok".to_owned(), "12,345".to_owned()],
        ];
        let out = table(&lens, &["状态".to_owned(), "单数".to_owned()], &rows, &[1]);
        assert_eq!(out, "状态      单数\n待写入       5\nok      12,345\n");
    }

    #[test]
    fn ages_use_two_units() {
        let lens = Lens::plain(Lang::En, "2026-11-03T04:05:06Z".parse().unwrap());
        let ago = |text: &str| age(&lens, text.parse().unwrap());
        assert_eq!(ago("2026-11-01T03:00:00Z"), "2d 1h");
        assert_eq!(ago("2026-11-03T01:00:00Z"), "3h 5m");
        assert_eq!(ago("2026-11-03T04:05:00Z"), "6s");
        assert_eq!(ago("2026-11-03T05:00:00Z"), "0s", "a clock set back");
    }
}
