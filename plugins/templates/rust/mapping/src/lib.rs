//! 插件标题：旺店通销售出库单 → T+ 销售出库单。
//!
//! A mapping: what is read ([`Order`]), what is written ([`Dispatch`]), and which goes where ([`PluginName::map`]).
//! The fields that are read are collected from [`Order`] and [`Line`]; nothing else has to be kept in step.

use dukou_sdk::prelude::*;

/// 方案里的设置 / the settings that a scheme may give; `plugin.json` describes them.
#[derive(Settings)]
pub struct PluginName {
    #[setting(default = "ST1021", required)]
    voucher_type: Text,
    #[setting(default = "TESTCUST")]
    customer: Text,
    #[setting(default = "TESTCUST", required)]
    partner: Text,
    #[setting(default = "15", required)]
    busi_type: Text,
    #[setting(default = "TEST_CK01", required)]
    warehouse: Text,
    #[setting(default = "2121", required)]
    inventory: Text,
    #[setting(default = "来自旺店通")]
    memo: Text,
}

/// 源单：读哪些字段 / the order: what is read of it.
#[derive(Source)]
pub struct Order {
    order_no: Text,
    consign_time: Date,
    #[source(personal)]
    receiver_address: Text,
    logistics_no: Text,
    details_list: List<Line>,
}

/// 源单的一行明细 / a line of the order.
#[derive(Source)]
pub struct Line {
    goods_count: Decimal,
    price: Decimal,
    stockout_id: Text,
}

/// 目标单据：写哪些字段，顺序即写出的顺序。`Option` 的字段为空时不写，其余为空时拒绝。
/// The document, in this order. An empty `Option` is left out, any other empty field rejects the order.
#[derive(Target)]
#[target(wrapper = "dto")]
#[allow(non_snake_case)]
pub struct Dispatch {
    ExternalCode: Text,
    Code: Option<Text>,
    VoucherType: Code,
    Customer: Option<Code>,
    Partner: Code,
    VoucherDate: Date,
    BusiType: Code,
    Warehouse: Code,
    DispatchAddress: Option<Text>,
    TransDocNo: Option<Text>,
    DeliveryCode: Option<Text>,
    Memo: Option<Text>,
    RDRecordDetails: Lines<DispatchLine>,
}

/// 目标单据的一行明细 / a line of the document.
#[derive(Target)]
#[allow(non_snake_case)]
pub struct DispatchLine {
    Inventory: Code,
    BaseQuantity: Decimal,
    origTaxSalePrice: Option<Decimal>,
    DetailMemo: Option<Text>,
}

impl Mapper for PluginName {
    type Source = Order;
    type Target = Dispatch;

    /// 映射表：左边是目标字段，右边是取值 / the mapping table: target field on the left, its value on the right.
    fn map(&self, order: Order, _job: &mut Job<'_>) -> Result<Dispatch, Stop> {
        Ok(Dispatch {
            ExternalCode: order.order_no.to(),
            Code: order.order_no.to(),
            VoucherType: self.voucher_type.to(),
            Customer: self.customer.to(),
            Partner: self.partner.to(),
            VoucherDate: order.consign_time.to(),
            BusiType: self.busi_type.to(),
            Warehouse: self.warehouse.to(),
            DispatchAddress: order.receiver_address.to(),
            TransDocNo: order.logistics_no.to(),
            DeliveryCode: order.logistics_no.to(),
            Memo: self.memo.to(),
            RDRecordDetails: order.details_list.map(|line| DispatchLine {
                Inventory: self.inventory.to(),
                BaseQuantity: line.goods_count.to(),
                origTaxSalePrice: line.price.to(),
                DetailMemo: line.stockout_id.prefixed(&self.memo).to(),
            }),
        })
    }
}

dukou_sdk::export_mapper!(PluginName);
