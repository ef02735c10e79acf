//! How findings look to people: code, sentence, the lines of the file with the place underlined, help, reference. Columns
//! are counted in cells, so that Chinese text is underlined where it stands. Decides nothing.

use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, Place};
use crate::lang::Lang;

/// Longest line shown, in cells.
const MOST_CELLS: usize = 160;

/// The most schemes that are named below a finding in a file that they share.
const MOST_SCHEMES: usize = 5;

/// Colours, or none.
struct Paint {
    on: bool,
}

impl Paint {
    fn wrap(&self, style: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        self.wrap(if severity == Severity::Error { "1;31" } else { "1;33" }, text)
    }

    fn frame(&self, text: &str) -> String {
        self.wrap("36", text)
    }
}

/// The report of all findings, each ending in a newline, with an empty line between.
pub(crate) fn all(diagnostics: &[Diagnostic], lang: Lang, colour: bool) -> String {
    let paint = Paint {
        on: colour && crate::settings::colour_allowed(),
    };
    diagnostics
        .iter()
        .map(|diagnostic| one(diagnostic, lang, &paint))
        .collect::<Vec<_>>()
        .join("\n")
}

fn one(diagnostic: &Diagnostic, lang: Lang, paint: &Paint) -> String {
    let word = lang.t(match diagnostic.severity {
        Severity::Error => "definition.error",
        Severity::Warning => "definition.warning",
    });
    let head = paint.severity(diagnostic.severity, &format!("{word}[{}]", diagnostic.code.id()));
    let mut out = format!("{head} {}\n", clean(&diagnostic.message.text(lang)));
    if let Some(place) = &diagnostic.place {
        // A secret that was written down is not written out once more.
        let hide = matches!(diagnostic.code, Code::LiteralSecret | Code::LooksLikeSecret);
        out.push_str(&excerpt(place, diagnostic.severity, hide, paint));
    }
    if let Some(help) = &diagnostic.help {
        let label = lang.t("definition.help");
        let indent = " ".repeat(cells(&label) + 2);
        let text = clean(&help.text(lang)).replace('\n', &format!("\n{indent}"));
        out.push_str(&format!("{}: {text}\n", paint.wrap("1;32", &label)));
    }
    if !diagnostic.found_for.is_empty() {
        let more = diagnostic.found_for.len().saturating_sub(MOST_SCHEMES);
        let mut schemes = diagnostic.found_for[..diagnostic.found_for.len() - more].join(", ");
        if more > 0 {
            schemes.push_str(&format!(" … (+{more})"));
        }
        out.push_str(&format!("{}: {schemes}\n", lang.t("definition.found_for")));
    }
    out.push_str(&format!("{}: {}\n", lang.t("definition.doc"), diagnostic.doc()));
    out
}

fn excerpt(place: &Place, severity: Severity, hide: bool, paint: &Paint) -> String {
    let file = &place.file;
    let start = file.boundary(place.span.start);
    let (line, column) = file.position(start);
    let text = file.text();
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let whole = text[line_start..]
        .split('\n')
        .next()
        .unwrap_or_default()
        .trim_end_matches('\r');
    let end = file
        .boundary(place.span.end.max(start))
        .min(line_start + whole.len())
        .max(start);

    let line_end = line_start + whole.len();
    let before = widen(&text[line_start..start.min(line_end)]);
    let marked = if hide {
        "***".to_owned()
    } else {
        widen(&text[start..end])
    };
    let after = widen(text.get(end..line_end).unwrap_or_default());
    let mut shown = String::new();
    let mut width = 0;
    for c in before.chars().chain(marked.chars()).chain(after.chars()) {
        width += cell(c);
        if width > MOST_CELLS {
            shown.push('…');
            break;
        }
        shown.push(c);
    }
    let number = line.to_string();
    let gutter = " ".repeat(number.len() + 1);
    let at = cells(&before).min(MOST_CELLS);
    let length = cells(&marked).clamp(1, (MOST_CELLS + 1).saturating_sub(at).max(1));
    format!(
        "{gutter}{}\n{} {shown}\n{gutter}{} {}{}\n{gutter}{}\n",
        paint.frame(&format!("╭─[{}:{line}:{column}]", file.shown())),
        paint.frame(&format!("{number} │")),
        paint.frame("│"),
        " ".repeat(at),
        paint.severity(severity, &"─".repeat(length)),
        paint.frame("╰─"),
    )
}

/// Tabs as spaces, control characters as a dot, so that no file can steer a terminal.
fn widen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => out.push('·'),
            c => out.push(c),
        }
    }
    out
}

fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '·' } else { c })
        .collect()
}

/// Cells a text takes on a terminal.
pub(crate) fn cells(text: &str) -> usize {
    text.chars().map(cell).sum()
}

/// Cells a character takes on a terminal: two for East Asian wide ones.
fn cell(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
