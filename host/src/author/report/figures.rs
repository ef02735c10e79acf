//! Figures as a report writes them: short, aligned, without floats.

/// A count with a letter: `812`, `523 k`, `1.24 M`.
pub(crate) fn amount(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{} k", count / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{:02} M", count / 1_000_000, count / 10_000 % 100),
        _ => format!("{}.{:02} G", count / 1_000_000_000, count / 10_000_000 % 100),
    }
}

/// Bytes with a unit: `812 B`, `256 KB`, `1.5 MB`, each 1,024 of the one before.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{} KB", count / 1_024),
        _ => format!("{}.{} MB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576),
    }
}

/// How much `after` is more or less than `before`: `+12.3%`.
pub(crate) fn percent(before: u64, after: u64) -> String {
    if before == 0 {
        return "+∞".to_owned();
    }
    let (sign, distance) = if after >= before {
        ('+', after - before)
    } else {
        ('-', before - after)
    };
    let tenths = u128::from(distance) * 1_000 / u128::from(before);
    format!("{sign}{}.{}%", tenths / 10, tenths % 10)
}

/// Columns of a terminal: Chinese characters take two.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
            '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}
