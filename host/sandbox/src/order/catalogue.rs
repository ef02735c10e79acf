//! The source catalogue as data: which fields an order carries, in which order.
//!
//! The file is shared with the connector (data only, no code), so a field added there appears in the sandbox's orders.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use toml::Spanned;

const FILE: &str = include_str!("../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");

/// What the value of a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Text,
    Integer,
    Decimal,
    Datetime,
    Array,
}

/// One field below its object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The fields of the three levels, in file order.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) head: Vec<Field>,
    pub(crate) line: Vec<Field>,
    pub(crate) position: Vec<Field>,
}

#[derive(Deserialize)]
struct Row {
    r#type: Kind,
}

#[derive(Deserialize)]
struct File {
    fields: HashMap<String, Spanned<Row>>,
}

/// The catalogue, read once.
pub(crate) fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| {
        let file: File = toml::from_str(FILE).expect("the built-in catalogue is read by every test");
        let mut rows: Vec<_> = file.fields.into_iter().collect();
        rows.sort_by_key(|(_, row)| row.span().start);
        let mut catalogue = Catalogue::default();
        for (path, row) in rows {
            let kind = row.into_inner().r#type;
            if let Some(name) = path.strip_prefix("details_list.position_list.") {
                catalogue.position.push(Field {
                    name: name.to_owned(),
                    kind,
                });
            } else if let Some(name) = path.strip_prefix("details_list.") {
                catalogue.line.push(Field {
                    name: name.to_owned(),
                    kind,
                });
            } else {
                catalogue.head.push(Field { name: path, kind });
            }
        }
        catalogue
    })
}
