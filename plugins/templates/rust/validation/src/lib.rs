//! 插件标题：数量合计、单据日期、单价。
//!
//! A validation: it judges documents against their orders and changes nothing. Everything that is found is told.

use dukou_sdk::prelude::*;

/// 方案里的设置 / the settings that a scheme may give; `plugin.json` describes them.
#[derive(Settings)]
pub struct PluginName {
    #[setting(default = "0")]
    tolerance: Number,
    #[setting(default = 0)]
    days_ahead: u32,
    #[setting(default = "0.01")]
    min_price: Number,
}

/// 源单：读哪些字段 / the order: what is read of it.
#[derive(Source)]
pub struct Order {
    details_list: List<Line>,
}

/// 源单的一行明细 / a line of the order.
#[derive(Source)]
pub struct Line {
    goods_count: Decimal,
}

/// 单据：看哪些字段 / the document: what is looked at.
#[derive(Source)]
#[allow(non_snake_case)]
pub struct Dispatch {
    VoucherDate: Date,
    RDRecordDetails: List<DispatchLine>,
}

/// 单据的一行明细 / a line of the document.
#[derive(Source)]
#[allow(non_snake_case)]
pub struct DispatchLine {
    BaseQuantity: Decimal,
    origTaxSalePrice: Decimal,
}

impl Validator for PluginName {
    type Source = Order;
    type Document = Dispatch;

    fn check(&self, orders: &[Order], documents: &[Dispatch], job: &mut Job<'_>) -> Result<(), Stop> {
        let total = self.check_total(orders, documents, job);
        job.note(total);
        for document in documents {
            let date = self.check_date(document, job);
            job.note(date);
        }
        for line in documents.iter().flat_map(|document| &document.RDRecordDetails) {
            job.note(self.check_price(line));
        }
        Ok(())
    }
}

impl PluginName {
    /// 单据数量合计 = 源单数量合计（有意略去的行除外）/ nothing is lost on the way, except what was left out on purpose.
    fn check_total(&self, orders: &[Order], documents: &[Dispatch], job: &Job<'_>) -> Result<(), Stop> {
        let lines = orders.iter().flat_map(|order| order.details_list.kept(job));
        let ordered: Decimal = lines.map(|line| &line.goods_count).sum();
        let lines = documents.iter().flat_map(|document| &document.RDRecordDetails);
        let written: Decimal = lines.map(|line| &line.BaseQuantity).sum();
        if (&written - &ordered).required()?.abs() > self.tolerance {
            let message = format!("the lines sum up to {written}, the order to {ordered}");
            let violation = Violation::new("total", message);
            return Err(violation.at_source("details_list").at_target("RDRecordDetails").into());
        }
        Ok(())
    }

    /// 单据日期不晚于收到的日期 / the voucher is not dated later than the day the order came.
    fn check_date(&self, document: &Dispatch, job: &Job<'_>) -> Result<(), Stop> {
        let Some(date) = document.VoucherDate.get()? else {
            return Ok(());
        };
        let received = job.received()?;
        if date.day > received.day + i64::from(self.days_ahead) {
            let message = format!("{} is later than {}", date.date(), received.date());
            let violation = document.VoucherDate.violation("date.future", message);
            return Err(violation.at_source("consign_time").into());
        }
        Ok(())
    }

    /// 单价不低于最低价 / no price below the lowest.
    fn check_price(&self, line: &DispatchLine) -> Result<(), Stop> {
        let price = &line.origTaxSalePrice;
        if price.get()?.is_some_and(|number| number < self.min_price) {
            let message = format!("{price} is less than {}", self.min_price);
            return Err(price.violation("price", message).into());
        }
        Ok(())
    }
}

dukou_sdk::export_validator!(PluginName);
