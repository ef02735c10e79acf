//! From JSON text to structs, in one pass: no tree is built, and no number is converted.

use super::Source;
use crate::scalar::is_empty_text;
use crate::values::{Origin, Place, Root, Side, Surroundings};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// Where a number reaches a visitor as an object, this is its only member's name.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads a record of a group; the error says why the text is no object.
pub(crate) fn read_record<T: Source>(
    text: &str,
    member: u32,
    around: &Rc<Surroundings>,
) -> Result<(T, Rc<Root>), String> {
    read(root(text, Side::Source, member, "", around))
}

/// Reads the part of a document below its wrapper.
pub(crate) fn read_document<T: Source>(
    text: &str,
    member: u32,
    suffix: &str,
    around: &Rc<Surroundings>,
) -> Result<(T, Rc<Root>), String> {
    let node = crate::node::Node::parse(text).map_err(|error| error.to_string())?;
    let inside = crate::editor::wrapper_of(node, around)?
        .map_or(Some(node), |wrapper| node.member(&wrapper))
        .filter(|inside| inside.is_object())
        .ok_or("there is no object below the wrapper")?;
    read(root(inside.json(), Side::Target, member, suffix, around))
}

fn root(text: &str, side: Side, member: u32, suffix: &str, around: &Rc<Surroundings>) -> Rc<Root> {
    Rc::new(Root {
        text: text.into(),
        side,
        member,
        suffix: suffix.into(),
        around: Rc::clone(around),
        faults: RefCell::default(),
    })
}

fn read<T: Source>(root: Rc<Root>) -> Result<(T, Rc<Root>), String> {
    let place = Rc::new(Place {
        root: Rc::clone(&root),
        above: None,
    });
    let mut object = T::absent(&place);
    let mut deserializer = serde_json::Deserializer::from_str(&root.text);
    let read = deserializer.deserialize_map(Object {
        object: &mut object,
        place: &place,
    });
    read.and_then(|()| deserializer.end())
        .map_err(|error| error.to_string())?;
    Ok((object, root))
}

/// Reads an object and nothing else.
struct Object<'o, T> {
    object: &'o mut T,
    place: &'o Rc<Place>,
}

impl<'de, T: Source> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        read_members(self.object, self.place, members).map(drop)
    }
}

/// `false` if it was a number after all.
fn read_members<'de, T: Source, A: MapAccess<'de>>(
    object: &mut T,
    place: &Rc<Place>,
    mut members: A,
) -> Result<bool, A::Error> {
    let mut sound = true;
    while let Some(position) = members.next_key_seed(Name(T::MEMBERS))? {
        match position {
            Position::Known(index) => object.member(index, place, &mut members)?,
            Position::Unknown => drop(members.next_value::<IgnoredAny>()?),
            Position::Number => {
                members.next_value::<IgnoredAny>()?;
                sound = false;
            }
        }
    }
    Ok(sound)
}

enum Position {
    Known(usize),
    Unknown,
    Number,
}

/// Finds a member's name among those that are read.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Position;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Position, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Position;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Position, E> {
        Ok(match self.0.iter().position(|known| *known == name) {
            Some(index) => Position::Known(index),
            None if name == NUMBER => Position::Number,
            None => Position::Unknown,
        })
    }
}

/// What is none of the shapes that a visitor reads: `false`, or `true` for what counts as nothing.
macro_rules! others_are_wrong {
    () => {
        fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(true)
        }

        fn visit_str<E>(self, text: &str) -> Result<bool, E> {
            Ok(is_empty_text(text))
        }
    };
}

/// Reads what stands in place of a nested object; `false` if it is neither an object nor nothing.
pub(super) struct Whole<'o, T> {
    pub(super) object: &'o mut T,
    pub(super) place: &'o Rc<Place>,
}

impl<'de, T: Source> Visitor<'de> for Whole<'_, T> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<bool, A::Error> {
        read_members(self.object, self.place, members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    others_are_wrong!();
}

/// Reads what stands in place of a list; `false` if it is no list of objects.
pub(super) struct ListVisitor<'l, T> {
    pub(super) origin: &'l Origin,
    pub(super) elements: &'l mut Vec<T>,
    pub(super) places: &'l mut Vec<(u32, u32)>,
}

impl<T: Source> ListVisitor<'_, T> {
    fn element(&mut self, index: usize) -> (Rc<Place>, &mut T) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let root = &self.origin.place.root;
        let place = Rc::new(Place {
            root: Rc::clone(root),
            above: Some((self.origin.clone(), Some(index))),
        });
        self.places.push((index, root.member));
        let last = self.elements.len();
        self.elements.push(T::absent(&place));
        (place, &mut self.elements[last])
    }
}

impl<'de, T: Source> Visitor<'de> for ListVisitor<'_, T> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<bool, A::Error> {
        let mut sound = true;
        let mut index = 0;
        self.elements.reserve(8);
        self.places.reserve(8);
        loop {
            let (place, object) = self.element(index);
            let element = Element(Whole { object, place: &place });
            match elements.next_element_seed(element)? {
                Some(is_object) => sound &= is_object,
                None => break,
            }
            index += 1;
        }
        // One was made ready for an element that did not come.
        self.elements.pop();
        self.places.pop();
        Ok(sound)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, members: A) -> Result<bool, A::Error> {
        let (place, object) = self.element(0);
        read_members(object, &place, members)
    }

    others_are_wrong!();
}

/// Reads an element; only an object is one.
struct Element<'o, T>(Whole<'o, T>);

impl<'de, T: Source> DeserializeSeed<'de> for Element<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Source> Visitor<'de> for Element<'_, T> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an element of a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<bool, A::Error> {
        self.0.visit_map(members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<bool, A::Error> {
        self.0.visit_seq(elements)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }
}
