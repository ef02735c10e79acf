//! 插件标题：备注加上店铺名，仓库按对照表。
//!
//! An adjustment: it changes documents that a mapping made and leaves everything else in them as it is.

use dukou_sdk::prelude::*;

/// 方案里的设置 / the settings that a scheme may give; `plugin.json` describes them.
#[derive(Settings)]
pub struct PluginName {
    /// 仓库对照表的名字；空表示仓库不变 / the table's name; empty leaves the warehouse as it is.
    #[setting(default = "仓库对照")]
    warehouse_table: Table,
}

/// 源单：读哪些字段 / the order: what is read of it.
#[derive(Source)]
pub struct Order {
    shop_name: Text,
    warehouse_no: Text,
}

impl Adjuster for PluginName {
    type Source = Order;

    fn adjust(&self, order: &Order, document: &mut Editor, job: &mut Job<'_>) -> Result<(), Stop> {
        // 备注 + 空格 + 店铺名 / the memo, a space, the shop's name.
        if !order.shop_name.is_empty() {
            let memo: Text = document.get("Memo");
            document.set("Memo", &memo.joined(" ", &order.shop_name));
        }
        // 仓库编号查对照表；查不到则拒绝 / the warehouse by the table; without a row the order is rejected.
        if self.warehouse_table.is_set() {
            let warehouse: Code = self.warehouse_table.value(&order.warehouse_no, job).to();
            document.set("Warehouse", &warehouse);
        }
        Ok(())
    }
}

dukou_sdk::export_adjuster!(PluginName);
