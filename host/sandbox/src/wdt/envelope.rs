//! The envelopes of the Qimen gateway (`docs/reference/systems/wdt.md §5.1`).
//!
//! Both spellings of a gateway error occur in the wild, so both occur here: which one a refusal uses is part of it.

use std::sync::Arc;

use serde_json::json;

/// Anything but a page of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `{"error_response":{"code","msg","sub_code","sub_msg","request_id"}}`: the open platform itself.
    Top {
        code: u32,
        msg: &'static str,
        sub_code: String,
        sub_msg: String,
    },
    /// `{"response":{"flag":"failure","code","message",…}}`: the Qimen gateway.
    Gateway {
        code: u32,
        message: &'static str,
        sub: Option<(&'static str, &'static str)>,
    },
    /// The same with a code in words: nobody provides the method.
    NoProvider { message: &'static str },
    /// `{"response":{"errorcode","message"}}`: 旺店通.
    Business { errorcode: u32, message: String },
}

impl Refusal {
    /// A parameter of the protocol that is missing.
    pub(crate) fn missing(code: u32, msg: &'static str, name: &str) -> Self {
        Self::Top {
            code,
            msg,
            sub_code: format!("isv.missing-parameter:{name}"),
            sub_msg: format!("缺少参数 {name}"),
        }
    }

    /// A parameter of the protocol that is wrong.
    pub(crate) fn invalid(code: u32, msg: &'static str, name: &str) -> Self {
        Self::Top {
            code,
            msg,
            sub_code: format!("isv.invalid-parameter:{name}"),
            sub_msg: format!("参数 {name} 无效"),
        }
    }

    /// The reply's text.
    pub(crate) fn body(&self, request_id: &str) -> String {
        match self {
            Self::Top {
                code,
                msg,
                sub_code,
                sub_msg,
            } => json!({"error_response": {
                "code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg, "request_id": request_id,
            }}),
            Self::Gateway {
                code,
                message,
                sub: Some((sub_code, sub_message)),
            } => json!({"response": {
                "flag": "failure", "code": code, "message": message, "sub_code": sub_code,
                "sub_message": sub_message, "request_id": request_id,
            }}),
            Self::Gateway {
                code,
                message,
                sub: None,
            } => json!({"response": {
                "flag": "failure", "code": code, "message": message, "request_id": request_id,
            }}),
            Self::NoProvider { message } => json!({"response": {
                "flag": "failure", "code": "client.protocol.invalid-argument", "message": message,
                "request_id": request_id,
            }}),
            Self::Business { errorcode, message } => json!({"response": {
                "errorcode": errorcode, "message": message, "request_id": request_id,
            }}),
        }
        .to_string()
    }
}

/// A page of orders; the list's key is missing if there are none.
pub(crate) fn page(total_token: Option<&str>, rows: &[Arc<str>], request_id: &str) -> String {
    let bytes: usize = rows.iter().map(|row| row.len() + 1).sum();
    let mut out = String::with_capacity(bytes + 160);
    out.push_str(r#"{"response":{"errorcode":0,"message":"ok""#);
    if let Some(token) = total_token {
        out.push_str(r#","total_count":"#);
        out.push_str(token);
    }
    if !rows.is_empty() {
        out.push_str(r#","stockout_list":["#);
        for (n, row) in rows.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str(row);
        }
        out.push(']');
    }
    out.push_str(r#","request_id":""#);
    out.push_str(request_id);
    out.push_str(r#""}}"#);
    out
}
