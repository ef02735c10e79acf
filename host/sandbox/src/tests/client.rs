//! A bench: one sandbox under a clock that stands still, and a bare HTTP client that can see a reply missing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wdt::{SignMethod, sign};
use crate::{Sandbox, SandboxOptions};

/// The content type of a form.
pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
const CREATE: &str = "/tplus/api/v2/saleDispatch/Create";

/// A reply; status 0 if the connection closed without one.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The orders of a page.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json()["response"]["stockout_list"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Their numbers.
    pub(crate) fn numbers(&self) -> Vec<String> {
        self.rows()
            .iter()
            .map(|row| row["order_no"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn total(&self) -> Option<i64> {
        self.json()["response"]["total_count"].as_i64()
    }
}

/// A sandbox of 250 orders over 2026-11-01, and its clock.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) options: SandboxOptions,
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl Bench {
    /// Starts it with changed options.
    pub(crate) async fn start(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let now = Arc::new(Mutex::new(Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, 0).unwrap()));
        let clock = Arc::clone(&now);
        let mut options = SandboxOptions::at(Arc::new(move || *clock.lock().unwrap()));
        options.orders = 250;
        change(&mut options);
        let sandbox = Sandbox::start(options.clone()).await.unwrap();
        Self { sandbox, options, now }
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }

    /// A request to 旺店通.
    pub(crate) async fn wdt(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.sandbox.wdt_port.address.port(), method, target, headers, body).await
    }

    /// A request to T+.
    pub(crate) async fn tplus(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.sandbox.tplus_port.address.port(), method, target, headers, body).await
    }

    /// The parameters of a good question for page 0 of 2026-11-01, unsigned.
    pub(crate) fn params(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let now = *self.now.lock().unwrap() + TimeDelta::hours(8);
        let timestamp = now.format("%Y-%m-%d %H:%M:%S").to_string();
        let mut params: BTreeMap<String, String> = [
            ("method", "wdt.stockout.order.query.trade"),
            ("app_key", "12345678"),
            ("target_app_key", "21363512"),
            ("timestamp", &timestamp),
            ("v", "2.0"),
            ("format", "json"),
            ("sign_method", "md5"),
            ("sid", "apidevtest2"),
            ("start_time", "2026-11-01 00:00:00"),
            ("end_time", "2026-11-01 23:59:59"),
            ("page_size", "100"),
            ("page_no", "0"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        for (name, value) in changes {
            // An empty value takes the parameter away.
            if value.is_empty() {
                params.remove(*name);
            } else {
                params.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        params
    }

    /// Signs and posts a question.
    pub(crate) async fn ask(&self, changes: &[(&str, &str)]) -> Answer {
        let params = signed(self.params(changes), &self.options.identity.app_secret);
        self.wdt("POST", "/router/qm", &[FORM], &form(&params)).await
    }

    /// Asks for a page.
    pub(crate) async fn page(&self, page_no: usize, changes: &[(&str, &str)]) -> Answer {
        let page_no = page_no.to_string();
        let mut all = vec![("page_no", page_no.as_str())];
        all.extend(changes);
        self.ask(&all).await
    }

    /// The headers of a good request to T+.
    pub(crate) fn headers(&self) -> Vec<(&str, &str)> {
        let identity = &self.options.identity;
        vec![
            ("appKey", &identity.tplus_app_key),
            ("appSecret", &identity.tplus_app_secret),
            ("openToken", &identity.open_token),
            ("Content-Type", "application/json"),
        ]
    }

    /// Posts a document.
    pub(crate) async fn create(&self, body: &str) -> Answer {
        self.tplus("POST", CREATE, &self.headers(), body).await
    }

    /// Calls a look-up.
    pub(crate) async fn look_up(&self, action: &str, question: &Value) -> Answer {
        let path = format!("/tplus/api/v2/SaleDispatchOpenApi/{action}");
        self.tplus("POST", &path, &self.headers(), &question.to_string()).await
    }

    /// A connection to T+ for several requests.
    pub(crate) async fn connect_tplus(&self) -> Kept {
        Kept(TcpStream::connect(self.sandbox.tplus_port.address).await.unwrap())
    }
}

/// A kept-alive connection.
pub(crate) struct Kept(TcpStream);

impl Kept {
    /// Posts a document; the status, or 0 if the connection closed.
    pub(crate) async fn create(&mut self, bench: &Bench, body: &str) -> u16 {
        let request = request("POST", CREATE, &bench.headers(), body, "keep-alive");
        if self.0.write_all(request.as_bytes()).await.is_err() {
            return 0;
        }
        let mut reply = Vec::new();
        let mut byte = [0_u8; 1];
        // Every reply here is the four bytes `null` or smaller than the head; the head tells the status.
        while !reply.ends_with(b"\r\n\r\n") {
            match self.0.read(&mut byte).await {
                Ok(1) => reply.push(byte[0]),
                _ => return 0,
            }
        }
        let head = String::from_utf8(reply).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut rest = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut rest).await.unwrap();
        status(&head)
    }
}

/// Adds the signature that the parameters ask for.
pub(crate) fn signed(mut params: BTreeMap<String, String>, secret: &str) -> BTreeMap<String, String> {
    let method = params
        .get("sign_method")
        .and_then(|name| SignMethod::from_name(name))
        .unwrap_or(SignMethod::Md5);
    let signature = sign(&params, secret, method);
    params.insert("sign".to_owned(), signature);
    params
}

/// `a=1&b=2`.
pub(crate) fn form(params: &BTreeMap<String, String>) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish()
}

/// A document that T+ accepts.
pub(crate) fn create_body(external_code: &str) -> String {
    format!(
        r#"{{"dto":{{"ExternalCode":"{external_code}","Code":"{external_code}","VoucherType":{{"Code":"ST1021"}},"Customer":{{"Code":"TESTCUST"}},"Partner":{{"Code":"TESTCUST"}},"VoucherDate":"2026-11-01","BusiType":{{"Code":"15"}},"Warehouse":{{"Code":"TEST_CK01"}},"Memo":"来自旺店通","RDRecordDetails":[{{"Inventory":{{"Code":"2121"}},"BaseQuantity":2.0000,"origTaxSalePrice":"19.9","DetailMemo":"来自旺店通812001"}}]}}}}"#
    )
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str, connection: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: sandbox\r\nConnection: {connection}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    text
}

async fn send(port: u16, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // The other side may close at once, so writing may fail; what counts is whether a reply comes.
    let _ = stream
        .write_all(request(method, target, headers, body, "close").as_bytes())
        .await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or(("", ""));
    Answer {
        status: status(head),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

fn status(head: &str) -> u16 {
    head.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}
