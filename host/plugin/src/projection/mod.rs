//! Ship less data: cuts a record's JSON down to the paths a plugin asked for, in one pass over the text.
//!
//! Strings and numbers are copied as slices, so `2.0000` stays `2.0000` and no value passes through a float.
//! What does not match the shape of a path is copied whole, never dropped: WDT answers `""` or `null` where an
//! array would be empty, and a plugin must see that. An object where an array is expected is projected as the
//! array's only element; an array where an object is expected is projected element by element. Of a key that
//! appears twice the last wins, as in `serde_json`'s maps. Nothing here parses a number or builds a tree.

pub(crate) mod scan;
#[cfg(test)]
mod tests;

use std::fmt;

pub use scan::MalformedJson;
use scan::{MAX_DEPTH, Scanner, Token};

/// Paths one plugin may ask for.
const MAX_PATHS: usize = 2_000;
/// Bytes of one path.
const MAX_PATH_BYTES: usize = 512;

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPath {
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path `{}`: {}", self.path, self.reason)
    }
}

impl std::error::Error for BadPath {}

/// Which parts of a record a plugin needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// A trie; the root is the first. Empty means the whole record.
    nodes: Vec<Node>,
    paths: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Node {
    /// Everything below is needed.
    whole: bool,
    /// Sorted by length of the name.
    children: Vec<Child>,
    /// For each length of a name, where its children begin; one more entry at the end.
    by_length: Vec<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Child {
    name: Box<[u8]>,
    node: usize,
}

/// Why the fast pass gave up.
enum Stop {
    Malformed(MalformedJson),
    /// A needed key appears twice in one object.
    Twice,
}

impl From<MalformedJson> for Stop {
    fn from(error: MalformedJson) -> Self {
        Self::Malformed(error)
    }
}

impl Projection {
    /// The projection that keeps everything.
    pub fn whole() -> Self {
        Self {
            nodes: Vec::new(),
            paths: vec!["*".to_owned()],
        }
    }

    /// Reads paths such as `order_no`, `details_list[].price` or `*`.
    pub fn parse<P: AsRef<str>>(paths: &[P]) -> Result<Self, BadPath> {
        let bad = |path: &str, reason| BadPath {
            path: path.chars().take(80).collect(),
            reason,
        };
        if paths.len() > MAX_PATHS {
            return Err(bad("", "more paths than allowed"));
        }
        let mut nodes = vec![Node::default()];
        let mut whole = false;
        for path in paths {
            let path = path.as_ref();
            if path == "*" {
                whole = true;
                continue;
            }
            if path.len() > MAX_PATH_BYTES {
                return Err(bad(path, "longer than allowed"));
            }
            let mut here = 0;
            for (depth, part) in path.split('.').enumerate() {
                let mut name = part;
                while let Some(shorter) = name.strip_suffix("[]") {
                    name = shorter;
                }
                if name.is_empty() {
                    return Err(bad(path, "empty step"));
                }
                if name.contains(['[', ']', '*']) {
                    return Err(bad(path, "only `name` and `name[]` are steps"));
                }
                if depth >= MAX_DEPTH as usize {
                    return Err(bad(path, "deeper than allowed"));
                }
                here = descend(&mut nodes, here, name);
            }
            if let Some(node) = nodes.get_mut(here) {
                node.whole = true;
            }
        }
        if whole {
            return Ok(Self::whole());
        }
        for node in &mut nodes {
            node.index();
        }
        Ok(Self {
            nodes,
            paths: paths.iter().map(|path| path.as_ref().to_owned()).collect(),
        })
    }

    /// The paths as they were asked for.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Whether everything is kept.
    pub fn is_whole(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Cuts `body` down. The whole text is checked, also the parts left out.
    pub fn apply(&self, body: &str) -> Result<String, MalformedJson> {
        let Some(root) = self.nodes.first() else {
            scan::check(body)?;
            return Ok(body.to_owned());
        };
        let mut output = String::with_capacity(body.len() / 4 + 64);
        let mut scanner = Scanner::new(body);
        match self
            .project(&mut scanner, root, 0, &mut output)
            .and_then(|()| Ok(scanner.end()?))
        {
            Ok(()) => Ok(output),
            Err(Stop::Malformed(error)) => Err(error),
            Err(Stop::Twice) => {
                output.clear();
                let mut scanner = Scanner::new(body);
                self.project_last(&mut scanner, root, 0, &mut output)?;
                scanner.end()?;
                Ok(output)
            }
        }
    }

    /// One value, in one pass: needed keys are written as they come.
    fn project(&self, scanner: &mut Scanner<'_>, node: &Node, depth: u32, output: &mut String) -> Result<(), Stop> {
        scanner.space();
        match scanner.peek() {
            b'{' | b'[' if depth >= MAX_DEPTH => Err(scanner.error("nested too deeply").into()),
            b'{' => {
                scanner.step();
                output.push('{');
                scanner.space();
                if scanner.peek() == b'}' {
                    scanner.step();
                    output.push('}');
                    return Ok(());
                }
                let mut seen = Seen::default();
                let mut first = true;
                loop {
                    let key = scanner.key()?;
                    if let Some((index, child)) = self.child(node, scanner, key) {
                        if !seen.insert(index) {
                            return Err(Stop::Twice);
                        }
                        if !first {
                            output.push(',');
                        }
                        first = false;
                        write_key(scanner, key, output);
                        self.value(scanner, child, depth + 1, output)?;
                    } else {
                        scanner.skip_value(depth + 1)?;
                    }
                    scanner.space();
                    match scanner.peek() {
                        b',' => scanner.step(),
                        b'}' => break,
                        _ => return Err(scanner.error("expected `,` or `}`").into()),
                    }
                    scanner.space();
                }
                scanner.step();
                output.push('}');
                Ok(())
            }
            b'[' => elements(scanner, output, |scanner, output| {
                self.project(scanner, node, depth + 1, output)
            }),
            _ => {
                let start = scanner.position();
                scanner.skip_scalar()?;
                output.push_str(scanner.since(start));
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn value(&self, scanner: &mut Scanner<'_>, node: &Node, depth: u32, output: &mut String) -> Result<(), Stop> {
        if node.whole {
            let start = scanner.position();
            scanner.skip_value(depth)?;
            output.push_str(scanner.since(start));
            Ok(())
        } else {
            self.project(scanner, node, depth, output)
        }
    }

    /// As `project`, for texts with doubled keys: reads an object to its end before writing any of it.
    fn project_last(
        &self,
        scanner: &mut Scanner<'_>,
        node: &Node,
        depth: u32,
        output: &mut String,
    ) -> Result<(), MalformedJson> {
        scanner.space();
        match scanner.peek() {
            b'{' | b'[' if depth >= MAX_DEPTH => Err(scanner.error("nested too deeply")),
            b'{' => {
                let mut found: Vec<(usize, Token, &str, &Node)> = Vec::new();
                scanner.step();
                scanner.space();
                if scanner.peek() != b'}' {
                    loop {
                        let key = scanner.key()?;
                        let start = scanner.position();
                        scanner.skip_value(depth + 1)?;
                        if let Some((index, child)) = self.child(node, scanner, key) {
                            let value = scanner.since(start);
                            match found.iter_mut().find(|entry| entry.0 == index) {
                                Some(entry) => entry.2 = value,
                                None => found.push((index, key, value, child)),
                            }
                        }
                        scanner.space();
                        match scanner.peek() {
                            b',' => scanner.step(),
                            b'}' => break,
                            _ => return Err(scanner.error("expected `,` or `}`")),
                        }
                        scanner.space();
                    }
                }
                scanner.step();
                output.push('{');
                for (position, (_, key, value, child)) in found.into_iter().enumerate() {
                    if position > 0 {
                        output.push(',');
                    }
                    write_key(scanner, key, output);
                    if child.whole {
                        output.push_str(value);
                    } else {
                        self.project_last(&mut Scanner::new(value), child, depth + 1, output)?;
                    }
                }
                output.push('}');
                Ok(())
            }
            b'[' => elements(scanner, output, |scanner, output| {
                self.project_last(scanner, node, depth + 1, output)
            }),
            _ => {
                let start = scanner.position();
                scanner.skip_scalar()?;
                output.push_str(scanner.since(start));
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn child<'n>(&'n self, node: &'n Node, scanner: &Scanner<'_>, key: Token) -> Option<(usize, &'n Node)> {
        let index = if key.escaped {
            node.find(unescape(scanner, key)?.as_bytes())?
        } else {
            node.find(scanner.slice(key))?
        };
        let child = node.children.get(index)?;
        Some((index, self.nodes.get(child.node)?))
    }
}

impl Node {
    fn index(&mut self) {
        self.children.sort_by_key(|child| child.name.len());
        let longest = self.children.last().map_or(0, |child| child.name.len());
        self.by_length = (0..=longest + 1)
            .map(|length| self.children.partition_point(|child| child.name.len() < length) as u16)
            .collect();
    }

    #[inline(always)]
    fn find(&self, name: &[u8]) -> Option<usize> {
        let from = usize::from(*self.by_length.get(name.len())?);
        let to = usize::from(*self.by_length.get(name.len() + 1)?);
        let candidates = self.children.get(from..to)?;
        candidates
            .iter()
            .position(|child| *child.name == *name)
            .map(|offset| from + offset)
    }
}

/// Which children of a node an object has shown already.
#[derive(Default)]
struct Seen {
    low: u64,
    high: Vec<usize>,
}

impl Seen {
    #[inline(always)]
    fn insert(&mut self, index: usize) -> bool {
        if index < 64 {
            let bit = 1u64 << index;
            let new = self.low & bit == 0;
            self.low |= bit;
            return new;
        }
        let new = !self.high.contains(&index);
        if new {
            self.high.push(index);
        }
        new
    }
}

fn descend(nodes: &mut Vec<Node>, from: usize, name: &str) -> usize {
    let known = nodes
        .get(from)
        .and_then(|node| node.children.iter().find(|child| *child.name == *name.as_bytes()));
    if let Some(child) = known {
        return child.node;
    }
    let new = nodes.len();
    nodes.push(Node::default());
    if let Some(node) = nodes.get_mut(from) {
        node.children.push(Child {
            name: name.as_bytes().into(),
            node: new,
        });
    }
    new
}

/// Writes an array, its elements by `each`.
fn elements<E: From<MalformedJson>>(
    scanner: &mut Scanner<'_>,
    output: &mut String,
    mut each: impl FnMut(&mut Scanner<'_>, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    scanner.step();
    output.push('[');
    scanner.space();
    if scanner.peek() == b']' {
        scanner.step();
        output.push(']');
        return Ok(());
    }
    loop {
        each(scanner, output)?;
        scanner.space();
        match scanner.peek() {
            b',' => {
                scanner.step();
                output.push(',');
            }
            b']' => break,
            _ => return Err(scanner.error("expected `,` or `]`").into()),
        }
    }
    scanner.step();
    output.push(']');
    Ok(())
}

fn write_key(scanner: &Scanner<'_>, key: Token, output: &mut String) {
    output.push('"');
    output.push_str(scanner.text(key));
    output.push_str("\":");
}

#[cold]
fn unescape(scanner: &Scanner<'_>, key: Token) -> Option<String> {
    let mut quoted = String::with_capacity(key.end - key.start + 2);
    quoted.push('"');
    quoted.push_str(scanner.text(key));
    quoted.push('"');
    serde_json::from_str(&quoted).ok()
}
