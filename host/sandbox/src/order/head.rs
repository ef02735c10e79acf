//! The values of an order's head, field by field of the catalogue.
//!
//! A field that is not named here is empty, zero or without a time, by its type: most are, in real answers too.

use super::catalogue::Kind;
use super::plan::{Flaw, Line, Plan, Positions};
use super::write::Writer;

impl Writer {
    /// Writes the value of one field of the head.
    pub(crate) fn head_value(&mut self, plan: &Plan, name: &str, kind: Kind) {
        match name {
            "order_no" | "stockout_no" => self.text(&plan.order_no),
            "src_order_no" | "trade_no" => self.text(&plan.src_order_no),
            "src_trade_no" | "src_tids" => self.text(&plan.tids.join(",")),
            "stockout_id" => self.id(plan.stockout_id),
            "trade_id" => self.text(&plan.trade_id),
            "status" | "trade_status" => self.integer(plan.status),
            "order_type" | "subtype" | "trade_type" | "src_order_type" | "delivery_term" => self.integer(1),
            "order_type_name" => self.text("销售出库"),
            "warehouse_type" | "is_allocated" | "picklist_seq" | "note_count" => self.integer(1),
            "consign_status" => self.integer(12),
            "md5_str" => self.text(&plan.digest),
            "custom_type" | "freeze_reason" => self.integer(0),
            "flag_name" => self.text(if plan.stockout_id.is_multiple_of(7) {
                "加急"
            } else {
                ""
            }),
            "print_remark" => self.text(if plan.stockout_id.is_multiple_of(5) {
                "请附销货清单"
            } else {
                ""
            }),
            "outer_no" => self.text(&format!("WB{}", plan.stockout_id)),
            "currency" => self.text("CNY"),
            _ if self.head_shop(plan, name) => {}
            _ if self.head_person(plan, name) => {}
            _ if self.head_amount(plan, name) => {}
            _ if self.head_staff(name) => {}
            _ if self.head_time(plan, name) => {}
            _ => self.nothing(kind),
        }
    }

    fn head_shop(&mut self, plan: &Plan, name: &str) -> bool {
        match name {
            "shop_no" => self.text(plan.shop.no),
            "shop_name" => self.text(plan.shop.name),
            "shop_id" => self.id(plan.shop_id),
            "platform_id" | "shop_platform_id" => self.integer(i64::from(plan.shop.platform_id)),
            "warehouse_no" => self.text(plan.warehouse.no),
            "warehouse_name" => self.text(plan.warehouse.name),
            "warehouse_id" => self.id(plan.warehouse_id),
            "logistics_no" => self.text(&plan.logistics_no),
            "logistics_code" => self.text(plan.carrier.code),
            "logistics_name" => self.text(plan.carrier.name),
            "logistics_type" => self.integer(plan.carrier.kind),
            "logistics_id" => self.id(40 + plan.carrier.kind.unsigned_abs()),
            "logistics_template_id" => self.id(2_001),
            "sendbill_template_id" => self.id(3_001),
            "picklist_no" => self.text(&format!("FJ{}", 50_000 + plan.stockout_id / 20)),
            "package_id" => self.id(3),
            _ => return false,
        }
        true
    }

    fn head_person(&mut self, plan: &Plan, name: &str) -> bool {
        let place = plan.place;
        match name {
            "receiver_country" => self.text("中国"),
            "receiver_province" | "receiver_province_code" => self.text(place.province_code),
            "receiver_city" | "receiver_city_code" => self.text(place.city_code),
            "receiver_district" | "receiver_district_code" => self.text(place.district_code),
            "receiver_area" => self.person(&format!("{} {} {}", place.province, place.city, place.district)),
            "receiver_address" => self.person(place.street),
            "receiver_name" | "customer_name" => self.person(plan.buyer),
            "receiver_mobile" => self.person(&format!("1000{:07}", plan.buyer_no)),
            "receiver_zip" => self.person(place.zip),
            "receiver_dtb" | "stockout_receiver_dtb" => self.person(&format!("{}-{}", place.city, plan.buyer_no % 90)),
            "nick_name" => self.person(&format!("买家{}", plan.buyer_no)),
            "buyer_message" => self.person(plan.message),
            "customer_no" => self.text(&format!("KH{}", plan.buyer_no)),
            "customer_id" => self.id(700_000 + plan.buyer_no),
            _ => return false,
        }
        true
    }

    fn head_amount(&mut self, plan: &Plan, name: &str) -> bool {
        match name {
            "goods_count" | "raw_goods_count" => self.quantity(plan.sum(|line| line.quantity_e4)),
            "goods_type_count" => self.integer(plan.lines.len() as i64),
            "goods_total_amount" => self.amount(plan.sum(Line::total_e4)),
            "goods_total_cost" => self.long_amount(plan.sum(Line::cost_total_e4)),
            "receivable" | "paid" => self.amount(plan.sum(Line::share_e4)),
            "discount" => self.amount(plan.sum(|line| line.total_e4() - line.share_e4())),
            "weight" | "calc_weight" | "post_weight" => self.amount(plan.sum(Line::weight_e4)),
            "post_fee" | "post_cost" | "calc_post_cost" => self.amount(46_000),
            "package_fee" | "package_cost" => self.amount(8_000),
            "pack_score" | "pick_score" => self.amount(10_000 * plan.lines.len() as i64),
            _ => return false,
        }
        true
    }

    fn head_staff(&mut self, name: &str) -> bool {
        match name {
            "salesman_no" | "employee_no" | "checker_name" => self.text("YG003"),
            "salesman_name" | "fullname" | "operator_name" => self.text("审单小禾"),
            "packager_no" => self.text("YG011"),
            "packager_name" => self.text("打包阿青"),
            "picker_no" => self.text("YG012"),
            "picker_name" => self.text("拣货阿山"),
            "printer_no" => self.text("YG013"),
            "printer_name" => self.text("打单阿月"),
            "examiner_no" => self.text("YG014"),
            "examiner_name" => self.text("验货阿木"),
            "operator_id" | "checkouter_id" => self.id(3),
            "packager_id" => self.id(11),
            "picker_id" | "sorter_id" => self.id(12),
            "printer_id" => self.id(13),
            "examiner_id" | "consigner_id" => self.id(14),
            _ => return false,
        }
        true
    }

    fn head_time(&mut self, plan: &Plan, name: &str) -> bool {
        match name {
            "consign_time" if plan.flaw == Some(Flaw::ZeroConsignTime) => self.raw("\"0000-00-00 00:00:00\""),
            "consign_time" | "modified" => self.time(plan.consigned),
            "created" => self.time(plan.created()),
            "stock_check_time" => self.time(plan.checked()),
            "trade_time" => self.time(plan.traded()),
            "pay_time" => self.time(plan.paid()),
            _ => return false,
        }
        true
    }

    /// Whether the bins of a line are there to point at.
    pub(crate) fn first_bin(line: &Line) -> u64 {
        match line.positions {
            Positions::Full => 301 + line.spec_index,
            Positions::EmptyArray | Positions::Null | Positions::EmptyText => 0,
        }
    }
}
