//! From a merged table to its values in the order of a file: the keys of a table first, then the tables in it.

use super::super::base::{Layers, at};
use super::super::file::{Entry, Held, Node, SourceFile, Table};
use super::super::reader::{path_text, quoted_key};
use super::defaults::Default;
use super::{Spot, Standing, Value, spot, text};

/// The lists that TOML writes as `[[…]]`.
const TABLE_LISTS: [&str; 2] = ["adjustment", "validation"];

/// Every value of a table with its place. `layers` is given for a scheme, `above` where the table stands in a file.
pub(super) fn values(
    file: &SourceFile,
    table: &Table,
    layers: Option<&Layers>,
    defaults: &[Default],
    above: &[&str],
) -> Vec<Value> {
    let mut walk = Walk {
        file,
        layers,
        defaults: defaults.iter().collect(),
        above,
        out: Vec::new(),
    };
    walk.table(table, &[]);
    // Sections that the definition does not have at all.
    for (path, text) in std::mem::take(&mut walk.defaults) {
        walk.default(path, text);
    }
    walk.out
}

struct Walk<'a> {
    file: &'a SourceFile,
    layers: Option<&'a Layers>,
    defaults: Vec<&'a Default>,
    above: &'a [&'a str],
    out: Vec<Value>,
}

impl<'a> Walk<'a> {
    fn table(&mut self, table: &'a Table, path: &[&'a str]) {
        let listed = self.layers.is_some() && path.is_empty();
        let deeper = move |entry: &&Entry| match &entry.node.value {
            Held::Table(inner) => !inner.entries.is_empty() && !is_reference(inner),
            Held::List(items) => listed && !items.is_empty() && TABLE_LISTS.contains(&entry.key.as_str()),
            _ => false,
        };
        for entry in table.entries.iter().filter(|entry| !deeper(entry)) {
            self.leaf(entry, &with(path, &entry.key), None);
        }
        let here: Vec<&'a Default> = self
            .defaults
            .iter()
            .copied()
            .filter(|(missing, _)| missing[..missing.len() - 1] == *path)
            .collect();
        self.defaults.retain(|one| !here.iter().any(|taken| taken.0 == one.0));
        for (missing, text) in here {
            if table.get(missing[missing.len() - 1]).is_none() {
                self.default(missing, text);
            }
        }
        for entry in table.entries.iter().filter(deeper) {
            let path = with(path, &entry.key);
            match &entry.node.value {
                Held::Table(inner) => self.table(inner, &path),
                Held::List(items) => self.list(entry, items, &path),
                _ => {}
            }
        }
    }

    /// `[[validation]]` and `[[adjustment]]`: the whole list where it is a difference, then what its tables say.
    fn list(&mut self, entry: &'a Entry, items: &'a [Node], path: &[&'a str]) {
        let (standing, _) = self.standing(entry, path);
        let inside = match standing {
            Standing::Plain | Standing::Inherited => standing,
            _ => Standing::Part,
        };
        if inside == Standing::Part {
            self.leaf(entry, path, Some(items.len()));
        }
        for (index, item) in items.iter().enumerate() {
            let Held::Table(table) = &item.value else { continue };
            let name = quoted_key(&entry.key);
            let mut parts = Vec::new();
            flatten(table, &[], &mut parts);
            for (keys, entry) in parts {
                let (last, tables) = keys
                    .split_last()
                    .map_or(("", &[][..]), |(last, tables)| (*last, tables));
                let header = match tables {
                    [] => format!("[[{name}]]"),
                    _ => format!("[{name}.{}]", path_text(tables)),
                };
                self.out.push(Value {
                    path: format!("{name}[{index}].{}", path_text(&keys)),
                    header,
                    key: quoted_key(last),
                    text: text(self.file, last, &entry.node),
                    tables: None,
                    at: Some(spot(self.file, entry.key_span.start)),
                    base: None,
                    standing: inside,
                });
            }
        }
    }

    fn leaf(&mut self, entry: &Entry, path: &[&str], tables: Option<usize>) {
        let (standing, base) = self.standing(entry, path);
        let whole: Vec<&str> = self.above.iter().chain(path).copied().collect();
        self.out.push(Value {
            path: path_text(&whole),
            header: header(&whole),
            key: quoted_key(&entry.key),
            text: text(self.file, &entry.key, &entry.node),
            tables,
            at: Some(spot(self.file, entry.key_span.start)),
            base,
            standing,
        });
    }

    fn default(&mut self, path: &[&str], text: &str) {
        let whole: Vec<&str> = self.above.iter().chain(path).copied().collect();
        self.out.push(Value {
            path: path_text(&whole),
            header: header(&whole),
            key: quoted_key(path.last().copied().unwrap_or_default()),
            text: text.to_owned(),
            tables: None,
            at: None,
            base: None,
            standing: Standing::Default,
        });
    }

    /// How a value stands to the base, and what the base says where that is something else.
    fn standing(&self, entry: &Entry, path: &[&str]) -> (Standing, Option<(String, Spot)>) {
        let Some((layers, below)) = self.layers.and_then(|layers| Some((layers, layers.below.as_ref()?))) else {
            return (Standing::Plain, None);
        };
        if entry.key_span.start < layers.start {
            return (Standing::Inherited, None);
        }
        match at(below, path) {
            None => (Standing::Added, None),
            Some(base) if base.node.value.same(&entry.node.value) => (Standing::Repeated, None),
            Some(base) => {
                let said = text(self.file, &base.key, &base.node);
                (Standing::Changed, Some((said, spot(self.file, base.key_span.start))))
            }
        }
    }
}

/// `{ env = "…" }` and its like: one value on one line.
fn is_reference(table: &Table) -> bool {
    matches!(table.entries.as_slice(), [only] if matches!(only.key.as_str(), "env" | "file" | "secret"))
}

fn with<'a>(path: &[&'a str], key: &'a str) -> Vec<&'a str> {
    let mut path = path.to_vec();
    path.push(key);
    path
}

fn header(path: &[&str]) -> String {
    match path.split_last() {
        Some((_, tables)) if !tables.is_empty() => format!("[{}]", path_text(tables)),
        _ => String::new(),
    }
}

fn flatten<'a>(table: &'a Table, above: &[&'a str], out: &mut Vec<(Vec<&'a str>, &'a Entry)>) {
    let mut deeper = Vec::new();
    for entry in &table.entries {
        match &entry.node.value {
            Held::Table(inner) if !inner.entries.is_empty() => deeper.push((entry, inner)),
            _ => out.push((with(above, &entry.key), entry)),
        }
    }
    for (entry, inner) in deeper {
        flatten(inner, &with(above, &entry.key), out);
    }
}
