//! The source order: only the fields that the mapping reads, borrowed from the record's text.
//!
//! Lists are read as sources mean them: absent, null and "" have no elements, a lone object is one. Of members with the
//! same name the last counts. No value is judged here (docs/reference/systems/wdt.md §7).

use dukou_sdk::Scalar;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// One stock-out order.
#[derive(Debug, Default)]
pub(crate) struct Order<'a> {
    pub(crate) order_no: Scalar<'a>,
    pub(crate) consign_time: Scalar<'a>,
    pub(crate) receiver_address: Scalar<'a>,
    pub(crate) logistics_no: Scalar<'a>,
    pub(crate) details: Details<'a>,
}

/// `details_list`.
#[derive(Debug)]
pub(crate) enum Details<'a> {
    Lines(Vec<Line<'a>>),
    /// Something else stands where the list should be.
    Wrong,
}

/// One of its elements.
#[derive(Debug, Default)]
pub(crate) struct Line<'a> {
    pub(crate) goods_count: Scalar<'a>,
    pub(crate) price: Scalar<'a>,
    pub(crate) stockout_id: Scalar<'a>,
}

impl Default for Details<'_> {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl<'a> Details<'a> {
    /// The lines, none if something else stands there.
    pub(crate) fn lines(&self) -> &[Line<'a>] {
        match self {
            Self::Lines(lines) => lines,
            Self::Wrong => &[],
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Order<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Order<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a stock-out order")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Order<'de>, A::Error> {
                const NAMES: &[&str] = &[
                    "order_no",
                    "consign_time",
                    "receiver_address",
                    "logistics_no",
                    "details_list",
                ];
                let mut order = Order::default();
                while let Some(name) = members.next_key_seed(Name(NAMES))? {
                    match name {
                        0 => order.order_no = members.next_value()?,
                        1 => order.consign_time = members.next_value()?,
                        2 => order.receiver_address = members.next_value()?,
                        3 => order.logistics_no = members.next_value()?,
                        4 => order.details = members.next_value_seed(DetailsList)?,
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(order)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Position of a member's name among those that are read; their count for any other.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.iter().position(|known| *known == name).unwrap_or(self.0.len()))
    }
}

/// Reads `details_list`, whatever stands there.
struct DetailsList;

impl<'de> DeserializeSeed<'de> for DetailsList {
    type Value = Details<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Details<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DetailsList {
    type Value = Details<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Details<'de>, A::Error> {
        let mut lines = Vec::with_capacity(8);
        let mut all_objects = true;
        while let Some(line) = elements.next_element_seed(Element)? {
            match line {
                Some(line) => lines.push(line),
                None => all_objects = false,
            }
        }
        Ok(if all_objects {
            Details::Lines(lines)
        } else {
            Details::Wrong
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Details<'de>, A::Error> {
        let line = Element.visit_map(members)?;
        Ok(line.map_or(Details::Wrong, |line| Details::Lines(vec![line])))
    }

    fn visit_unit<E>(self) -> Result<Details<'de>, E> {
        Ok(Details::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Details<'de>, E> {
        let empty = dukou_sdk::scalar::is_empty_text(text);
        Ok(if empty { Details::default() } else { Details::Wrong })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Details<'de>, E> {
        Ok(Details::Wrong)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Details<'de>, E> {
        Ok(Details::Wrong)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Details<'de>, E> {
        Ok(Details::Wrong)
    }
}

/// Reads one element; `None` if it is no object.
struct Element;

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Option<Line<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element {
    type Value = Option<Line<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an element of a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        // A number beyond 64 bits reaches a visitor as an object with serde_json's private name.
        const NAMES: &[&str] = &["goods_count", "price", "stockout_id", "$serde_json::private::Number"];
        let mut line = Some(Line::default());
        while let Some(name) = members.next_key_seed(Name(NAMES))? {
            match (name, &mut line) {
                (0, Some(line)) => line.goods_count = members.next_value()?,
                (1, Some(line)) => line.price = members.next_value()?,
                (2, Some(line)) => line.stockout_id = members.next_value()?,
                (3, _) => {
                    members.next_value::<IgnoredAny>()?;
                    line = None;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(line)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
}
