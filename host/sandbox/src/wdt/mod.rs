//! 旺店通 behind the Qimen gateway: `/router/qm` and `/router/qmtest`, GET and POST, and `GET /orders` with the truth.
//!
//! It serves `wdt.stockout.order.query.trade` only; the direct API is not simulated. Orders whose shipping time lies
//! ahead of the clock are served all the same.

mod envelope;
mod protocol;
mod query;
mod shelf;
mod sign;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::envelope::Refusal;
use self::query::Query;
use crate::faults::WdtFault;
use crate::journal::{Log, Request, http_date, locked};
use crate::wire::Cord;
use crate::{Clock, Identity};

pub(crate) use self::protocol::shanghai;
pub(crate) use self::shelf::Shelf;
#[cfg(test)]
pub(crate) use self::sign::{SignMethod, sign};

/// One simulated account of 旺店通.
pub(crate) struct Wdt {
    pub(crate) shelf: Mutex<Shelf>,
    pub(crate) log: Arc<Log>,
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) delay_ms: u64,
    pub(crate) odd_totals: bool,
}

/// The routes.
pub(crate) fn router(wdt: Arc<Wdt>) -> Router {
    Router::new()
        .route("/router/qm", get(gateway).post(gateway))
        .route("/router/qmtest", get(gateway).post(gateway))
        .route("/orders", get(orders))
        .with_state(wdt)
}

/// What goes back, and the word for it in the journal.
struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: String,
    outcome: &'static str,
    delayed: bool,
}

impl Reply {
    fn json(body: String, outcome: &'static str) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "application/json;charset=UTF-8",
            body,
            outcome,
            delayed: false,
        }
    }

    fn html(status: StatusCode, body: &str, outcome: &'static str) -> Self {
        Self {
            status,
            content_type: "text/html;charset=UTF-8",
            body: body.to_owned(),
            outcome,
            delayed: false,
        }
    }
}

async fn gateway(
    State(wdt): State<Arc<Wdt>>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let record = |status: u16, outcome| {
        wdt.log.record(Request {
            at: (wdt.clock)(),
            path: uri.path().to_owned(),
            external_code: None,
            status,
            outcome,
        });
    };
    if cord.is_shut() {
        cord.cut();
        record(0, "down");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let params = protocol::read_params(query.as_deref().unwrap_or(""), content_type, &body);
    let reply = wdt.reply(&params);
    if reply.delayed {
        tokio::time::sleep(Duration::from_millis(wdt.delay_ms)).await;
    }
    record(reply.status.as_u16(), reply.outcome);
    let date = http_date((wdt.clock)());
    let headers = [
        (header::CONTENT_TYPE, reply.content_type),
        (header::DATE, date.as_str()),
    ];
    (reply.status, headers, reply.body).into_response()
}

async fn orders(State(wdt): State<Arc<Wdt>>) -> Response {
    let truths = locked(&wdt.shelf).truths();
    match serde_json::to_string(&truths) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Wdt {
    fn reply(&self, params: &protocol::Params) -> Reply {
        let now = (self.clock)();
        let checked = protocol::check(params, &self.identity, now);
        let mut shelf = locked(&self.shelf);
        if let Err(refusal) = checked {
            drop(shelf);
            return Reply::json(refusal.body(&request_id("p", 0)), "unauthorized");
        }
        let fault = shelf.next_fault();
        let serial = shelf.requests();
        let id = request_id("q", serial);
        // Half of the gateway's faults come in the platform's envelope, half in Qimen's: both exist.
        let platform = serial.is_multiple_of(2);
        let delayed = match fault {
            None => false,
            Some(WdtFault::Delayed) => true,
            Some(WdtFault::Throttled) => {
                let refusal = Refusal::Business {
                    errorcode: 1012,
                    message: "接口调用过于频繁,请稍后再试".to_owned(),
                };
                return Reply::json(refusal.body(&id), "throttled");
            }
            Some(WdtFault::Banned) => return Reply::json(banned(platform).body(&id), "banned"),
            Some(WdtFault::Provider) => return Reply::json(provider_fault(platform).body(&id), "provider"),
            Some(WdtFault::BadGateway) => {
                return Reply::html(
                    StatusCode::BAD_GATEWAY,
                    "<html><h1>502 Bad Gateway</h1></html>",
                    "bad_gateway",
                );
            }
            Some(WdtFault::Html) => {
                return Reply::html(
                    StatusCode::OK,
                    "<!DOCTYPE html><html><body>系统维护中</body></html>",
                    "html",
                );
            }
        };
        let query = match Query::read(params, &self.identity.sid) {
            Ok(query) => query,
            Err(refusal) => return Reply::json(refusal.body(&id), "refused"),
        };
        let answer = shelf.answer(&query, shanghai(now));
        drop(shelf);
        let total = match query.page_no {
            0 => Some(answer.total.to_string()),
            page if self.odd_totals => Some(["\"\"", "0", "-1"][page % 3].to_owned()),
            _ => None,
        };
        let outcome = if delayed { "delayed" } else { "ok" };
        let body = envelope::page(total.as_deref(), &answer.rows, &id);
        Reply {
            delayed,
            ..Reply::json(body, outcome)
        }
    }
}

fn request_id(kind: &str, serial: u64) -> String {
    format!("sandbox{kind}{serial:08x}")
}

fn banned(platform: bool) -> Refusal {
    let (code, sub_code) = (7, "accesscontrol.limited-by-app-access-count");
    let text = "This ban will last for 1 more seconds";
    if platform {
        Refusal::Top {
            code,
            msg: "App Call Limited",
            sub_code: sub_code.to_owned(),
            sub_msg: text.to_owned(),
        }
    } else {
        Refusal::Gateway {
            code,
            message: "App Call Limited",
            sub: Some((sub_code, text)),
        }
    }
}

fn provider_fault(platform: bool) -> Refusal {
    let (code, sub_code, text) = (15, "isp.remote-service-timeout", "调用后端服务超时");
    if platform {
        Refusal::Top {
            code,
            msg: "Remote service error",
            sub_code: sub_code.to_owned(),
            sub_msg: text.to_owned(),
        }
    } else {
        Refusal::Gateway {
            code,
            message: "Remote service error",
            sub: Some((sub_code, text)),
        }
    }
}
