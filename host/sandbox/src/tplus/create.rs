//! What `saleDispatch/Create` demands of a document (`docs/reference/systems/tplus.md §3.1, §3.3`).
//!
//! The real service's texts are known for few cases; for the others the nearest .NET text stands.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::envelope::Refusal;
use crate::archive::{knows_customer, knows_inventory, knows_warehouse};
use crate::order::is_number;

/// Partner or customer missing or unknown.
pub(crate) const NO_ROW: &str = "在位置 0 处没有任何行。";
const OUT_OF_RANGE: &str = "索引超出范围。必须为非负值并小于集合大小。参数名: index";
const NO_AUTH_OR_DATA: &str = "NoAuthOrData";
const NULL_REFERENCE: &str = "未将对象引用设置到对象的实例。";
const BAD_NUMBER: &str = "输入字符串的格式不正确。";
const BAD_DATE: &str = "该字符串未被识别为有效的 DateTime。";

const NUMBERS: [&str; 6] = [
    "BaseQuantity",
    "origTaxSalePrice",
    "Price",
    "Amount",
    "TaxRate",
    "DiscountRate",
];
const HEAD_REFERENCES: [&str; 5] = ["Clerk", "Department", "Project", "RdStyle", "InvoiceType"];
const TEXTS: [&str; 4] = ["DispatchAddress", "TransDocNo", "DeliveryCode", "Memo"];

/// The document inside the `dto` wrapper.
///
/// # Errors
/// EXERROR0001 for what is no JSON object, EXSV0011 for a wrong wrapper.
pub(crate) fn document(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let Ok(Value::Object(mut outer)) = serde_json::from_slice(body) else {
        return Err(Refusal::business("JSON 格式不正确"));
    };
    match outer.swap_remove("dto") {
        Some(Value::Object(dto)) if outer.is_empty() => Ok(dto),
        _ => Err(Refusal::service()),
    }
}

/// 外部系统数据编号.
///
/// # Errors
/// A business refusal if it is missing or no text.
pub(crate) fn external_code(dto: &Map<String, Value>) -> Result<&str, Refusal> {
    match dto.get("ExternalCode").and_then(Value::as_str).map(str::trim) {
        Some(code) if !code.is_empty() => Ok(code),
        _ => Err(Refusal::business("外部系统数据编号不能为空")),
    }
}

/// Checks everything but uniqueness.
///
/// # Errors
/// The refusal that T+ answers.
pub(crate) fn check(dto: &Map<String, Value>) -> Result<(), Refusal> {
    match reference(dto, "VoucherType") {
        Some("ST1021") => {}
        Some(_) => return Err(Refusal::service()),
        None => return Err(Refusal::business(NULL_REFERENCE)),
    }
    if !matches!(reference(dto, "BusiType"), Some("15" | "16")) {
        return Err(Refusal::business(OUT_OF_RANGE));
    }
    if !reference(dto, "Partner").is_some_and(knows_customer) {
        return Err(Refusal::business(NO_ROW));
    }
    if dto.contains_key("Customer") && !reference(dto, "Customer").is_some_and(knows_customer) {
        return Err(Refusal::business(NO_ROW));
    }
    archive(dto, "Warehouse", knows_warehouse)?;
    for name in HEAD_REFERENCES {
        if dto.contains_key(name) && reference(dto, name).is_none() {
            return Err(Refusal::business(NULL_REFERENCE));
        }
    }
    for name in TEXTS {
        if dto
            .get(name)
            .is_some_and(|value| !value.is_string() && !value.is_null())
        {
            return Err(Refusal::business(BAD_NUMBER));
        }
    }
    if dto.get("Code").is_some_and(|code| !code.is_string()) {
        return Err(Refusal::business(BAD_NUMBER));
    }
    if let Some(date) = dto.get("VoucherDate") {
        let read = date
            .as_str()
            .is_some_and(|text| text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok());
        if !read {
            return Err(Refusal::business(BAD_DATE));
        }
    }
    let lines = match dto.get("RDRecordDetails") {
        Some(Value::Array(lines)) if !lines.is_empty() => lines,
        Some(Value::Array(_)) | None => return Err(Refusal::business("单据明细不能为空")),
        Some(_) => return Err(Refusal::business(NULL_REFERENCE)),
    };
    lines.iter().try_for_each(line)
}

fn line(line: &Value) -> Result<(), Refusal> {
    let Value::Object(line) = line else {
        return Err(Refusal::business(NULL_REFERENCE));
    };
    archive(line, "Inventory", knows_inventory)?;
    if !line.contains_key("BaseQuantity") {
        return Err(Refusal::business("数量不能为空"));
    }
    for name in NUMBERS {
        let fits = match line.get(name) {
            None | Some(Value::Number(_)) => true,
            Some(Value::String(text)) => is_number(text),
            Some(_) => false,
        };
        if !fits {
            return Err(Refusal::business(BAD_NUMBER));
        }
    }
    match line.get("Unit") {
        None => Ok(()),
        Some(Value::Object(unit)) if unit.get("Name").is_some_and(Value::is_string) => Ok(()),
        Some(_) => Err(Refusal::business(NULL_REFERENCE)),
    }
}

/// The code of `{"Code": "…"}`. A bare text is no reference.
fn reference<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)?.as_object()?.get("Code")?.as_str()
}

fn archive(of: &Map<String, Value>, name: &str, knows: fn(&str) -> bool) -> Result<(), Refusal> {
    match reference(of, name) {
        None => Err(Refusal::business(NULL_REFERENCE)),
        Some(code) if knows(code) => Ok(()),
        Some(_) => Err(Refusal::business(NO_AUTH_OR_DATA)),
    }
}
