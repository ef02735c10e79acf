"""插件标题: 旺店通销售出库单 → T+ 销货单。

A mapping: what is read (`Order`), what a scheme may set (`PluginSettings`), and which goes where (`map`), one line for
each target field. A value that cannot be read, or is required and empty, rejects the order with source and target path;
an empty optional one (`| None`) leaves its field out.
"""

from __future__ import annotations

from decimal import Decimal

from dukou_sdk import Date, MapContext, Mapping, NonEmpty, Personal, Settings, Source


class Line(Source):
    goods_count: Decimal
    price: Decimal | None
    stockout_id: str | None


class Order(Source):
    order_no: str
    consign_time: Date
    receiver_address: Personal[str] | None
    logistics_no: str | None
    details_list: list[Line]


class PluginSettings(Settings):
    voucher_type: NonEmpty = "ST1021"
    customer: str = "TESTCUST"
    partner: NonEmpty = "TESTCUST"
    busi_type: NonEmpty = "15"
    warehouse: NonEmpty = "TEST_CK01"
    inventory: NonEmpty = "2121"
    memo: str = "来自旺店通"


class Plugin(Mapping[Order]):
    settings: PluginSettings
    wrapper = "dto"

    def map(self, order: Order, ctx: MapContext) -> None:
        settings = self.settings
        dto = ctx.document()
        dto.text("ExternalCode", order.order_no)
        dto.text("Code", order.order_no)
        dto.reference("VoucherType", settings.voucher_type)
        dto.reference("Customer", settings.customer)
        dto.reference("Partner", settings.partner)
        dto.date("VoucherDate", order.consign_time)
        dto.reference("BusiType", settings.busi_type)
        dto.reference("Warehouse", settings.warehouse)
        dto.text("DispatchAddress", order.receiver_address)
        dto.text("TransDocNo", order.logistics_no)
        dto.text("DeliveryCode", order.logistics_no)
        dto.text("Memo", settings.memo)
        for line, row in dto.lines("RDRecordDetails", order.details_list):
            row.reference("Inventory", settings.inventory)
            row.decimal("BaseQuantity", line.goods_count)
            row.decimal("origTaxSalePrice", line.price)
            row.text("DetailMemo", line.stockout_id, before=settings.memo)
