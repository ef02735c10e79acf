//! One signed request for one page. Does not retry, pace or store.

use std::collections::BTreeMap;

use chrono_tz::Asia::Shanghai;
use dukou_core::outcome::ReadFailure;
use dukou_core::request::{RequestValue, TimeFormat};
use url::form_urlencoded;

use super::paging::{self, Position};
use super::sign::{sign, takes_part};
use super::{WdtQimen, outcome};
use crate::egress::{HeaderValue, HttpRequest, Method};
use crate::{Page, PulledRecord, Query};

/// `wdt.md` §4.1.
const PAGE_SIZES: (u32, u32) = (1, 100);
/// Set by paging alone.
const PAGE_FIELDS: [&str; 2] = ["page_no", "page_size"];
/// What only makes sense with a window; left out when one record is asked for by its number.
const TIME_FIELDS: [&str; 4] = ["start_time", "end_time", "is_by_modified", "time_type"];

impl WdtQimen {
    pub(super) async fn read_page(&self, query: &Query, position: Option<&str>) -> Result<Page, ReadFailure> {
        let position = position.and_then(Position::parse);
        let size = position.as_ref().map_or_else(|| page_size(query), |at| at.size);
        let page = position.as_ref().map_or(0, |at| at.page);
        let request = self.request(self.form(query, page, size));
        let reply = self
            .egress
            .send(request)
            .await
            .map_err(|error| ReadFailure::Unavailable {
                reason: error.to_string(),
            })?;
        let now = self.clock.now();
        let answer = outcome::read(reply.status, reply.wait(now), &reply.body)?;
        let rows = answer.rows.len() as u64;
        let next = paging::after(position.as_ref(), size, rows, answer.total)?;
        let total = if page == 0 {
            answer.total
        } else {
            position.and_then(|at| at.total)
        };
        Ok(Page {
            records: answer.rows.into_iter().map(|body| PulledRecord { body }).collect(),
            next: next.map(|next| next.write()),
            total,
            clock_skew_seconds: reply.clock_skew_seconds(now),
        })
    }

    /// Every parameter that is sent, signature included.
    fn form(&self, query: &Query, page: u64, size: u32) -> BTreeMap<String, String> {
        let mut form = BTreeMap::new();
        for (name, value) in &query.params {
            let by_key = query.key.is_some();
            let left_out = PAGE_FIELDS.contains(&name.as_str())
                || (by_key && (value.is_window() || TIME_FIELDS.contains(&name.as_str())));
            if !left_out {
                form.insert(name.clone(), value.render(&query.window, query.zone, size, page));
            }
        }
        if let Some(key) = &query.key {
            form.insert("stockout_no".to_owned(), key.clone());
        }
        let config = &self.config;
        // Last, so that a scheme cannot change who asks.
        let protocol = [
            ("method", query.api.clone()),
            ("app_key", config.app_key.clone()),
            ("target_app_key", config.target_app_key.clone()),
            ("sid", config.sid.clone()),
            // GMT+8 whatever the scheme's zone (`wdt.md` §2.2).
            ("timestamp", TimeFormat::Datetime.write(self.clock.now(), Shanghai)),
            ("v", "2.0".to_owned()),
            ("format", "json".to_owned()),
            ("sign_method", config.sign_method.word().to_owned()),
            ("page_no", page.to_string()),
            ("page_size", size.to_string()),
        ];
        form.extend(protocol.into_iter().map(|(name, value)| (name.to_owned(), value)));
        form.remove("sign");
        form.retain(|_, value| takes_part(value));
        let sign = sign(&form, &config.app_secret, config.sign_method);
        form.insert("sign".to_owned(), sign);
        form
    }

    fn request(&self, form: BTreeMap<String, String>) -> HttpRequest {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let content_type = "application/x-www-form-urlencoded;charset=UTF-8".to_owned();
        HttpRequest {
            method: Method::Post,
            url: self.config.url.clone(),
            headers: vec![("Content-Type", HeaderValue::Plain(content_type))],
            body: body.into_bytes(),
            deadline: self.config.deadline,
            max_reply_bytes: self.config.max_reply_bytes,
        }
    }
}

/// A constant `page_size` of the scheme's request wins over the query's.
fn page_size(query: &Query) -> u32 {
    let preset = query
        .params
        .iter()
        .find(|(name, _)| name == "page_size")
        .and_then(|(_, value)| match value {
            RequestValue::Text(text) => text.trim().parse().ok(),
            _ => None,
        });
    preset.unwrap_or(query.page_size).clamp(PAGE_SIZES.0, PAGE_SIZES.1)
}
