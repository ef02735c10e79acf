//! The permission card for people. Everything that comes out of the component's file is cleaned before a terminal sees
//! it. Decides nothing.

use comfy_table::{CellAlignment, Table, presets};
use dukou_plugin::{Kind, PoolClass};

use super::card::{Card, FieldLine, SettingLine};
use crate::lang::Lang;
use crate::overview::text::{clean, count, short};

/// Most characters of one cell that comes from the file.
const CELL: usize = 60;

/// The card, section by section.
pub fn render(card: &Card, lang: Lang) -> String {
    let mut out = vec![head(card, lang)];
    let mut section = |key: &str, body: String| {
        if !body.is_empty() {
            out.push(format!("\n{}\n{body}", lang.t(&format!("plugin.card.{key}"))));
        }
    };
    section("imports", imports(card, lang));
    section("reads", reads(card, lang));
    section("writes", fields(&card.writes, lang));
    section("never", never(card, lang));
    section("settings", settings(card, lang));
    section("budgets", budgets(card, lang));
    section("cases", cases(card, lang));
    out.join("\n")
}

/// The word for a kind.
pub fn kind(kind: Kind, lang: Lang) -> String {
    lang.t(&format!("plugin.kind.{}", kind.as_str()))
}

/// Bytes as people say them.
pub fn bytes(bytes: usize) -> String {
    match bytes {
        0..10_240 => format!("{} B", count(bytes as u64)),
        10_240..10_485_760 => format!("{} KiB", count((bytes as u64).div_ceil(1024))),
        _ => format!("{} MiB", count((bytes as u64).div_ceil(1 << 20))),
    }
}

fn head(card: &Card, lang: Lang) -> String {
    let manifest = card.inspection.manifest.as_ref();
    let mut first = short(&card.name, CELL);
    if let Some(manifest) = manifest {
        first.push_str(&format!(" {}", short(&manifest.version, CELL)));
    }
    let title = manifest.and_then(|manifest| match lang {
        Lang::Zh => manifest.title.as_ref(),
        Lang::En => manifest.title_en.as_ref().or(manifest.title.as_ref()),
    });
    let class = match card.inspection.class() {
        PoolClass::Compiled => "plugin.card.compiled",
        PoolClass::Interpreted => "plugin.card.interpreted",
    };
    let rows = vec![
        vec![
            lang.t("plugin.card.title"),
            title.map_or("-".to_owned(), |title| short(title, CELL)),
        ],
        vec![lang.t("plugin.card.kind"), kind(card.inspection.kind, lang)],
        vec![lang.t("plugin.card.digest"), format!("sha256:{}", card.digest)],
        vec![lang.t("plugin.card.size"), bytes(card.inspection.bytes)],
        vec![
            lang.t("plugin.card.contract"),
            format!("dukou:plugin@{}", card.inspection.contract),
        ],
        vec![lang.t("plugin.card.class"), lang.t(class)],
    ];
    format!("{first}\n{}", table(&[], rows, &[]))
}

fn imports(card: &Card, lang: Lang) -> String {
    if card.inspection.imports.is_empty() {
        return format!("  {}", lang.t("plugin.card.no-imports"));
    }
    let word = |import: &str| {
        let key = match import {
            name if name.starts_with("dukou:plugin/lookups") => "lookups",
            name if name.starts_with("dukou:plugin/logging") => "logging",
            name if name.starts_with("dukou:plugin/types") => "types",
            _ => "inert",
        };
        lang.t(&format!("plugin.card.import.{key}"))
    };
    let rows = card
        .inspection
        .imports
        .iter()
        .map(|import| vec![clean(import), word(import)]);
    table(&[], rows.collect(), &[])
}

fn reads(card: &Card, lang: Lang) -> String {
    let mut parts = Vec::new();
    if let Some(reason) = &card.reads.unknown {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("reason", &short(reason, 200))];
        parts.push(format!("  {}", lang.text("plugin.card.unknown-needs", &arguments)));
    }
    if card.reads.whole {
        parts.push(format!("  {}", lang.t("plugin.card.whole")));
    }
    if !card.reads.fields.is_empty() {
        parts.push(fields(&card.reads.fields, lang));
    }
    let personal = card.reads.fields.iter().filter(|field| field.personal).count();
    if card.reads.unknown.is_none() {
        let key = if personal == 0 {
            "plugin.card.no-personal"
        } else {
            "plugin.card.personal-count"
        };
        parts.push(format!("  {}", lang.text(key, &[("count", &personal)])));
    }
    let tables: Vec<String> = card.reads.tables.iter().map(|name| short(name, CELL)).collect();
    if !tables.is_empty() {
        let names = tables.join(lang.t("plugin.card.comma").as_str());
        parts.push(format!("  {}", lang.text("plugin.card.tables", &[("names", &names)])));
    }
    parts.join("\n")
}

