//! The reference mapping in Rust: `wdt.stockout.order.query.trade` to `/tplus/api/v2/saleDispatch/Create`.
//!
//! It does what the seed's mapping table does under the stock `table` plugin, byte for byte, and is there to be read and
//! copied by authors whose rules outgrow a table. It reads typed structs borrowed from the text ([`order`]), and writes
//! the document into one `String` ([`voucher`]); it looks nothing up. The lines of a group's records follow one another
//! in one document, and header values on which the records differ refuse the group. It never splits a document, so a
//! scheme with `max_lines` needs `table`.

mod draft;
mod order;
mod voucher;

use dukou_sdk::environment::Environment;
use dukou_sdk::settings::Settings;
use dukou_sdk::{Document, Group, Lookups, Mapped, Mapping, Needs, SettingError, Verdict};
use voucher::{Constants, Template};

/// Exactly what [`order`] reads.
const NEEDS: [&str; 7] = [
    "order_no",
    "consign_time",
    "receiver_address",
    "logistics_no",
    "details_list[].goods_count",
    "details_list[].price",
    "details_list[].stockout_id",
];

/// The configured mapping.
#[derive(Debug)]
pub struct WdtToTplus {
    template: Template,
}

impl Mapping for WdtToTplus {
    /// Settings, all optional, with the seed's constants as defaults: `voucher_type`, `customer`, `partner`,
    /// `busi_type`, `warehouse`, `inventory`, `memo`. An empty `customer` or `memo` leaves the field out; `memo` is also
    /// what a line's memo begins with.
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        let environment = Environment::parse(environment)?;
        let mut settings = Settings::parse(settings)?;
        let constants = Constants {
            voucher_type: settings.required_text("voucher_type", "ST1021"),
            customer: settings.text("customer", "TESTCUST"),
            partner: settings.required_text("partner", "TESTCUST"),
            busi_type: settings.required_text("busi_type", "15"),
            warehouse: settings.required_text("warehouse", "TEST_CK01"),
            inventory: settings.required_text("inventory", "2121"),
            memo: settings.text("memo", "来自旺店通"),
        };
        if let Some(target) = &environment.target
            && target.wrapper.as_deref() != Some(voucher::WRAPPER)
        {
            let message = format!("this mapping writes sale dispatches of T+, not {}", target.api);
            settings.error("environment.target", "target", &message);
        }
        let zone = environment.zone();
        if let Err(error) = &zone {
            settings.error(&error.path, &error.code, &error.message);
        }
        settings.finish()?;
        let zone = zone.map_err(|error| vec![error])?;
        Ok((
            Self {
                template: Template::new(&constants, zone),
            },
            Needs::of(NEEDS),
        ))
    }

    fn transform(&self, groups: Vec<Group>, _lookups: &dyn Lookups) -> Vec<Verdict> {
        groups.iter().map(|group| self.verdict(group)).collect()
    }
}

impl WdtToTplus {
    fn verdict(&self, group: &Group) -> Verdict {
        match self.template.write(group) {
            Ok(body) => Verdict::Mapped(Mapped {
                documents: vec![Document::new(body)],
                omitted: Vec::new(),
            }),
            Err(violations) => Verdict::Rejected(violations),
        }
    }
}

dukou_sdk::export_mapping!(WdtToTplus);

#[cfg(test)]
mod tests;
