//! Mappings over typed structs.

use super::{Typed, configure, read_records};
use crate::environment::Environment;
use crate::settings::FromSettings;
use crate::source::Source;
use crate::target::{Target, Writer};
use crate::{Document, Group, Job, Lookups, Mapped, Mapping, Needs, Omission, SettingError, Stop, Verdict};

/// Makes a document out of a record. The implementing struct holds the settings.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// #[derive(Settings)]
/// pub struct ShopRules {
///     #[setting(default = "2121", required)]
///     inventory: Text,
/// }
///
/// #[derive(Source)]
/// pub struct Order {
///     order_no: Text,
///     consign_time: Date,
///     details_list: List<Line>,
/// }
///
/// #[derive(Source)]
/// pub struct Line {
///     goods_count: Decimal,
///     gift_type: Text,
/// }
///
/// #[derive(Target)]
/// #[target(wrapper = "dto")]
/// #[allow(non_snake_case)]
/// pub struct Dispatch {
///     ExternalCode: Text,
///     VoucherDate: Date,
///     Memo: Option<Text>,
///     RDRecordDetails: Lines<DispatchLine>,
/// }
///
/// #[derive(Target)]
/// #[allow(non_snake_case)]
/// pub struct DispatchLine {
///     Inventory: Code,
///     BaseQuantity: Decimal,
/// }
///
/// impl Mapper for ShopRules {
///     type Source = Order;
///     type Target = Dispatch;
///
///     fn map(&self, mut order: Order, job: &mut Job<'_>) -> Result<Dispatch, Stop> {
///         order.details_list.omit(job, "赠品", |line| line.gift_type.is("1"));
///         if order.details_list.is_empty() {
///             return Err(Stop::skip("全是赠品"));
///         }
///         Ok(Dispatch {
///             ExternalCode: order.order_no.to(),
///             VoucherDate: order.consign_time.to(),
///             Memo: order.order_no.prefixed("旺店通").to(),
///             RDRecordDetails: order.details_list.map(|line| DispatchLine {
///                 Inventory: self.inventory.to(),
///                 BaseQuantity: line.goods_count.to(),
///             }),
///         })
///     }
/// }
///
/// dukou_sdk::export_mapper!(ShopRules);
/// ```
pub trait Mapper: FromSettings {
    /// What is read of a record.
    type Source: Source;
    /// What is written.
    type Target: Target;

    /// The document of one record.
    ///
    /// The records of a larger group are mapped one by one and become one document: header values must agree
    /// (`merge.disagree`), lines follow one another. A record that is skipped then is an omission; if all are, the group
    /// is skipped.
    fn map(&self, order: Self::Source, job: &mut Job<'_>) -> Result<Self::Target, Stop>;

    /// The documents of a whole group: override it for several documents, or to put records together in another way.
    ///
    /// ```
    /// # use dukou_sdk::prelude::*;
    /// # #[derive(Settings)] struct Rules;
    /// # #[derive(Source)] struct Order { order_no: Text, details_list: List<Line> }
    /// # #[derive(Source)] struct Line { goods_count: Decimal }
    /// # #[derive(Target)] struct Dispatch { code: Text, lines: Lines<Written> }
    /// # #[derive(Target)] struct Written { count: Decimal }
    /// # impl Mapper for Rules {
    /// # type Source = Order;
    /// # type Target = Dispatch;
    /// # fn map(&self, order: Order, _job: &mut Job<'_>) -> Result<Dispatch, Stop> {
    /// #     let lines = order.details_list.map(|line| Written { count: line.goods_count.to() });
    /// #     Ok(Dispatch { code: order.order_no.to(), lines })
    /// # }
    /// /// At most 200 lines in a document: `CK1`, `CK1-p2`, `CK1-p3`.
    /// fn map_group(&self, orders: Vec<Order>, job: &mut Job<'_>) -> Result<Documents<Dispatch>, Stop> {
    ///     let mut documents = Documents::none();
    ///     for order in orders {
    ///         let code = order.order_no.clone();
    ///         let parts = self.map(order, job)?.lines.chunks(200);
    ///         for (lines, number) in parts.into_iter().zip(1..) {
    ///             let suffix = if number == 1 { String::new() } else { format!("-p{number}") };
    ///             documents.push(suffix.clone(), Dispatch { code: code.suffixed(suffix), lines });
    ///         }
    ///     }
    ///     Ok(documents)
    /// }
    /// # }
    /// # let long = format!(r#"{{"order_no":"CK1","details_list":[{}{{"goods_count":1}}]}}"#, r#"{"goods_count":1},"#.repeat(200));
    /// # let verdict = dukou_sdk::testing::transform::<Rules>("{}", &long);
    /// # let dukou_sdk::Verdict::Mapped(mapped) = verdict else { panic!() };
    /// # assert_eq!(mapped.documents[1].body, r#"{"code":"CK1-p2","lines":[{"count":1}]}"#);
    /// ```
    fn map_group(&self, orders: Vec<Self::Source>, job: &mut Job<'_>) -> Result<Documents<Self::Target>, Stop> {
        merge(self, orders, job)
    }

    /// Called once, with settings that are sound: for what only the plugin can check, and for what is computed once.
    fn configured(&mut self, _environment: &Environment) -> Result<(), Vec<SettingError>> {
        Ok(())
    }
}

/// The documents of a group.
#[derive(Debug)]
pub struct Documents<T> {
    list: Vec<(String, Vec<(u32, T)>)>,
}

impl<T> Documents<T> {
    /// None yet.
    pub fn none() -> Self {
        Self { list: Vec::new() }
    }

