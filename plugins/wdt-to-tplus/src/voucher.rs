//! The target document, written key by key in the order of the seed's rows, and everything that stops it.
//!
//! All problems of a group are gathered, not only the first: whoever repairs the order sees the whole list. The body is
//! thrown away as soon as there is one.

use crate::order::{Details, Line, Order};
use dukou_sdk::date::{self, Zone};
use dukou_sdk::{Scalar, Violation, json};
use std::borrow::Cow;

/// The key that the whole document stands under (docs/reference/systems/tplus.md §3.1).
pub(crate) const WRAPPER: &str = "dto";

/// Most characters of a source value that a message shows.
const SHOWN_CHARS: usize = 80;

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

/// Where a value comes from and goes to, for messages.
#[derive(Clone, Copy)]
struct Row {
    target: &'static str,
    source: &'static str,
    expression: &'static str,
}

const EXTERNAL_CODE: Row = Row {
    target: "ExternalCode",
    source: "order_no",
    expression: "{{order_no}}",
};
const CODE: Row = Row {
    target: "Code",
    ..EXTERNAL_CODE
};
const VOUCHER_DATE: Row = Row {
    target: "VoucherDate",
    source: "consign_time",
    expression: "{{consign_time|date}}",
};
const DISPATCH_ADDRESS: Row = Row {
    target: "DispatchAddress",
    source: "receiver_address",
    expression: "{{receiver_address}}",
};
const TRANS_DOC_NO: Row = Row {
    target: "TransDocNo",
    source: "logistics_no",
    expression: "{{logistics_no}}",
};
const DELIVERY_CODE: Row = Row {
    target: "DeliveryCode",
    ..TRANS_DOC_NO
};
const LINES: Row = Row {
    target: "RDRecordDetails",
    source: "details_list",
    expression: "details_list",
};
const BASE_QUANTITY: Row = Row {
    target: "BaseQuantity",
    source: "goods_count",
    expression: "{{details_list.goods_count}}",
};
const PRICE: Row = Row {
    target: "origTaxSalePrice",
    source: "price",
    expression: "{{details_list.price}}",
};
const DETAIL_MEMO: Row = Row {
    target: "DetailMemo",
    source: "stockout_id",
    expression: "{{details_list.stockout_id}}",
};

/// Where a line stands in its record and in the document.
#[derive(Clone, Copy)]
struct Place {
    source: usize,
    target: usize,
}