fn fields(lines: &[FieldLine], lang: Lang) -> String {
    let row = |line: &FieldLine| {
        let label = line.label.as_deref().map_or("-".to_owned(), |label| short(label, CELL));
        let mark = if line.personal {
            lang.t("plugin.card.personal")
        } else {
            String::new()
        };
        vec![short(&line.path, CELL), label, mark]
    };
    if lines.is_empty() {
        return String::new();
    }
    table(&[], lines.iter().map(row).collect(), &[])
}

fn never(card: &Card, lang: Lang) -> String {
    let rows = card.never.iter().map(|never| {
        let why = match (never.what, never.inert.is_empty()) {
            ("others", _) => lang.t("plugin.card.why.others"),
            (_, true) => lang.t("plugin.card.why.no-import"),
            (what, false) => lang.t(&format!("plugin.card.why.inert-{what}")),
        };
        vec![lang.t(&format!("plugin.card.can.{}", never.what)), why]
    });
    table(&[], rows.collect(), &[])
}

fn settings(card: &Card, lang: Lang) -> String {
    if card.settings.is_empty() {
        return format!("  {}", lang.t("plugin.card.no-settings"));
    }
    let row = |line: &SettingLine| {
        let default = match &line.default {
            Some(default) => short(default, CELL / 2),
            None if line.required => lang.t("plugin.card.required"),
            None => "-".to_owned(),
        };
        let title = line.title.as_deref().map_or(String::new(), |title| short(title, CELL));
        let description = line
            .description
            .as_deref()
            .map_or(String::new(), |text| short(text, CELL));
        vec![
            short(&line.path, CELL),
            short(&line.kind, CELL),
            default,
            title,
            description,
        ]
    };
    let header =
        ["setting", "type", "default", "meaning", "about"].map(|key| lang.t(&format!("plugin.card.column.{key}")));
    table(&header, card.settings.iter().map(row).collect(), &[])
}

fn budgets(card: &Card, lang: Lang) -> String {
    let budgets = &card.budgets;
    let list = card
        .inspection
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.list.as_deref());
    let arguments: [(&str, &dyn std::fmt::Display); 8] = [
        ("base", &count(budgets.fuel_base)),
        ("group", &count(budgets.fuel_per_group)),
        ("byte", &count(budgets.fuel_per_byte)),
        ("memory", &bytes(budgets.memory_bytes)),
        ("output", &bytes(budgets.output_bytes)),
        ("log", &bytes(budgets.log_bytes)),
        ("lookups", &count(budgets.host_calls_per_group)),
        ("list", &short(list.unwrap_or("-"), CELL)),
    ];
    let mut text = lang.text("plugin.card.budget", &arguments);
    if list.is_some() {
        text.push('\n');
        text.push_str(&lang.text("plugin.card.grows", &arguments));
    }
    text
}

fn cases(card: &Card, lang: Lang) -> String {
    if card.cases.is_empty() {
        return format!("  {}", lang.t("plugin.card.no-cases"));
    }
    let rows = card.cases.iter().map(|case| {
        vec![
            short(&case.name, CELL),
            lang.t(&format!("plugin.card.expects.{}", case.expects)),
            case.fuel.map_or("-".to_owned(), count),
            case.title.as_deref().map_or(String::new(), |title| short(title, CELL)),
        ]
    });
    let header = ["case", "expects", "fuel", "about"].map(|key| lang.t(&format!("plugin.card.column.{key}")));
    let body = table(&header, rows.collect(), &[2]);
    let arguments: [(&str, &dyn std::fmt::Display); 1] = [("count", &card.cases.len())];
    format!("{body}\n  {}", lang.text("plugin.card.case-count", &arguments))
}

/// Rows without borders, two columns to the right.
pub fn table(header: &[String], rows: Vec<Vec<String>>, numbers: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 2 } else { 0 }, 2));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
