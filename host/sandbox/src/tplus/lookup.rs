//! Look-ups: `SaleDispatchOpenApi/FindVoucherList` and `GetVoucherDTO` (`docs/reference/systems/tplus.md §4.3`).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::books::{Books, Entry};
use super::envelope::Reply;
use crate::archive::{inventory_name, inventory_unit};

const PAGE_SIZE_DEFAULT: u64 = 20;
const PAGE_SIZE_MOST: u64 = 1_000;
const BASE_COLUMNS: [&str; 4] = ["id", "code", "externalcode", "ts"];

/// A table of vouchers: the base columns, then what was asked for. Pages count from 1, and 0 means the first page too,
/// because clients in the wild disagree about it.
pub(crate) fn find_voucher_list(books: &mut Books, body: &[u8], now: DateTime<Utc>) -> Reply {
    let Ok(Value::Object(question)) = serde_json::from_slice(body) else {
        return Reply::error(400, "EXERROR0001", "JSON 格式不正确", "refused");
    };
    if books.lookup_fails() {
        return Reply::no_data("999", "服务调用失败,请稍后重试", "lookup_failed");
    }
    let filter = question.get("paramDic").and_then(Value::as_object);
    let external_code = filter.and_then(|filter| {
        let key = ["externalCode", "ExternalCode", "externalcode"]
            .into_iter()
            .find(|key| filter.contains_key(*key));
        key.and_then(|key| filter.get(key)).and_then(Value::as_str)
    });
    let found: Vec<&Entry> = match external_code {
        Some(code) if !books.ignores_filter() => books.seen_with(code, now),
        _ => books.seen(now).collect(),
    };
    let number = |key: &str, default: u64| question.get(key).and_then(Value::as_u64).unwrap_or(default);
    let size = number("pageSize", PAGE_SIZE_DEFAULT).clamp(1, PAGE_SIZE_MOST);
    let page = number("pageIndex", 1).max(1);
    let skip = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let total = found.len() as u64;

    let asked = question
        .get("selectFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let mut columns: Vec<&str> = BASE_COLUMNS.to_vec();
    for column in asked {
        if !columns.iter().any(|known| known.eq_ignore_ascii_case(column)) {
            columns.push(column);
        }
    }
    let take = usize::try_from(size).unwrap_or(usize::MAX);
    let rows: Vec<Value> = found
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|entry| columns.iter().map(|column| cell(entry, column)).collect())
        .collect();
    Reply::data(json!({
        "Columns": columns,
        "Rows": rows,
        "TotalCount": total,
        "TotalPageNum": total.div_ceil(size),
    }))
}

fn cell(entry: &Entry, column: &str) -> Value {
    let voucher = &entry.voucher;
    match column.to_ascii_lowercase().as_str() {
        "id" | "rdrecord.id" => json!(entry.id),
        "code" | "rdrecord.code" => json!(voucher.voucher_code),
        "externalcode" | "rdrecord.externalcode" => json!(voucher.external_code),
        "ts" | "rdrecord.ts" => json!(format!("{:016x}", entry.id)),
        "voucherdate" | "rdrecord.voucherdate" => json!(entry.date),
        _ => Value::Null,
    }
}

/// One voucher with its lines, by `voucherCode`, `voucherID` or `externalCode`.
pub(crate) fn get_voucher_dto(books: &mut Books, body: &[u8], now: DateTime<Utc>) -> Reply {
    let param = match serde_json::from_slice(body) {
        Ok(Value::Object(mut outer)) => match outer.swap_remove("param") {
            Some(Value::Object(param)) => param,
            _ => return Reply::error(400, "EXSV0011", "服务名不正确", "refused"),
        },
        _ => return Reply::error(400, "EXERROR0001", "JSON 格式不正确", "refused"),
    };
    if books.lookup_fails() {
        return Reply::no_data("999", "服务调用失败,请稍后重试", "lookup_failed");
    }
    let text = |key: &str| match param.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let found = if let Some(code) = text("externalCode") {
        books.seen_with(&code, now).into_iter().next()
    } else if let Some(code) = text("voucherCode") {
        books.seen_code(&code, now)
    } else if let Some(id) = text("voucherID") {
        id.parse().ok().and_then(|id| books.seen_id(id, now))
    } else {
        return Reply::error(400, "EXERROR0001", "单据编码不能为空", "refused");
    };
    match found {
        Some(entry) => Reply::data(voucher_dto(entry)),
        None => Reply::no_data("EXERROR0001", "单据不存在", "ok"),
    }
}

fn voucher_dto(entry: &Entry) -> Value {
    let dto = match serde_json::from_str(&entry.voucher.body) {
        Ok(Value::Object(mut outer)) => match outer.swap_remove("dto") {
            Some(Value::Object(dto)) => dto,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    let lines = dto.get("RDRecordDetails").and_then(Value::as_array);
    let details: Vec<Value> = lines
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(detail)
        .collect();
    json!({
        "ID": entry.id,
        "Code": entry.voucher.voucher_code,
        "ExternalCode": entry.voucher.external_code,
        "VoucherDate": entry.date,
        "VoucherState": {"Code": "00"},
        "Partner": dto.get("Partner"),
        "Customer": dto.get("Customer"),
        "Warehouse": dto.get("Warehouse"),
        "Clerk": dto.get("Clerk"),
        "Memo": dto.get("Memo"),
        "SourceVoucherCode": null,
        "RDRecordDetails": details,
    })
}

fn detail(line: &Map<String, Value>) -> Value {
    let code = line
        .get("Inventory")
        .and_then(|inventory| inventory.get("Code"))
        .and_then(Value::as_str)
        .unwrap_or("");
    let unit = line
        .get("Unit")
        .cloned()
        .unwrap_or_else(|| json!({"Name": inventory_unit(code)}));
    json!({
        "Inventory": {"Code": code, "Name": inventory_name(code), "Specification": ""},
        "Quantity": line.get("BaseQuantity"),
        "Unit": unit,
        "origTaxSalePrice": line.get("origTaxSalePrice"),
        "Batch": line.get("Batch"),
    })
}
