//! Reading a record into a struct: `#[derive(Source)]`, and the lists that records have.
//!
//! The struct is at once the reader and the list of needed fields: what it names is what the host hands over, so the
//! projection cannot go stale. A field that is absent, null, blank or of a wrong type is no error here: the value knows
//! it, and where it came from. Of members with the same name the last counts.
//!
//! ```
//! use dukou_sdk::prelude::*;
//! use dukou_sdk::source::Source;
//!
//! #[derive(Source)]
//! struct Order {
//!     order_no: Text,
//!     #[source(personal)]                    // messages show *** instead of the value
//!     receiver_address: Text,
//!     details_list: List<Line>,              // null, "" and absent are no lines, a lone object is one
//! }
//!
//! #[derive(Source)]
//! struct Line {
//!     goods_count: Decimal,
//!     #[source(rename = "share_amount")]     // the name in the record, where it differs
//!     amount: Decimal,
//!     position_list: List<Position>,
//! }
//!
//! #[derive(Source)]
//! struct Position {
//!     batch_no: Text,
//! }
//!
//! assert_eq!(
//!     <Order as Source>::needs(),
//!     [
//!         "order_no",
//!         "receiver_address",
//!         "details_list[].goods_count",
//!         "details_list[].share_amount",
//!         "details_list[].position_list[].batch_no",
//!     ]
//! );
//! let order: Order = dukou_sdk::testing::read(r#"{"order_no": 4503599627370497123, "details_list": {"goods_count": "2.0000"}}"#);
//! assert_eq!(order.order_no.to_string(), "4503599627370497123");
//! assert_eq!(order.details_list.len(), 1);
//! ```
//!
//! For documents in a validation the same derive reads what the mapping wrote; `#[source(rename_all = "PascalCase")]` on
//! the struct turns `voucher_date` into `VoucherDate`. A nested object is a struct of its own, a part of any shape is a
//! [`Json`](crate::values::Json). `Vec<Line>` is read like `List<Line>`, but does not remember where it stands.

mod field;
mod list;
mod read;

pub use field::{At, Seed, SourceField};
pub use list::List;
pub(crate) use read::{read_document, read_record};

use crate::values::Place;
use serde::de::MapAccess;
use std::rc::Rc;

/// A struct that is read from an object. Derive it.
pub trait Source: Sized {
    /// The members' names in JSON.
    #[doc(hidden)]
    const MEMBERS: &'static [&'static str];

    /// The struct of an object that has nothing.
    #[doc(hidden)]
    fn absent(place: &Rc<Place>) -> Self;

    /// Reads the value of the member number `index`.
    #[doc(hidden)]
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        index: usize,
        place: &Rc<Place>,
        members: &mut A,
    ) -> Result<(), A::Error>;

    /// Appends the paths of all fields.
    #[doc(hidden)]
    fn collect_needs(prefix: &str, needs: &mut Vec<String>);

    /// Values that differ from `other`'s become faults with the code `merge.disagree`; lists take over its elements.
    #[doc(hidden)]
    fn join(&mut self, other: Self);

    /// The source paths that are read, in the struct's order: what `configure` answers.
    fn needs() -> Vec<String> {
        let mut needs = Vec::new();
        Self::collect_needs("", &mut needs);
        needs
    }
}

/// No fields at all: for an adjustment that looks at documents only.
impl Source for () {
    const MEMBERS: &'static [&'static str] = &[];

    fn absent(_place: &Rc<Place>) -> Self {}

    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        _index: usize,
        _place: &Rc<Place>,
        members: &mut A,
    ) -> Result<(), A::Error> {
        members.next_value::<serde::de::IgnoredAny>().map(drop)
    }

    fn collect_needs(_prefix: &str, _needs: &mut Vec<String>) {}

    fn join(&mut self, _other: Self) {}
}

#[cfg(test)]
mod tests;
