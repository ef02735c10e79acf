//! The questions of a look-up and how their answers are read (`docs/reference/systems/tplus.md` §4.3). Pure.
//!
//! `FindVoucherList` answers a table by columns, `{Columns: […], Rows: [[…]], TotalCount}`. Whether it can filter by the
//! external code, and whether its pages start at 0 or 1, is not established; [`super::lookup`] copes with all four.

use serde_json::json;
use serde_json::value::RawValue;

use super::outcome::{Body, read_body};
use crate::reply_text::{self, excerpt};

/// The service that knows the vouchers which `api` creates: `/tplus/api/v2/saleDispatch/Create` → `SaleDispatchOpenApi`.
pub(super) fn service(api: &str) -> Option<String> {
    let mut parts = api.rsplit('/');
    let (_, name) = (parts.next()?, parts.next()?);
    let first = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let name = name.strip_suffix("OpenApi").unwrap_or(name);
    Some(format!(
        "{}{}OpenApi",
        first.to_ascii_uppercase(),
        &name[first.len_utf8()..]
    ))
}

/// The path of one of that service's actions.
pub(super) fn path(service: &str, action: &str) -> String {
    format!("/tplus/api/v2/{service}/{action}")
}

/// Asks for vouchers, those with this external code if one is given.
pub(super) fn find(key: Option<&str>, page: u64, page_size: u32) -> String {
    let filter = key.map_or_else(|| json!({}), |key| json!({ "externalcode": key }));
    json!({
        "selectFields": ["id", "code", "externalcode", "ts"],
        "paramDic": filter,
        "pageIndex": page,
        "pageSize": page_size,
    })
    .to_string()
}

/// Asks for one voucher with its lines.
pub(super) fn get(row: &Row) -> String {
    match row.code.as_str() {
        "" => json!({ "param": { "voucherID": row.id } }),
        code => json!({ "param": { "voucherCode": code } }),
    }
    .to_string()
}

/// One voucher of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    /// The target's own number.
    pub(super) code: String,
    /// The external code.
    pub(super) key: String,
}

impl Row {
    /// What tells vouchers apart.
    pub(super) fn identity(&self) -> &str {
        [&self.id, &self.code, &self.key]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }

    /// The number for people.
    pub(super) fn number(&self) -> &str {
        if self.code.is_empty() { &self.id } else { &self.code }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listing {
    pub(super) rows: Vec<Row>,
    pub(super) total: Option<u64>,
}

/// Why a question has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No answer came: the target is away.
    Away(String),
    /// It answered with nothing of use; ask again later.
    Later(String),
    /// Asking again cannot help: a refusal, or an answer that shows too little.
    Useless(String),
}

/// Reads the envelope: the text of `data`, or the bare answer.
pub(super) fn data(status: u16, body: &[u8]) -> Result<Option<String>, Trouble> {
    let good = (200..300).contains(&status);
    let later = |what: &str| Err(Trouble::Later(format!("HTTP {status}, {}", excerpt(what))));
    match read_body(body) {
        Body::Object(envelope) => {
            let code = envelope.code.as_deref().filter(|code| !matches!(*code, "0" | "200"));
            let said = format!("{}: {}", code.unwrap_or("no code"), envelope.message);
            let failed = code.is_some() || envelope.failed;
            // Throttling, credentials and the server's own trouble pass or are mended elsewhere.
            let passes = status == 429
                || status == 409
                || matches!(status, 401 | 403 | 408)
                || matches!(
                    code,
                    Some("999" | "50107" | "50003" | "EXSM0003" | "EXSM0004" | "401" | "403" | "408" | "409" | "429")
                )
                || envelope.message.contains("网络异常")
                || (status >= 500 && code.is_none())
                || code.is_some_and(|code| code.len() == 3 && code.starts_with('5'));
            match (good, failed) {
                (_, true) | (false, _) if passes => later(&said),
                (_, true) => Err(Trouble::Useless(format!(
                    "the target refuses the question, {}",
                    excerpt(&said)
                ))),
                (false, false) if (400..500).contains(&status) => Err(Trouble::Useless(format!(
                    "the target refuses the question, HTTP {status} {}",
                    excerpt(&said)
                ))),
                (false, false) => later(&said),
                (true, false) => Ok(envelope.data),
            }
        }
        Body::List(text) if good => Ok(Some(text)),
        Body::Blank if good => Ok(None),
        Body::Blank => later("no body"),
        Body::Scalar(text) | Body::List(text) | Body::Unreadable(text) => later(&text),
    }
}

/// Reads a list of vouchers out of `data`.
pub(super) fn listing(data: Option<&str>) -> Result<Listing, Trouble> {
    let Some(data) = data else {
        return Ok(Listing::default());
    };
    let unreadable = || Trouble::Later(format!("the list cannot be read: {}", excerpt(data)));
    let table = reply_text::object(data).ok_or_else(unreadable)?;
    let columns: Vec<String> = reply_text::any_case(&table, "Columns")
        .and_then(|raw| reply_text::array(raw.get()))
        .unwrap_or_default()
        .into_iter()
        .map(column_name)
        .collect();
    let rows = match reply_text::any_case(&table, "Rows") {
        None => Vec::new(),
        Some(raw) if raw.get() == "null" => Vec::new(),
        Some(raw) => reply_text::array(raw.get()).ok_or_else(unreadable)?,
    };
    let total = reply_text::scalar_any_case(&table, &["TotalCount"]).and_then(|text| text.parse().ok());
    let mut listing = Listing {
        rows: Vec::with_capacity(rows.len()),
        total,
    };
    for raw in rows {
        listing.rows.push(row(&columns, raw)?);
    }
    Ok(listing)
}

fn row(columns: &[String], raw: &RawValue) -> Result<Row, Trouble> {
    let no_key = || Trouble::Useless("the target's list shows no external codes".to_owned());
    if let Some(fields) = reply_text::object(raw.get()) {
        let get = |name: &str| reply_text::scalar_any_case(&fields, &[name]).unwrap_or_default();
        reply_text::any_case(&fields, "externalcode").ok_or_else(no_key)?;
        return Ok(Row {
            id: get("id"),
            code: get("code"),
            key: get("externalcode"),
        });
    }
    let cells = reply_text::array(raw.get())
        .ok_or_else(|| Trouble::Later(format!("a row of the list cannot be read: {}", excerpt(raw.get()))))?;
    let at = |name: &str| {
        let exact = columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        exact.or_else(|| {
            columns.iter().position(|column| {
                column
                    .rsplit('.')
                    .next()
                    .is_some_and(|last| last.eq_ignore_ascii_case(name))
            })
        })
    };
    let cell = |name: &str| {
        at(name)
            .and_then(|at| cells.get(at))
            .and_then(|raw| reply_text::text(raw))
            .unwrap_or_default()
    };
    at("externalcode").ok_or_else(no_key)?;
    Ok(Row {
        id: cell("id"),
        code: cell("code"),
        key: cell("externalcode"),
    })
}

/// Columns are names, or objects that carry one.
fn column_name(raw: &RawValue) -> String {
    reply_text::text(raw)
        .or_else(|| {
            let fields = reply_text::object(raw.get())?;
            reply_text::scalar_any_case(&fields, &["Name", "ColumnName", "FieldName", "Key"])
        })
        .unwrap_or_default()
}
