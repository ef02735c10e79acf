//! Vouchers as CSV for a spreadsheet: UTF-8 with a byte order mark, one line per wrong field, one line for a voucher
//! without any. The amount stands in a voucher's first line only, so that the column can be summed.

use std::io::Write;

use rust_decimal::Decimal;

use super::cell::{csv_amount, csv_number, csv_text, decimal, values};
use super::text::{reason_text, state_text};
use super::{Finding, Voucher, label};
use crate::lang::Lang;
use crate::overview::Lens;
use crate::overview::text::time;

/// The columns, by their keys under `blast.column`.
pub const COLUMNS: [&str; 17] = [
    "tenant",
    "scheme",
    "deployment",
    "key",
    "reference",
    "state",
    "at",
    "amount",
    "records",
    "finding",
    "reason",
    "basis",
    "path",
    "field",
    "written",
    "right",
    "difference",
];

/// A CSV file that is being written.
pub struct Csv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Begins one: byte order mark and header.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(lang: Lang, mut to: W) -> anyhow::Result<Self> {
        to.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(to);
        writer.write_record(COLUMNS.map(|column| lang.t(&format!("blast.column.{column}"))))?;
        Ok(Self { writer })
    }

    /// One voucher.
    ///
    /// # Errors
    /// The writer's.
    pub fn add(&mut self, lens: &Lens<'_>, voucher: &Voucher) -> anyhow::Result<()> {
        let mut fields = match &voucher.finding {
            Finding::Wrong(differences) => differences
                .fields
                .iter()
                .map(|wrong| {
                    let (written, right) = (wrong.written.as_deref(), wrong.right.as_deref());
                    let numbers = (decimal(written), decimal(right));
                    let difference = numbers
                        .0
                        .zip(numbers.1)
                        .and_then(|(written, right)| written.checked_sub(right));
                    let (written, right) = values(written, right);
                    let cell = |number: Option<Decimal>, text: &str| number.map_or_else(|| csv_text(text), csv_number);
                    [
                        csv_text(&wrong.path),
                        csv_text(label(lens, &wrong.path).unwrap_or_default()),
                        cell(numbers.0, &written),
                        cell(numbers.1, &right),
                        difference.map(csv_number).unwrap_or_default(),
                    ]
                })
                .collect(),
            _ => Vec::new(),
        };
        if fields.is_empty() {
            fields.push(Default::default());
        }
        for (index, field) in fields.iter().enumerate() {
            let amount = voucher.amount.filter(|_| index == 0);
            let voucher_cells = [
                csv_text(&voucher.scheme.tenant),
                csv_text(&voucher.scheme.name),
                voucher.deployment.to_string(),
                csv_text(&voucher.key),
                csv_text(voucher.reference.as_deref().unwrap_or_default()),
                state_text(lens, voucher),
                voucher.at.map(|at| time(lens, at)).unwrap_or_default(),
                amount.map(csv_amount).unwrap_or_default(),
                csv_text(&voucher.records.join(" ")),
                lens.lang.t(&format!("blast.finding.{}", voucher.finding.word())),
                csv_text(&reason_text(lens, voucher)),
                lens.lang.t(super::text::basis_key(voucher)),
            ];
            self.writer.write_record(voucher_cells.iter().chain(field))?;
        }
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(self) -> anyhow::Result<W> {
        self.writer
            .into_inner()
            .map_err(|error| anyhow::anyhow!("writing CSV: {}", error.error()))
    }
}
