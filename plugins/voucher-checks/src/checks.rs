//! The comparisons. Each adds its violations; none depends on what another found.

use crate::document::{self, Voucher};
use crate::origin::{self, Totals};
use crate::rules::{Rules, Sum};
use dukou_sdk::date::Moment;
use dukou_sdk::{Candidate, Document, Scalar, Violation, json};
use rust_decimal::Decimal;

/// Everything that is wrong with a group's documents.
pub(crate) fn check(rules: &Rules, candidate: &Candidate) -> Vec<Violation> {
    let mut violations = Vec::new();
    let latest = latest_date(rules, candidate, &mut violations);
    let mut found = Found::default();
    for document in &candidate.mapped.documents {
        let before = violations.len();
        let inside = document::unwrapped(rules, &document.body);
        match inside.and_then(|inside| Some((inside, Voucher::read(inside)?))) {
            None => {
                let message = "the document cannot be read, or its lines are no list";
                violations.push(Violation::new("lines", message).at_target("RDRecordDetails"));
                found.complete = false;
            }
            Some((inside, voucher)) => {
                check_lines(rules, &voucher, &mut found, &mut violations);
                check_date(rules, &voucher, latest, &mut violations);
                for long in rules
                    .max_text
                    .map(|max| document::long_texts(inside, max))
                    .unwrap_or_default()
                {
                    let message = format!(
                        "{} characters, at most {} are allowed",
                        long.characters,
                        rules.max_text.unwrap_or_default()
                    );
                    violations.push(Violation::new("length", message).at_target(long.path));
                }
            }
        }
        name_document(document, &mut violations[before..]);
    }
    if let Some(lines) = &rules.lines
        && found.complete
    {
        match origin::totals(rules, lines, candidate) {
            Ok(totals) => compare(rules, &lines.outer, &totals, &found, &mut violations),
            Err(fault) => {
                let message = format!("the source cannot be summed up: {}", fault.reason);
                violations.push(Violation::new("total", message).at_source(fault.path));
            }
        }
    }
    violations
}

/// What the documents of a group sum up to.
#[derive(Debug)]
struct Found {
    lines: usize,
    quantity: Decimal,
    amount: Decimal,
    /// Whether every line could be read; totals of the others would prove nothing.
    complete: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            lines: 0,
            quantity: Decimal::ZERO,
            amount: Decimal::ZERO,
            complete: true,
        }
    }
}

impl Found {
    /// `None` if a sum has too many digits.
    fn add(&mut self, quantity: Decimal, price: Decimal) -> Option<()> {
        self.quantity = self.quantity.checked_add(quantity)?;
        self.amount = self.amount.checked_add(quantity.checked_mul(price)?)?;
        Some(())
    }
}

fn check_lines(rules: &Rules, voucher: &Voucher<'_>, found: &mut Found, violations: &mut Vec<Violation>) {
    for (index, line) in voucher.lines.iter().enumerate() {
        found.lines += 1;
        let at = |field: &str| format!("RDRecordDetails[{index}].{field}");
        let mut refuse = |field: &str, message: String| {
            violations.push(Violation::new("quantity", message).at_target(at(field)));
        };
        let quantity = match line.quantity.decimal_value() {
            Ok(quantity) => quantity,
            Err(reason) => {
                refuse(
                    "BaseQuantity",
                    format!("{} is {}", shown(&line.quantity), reason.reason()),
                );
                found.complete = false;
                continue;
            }
        };
        if quantity.is_zero() || (quantity.is_sign_negative() && !rules.allow_negative) {
            let wanted = if rules.allow_negative {
                "must not be zero"
            } else {
                "must be more than zero"
            };
            refuse("BaseQuantity", format!("{} {wanted}", shown(&line.quantity)));
        }
        // A line without price, such as a gift, has no amount.
        let price = match &line.price {
            price if price.is_empty() => Ok(Decimal::ZERO),
            price => price.decimal_value(),
        };
        match price {
            Ok(price) if found.add(quantity, price).is_some() => {}
            Ok(_) => {
                refuse("BaseQuantity", "the sum has too many digits".to_owned());
                found.complete = false;
            }
            Err(reason) => {
                refuse(
                    "origTaxSalePrice",
                    format!("{} is {}", shown(&line.price), reason.reason()),
                );
                found.complete = false;
            }
        }
    }
}

