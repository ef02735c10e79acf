//! The values of an order's lines and bins, field by field of the catalogue.

use super::catalogue::Kind;
use super::plan::{Flaw, Line, Plan};
use super::write::Writer;

impl Writer {
    /// Writes the value of one field of a line.
    pub(crate) fn line_value(&mut self, plan: &Plan, line: &Line, name: &str, kind: Kind) {
        let spec = line.spec;
        match name {
            "rec_id" | "stockout_order_detail_id" => self.id(line.rec_id),
            "stockout_id" => self.id(plan.stockout_id),
            "sale_order_id" | "src_order_detail_id" => self.id(4_000_000 + line.rec_id),
            "spec_no" => self.text(spec.no),
            "spec_code" => self.text(spec.no.rsplit('-').next().unwrap_or("")),
            "spec_name" => self.text(spec.name),
            "spec_id" => self.id(5_100 + line.spec_index),
            "goods_no" => self.text(spec.goods_no),
            "goods_name" => self.text(spec.goods_name),
            "goods_id" => self.id(2_300 + line.spec_index / 2),
            "barcode" => self.text(&format!("69000000{:05}", 10_000 + line.spec_index)),
            "brand_no" => self.text("QH"),
            "brand_name" => self.text("青禾"),
            "unit_name" => self.text(spec.unit),
            "base_unit_id" => self.id(1),
            "goods_type" | "scan_type" | "src_order_type" => self.integer(1),
            "is_examined" => self.integer(1),
            "gift_type" => self.integer(i64::from(line.gift)),
            "src_tid" => self.text(&plan.tids[line.tid]),
            "src_oid" => self.text(&format!("{}-{}", plan.tids[line.tid], line.rec_id % 10 + 1)),
            "platform_id" => self.integer(i64::from(plan.shop.platform_id)),
            "remark" => self.text(if line.gift { "随单赠送" } else { "" }),
            "prop1" => self.text("常温"),
            "good_prop1" => self.text("国产"),
            "batch_no" => self.text(line.batch.as_deref().unwrap_or("")),
            "batch_id" => self.id(if line.batch.is_some() { 640 + line.spec_index } else { 0 }),
            "position_id" => self.id(Self::first_bin(line)),
            "modified" => self.time(plan.consigned),
            "created" => self.time(plan.created()),
            _ if self.line_amount(plan, line, name) => {}
            _ => self.nothing(kind),
        }
    }

    fn line_amount(&mut self, plan: &Plan, line: &Line, name: &str) -> bool {
        match name {
            "goods_count" if plan.flaw == Some(Flaw::WordyQuantity) => self.raw("\"3箱\""),
            "price" if plan.flaw == Some(Flaw::WordyPrice) => self.raw("\"面议\""),
            "price" if line.price_missing => self.raw("null"),
            "goods_count" | "num" => self.quantity(line.quantity_e4),
            "unit_ratio" => self.amount(10_000),
            "sell_price" => self.amount(line.sell_e4),
            "price" | "share_price" => self.amount(line.price_e4),
            "market_price" => self.amount(line.spec.price_cents * 100),
            "cost_price" => self.amount(line.cost_e4),
            "total_amount" => self.amount(line.total_e4()),
            "share_amount" | "paid" => self.amount(line.share_e4()),
            "discount" => self.amount(line.total_e4() - line.share_e4()),
            "weight" => self.amount(line.weight_e4()),
            _ => return false,
        }
        true
    }

    /// Writes the value of one field of a bin.
    pub(crate) fn position_value(
        &mut self,
        plan: &Plan,
        line: &Line,
        bin: u64,
        quantity_e4: i64,
        name: &str,
        kind: Kind,
    ) {
        match name {
            "rec_id" => self.id(line.rec_id * 10 + bin),
            "stockout_order_detail_id" => self.id(line.rec_id),
            "stock_spec_detail_id" => self.id(9_000 + line.spec_index),
            "position_id" => self.id(Self::first_bin(line) + bin),
            "position_no" => self.text(&format!("A-{:02}-{:02}", line.spec_index + 1, bin + 1)),
            "batch_no" => self.text(line.batch.as_deref().unwrap_or("")),
            "batch_id" => self.id(if line.batch.is_some() { 640 + line.spec_index } else { 0 }),
            "num" | "position_goods_count" => self.quantity(quantity_e4),
            "cost_price" => self.amount(line.cost_e4),
            "modified" => self.time(plan.consigned),
            _ => self.nothing(kind),
        }
    }
}
