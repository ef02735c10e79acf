//! `[show]` of a scheme: what people see and sum of a record (amount, quantity, date, columns). Presentation only:
//! nothing here influences a document.

use std::fmt;

use rust_decimal::Decimal;

use crate::json::{Pick, decimal, scalar_text};

/// `sum(path)` or a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// The sum of all values at the path.
    Sum(String),
    /// The first value at the path.
    Path(String),
}

/// The text is neither `sum(path)` nor a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadExpression(pub String);

impl fmt::Display for BadExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is neither a field path nor sum(path)", self.0)
    }
}

impl std::error::Error for BadExpression {}

impl Expression {
    /// Reads `sum(details_list.share_amount)` or `consign_time`.
    ///
    /// # Errors
    /// [`BadExpression`] quoting the text.
    pub fn parse(text: &str) -> Result<Self, BadExpression> {
        let bad = || BadExpression(text.to_owned());
        let text_trimmed = text.trim();
        if let Some(inner) = text_trimmed.strip_prefix("sum(") {
            let path = inner.strip_suffix(')').ok_or_else(bad)?.trim();
            return if is_path(path) {
                Ok(Self::Sum(path.to_owned()))
            } else {
                Err(bad())
            };
        }
        if is_path(text_trimmed) {
            Ok(Self::Path(text_trimmed.to_owned()))
        } else {
            Err(bad())
        }
    }

    /// The path it reads.
    pub fn path(&self) -> &str {
        match self {
            Self::Sum(path) | Self::Path(path) => path,
        }
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|step| {
            let step = step.trim_end_matches("[]");
            !step.is_empty() && step.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
}

/// What `[show]` names, compiled.
#[derive(Debug, Clone)]
pub struct Show {
    amount: Option<Expression>,
    quantity: Option<Expression>,
    date: Option<Expression>,
    columns: Vec<String>,
    pick: Pick,
}

/// What people see of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// Money.
    pub amount: Option<Decimal>,
    /// Pieces.
    pub quantity: Option<Decimal>,
    /// The business date as the source wrote it.
    pub date: Option<String>,
    /// The named columns, in order; empty where absent.
    pub columns: Vec<String>,
}

impl Show {
    /// Compiles the expressions.
    pub fn new(
        amount: Option<Expression>,
        quantity: Option<Expression>,
        date: Option<Expression>,
        columns: Vec<String>,
    ) -> Self {
        let pick = {
            let mut paths: Vec<&str> = [&amount, &quantity, &date]
                .into_iter()
                .map(|e| e.as_ref().map_or("\u{0}", Expression::path))
                .collect();
            paths.extend(columns.iter().map(String::as_str));
            Pick::new(paths)
        };
        Self {
            amount,
            quantity,
            date,
            columns,
            pick,
        }
    }

    /// Reads a record. A body that is not JSON shows nothing.
    pub fn read(&self, body: &str) -> Shown {
        let Ok(found) = self.pick.read(body) else {
            return Shown::default();
        };
        let number = |expression: &Option<Expression>, slot: usize| -> Option<Decimal> {
            let values = found[slot]
                .iter()
                .filter_map(|raw| scalar_text(raw))
                .filter_map(|text| decimal(&text));
            match expression.as_ref()? {
                Expression::Sum(_) => Some(values.sum()),
                Expression::Path(_) => values.into_iter().next(),
            }
        };
        let text =
            |slot: usize| -> Option<String> { scalar_text(found[slot].first()?).map(std::borrow::Cow::into_owned) };
        Shown {
            amount: number(&self.amount, 0),
            quantity: number(&self.quantity, 1),
            date: self.date.as_ref().and_then(|_| text(2)),
            columns: (0..self.columns.len())
                .map(|i| text(3 + i).unwrap_or_default())
                .collect(),
        }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_decimal_and_tolerate_every_number_form() {
        let show = Show::new(
            Some(Expression::parse("sum(details_list.share_amount)").unwrap()),
            Some(Expression::parse("sum(details_list.goods_count)").unwrap()),
            Some(Expression::parse("consign_time").unwrap()),
            vec!["shop_name".into(), "none".into()],
        );
        let shown = show.read(
            r#"{"shop_name":"示例店","consign_time":"2026-11-01 08:00:00","details_list":[{"share_amount":"0.1","goods_count":"1E+1"},{"share_amount":0.20,"goods_count":2.0000}]}"#,
        );
        assert_eq!(shown.amount, Some("0.30".parse().unwrap()));
        assert_eq!(shown.quantity, Some("12.0000".parse().unwrap()));
        assert_eq!(shown.date.as_deref(), Some("2026-11-01 08:00:00"));
        assert_eq!(shown.columns, ["示例店", ""]);
        assert_eq!(show.read("nonsense"), Shown::default());
    }

    #[test]
    fn other_text_is_refused() {
        for bad in ["", "sum(", "sum()", "a b", "avg(x)", "a..b"] {
            assert!(Expression::parse(bad).is_err(), "{bad}");
        }
    }
}
