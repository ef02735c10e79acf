//! The lists of a record, as sources mean them.

use super::Source;
use super::field::{At, SourceField, not_a_list};
use super::read::ListVisitor;
use crate::target::Lines;
use crate::values::{Fault, Origin};
use crate::{Job, Omission};
use serde::de::Deserializer;
use std::slice;

/// A list of objects: null, "" and absent have none, a lone object is one. It remembers where it stands, and every
/// element its index in the record.
#[derive(Debug)]
pub struct List<T> {
    pub(super) elements: Vec<T>,
    /// Index in the record, and the record's index in its group, of each element.
    pub(super) places: Vec<(u32, u32)>,
    pub(super) origin: Origin,
    /// Something else stands there.
    pub(super) wrong: Option<Fault>,
}

impl<T> List<T> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements in their order.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.elements.iter()
    }

    /// Path of the element at `position`: `details_list[2]`. After [`List::omit`] it still is the index in the record.
    pub fn path(&self, position: usize) -> String {
        let index = self.places.get(position).map_or(0, |place| place.0);
        format!("{}[{index}]", self.origin.path())
    }

    /// One line of a document for every element, in order.
    pub fn map<L>(&self, line: impl FnMut(&T) -> L) -> Lines<L> {
        Lines::new(self.elements.iter().map(line).collect(), self)
    }

    /// Any number of lines of a document for every element, in order: for lists inside lists.
    pub fn flat_map<L, I: IntoIterator<Item = L>>(&self, lines: impl FnMut(&T) -> I) -> Lines<L> {
        Lines::new(self.elements.iter().flat_map(lines).collect(), self)
    }

    /// Like [`List::map`], for lines that can end the work: the first `Err` is the answer.
    pub fn try_map<L, E>(&self, line: impl FnMut(&T) -> Result<L, E>) -> Result<Lines<L>, E> {
        let lines = self.elements.iter().map(line).collect::<Result<_, E>>()?;
        Ok(Lines::new(lines, self))
    }

    /// Leaves out the elements for which `unwanted` is true, and notes each with the reason, so that totals can still be
    /// reconciled.
    ///
    /// ```
    /// # use dukou_sdk::prelude::*;
    /// # #[derive(Source)] struct Order { details_list: List<Line> }
    /// # #[derive(Source)] struct Line { gift_type: Text }
    /// # fn map(mut order: Order, job: &mut Job<'_>) {
    /// order.details_list.omit(job, "赠品", |line| !line.gift_type.is("0"));
    /// # }
    /// ```
    pub fn omit(&mut self, job: &mut Job<'_>, reason: &str, mut unwanted: impl FnMut(&T) -> bool) {
        let path = self.origin.path();
        let kept: Vec<bool> = self.elements.iter().map(|element| !unwanted(element)).collect();
        for ((index, member), _) in self.places.iter().zip(&kept).filter(|(_, kept)| !**kept) {
            job.omit(Omission::new(*member, format!("{path}[{index}]"), reason));
        }
        let mut keep = kept.iter();
        self.elements.retain(|_| *keep.next().unwrap_or(&true));
        let mut keep = kept.iter();
        self.places.retain(|_| *keep.next().unwrap_or(&true));
    }

    /// The elements that no plugin before this one left out: for checks against the documents.
    pub fn kept<'l>(&'l self, job: &Job<'_>) -> impl Iterator<Item = &'l T> + use<'l, T> {
        let path = self.origin.path();
        let omitted: Vec<bool> = self
            .places
            .iter()
            .map(|(index, member)| {
                let is_it = |omission: &Omission| {
                    omission.member == *member
                        && (omission.path.is_empty() || omission.path == format!("{path}[{index}]"))
                };
                !job.omitted().is_empty() && job.omitted().iter().any(is_it)
            })
            .collect();
        self.elements
            .iter()
            .zip(omitted)
            .filter_map(|(element, omitted)| (!omitted).then_some(element))
    }

    /// The field that it stands in.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Why it is no list, if something else stands in its place. A list that is written as [`Lines`] tells it by itself.
    pub fn fault(&self) -> Option<&Fault> {
        self.wrong.as_ref()
    }
}

impl<'l, T> IntoIterator for &'l List<T> {
    type Item = &'l T;
    type IntoIter = slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.iter()
    }
}

impl<T: Source> SourceField for List<T> {
    fn absent(origin: Origin) -> Self {
        Self {
            elements: Vec::new(),
            places: Vec::new(),
            origin,
            wrong: None,
        }
    }

    fn read<'de, D: Deserializer<'de>>(&mut self, _at: At<'_>, deserializer: D) -> Result<(), D::Error> {
        self.elements.clear();
        self.places.clear();
        let sound = deserializer.deserialize_any(ListVisitor {
            origin: &self.origin,
            elements: &mut self.elements,
            places: &mut self.places,
        })?;
        self.wrong = (!sound).then(|| not_a_list(&self.origin));
        if !sound {
            self.elements.clear();
            self.places.clear();
        }
        Ok(())
    }

    fn collect_needs(path: String, needs: &mut Vec<String>) {
        T::collect_needs(&format!("{path}[]."), needs);
    }

    fn join(&mut self, other: Self) {
        self.elements.extend(other.elements);
        self.places.extend(other.places);
        self.wrong = self.wrong.take().or(other.wrong);
    }
}

/// Like [`List`], without memory of its place. Something else than a list is a violation of its own with the code `type`.
impl<T: Source> SourceField for Vec<T> {
    fn absent(_origin: Origin) -> Self {
        Self::new()
    }

    fn read<'de, D: Deserializer<'de>>(&mut self, at: At<'_>, deserializer: D) -> Result<(), D::Error> {
        let mut list = <List<T> as SourceField>::absent(at.origin());
        list.read(at, deserializer)?;
        *self = list.elements;
        at.place.root.faults.borrow_mut().extend(list.wrong);
        Ok(())
    }

    fn collect_needs(path: String, needs: &mut Vec<String>) {
        <List<T> as SourceField>::collect_needs(path, needs);
    }

    fn join(&mut self, other: Self) {
        self.extend(other);
    }
}