/// The latest plausible day: a day after the newest record was received, in the scheme's zone.
fn latest_date(rules: &Rules, candidate: &Candidate, violations: &mut Vec<Violation>) -> Option<Moment> {
    let mut latest = None;
    for record in &candidate.origin.records {
        match Moment::from_rfc3339(&record.received_at, rules.zone) {
            Ok(moment) => {
                let next_day = Moment {
                    day: moment.day + 1,
                    second: 0,
                };
                latest = latest.max(Some(next_day));
            }
            Err(_) => {
                let message = format!("record {} has no readable time of receipt", record.key);
                violations.push(Violation::new("date", message));
            }
        }
    }
    latest
}

fn check_date(rules: &Rules, voucher: &Voucher<'_>, latest: Option<Moment>, violations: &mut Vec<Violation>) {
    let mut refuse = |message: String| {
        violations.push(Violation::new("date", message).at_target("VoucherDate"));
    };
    let text = voucher.date.text();
    let date = match Moment::read(&text, rules.zone) {
        Ok(Some(moment)) => Moment { second: 0, ..moment },
        // Whether it may be missing is the catalogue's business.
        Ok(None) => return,
        Err(_) => return refuse(format!("{} is not a date", shown(&voucher.date))),
    };
    match (rules.not_before, latest) {
        (Some(earliest), _) if date < earliest => {
            refuse(format!("{} is before {}", date.date(), earliest.date()));
        }
        (_, Some(latest)) if date > latest => {
            refuse(format!(
                "{} is after {}, the day after the order was received",
                date.date(),
                latest.date()
            ));
        }
        _ => {}
    }
}

fn compare(rules: &Rules, list: &str, totals: &Totals, found: &Found, violations: &mut Vec<Violation>) {
    let fewer_is_fine = rules.merged && (found.lines > 0 || totals.lines == 0);
    if found.lines > totals.lines || (found.lines < totals.lines && !fewer_is_fine) {
        let message = format!(
            "{} lines, but the source has {} that were not left out",
            found.lines, totals.lines
        );
        violations.push(
            Violation::new("lines", message)
                .at_source(list)
                .at_target("RDRecordDetails"),
        );
    }
    if let Some(sum) = &rules.quantity
        && found.quantity != totals.quantity
    {
        let message = format!(
            "the lines sum up to {}, the source to {}",
            found.quantity, totals.quantity
        );
        let violation = Violation::new("total", message).at_target("RDRecordDetails.BaseQuantity");
        violations.push(violation.at_source(source_of(sum)));
    }
    if let Some(sum) = &rules.amount
        && found
            .amount
            .checked_sub(totals.amount)
            .is_none_or(|gap| gap.abs() > rules.tolerance)
    {
        let message = format!(
            "the lines amount to {}, the source to {}; they may differ by {}",
            found.amount, totals.amount, rules.tolerance
        );
        let violation = Violation::new("amount", message).at_target("RDRecordDetails.origTaxSalePrice");
        violations.push(violation.at_source(source_of(sum)));
    }
}

fn source_of(sum: &Sum) -> &str {
    sum.fields.first().map_or("", |field| &field.path)
}

/// Tells documents of one group apart.
fn name_document(document: &Document, violations: &mut [Violation]) {
    if !document.suffix.is_empty() {
        for violation in violations {
            violation.extra = format!("{{\"suffix\":{}}}", json::text(&document.suffix));
        }
    }
}

/// A value between quotes, cut to 80 characters.
fn shown(value: &Scalar<'_>) -> String {
    let text = value.text();
    match text.char_indices().nth(80) {
        None => format!("\"{text}\""),
        Some((cut, _)) => format!("\"{}…\"", &text[..cut]),
    }
}
