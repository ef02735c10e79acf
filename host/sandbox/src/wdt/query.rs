//! The business rules of `wdt.stockout.order.query.trade` (`docs/reference/systems/wdt.md §2.3, §4.1, §4.2`).
//!
//! Where no source says which code a bad value gets, it is 1 (bad input) here.

use chrono::{NaiveDateTime, TimeDelta};

use super::envelope::Refusal;
use super::protocol::{Params, read_time};

/// Widest window, both ends counted.
const WINDOW_DAYS: i64 = 30;
const PAGE_SIZE_DEFAULT: usize = 40;
const PAGE_SIZE_MOST: usize = 100;

/// A checked question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// Both ends belong to it.
    pub(crate) window: Option<(NaiveDateTime, NaiveDateTime)>,
    /// Whether the window is about the last modification instead of shipping.
    pub(crate) by_modified: bool,
    pub(crate) status: Option<i64>,
    pub(crate) src_order_no: Option<String>,
    pub(crate) src_tid: Option<String>,
    pub(crate) stockout_no: Option<String>,
    /// Empty for all shops.
    pub(crate) shops: Vec<String>,
    pub(crate) warehouse_no: Option<String>,
    pub(crate) without_positions: bool,
    pub(crate) page_no: usize,
    pub(crate) page_size: usize,
}

impl Query {
    /// Reads the business parameters of a request that passed the gateway.
    ///
    /// # Errors
    /// The refusal of 旺店通 with its `errorcode`.
    pub(crate) fn read(params: &Params, sid: &str) -> Result<Self, Refusal> {
        let get = |name: &str| params.get(name).cloned();
        match params.get("sid") {
            None => return Err(business(2900, "sid 不能为空")),
            Some(given) if given != sid => return Err(business(100, "sid 不存在或没有授权")),
            Some(_) => {}
        }
        let status = match params.get("status").map(|text| text.parse::<i64>()) {
            None => None,
            Some(Ok(status)) => Some(status),
            Some(Err(_)) => return Err(business(1, "status 只能是一个整数")),
        };
        let mut query = Self {
            window: window(params)?,
            by_modified: params.get("is_by_modified").is_some_and(|text| text == "1")
                || status.is_some_and(|status| status < 95),
            status,
            src_order_no: get("src_order_no"),
            src_tid: get("src_tid"),
            stockout_no: get("stockout_no"),
            shops: get("shop_no").into_iter().collect(),
            warehouse_no: get("warehouse_no"),
            without_positions: params.get("is_no_position").is_some_and(|text| text == "1"),
            page_no: page_no(params)?,
            page_size: page_size(params)?,
        };
        if let Some(shops) = params.get("shop_nos") {
            query.shops.extend(shops.split(',').map(|shop| shop.trim().to_owned()));
        }
        if query.window.is_none() && !query.names_an_order() {
            return Err(business(2900, "start_time、end_time 与单号不能同时为空"));
        }
        Ok(query)
    }

    /// Whether a number is asked for, which needs no window.
    pub(crate) fn names_an_order(&self) -> bool {
        self.src_order_no.is_some() || self.src_tid.is_some() || self.stockout_no.is_some()
    }

    /// The same for every page of one question.
    pub(crate) fn identity(&self) -> String {
        let mut first = self.clone();
        first.page_no = 0;
        format!("{first:?}")
    }
}

fn window(params: &Params) -> Result<Option<(NaiveDateTime, NaiveDateTime)>, Refusal> {
    let (start, end) = match (params.get("start_time"), params.get("end_time")) {
        (None, None) => return Ok(None),
        (Some(start), Some(end)) => (start, end),
        (None, Some(_)) => return Err(business(2900, "start_time 不能为空")),
        (Some(_), None) => return Err(business(2900, "end_time 不能为空")),
    };
    let (Some(start), Some(end)) = (read_time(start), read_time(end)) else {
        return Err(business(1, "时间格式应为 yyyy-MM-dd HH:mm:ss"));
    };
    if start > end {
        return Err(business(1, "start_time 不能晚于 end_time"));
    }
    if end - start > TimeDelta::days(WINDOW_DAYS) {
        return Err(business(1, "start_time 与 end_time 的跨度不能超过30天"));
    }
    Ok(Some((start, end)))
}

fn page_no(params: &Params) -> Result<usize, Refusal> {
    match params.get("page_no") {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_| business(1, "page_no 应为不小于0的整数")),
    }
}

fn page_size(params: &Params) -> Result<usize, Refusal> {
    match params.get("page_size") {
        None => Ok(PAGE_SIZE_DEFAULT),
        Some(text) => match text.parse() {
            Ok(size @ 1..=PAGE_SIZE_MOST) => Ok(size),
            _ => Err(business(2220, "page_size 应为1~100的整数")),
        },
    }
}

fn business(errorcode: u32, message: &str) -> Refusal {
    Refusal::Business {
        errorcode,
        message: message.to_owned(),
    }
}
