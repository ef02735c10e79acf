// @ts-check
// 插件标题: one stock-out order of 旺店通 becomes one sale dispatch of T+.
//
// The two declarations say what is read; `map` reads like the mapping table, one line for each target field.

import { code, date, decimal, defineMapping, joined, lines, list, required, setting, source, text } from "../dukou-sdk/index.js";

const order = source({
  order_no: text(),
  consign_time: date(),
  receiver_address: text({ personal: true }),
  logistics_no: text(),
  details_list: list({
    goods_count: decimal(),
    price: decimal(),
    stockout_id: text(),
  }),
});

const settings = {
  voucher_type: setting.requiredText("ST1021"),
  customer: setting.text("TESTCUST"),
  partner: setting.requiredText("TESTCUST"),
  busi_type: setting.requiredText("15"),
  warehouse: setting.requiredText("TEST_CK01"),
  inventory: setting.requiredText("2121"),
  memo: setting.text("来自旺店通"),
};

export default defineMapping({
  source: order,
  settings,
  wrapper: "dto",
  map: (order, { settings }) => ({
    ExternalCode: required(order.order_no),
    Code: order.order_no,
    VoucherType: code(settings.voucher_type),
    Customer: code(settings.customer),
    Partner: code(settings.partner),
    VoucherDate: required(order.consign_time),
    BusiType: code(settings.busi_type),
    Warehouse: code(settings.warehouse),
    DispatchAddress: order.receiver_address,
    TransDocNo: order.logistics_no,
    DeliveryCode: order.logistics_no,
    Memo: settings.memo,
    RDRecordDetails: lines(order.details_list, (line) => ({
      Inventory: code(settings.inventory),
      BaseQuantity: required(line.goods_count),
      origTaxSalePrice: line.price,
      DetailMemo: joined(settings.memo, line.stockout_id),
    })),
  }),
});
