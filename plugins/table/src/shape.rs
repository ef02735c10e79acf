//! Which fields of a source record a table reads: the record and the lists inside it as levels, each with its slots.
//! Paths are resolved to places once, when the table is compiled; `record.rs` fills the slots.

use dukou_sdk::environment::{Catalogue, FieldType};
use std::collections::BTreeSet;

/// The record itself and three lists inside one another. An element's chain has a fixed size because of it.
pub(crate) const MAX_DEPTH: usize = 4;

/// The most parts of a path.
const MAX_SEGMENTS: usize = 16;

/// The level of the record itself.
pub(crate) const ROOT: usize = 0;

/// The record, or the elements of one list.
#[derive(Debug)]
pub(crate) struct Level {
    /// The level that holds this list; the root holds itself.
    pub(crate) parent: usize,
    /// How many lists enclose an element, itself included; 0 for the record.
    pub(crate) depth: usize,
    /// The list's dotted path from the record; empty for the record.
    pub(crate) path: String,
    /// The names that lead from the parent's element to this list.
    pub(crate) names: Vec<String>,
    /// Fields that are read.
    pub(crate) slots: Vec<Slot>,
    /// Lists that are read.
    pub(crate) children: Vec<usize>,
}

/// A field of a level.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The names that lead from the element to the field; more than one if it stands in an object.
    pub(crate) names: Vec<String>,
    /// Whether messages must not show its value.
    pub(crate) personal: bool,
}

/// A field: its level and its slot there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into [`Shape::levels`].
    pub(crate) level: usize,
    /// Index into [`Level::slots`].
    pub(crate) slot: usize,
}

/// The levels of a record.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The record first.
    pub(crate) levels: Vec<Level>,
    arrays: BTreeSet<String>,
    personal: BTreeSet<String>,
    needs: Vec<String>,
}

impl Shape {
    /// An empty shape that knows which paths are lists.
    pub(crate) fn new(source: Option<&Catalogue>) -> Self {
        let fields = || source.iter().flat_map(|catalogue| &catalogue.fields);
        let is_list = |kind: FieldType| matches!(kind, FieldType::Array | FieldType::ArrayOfText);
        let arrays = fields()
            .filter(|field| is_list(field.kind))
            .map(|field| field.path.clone())
            .collect();
        let personal = fields()
            .filter(|field| field.personal)
            .map(|field| field.path.clone())
            .collect();
        let root = Level {
            parent: ROOT,
            depth: 0,
            path: String::new(),
            names: Vec::new(),
            slots: Vec::new(),
            children: Vec::new(),
        };
        Self {
            levels: vec![root],
            arrays,
            personal,
            needs: Vec::new(),
        }
    }

    /// Declares a path and everything above it to be lists, as a binding does: `details_list.position_list`.
    pub(crate) fn declare_list(&mut self, path: &str) {
        if self.arrays.contains(path) {
            return;
        }
        for (dot, _) in path.match_indices('.') {
            // A catalogue that names the list itself also names the lists above it.
            self.arrays.insert(path[..dot].to_owned());
        }
        self.arrays.insert(path.to_owned());
    }

    /// The place of a field, making a slot for it. The error is a message for the author.
    pub(crate) fn place(&mut self, path: &str) -> Result<Place, String> {
        if self.arrays.contains(path) {
            return Err(format!("{path} is a list; name one of its fields, {path}.…"));
        }
        check_path(path)?;
        let (level, names) = self.split(path)?;
        let known = self.levels[level].slots.iter().position(|slot| slot.names == names);
        let slot = known.unwrap_or_else(|| {
            self.needs.push(self.marked(level, &names));
            let personal = self.personal.contains(path);
            self.levels[level].slots.push(Slot { names, personal });
            self.levels[level].slots.len() - 1
        });
        Ok(Place { level, slot })
    }

    /// The level of a list's elements, making it and those above it.
    pub(crate) fn list(&mut self, path: &str) -> Result<usize, String> {
        if let Some(level) = self.levels.iter().position(|level| level.path == path) {
            return Ok(level);
        }
        check_path(path)?;
        self.declare_list(path);
        let (parent, names) = self.split(path)?;
        let depth = self.levels[parent].depth + 1;
        if depth >= MAX_DEPTH {
            return Err(format!("{path} stands inside more than {} lists", MAX_DEPTH - 2));
        }
        let level = self.levels.len();
        self.levels.push(Level {
            parent,
            depth,
            path: path.to_owned(),
            names,
            slots: Vec::new(),
            children: Vec::new(),
        });
        self.levels[parent].children.push(level);
        Ok(level)
    }

