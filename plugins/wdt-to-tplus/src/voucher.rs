//! The target document, written key by key in the order of the seed's rows.
//!
//! Constant parts are written once, when the mapping is configured. Which values are good is `draft`'s business.

use crate::draft::{Draft, Place, Row, not_a, push_name};
use crate::order::{Details, Line, Order};
use dukou_sdk::date::Zone;
use dukou_sdk::{Group, Scalar, Violation, json};

/// The key that the whole document stands under (docs/reference/systems/tplus.md §3.1).
pub(crate) const WRAPPER: &str = "dto";

/// The scheme's constant values.
#[derive(Debug)]
pub(crate) struct Constants {
    pub(crate) voucher_type: String,
    pub(crate) customer: String,
    pub(crate) partner: String,
    pub(crate) busi_type: String,
    pub(crate) warehouse: String,
    pub(crate) inventory: String,
    pub(crate) memo: String,
}

/// The document with its constant parts already written as JSON.
#[derive(Debug)]
pub(crate) struct Template {
    zone: Zone,
    /// From `VoucherType` to `Partner`.
    parties: String,
    /// `BusiType` and `Warehouse`.
    places: String,
    /// `Memo`, or nothing.
    memo: String,
    /// The opening of a line, up to its inventory.
    line: String,
    /// What a line's memo begins with, as the inside of a JSON string.
    line_memo: String,
}

const fn row(target: &'static str, source: &'static str, expression: &'static str) -> Row {
    Row {
        target,
        source,
        expression,
        personal: false,
    }
}

const EXTERNAL_CODE: Row = row("ExternalCode", "order_no", "{{order_no}}");
const CODE: Row = row("Code", "order_no", "{{order_no}}");
const VOUCHER_DATE: Row = row("VoucherDate", "consign_time", "{{consign_time|date}}");
const DISPATCH_ADDRESS: Row = Row {
    personal: true,
    ..row("DispatchAddress", "receiver_address", "{{receiver_address}}")
};
const TRANS_DOC_NO: Row = row("TransDocNo", "logistics_no", "{{logistics_no}}");
const DELIVERY_CODE: Row = row("DeliveryCode", "logistics_no", "{{logistics_no}}");
const LINES: Row = row("RDRecordDetails", "details_list", "details_list");
const BASE_QUANTITY: Row = row("BaseQuantity", "goods_count", "{{details_list.goods_count}}");
const PRICE: Row = row("origTaxSalePrice", "price", "{{details_list.price}}");
const DETAIL_MEMO: Row = row("DetailMemo", "stockout_id", "{{details_list.stockout_id}}");

impl Template {
    /// Writes the constant parts once.
    pub(crate) fn new(constants: &Constants, zone: Zone) -> Self {
        let reference = |out: &mut String, name: &str, code: &str| {
            if !dukou_sdk::scalar::is_empty_text(code) {
                push_name(out, name);
                out.push_str("{\"Code\":");
                json::push_text(out, code);
                out.push('}');
            }
        };
        let mut parties = String::new();
        reference(&mut parties, "VoucherType", &constants.voucher_type);
        reference(&mut parties, "Customer", &constants.customer);
        reference(&mut parties, "Partner", &constants.partner);
        let mut places = String::new();
        reference(&mut places, "BusiType", &constants.busi_type);
        reference(&mut places, "Warehouse", &constants.warehouse);
        let mut memo = String::new();
        if !dukou_sdk::scalar::is_empty_text(&constants.memo) {
            push_name(&mut memo, "Memo");
            json::push_text(&mut memo, &constants.memo);
        }
        let mut line = String::from("{\"Inventory\":{\"Code\":");
        json::push_text(&mut line, &constants.inventory);
        line.push('}');
        let mut line_memo = String::new();
        json::push_inside(&mut line_memo, &constants.memo);
        Self {
            zone,
            parties,
            places,
            memo,
            line,
            line_memo,
        }
    }

    /// The body of the group's document, or every reason why there is none.
    pub(crate) fn write(&self, group: &Group) -> Result<String, Vec<Violation>> {
        // Enough for an ordinary order, so that the body grows without being moved.
        let text: usize = group.records.iter().map(|record| record.body.len()).sum();
        let mut draft = Draft::new(group, 1024 + 2 * text);
        let mut orders = Vec::with_capacity(group.records.len());
        for (member, record) in group.records.iter().enumerate() {
            match serde_json::from_str::<Order<'_>>(&record.body) {
                Ok(order) => orders.push((member, order)),
                Err(error) => draft.refuse_record(member, WRAPPER, &error.to_string()),
            }
        }
        draft.body.push_str("{\"dto\":{");
        draft.text(EXTERNAL_CODE, &orders, |order| &order.order_no, true);
        draft.text(CODE, &orders, |order| &order.order_no, false);
        draft.body.push_str(&self.parties);
        draft.date(VOUCHER_DATE, &orders, |order| &order.consign_time, self.zone);
        draft.body.push_str(&self.places);
        draft.text(DISPATCH_ADDRESS, &orders, |order| &order.receiver_address, false);
        draft.text(TRANS_DOC_NO, &orders, |order| &order.logistics_no, false);
        draft.text(DELIVERY_CODE, &orders, |order| &order.logistics_no, false);
        draft.body.push_str(&self.memo);
        self.write_lines(&mut draft, &orders);
        draft.body.push_str("}}");
        draft.finish()
    }

    fn write_lines(&self, draft: &mut Draft<'_>, orders: &[(usize, Order<'_>)]) {
        // Lists that are none come first: their lines cannot be judged.
        for (member, order) in orders {
            let place = Place {
                member: *member,
                line: None,
            };
            match &order.details {
                Details::Wrong => draft.refuse("type", LINES, place, "it is not a list of objects"),
                Details::Lines(lines) if lines.is_empty() => {
                    draft.refuse("required", LINES, place, "the field is required and there are no lines");
                }
                Details::Lines(_) => {}
            }
        }
        push_name(&mut draft.body, LINES.target);
        draft.body.push('[');
        let mut target = 0;
        for (member, order) in orders {
            for (source, line) in order.details.lines().iter().enumerate() {
                if target > 0 {
                    draft.body.push(',');
                }
                let place = Place {
                    member: *member,
                    line: Some((LINES, source, target)),
                };
                self.write_line(draft, line, place);
                target += 1;
            }
        }
        draft.body.push(']');
    }

    fn write_line(&self, draft: &mut Draft<'_>, line: &Line<'_>, place: Place) {
        draft.body.push_str(&self.line);
        draft.decimal(BASE_QUANTITY, &line.goods_count, true, place);
        draft.decimal(PRICE, &line.price, false, place);
        if let Scalar::Structure(found) = line.stockout_id {
            draft.refuse("type", DETAIL_MEMO, place, &not_a(DETAIL_MEMO, found, "a text"));
        } else if !line.stockout_id.is_empty() {
            push_name(&mut draft.body, DETAIL_MEMO.target);
            draft.body.push('"');
            draft.body.push_str(&self.line_memo);
            json::push_inside(&mut draft.body, &line.stockout_id.text());
            draft.body.push('"');
        }
        draft.body.push('}');
    }
}
