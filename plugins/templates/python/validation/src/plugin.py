"""插件标题: 数量合计、单据日期、单价。

A validation: it judges documents against their orders and changes nothing. Everything that is wrong is told.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from dukou_sdk import Count, Date, Settings, Source, ValidateContext, Validation, total


class Line(Source):
    goods_count: Decimal


class Order(Source):
    details_list: list[Line]


class VoucherLine(Source):
    BaseQuantity: Decimal | None
    origTaxSalePrice: Decimal | None


class Voucher(Source):
    VoucherDate: Date | None
    RDRecordDetails: list[VoucherLine]


class PluginSettings(Settings):
    tolerance: Decimal = Decimal("0")
    days_ahead: Count = 0
    min_price: Decimal = Decimal("0.01")


class Plugin(Validation[Order, Voucher]):
    settings: PluginSettings
    wrapper = "dto"

    def validate(self, orders: list[Order], documents: list[Voucher], ctx: ValidateContext) -> None:
        settings = self.settings
        rows = [row for voucher in documents for row in voucher.RDRecordDetails]
        lines = [line for order in orders for line in order.details_list if not ctx.is_omitted(line)]

        # 单据数量合计 = 源单数量合计, 有意略去的行除外 / nothing is lost, except what was left out on purpose
        written, ordered = total(row.BaseQuantity for row in rows), total(line.goods_count for line in lines)
        if abs(written - ordered) > settings.tolerance:
            message = f"the documents have {written}, the order {ordered}"
            ctx.violation("total", message, source="details_list", target="RDRecordDetails")

        # 单据日期不晚于收到的日期 / no voucher is dated after the day the order came
        latest = ctx.received.date() + timedelta(days=settings.days_ahead)
        for voucher in documents:
            if voucher.VoucherDate and voucher.VoucherDate > latest:
                message = f"{voucher.VoucherDate} is after {latest}"
                ctx.violation("date.future", message, source="consign_time", target=voucher.VoucherDate)

        # 单价不低于最低价 / no price below the lowest
        for row in rows:
            price = row.origTaxSalePrice
            if price is not None and price < settings.min_price:
                ctx.violation("price", f"{price} is below {settings.min_price}", target=price)
