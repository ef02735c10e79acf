//! Vouchers as a workbook for accountants: a summary, the vouchers, the wrong fields. Keys are text; an amount is a number
//! cell where that loses nothing (`cell::number`), else text.

use anyhow::Context as _;
use rust_decimal::Decimal;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::cell::{decimal, number, text as cell_text, two_decimals, values};
use super::report::Report;
use super::text::{basis_key, good_text, reason_text, state_text, version_text, waiting_text};
use super::{Finding, Voucher, label};
use crate::overview::Lens;
use crate::overview::text::time;

/// Rows of a sheet; a spreadsheet has 1,048,576.
const MOST_ROWS: u32 = 1_000_000;
/// Thousands separators and at least two decimals.
const MONEY: &str = "#,##0.00##########";

/// Columns of the vouchers: key and width; a Chinese character is two wide.
const VOUCHERS: [(&str, u8); 13] = [
    ("tenant", 12),
    ("scheme", 18),
    ("deployment", 10),
    ("key", 24),
    ("reference", 22),
    ("state", 24),
    ("at", 20),
    ("amount", 16),
    ("records", 28),
    ("finding", 18),
    ("wrong", 10),
    ("reason", 48),
    ("basis", 24),
];
const FIELDS: [(&str, u8); 9] = [
    ("tenant", 12),
    ("scheme", 18),
    ("key", 24),
    ("reference", 22),
    ("path", 40),
    ("field", 22),
    ("written", 26),
    ("right", 26),
    ("difference", 16),
];

/// A workbook that is being made, in memory.
pub struct Sheet {
    vouchers: Page,
    fields: Page,
    formats: Formats,
    cut: bool,
}

struct Page {
    sheet: Worksheet,
    row: u32,
}

struct Formats {
    head: Format,
    money: Format,
}

impl Sheet {
    /// Begins one.
    ///
    /// # Errors
    /// rust_xlsxwriter's.
    pub fn begin(lens: &Lens<'_>) -> anyhow::Result<Self> {
        let formats = Formats {
            head: Format::new().set_bold(),
            money: Format::new().set_num_format(MONEY),
        };
        Ok(Self {
            vouchers: Page::begin(lens, "blast.sheet.vouchers", &VOUCHERS, &formats)?,
            fields: Page::begin(lens, "blast.sheet.fields", &FIELDS, &formats)?,
            formats,
            cut: false,
        })
    }

    /// One voucher.
    ///
    /// # Errors
    /// rust_xlsxwriter's.
    pub fn add(&mut self, lens: &Lens<'_>, voucher: &Voucher) -> anyhow::Result<()> {
        let Some(row) = self.vouchers.next() else {
            self.cut = true;
            return Ok(());
        };
        let (sheet, money) = (&mut self.vouchers.sheet, &self.formats.money);
        let scheme = &voucher.scheme;
        let texts = [
            (0, scheme.tenant.clone()),
            (1, scheme.name.clone()),
            (2, voucher.deployment.to_string()),
            (3, voucher.key.clone()),
            (4, voucher.reference.clone().unwrap_or_default()),
            (5, state_text(lens, voucher)),
            (6, voucher.at.map(|at| time(lens, at)).unwrap_or_default()),
            (8, voucher.records.join(" ")),
            (9, lens.lang.t(&format!("blast.finding.{}", voucher.finding.word()))),
            (11, reason_text(lens, voucher)),
            (12, lens.lang.t(basis_key(voucher))),
        ];
        for (column, text) in texts {
            put_text(sheet, row, column, &text)?;
        }
        if let Some(amount) = voucher.amount {
            put_decimal(sheet, row, 7, amount, money)?;
        }
        let Finding::Wrong(differences) = &voucher.finding else {
            return Ok(());
        };
        let wrong = differences.fields.len() as u64 + differences.more;
        put_decimal(sheet, row, 10, wrong.into(), &Format::new())?;
        for wrong in &differences.fields {
            let Some(row) = self.fields.next() else {
                self.cut = true;
                return Ok(());
            };
            let sheet = &mut self.fields.sheet;
            let name = label(lens, &wrong.path).unwrap_or_default();
            let reference = voucher.reference.as_deref().unwrap_or_default();
            let fixed = [&scheme.tenant, &scheme.name, &voucher.key, reference, &wrong.path, name];
            for (column, text) in (0..).zip(fixed) {
                put_text(sheet, row, column, text)?;
            }
            let (written, right) = (wrong.written.as_deref(), wrong.right.as_deref());
            let (written_text, right_text) = values(written, right);
            let (written, right) = (decimal(written), decimal(right));
            for (column, number, text) in [(6, written, written_text), (7, right, right_text)] {
                match number {
                    Some(number) => put_decimal(sheet, row, column, number, money)?,
                    None => put_text(sheet, row, column, &text)?,
                }
            }
            let difference = written
                .zip(right)
                .and_then(|(written, right)| written.checked_sub(right));
            if let Some(difference) = difference {
                put_decimal(sheet, row, 8, difference, money)?;
            }
        }
        Ok(())
    }

