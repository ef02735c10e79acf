//! 畅捷通T+ behind the cloud gateway: `saleDispatch/Create`, two look-ups, and `GET /journal` with what arrived.
//!
//! Only sales dispatches exist, and only with a given open token: nothing here hands out or refreshes tokens. The token
//! names the account, and every account has books of its own.

mod books;
mod create;
mod envelope;
mod ledgers;
mod lookup;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;

use self::envelope::Reply;
use self::ledgers::account;
use crate::journal::{Journal, Log, Request, http_date, locked};
use crate::wire::Cord;
use crate::{Clock, Identity};

pub(crate) use self::ledgers::Ledgers;

/// Longest accepted body in bytes.
const BODY_BYTES: usize = 8 * 1024 * 1024;

/// What every create is posted to.
const CREATE: &str = "/tplus/api/v2/saleDispatch/Create";

/// The simulated T+.
pub(crate) struct Tplus {
    pub(crate) ledgers: Mutex<Ledgers>,
    pub(crate) log: Arc<Log>,
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    /// While true, what a create was answered with is kept back.
    pub(crate) holding: watch::Sender<bool>,
}

impl Tplus {
    /// Everything that arrived, at 旺店通 too.
    pub(crate) fn journal(&self) -> Journal {
        Journal {
            vouchers: locked(&self.ledgers).vouchers(),
            requests: self.log.requests(),
        }
    }
}

/// The routes.
pub(crate) fn router(tplus: Arc<Tplus>) -> Router {
    Router::new()
        .route(CREATE, post(service))
        .route("/tplus/api/v2/SaleDispatchOpenApi/FindVoucherList", post(service))
        .route("/tplus/api/v2/SaleDispatchOpenApi/GetVoucherDTO", post(service))
        .route("/journal", get(journal))
        .fallback(service)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(tplus)
}

async fn journal(State(tplus): State<Arc<Tplus>>) -> Response {
    match serde_json::to_string(&tplus.journal()) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn service(
    State(tplus): State<Arc<Tplus>>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = if cord.is_shut() {
        Reply::cut("down")
    } else {
        tplus.reply(uri.path(), &headers, &body)
    };
    if reply.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(reply.delay_ms)).await;
    }
    if uri.path() == CREATE {
        // An error means that the sandbox was dropped: then nobody holds anything back.
        let _ = tplus.holding.subscribe().wait_for(|held| !*held).await;
    }
    tplus.log.record(Request {
        at: (tplus.clock)(),
        path: uri.path().to_owned(),
        external_code: reply.external_code.clone(),
        status: reply.status,
        outcome: reply.outcome,
    });
    if reply.cut {
        cord.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let content_type = if reply.html {
        "text/html; charset=utf-8"
    } else {
        "application/json; charset=utf-8"
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let date = http_date((tplus.clock)());
    let headers = [(header::CONTENT_TYPE, content_type), (header::DATE, date.as_str())];
    let mut response = (status, headers, reply.body).into_response();
    if let Some(value) = reply.retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

impl Tplus {
    fn reply(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> Reply {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let identity = &self.identity;
        if header("appKey") != identity.tplus_app_key || header("appSecret") != identity.tplus_app_secret {
            return Reply::error(401, "50003", "appKey 或 appSecret 不正确", "unauthorized");
        }
        let mut ledgers = locked(&self.ledgers);
        let account = account(header("openToken"), &identity.open_token);
        let expired = || Reply::error(403, "50107", "openToken 已失效,请重新获取", "expired");
        let Some(books) = account.and_then(|account| ledgers.books(account)) else {
            return expired();
        };
        if books.refuses_token() {
            return expired();
        }
        let content_type = header("content-type").to_ascii_lowercase();
        if content_type.split(';').next().map(str::trim) != Some("application/json") {
            return Reply::error(415, "EXERROR0001", "Content-Type 应为 application/json", "refused");
        }
        let now = (self.clock)();
        match path {
            CREATE => match std::str::from_utf8(body) {
                Ok(body) => books.create(body, now),
                Err(_) => Reply::error(400, "EXERROR0001", "JSON 格式不正确", "refused"),
            },
            "/tplus/api/v2/SaleDispatchOpenApi/FindVoucherList" => lookup::find_voucher_list(books, body, now),
            "/tplus/api/v2/SaleDispatchOpenApi/GetVoucherDTO" => lookup::get_voucher_dto(books, body, now),
            _ => Reply::error(400, "EXSV0011", "服务名不正确", "refused"),
        }
    }
}