/// The body so far, and what is wrong with it.
struct Draft {
    body: String,
    violations: Vec<Violation>,
}

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

    /// The body, or every reason why there is none.
    pub(crate) fn write(&self, orders: &[Order<'_>]) -> Result<String, Vec<Violation>> {
        let count: usize = orders.iter().map(|order| order.details.lines().len()).sum();
        let mut draft = Draft {
            body: String::with_capacity(512 + 160 * count),
            violations: Vec::new(),
        };
        draft.body.push_str("{\"dto\":{");
        draft.text(EXTERNAL_CODE, orders, |order| &order.order_no, true);
        draft.text(CODE, orders, |order| &order.order_no, false);
        draft.body.push_str(&self.parties);
        draft.date(orders, self.zone);
        draft.body.push_str(&self.places);
        draft.text(DISPATCH_ADDRESS, orders, |order| &order.receiver_address, false);
        draft.text(TRANS_DOC_NO, orders, |order| &order.logistics_no, false);
        draft.text(DELIVERY_CODE, orders, |order| &order.logistics_no, false);
        draft.body.push_str(&self.memo);
        self.write_lines(&mut draft, orders);
        draft.body.push_str("}}");
        if draft.violations.is_empty() {
            Ok(draft.body)
        } else {
            Err(draft.violations)
        }
    }

    fn write_lines(&self, draft: &mut Draft, orders: &[Order<'_>]) {
        push_name(&mut draft.body, LINES.target);
        draft.body.push('[');
        let mut target = 0;
        let mut readable = true;
        for order in orders {
            if matches!(order.details, Details::Wrong) {
                readable = false;
                draft.refuse("type", LINES, None, "it is not a list of objects");
            }
            for (source, line) in order.details.lines().iter().enumerate() {
                if target > 0 {
                    draft.body.push(',');
                }
                self.write_line(draft, line, Place { source, target });
                target += 1;
            }
        }
        draft.body.push(']');
        if target == 0 && readable {
            draft.refuse("required", LINES, None, "the field is required and there are no lines");
        }
    }

    fn write_line(&self, draft: &mut Draft, line: &Line<'_>, place: Place) {
        draft.body.push_str(&self.line);
        draft.decimal(BASE_QUANTITY, &line.goods_count, true, place);
        draft.decimal(PRICE, &line.price, false, place);
        if let Scalar::Structure(found) = line.stockout_id {
            draft.refuse("type", DETAIL_MEMO, Some(place), &not_a(found, "a text"));
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

impl Details<'_> {
    /// The lines, none if something else stands there.
    fn lines(&self) -> &[Line<'_>] {
        match self {
            Self::Lines(lines) => lines,
            Self::Wrong => &[],
        }
    }
}

impl Draft {
    /// A header field of type text.
    fn text<'o>(
        &mut self,
        row: Row,
        orders: &'o [Order<'o>],
        of: impl Fn(&'o Order<'o>) -> &'o Scalar<'o>,
        required: bool,
    ) {
        let value = self.agreed(row, orders, |draft, order| match of(order) {
            Scalar::Structure(found) => {
                draft.refuse("type", row, None, &not_a(found, "a text"));
                Err(())
            }
            value if value.is_empty() => Ok(None),
            value => Ok(Some(value.text())),
        });
        self.put(row, value, required);
    }

    /// `VoucherDate`.
    fn date<'o>(&mut self, orders: &'o [Order<'o>], zone: Zone) {
        let value = self.agreed(VOUCHER_DATE, orders, |draft, order| {
            date::date(&order.consign_time, zone).map_err(|_| {
                let message = not_a(
                    &order.consign_time.text(),
                    "a date; expected YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or epoch milliseconds",
                );
                draft.refuse("date", VOUCHER_DATE, None, &message);
            })
        });
        self.put(VOUCHER_DATE, value, true);
    }

    /// The value that all orders of the group share. `Err` if there is none because something was refused.
    fn agreed<'o>(
        &mut self,
        row: Row,
        orders: &'o [Order<'o>],
        mut value_of: impl FnMut(&mut Self, &'o Order<'o>) -> Result<Option<Cow<'o, str>>, ()>,
    ) -> Result<Option<Cow<'o, str>>, ()> {
        let Some((first, others)) = orders.split_first() else {
            return Ok(None);
        };
        let value = value_of(self, first)?;
        for order in others {
            let other = value_of(self, order)?;
            if other != value {
                let message = format!(
                    "{} and {} differ between the records of the group",
                    shown(value.as_deref().unwrap_or_default()),
                    shown(other.as_deref().unwrap_or_default())
                );
                self.refuse("merge.disagree", row, None, &message);
                return Err(());
            }
        }
        Ok(value)
    }

    fn put(&mut self, row: Row, value: Result<Option<Cow<'_, str>>, ()>, required: bool) {
        match value {
            Ok(Some(text)) => {
                push_name(&mut self.body, row.target);
                json::push_text(&mut self.body, &text);
            }
            Ok(None) if required => self.refuse_empty(row, None),
            Ok(None) | Err(()) => {}
        }
    }

    /// A line's field of type decimal.
    fn decimal(&mut self, row: Row, value: &Scalar<'_>, required: bool, place: Place) {
        if value.is_empty() {
            if required {
                self.refuse_empty(row, Some(place));
            }
            return;
        }
        match value.decimal() {
            Ok(token) => {
                push_name(&mut self.body, row.target);
                self.body.push_str(&token);
            }
            Err(_) => self.refuse("type", row, Some(place), &not_a(&value.text(), "a decimal")),
        }
    }

    fn refuse_empty(&mut self, row: Row, place: Option<Place>) {
        let reason = "the field is required and the value is empty";
        self.refuse("required", row, place, reason);
    }

    fn refuse(&mut self, code: &str, row: Row, place: Option<Place>, reason: &str) {
        let (source, target) = match place {
            None => (row.source.to_owned(), row.target.to_owned()),
            Some(place) => (
                format!("{}[{}].{}", LINES.source, place.source, row.source),
                format!("{}[{}].{}", LINES.target, place.target, row.target),
            ),
        };
        let message = format!("{}: {reason}", row.expression);
        self.violations
            .push(Violation::new(code, message).at_source(source).at_target(target));
    }
}

/// Appends `"name":`, after a comma unless the object has just begun.
fn push_name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

fn not_a(value: &str, wanted: &str) -> String {
    format!("{} is not {wanted}", shown(value))
}

/// A value between quotes, cut to 80 characters.
fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        None => format!("\"{value}\""),
        Some((cut, _)) => format!("\"{}…\"", &value[..cut]),
    }
}
