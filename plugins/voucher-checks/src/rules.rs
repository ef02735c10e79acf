//! The settings, checked: which comparisons are made and which source fields they need.

use dukou_sdk::date::{Moment, Zone};
use dukou_sdk::environment::Environment;
use dukou_sdk::settings::Settings;
use dukou_sdk::{Needs, SettingError};
use rust_decimal::Decimal;

/// What is checked.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The key that documents stand under.
    pub(crate) wrapper: Option<String>,
    pub(crate) zone: Zone,
    pub(crate) allow_negative: bool,
    pub(crate) not_before: Option<Moment>,
    pub(crate) lines: Option<Lines>,
    pub(crate) merged: bool,
    pub(crate) quantity: Option<Sum>,
    pub(crate) amount: Option<Sum>,
    pub(crate) tolerance: Decimal,
    /// Most characters of a text.
    pub(crate) max_text: Option<usize>,
}

/// The source list whose elements become lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The list of the record, e.g. `details_list`.
    pub(crate) outer: String,
    /// The list of its elements, e.g. `position_list`. An element without any stands for itself.
    pub(crate) inner: Option<String>,
}

/// What to sum over the lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    /// The first of these that is not empty counts.
    pub(crate) fields: Vec<Field>,
}

/// A field of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// The whole path, for messages.
    pub(crate) path: String,
    /// The path from the element that has it.
    pub(crate) name: String,
    /// Whether that element is one of the inner list.
    pub(crate) inner: bool,
}

impl Rules {
    /// Reads settings and environment; every mistake is reported.
    pub(crate) fn read(settings: &str, environment: &str) -> Result<Self, Vec<SettingError>> {
        let environment = Environment::parse(environment)?;
        let mut settings = Settings::parse(settings)?;
        let allow_negative = settings.boolean("allow_negative", false);
        let not_before = settings.text("not_before", "2000-01-01");
        let lines_path = settings.text("lines", "details_list");
        let merged = settings.boolean("merged", false);
        let quantity = settings.text("quantity", "details_list.goods_count");
        let amount = settings.text("amount", "");
        let tolerance = settings.decimal("tolerance", Decimal::new(1, 2));
        let max_text = settings.count("max_text", 500);

        let zone = environment.zone().unwrap_or_else(|error| {
            settings.error(&error.path, &error.code, &error.message);
            Zone::SHANGHAI
        });
        let not_before = Moment::read(&not_before, zone).unwrap_or_else(|_| {
            settings.error("not_before", "date", "must be a date, YYYY-MM-DD");
            None
        });
        let lines = Lines::read(&lines_path).unwrap_or_else(|message| {
            settings.error("lines", "path", message);
            None
        });
        let mut sum = |name: &str, paths: &str| {
            Sum::read(paths, lines.as_ref()).unwrap_or_else(|message| {
                settings.error(name, "path", message);
                None
            })
        };
        let (quantity, amount) = (sum("quantity", &quantity), sum("amount", &amount));
        if tolerance.is_sign_negative() && !tolerance.is_zero() {
            settings.error("tolerance", "range", "must not be negative");
        }
        if let Some(target) = &environment.target
            && target.field("RDRecordDetails.BaseQuantity").is_none()
        {
            let message = format!("{} has no RDRecordDetails.BaseQuantity to check", target.api);
            settings.error("environment.target", "target", &message);
        }
        settings.finish()?;
        Ok(Self {
            wrapper: environment.target.and_then(|target| target.wrapper),
            zone,
            allow_negative,
            not_before,
            lines,
            merged,
            quantity,
            amount,
            tolerance,
            max_text: (max_text > 0).then_some(max_text),
        })
    }

    /// The source fields that the comparisons read.
    pub(crate) fn needs(&self) -> Needs {
        let Some(lines) = &self.lines else {
            return Needs::default();
        };
        let mut paths: Vec<String> = Vec::new();
        let mut want = |path: String| {
            if !paths.contains(&path) {
                paths.push(path);
            }
        };
        let inner = lines.inner.as_deref().unwrap_or_default();
        for field in [&self.quantity, &self.amount]
            .into_iter()
            .flatten()
            .flat_map(|sum| &sum.fields)
        {
            want(match field.inner {
                true => format!("{}[].{inner}[].{}", lines.outer, field.name),
                false => format!("{}[].{}", lines.outer, field.name),
            });
        }
        // Counting needs the elements even if no field of theirs is summed.
        let has = |part: &str, paths: &[String]| paths.iter().any(|path| path.starts_with(part));
        match &lines.inner {
            Some(inner) if !has(&format!("{}[].{inner}[]", lines.outer), &paths) => {
                paths.push(format!("{}[].{inner}", lines.outer));
            }
            None if paths.is_empty() => paths.push(lines.outer.clone()),
            _ => {}
        }
        Needs {
            needs: paths,
            tables: Vec::new(),
        }
    }
}

impl Lines {
    fn read(path: &str) -> Result<Option<Self>, &'static str> {
        if path.is_empty() {
            return Ok(None);
        }
        let mut names = path.split('.');
        let outer = names.next().unwrap_or_default().to_owned();
        let inner = names.next().map(str::to_owned);
        let named = !outer.is_empty() && inner.as_deref() != Some("");
        if named && names.next().is_none() {
            Ok(Some(Self { outer, inner }))
        } else {
            Err("must be a source list or a list inside one, e.g. details_list.position_list")
        }
    }
}

impl Sum {
    fn read(paths: &str, lines: Option<&Lines>) -> Result<Option<Self>, &'static str> {
        let Some(lines) = lines else { return Ok(None) };
        if paths.trim().is_empty() {
            return Ok(None);
        }
        let field = |path: &str| {
            let below = path.strip_prefix(&lines.outer)?.strip_prefix('.')?;
            let inner = lines
                .inner
                .as_ref()
                .and_then(|inner| below.strip_prefix(inner)?.strip_prefix('.'));
            let name = inner.unwrap_or(below).to_owned();
            let path = path.to_owned();
            (!name.is_empty()).then_some(Field {
                path,
                name,
                inner: inner.is_some(),
            })
        };
        let fields: Option<Vec<Field>> = paths.split(',').map(|path| field(path.trim())).collect();
        let fields = fields.ok_or("must be a field of the list that `lines` names")?;
        Ok(Some(Self { fields }))
    }
}
