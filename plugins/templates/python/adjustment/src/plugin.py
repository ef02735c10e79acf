"""插件标题: 备注加店铺名, 仓库按对照表。

An adjustment: it changes two fields of the documents that a mapping made; every other byte of them stays.
"""

from __future__ import annotations

from dukou_sdk import AdjustContext, Adjustment, Document, Settings, Source


class Order(Source):
    shop_name: str | None
    warehouse_no: str


class PluginSettings(Settings):
    warehouse_table: str = "仓库对照"


class Plugin(Adjustment[Order]):
    settings: PluginSettings
    wrapper = "dto"

    def tables(self) -> list[str]:
        return [self.settings.warehouse_table]

    def adjust(self, order: Order, document: Document, ctx: AdjustContext) -> None:
        # 备注 + 空格 + 店铺名 / the memo, a space, the shop's name
        if order.shop_name:
            memo = document.current("Memo")
            document.text("Memo", f"{memo} {order.shop_name}" if memo else order.shop_name)
        # 仓库编号查对照表; 查不到则拒绝 / the warehouse by the table; without a row the order is rejected
        if self.settings.warehouse_table:
            document.reference("Warehouse", ctx.lookup(self.settings.warehouse_table, order.warehouse_no))