    /// Ends it: the bytes of the file.
    ///
    /// # Errors
    /// rust_xlsxwriter's.
    pub fn finish<'a>(
        self,
        lens: &Lens<'_>,
        report: &Report,
        lens_of: &dyn Fn(&dukou_core::names::SchemeName) -> Lens<'a>,
    ) -> anyhow::Result<Vec<u8>> {
        let summary = summary(lens, report, lens_of, &self.formats, self.cut)?;
        let mut workbook = Workbook::new();
        let made = ExcelDateTime::from_timestamp(lens.now.timestamp())?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
        for sheet in [summary, self.vouchers.sheet, self.fields.sheet] {
            workbook.push_worksheet(sheet);
        }
        workbook.save_to_buffer().context("making the workbook")
    }
}

impl Page {
    fn begin(lens: &Lens<'_>, name: &str, columns: &[(&str, u8)], formats: &Formats) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(lens.lang.t(name))?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, (key, width)) in (0..).zip(columns) {
            sheet.set_column_width(column, *width)?;
            let head = lens.lang.t(&format!("blast.column.{key}"));
            sheet.write_string_with_format(0, column, head, &formats.head)?;
        }
        Ok(Self { sheet, row: 0 })
    }

    fn next(&mut self) -> Option<u32> {
        self.row += 1;
        (self.row < MOST_ROWS).then_some(self.row)
    }
}

fn put_text(sheet: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    if !text.is_empty() {
        sheet.write_string(row, column, cell_text(text))?;
    }
    Ok(())
}

fn put_decimal(sheet: &mut Worksheet, row: u32, column: u16, value: Decimal, format: &Format) -> Result<(), XlsxError> {
    match number(value) {
        Some(number) => sheet.write_number_with_format(row, column, number, format)?,
        None => sheet.write_string(row, column, two_decimals(value))?,
    };
    Ok(())
}

/// The first sheet: which version, which schemes, what it comes to, field by field.
fn summary<'a>(
    lens: &Lens<'_>,
    report: &Report,
    lens_of: &dyn Fn(&dukou_core::names::SchemeName) -> Lens<'a>,
    formats: &Formats,
    cut: bool,
) -> Result<Worksheet, XlsxError> {
    let lang = lens.lang;
    let mut sheet = Worksheet::new();
    sheet.set_name(lang.t("blast.sheet.summary"))?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, width) in (0..).zip([46_u8, 14, 14, 18, 18, 18, 18]) {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string_with_format(0, 0, cell_text(&version_text(lens, report)), &formats.head)?;
    let mut row = 1;
    if cut {
        sheet.write_string(row, 0, lang.text("blast.cut", &[("count", &MOST_ROWS)]))?;
        row += 1;
    }
    for part in &report.parts {
        let lens = &lens_of(&part.scheme);
        row += 1;
        let title = format!("{} · {}", part.scheme, good_text(lens, part));
        sheet.write_string_with_format(row, 0, cell_text(&title), &formats.head)?;
        row += 1;
        heads(&mut sheet, row, &["finding", "vouchers", "", "amount"], lens, formats)?;
        let classes = Finding::WORDS.map(|word| (lang.t(&format!("blast.finding.{word}")), part.sum.class(word)));
        let all = [
            (lang.t("blast.all"), part.sum.all),
            (lang.t("blast.may-be-there"), part.sum.may_be),
        ];
        for (label, tally) in classes.into_iter().chain(all) {
            row += 1;
            sheet.write_string(row, 0, label)?;
            put_decimal(&mut sheet, row, 1, tally.count.into(), &Format::new())?;
            put_decimal(&mut sheet, row, 3, tally.amount, &formats.money)?;
        }
        for remark in waiting_text(lens, part) {
            row += 1;
            sheet.write_string(row, 0, cell_text(&remark))?;
        }
        if part.sum.fields.is_empty() {
            continue;
        }
        row += 2;
        let columns = [
            "wrong-field",
            "vouchers",
            "places",
            "amount",
            "written-sum",
            "right-sum",
            "difference",
        ];
        heads(&mut sheet, row, &columns, lens, formats)?;
        for (path, field) in part.sum.by_weight() {
            row += 1;
            let name = label(lens, path).map_or_else(|| path.clone(), |label| format!("{path} ({label})"));
            sheet.write_string(row, 0, cell_text(&name))?;
            put_decimal(&mut sheet, row, 1, field.vouchers.count.into(), &Format::new())?;
            put_decimal(&mut sheet, row, 2, field.places.into(), &Format::new())?;
            put_decimal(&mut sheet, row, 3, field.vouchers.amount, &formats.money)?;
            if let (Some((written, right)), Some(difference)) = (field.numbers, field.difference()) {
                for (column, value) in [(4, written), (5, right), (6, difference)] {
                    put_decimal(&mut sheet, row, column, value, &formats.money)?;
                }
            }
        }
        row += 1;
    }
    Ok(sheet)
}

fn heads(
    sheet: &mut Worksheet,
    row: u32,
    columns: &[&str],
    lens: &Lens<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (column, key) in (0..).zip(columns) {
        if !key.is_empty() {
            let head = lens.lang.t(&format!("blast.column.{key}"));
            sheet.write_string_with_format(row, column, head, &formats.head)?;
        }
    }
    Ok(())
}