    /// The group's only document.
    pub fn one(document: T) -> Self {
        let mut documents = Self::none();
        documents.push("", document);
        documents
    }

    /// One document made of what several records became, each with the record's index: they are merged as
    /// [`Mapper::map`] says.
    pub fn merged(parts: Vec<(u32, T)>) -> Self {
        Self {
            list: vec![(String::new(), parts)],
        }
    }

    /// Adds a document. Suffixes must differ, and must not depend on anything but the group.
    pub fn push(&mut self, suffix: impl Into<String>, document: T) {
        self.list.push((suffix.into(), vec![(0, document)]));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

fn merge<M: Mapper>(mapper: &M, orders: Vec<M::Source>, job: &mut Job<'_>) -> Result<Documents<M::Target>, Stop> {
    let mut parts = Vec::with_capacity(orders.len());
    let mut skipped = None;
    for (position, order) in orders.into_iter().enumerate() {
        let member = job.member_of(position);
        job.member = Some(member);
        match mapper.map(order, job) {
            Ok(part) => parts.push((member, part)),
            Err(Stop::Reject(violations)) => {
                for violation in violations {
                    job.report(violation);
                }
            }
            Err(Stop::Skip(reason)) => {
                job.omit(Omission::new(member, "", reason.as_str()));
                skipped.get_or_insert(reason);
            }
        }
    }
    job.member = None;
    match skipped {
        Some(reason) if parts.is_empty() && job.report.count() == 0 => Err(Stop::Skip(reason)),
        _ => Ok(Documents::merged(parts)),
    }
}

impl<M: Mapper> Mapping for Typed<M> {
    fn configure(settings: &str, environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        configure::<M, M::Source>(settings, environment, Some(M::Target::WRAPPER), M::configured)
    }

    fn transform(&self, groups: Vec<Group>, lookups: &dyn Lookups) -> Vec<Verdict> {
        groups.iter().map(|group| self.verdict(group, lookups)).collect()
    }
}

impl<M: Mapper> Typed<M> {
    fn verdict(&self, group: &Group, lookups: &dyn Lookups) -> Verdict {
        let mut job = Job::new(group, lookups, &self.around);
        let orders = read_records(&mut job, &self.around, M::Target::WRAPPER.unwrap_or("$"));
        let made = match self.plugin.map_group(orders, &mut job) {
            Ok(made) => made,
            Err(Stop::Skip(reason)) if job.report.count() == 0 => return Verdict::Skipped(reason),
            Err(stop) => {
                job.note::<(), _>(Err(stop));
                return Verdict::Rejected(job.report.into_violations());
            }
        };
        // Enough for an ordinary order, so that the body grows without being moved.
        let capacity = 1024 + 2 * group.records.iter().map(|record| record.body.len()).sum::<usize>();
        let mut documents = Vec::with_capacity(made.list.len());
        for (suffix, parts) in &made.list {
            let all: Vec<(u32, &M::Target)> = parts.iter().map(|(member, part)| (*member, part)).collect();
            let mut writer = Writer::new(&mut job.report, capacity);
            writer.document(&all);
            documents.push(Document::with_suffix(suffix.as_str(), writer.body));
        }
        if job.report.count() > 0 {
            return Verdict::Rejected(job.report.into_violations());
        }
        if documents.is_empty() {
            return Verdict::Skipped("nothing to write".to_owned());
        }
        Verdict::Mapped(Mapped {
            documents,
            omitted: job.omitted,
        })
    }
}