    /// Whether `outer` is `inner` or encloses it.
    pub(crate) fn encloses(&self, outer: usize, mut inner: usize) -> bool {
        while inner != outer && inner != ROOT {
            inner = self.levels[inner].parent;
        }
        inner == outer
    }

    /// The source paths that are read, lists as `details_list[]`, in the order of their first use. A list of which no
    /// field is read is needed whole, since its length matters.
    pub(crate) fn needs(&self) -> Vec<String> {
        let mut needs = self.needs.clone();
        for (index, level) in self.levels.iter().enumerate().skip(1) {
            if level.slots.is_empty() && level.children.is_empty() {
                needs.push(self.marked(level.parent, &self.levels[index].names));
            }
        }
        needs
    }

    /// The field's dotted path.
    pub(crate) fn path(&self, place: Place) -> String {
        let level = &self.levels[place.level];
        let field = level.slots[place.slot].names.join(".");
        if level.path.is_empty() {
            field
        } else {
            format!("{}.{field}", level.path)
        }
    }

    /// Whether messages must not show the field's value.
    pub(crate) fn is_personal(&self, place: Place) -> bool {
        self.levels[place.level].slots[place.slot].personal
    }

    /// The path with an index after each list of which one is given: `details_list[2].goods_count`.
    pub(crate) fn indexed_path(&self, place: Place, indexes: &[Option<u32>; MAX_DEPTH]) -> String {
        let field = self.levels[place.level].slots[place.slot].names.join(".");
        let list = self.indexed_list(place.level, indexes);
        if list.is_empty() {
            field
        } else {
            format!("{list}.{field}")
        }
    }

    /// An element's path: `details_list[0].position_list[1]`.
    pub(crate) fn indexed_list(&self, level: usize, indexes: &[Option<u32>; MAX_DEPTH]) -> String {
        if level == ROOT {
            return String::new();
        }
        let level = &self.levels[level];
        let above = self.indexed_list(level.parent, indexes);
        let name = level.names.join(".");
        let index = indexes[level.depth].map_or_else(String::new, |index| format!("[{index}]"));
        if above.is_empty() {
            format!("{name}{index}")
        } else {
            format!("{above}.{name}{index}")
        }
    }

    /// The level that a path belongs to and its names there.
    fn split(&mut self, path: &str) -> Result<(usize, Vec<String>), String> {
        let list = path
            .rmatch_indices('.')
            .map(|(dot, _)| dot)
            .find(|dot| self.arrays.contains(&path[..*dot]));
        let (level, rest) = match list {
            None => (ROOT, path),
            Some(dot) => (self.list(&path[..dot])?, &path[dot + 1..]),
        };
        Ok((level, rest.split('.').map(str::to_owned).collect()))
    }

    fn marked(&self, level: usize, names: &[String]) -> String {
        let field = names.join(".");
        if level == ROOT {
            return field;
        }
        let level = &self.levels[level];
        format!("{}[].{field}", self.marked(level.parent, &level.names))
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let names = path.split('.').count();
    if names > MAX_SEGMENTS || path.split('.').any(str::is_empty) {
        return Err(format!(
            "{path} is no source path: names joined by single dots, at most {MAX_SEGMENTS}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ROOT, Shape};

    #[test]
    fn resolves_paths_to_levels_and_lists_needs_once() {
        let mut shape = Shape::new(None);
        shape.declare_list("details_list.position_list");
        let number = shape.place("order_no").unwrap();
        let batch = shape.place("details_list.position_list.batch_no").unwrap();
        let nested = shape.place("details_list.goods.code").unwrap();
        assert_eq!(shape.place("order_no").unwrap(), number);
        assert_eq!(
            shape.needs(),
            [
                "order_no",
                "details_list[].position_list[].batch_no",
                "details_list[].goods.code"
            ]
        );
        assert!(shape.encloses(ROOT, batch.level) && shape.encloses(nested.level, batch.level));
        assert!(!shape.encloses(batch.level, nested.level));
        assert_eq!(shape.path(nested), "details_list.goods.code");
        let indexes = [None, Some(3), Some(1), None];
        assert_eq!(
            shape.indexed_path(batch, &indexes),
            "details_list[3].position_list[1].batch_no"
        );
        assert!(shape.place("details_list").unwrap_err().contains("is a list"));
    }

    #[test]
    fn a_list_without_fields_is_needed_whole() {
        let mut shape = Shape::new(None);
        shape.list("a.b").unwrap();
        assert_eq!(shape.needs(), ["a[].b"]);
        shape.list("a.b.c").unwrap();
        assert!(shape.list("a.b.c.d").unwrap_err().contains("lists"));
    }
}
