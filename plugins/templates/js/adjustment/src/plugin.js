// @ts-check
// 插件标题: the shop's name in the memo, and the customer's own warehouse.
//
// A group's documents come from the mapping; what is not named here stays as the mapping wrote it.

import { code, defineAdjustment, lookup, put, setting, source, target, text } from "../dukou-sdk/index.js";

const order = source({
  shop_name: text(),
  warehouse_no: text(),
});

const voucher = target("dto", {
  Memo: text(),
});

export default defineAdjustment({
  source: order,
  target: voucher,
  settings: { warehouse_table: setting.text("仓库对照") },
  tables: (settings) => settings.warehouse_table,
  adjust(voucher, order, { settings }) {
    if (!order.shop_name.empty) put(voucher, { Memo: voucher.Memo.empty ? order.shop_name : `${voucher.Memo} ${order.shop_name}` });
    if (settings.warehouse_table) put(voucher, { Warehouse: code(lookup(settings.warehouse_table, order.warehouse_no, { required: true })) });
  },
});
