//! The replies of T+ (`docs/reference/systems/tplus.md §3.2, §3.3, §4.3`).

use serde_json::{Value, json};

/// What goes back, and the word for it in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    pub(crate) html: bool,
    pub(crate) body: String,
    /// Value of `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// The connection closes instead.
    pub(crate) cut: bool,
    /// Comes late by so many milliseconds.
    pub(crate) delay_ms: u64,
    pub(crate) outcome: &'static str,
    pub(crate) external_code: Option<String>,
}

impl Reply {
    /// A JSON reply.
    pub(crate) fn json(status: u16, body: String, outcome: &'static str) -> Self {
        Self {
            status,
            html: false,
            body,
            retry_after: None,
            cut: false,
            delay_ms: 0,
            outcome,
            external_code: None,
        }
    }

    /// An error with the vendor's code.
    pub(crate) fn error(status: u16, code: &str, message: &str, outcome: &'static str) -> Self {
        let body = json!({
            "code": code,
            "message": message,
            "data": {"Code": code, "StatusCode": status, "islogerror": "1"},
        });
        Self::json(status, body.to_string(), outcome)
    }

    /// An answer of the `XxxOpenApi` services.
    pub(crate) fn data(data: Value) -> Self {
        Self::json(200, json!({"code": "0", "message": "", "data": data}).to_string(), "ok")
    }

    /// A refusal of the `XxxOpenApi` services, which comes with HTTP 200.
    pub(crate) fn no_data(code: &str, message: &str, outcome: &'static str) -> Self {
        Self::json(
            200,
            json!({"code": code, "message": message, "data": null}).to_string(),
            outcome,
        )
    }

    /// A page that no client can read.
    pub(crate) fn html(status: u16, outcome: &'static str) -> Self {
        let body = "<html><head><title>服务器错误</title></head><body>运行时错误</body></html>".to_owned();
        Self {
            html: true,
            ..Self::json(status, body, outcome)
        }
    }

    /// No reply: the connection closes.
    pub(crate) fn cut(outcome: &'static str) -> Self {
        Self {
            cut: true,
            ..Self::json(0, String::new(), outcome)
        }
    }
}

/// A document that T+ does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    /// The generic business error.
    pub(crate) fn business(message: impl Into<String>) -> Self {
        Self {
            code: "EXERROR0001",
            message: message.into(),
        }
    }

    /// Wrong service, or wrong wrapper.
    pub(crate) fn service() -> Self {
        Self {
            code: "EXSV0011",
            message: "服务名不正确".to_owned(),
        }
    }
}
