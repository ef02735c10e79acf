// @ts-check
// 插件标题: quantities add up, no date lies in the future, no price is too low.
//
// A validation changes nothing. Everything it finds is told, not only the first.

import { addDays, date, decimal, defineValidation, list, setting, source, sum, target } from "../dukou-sdk/index.js";

const order = source({
  details_list: list({
    goods_count: decimal(),
  }),
});

const voucher = target("dto", {
  VoucherDate: date(),
  RDRecordDetails: list({
    BaseQuantity: decimal(),
    origTaxSalePrice: decimal(),
  }),
});

export default defineValidation({
  source: order,
  target: voucher,
  settings: {
    tolerance: setting.decimal("0"),
    days_ahead: setting.count(0),
    min_price: setting.decimal("0.01"),
  },
  validate(vouchers, orders, context) {
    const { settings } = context;

    const lines = orders.flatMap((order) => order.details_list).filter((line) => !context.isOmitted(line));
    const ordered = sum(lines.map((line) => line.goods_count));
    const written = sum(vouchers.flatMap((voucher) => voucher.RDRecordDetails).map((line) => line.BaseQuantity));
    if (written.sub(ordered).abs().gt(settings.tolerance)) {
      const message = `the lines add up to ${written}, those of the order to ${ordered}`;
      context.refuse("total", message, { source: "details_list", target: "RDRecordDetails" });
    }

    const received = context.receivedDate();
    const latest = received === null ? null : addDays(received, settings.days_ahead);
    for (const { VoucherDate } of vouchers) {
      if (latest !== null && VoucherDate.value !== null && VoucherDate.value > latest) {
        context.refuse("date.future", `${VoucherDate} is after ${latest}`, { source: "consign_time", target: VoucherDate });
      }
    }

    for (const { origTaxSalePrice } of vouchers.flatMap((voucher) => voucher.RDRecordDetails)) {
      if (origTaxSalePrice.value?.lt(settings.min_price)) {
        context.refuse("price", `${origTaxSalePrice} is below ${settings.min_price}`, { target: origTaxSalePrice });
      }
    }
  },
});
