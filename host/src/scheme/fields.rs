//! Checks of the stock mapper's settings against both catalogues: target fields must exist, source fields should. Other
//! plugins check their own settings. Expressions are only scanned for field and table names; the plugin judges them.

use std::ops::Range;

use dukou_core::catalogue::{Catalogue, FieldType};

use super::code::Code;
use super::diagnostic::{Diagnostic, Sentence};
use super::file::{Entry, Held, Node, SourceFile, Table, dotted};
use super::reader::{At, quoted_key, text_of};
use super::source::{check_field, near_field};

/// What is checked against.
pub(crate) struct Checker<'a> {
    /// The definition file.
    pub(crate) file: &'a SourceFile,
    /// The source's catalogue.
    pub(crate) source: Option<&'a Catalogue>,
    /// The target's catalogue.
    pub(crate) target: Option<&'a Catalogue>,
    /// What was found wrong.
    pub(crate) errors: &'a mut Vec<Diagnostic>,
    /// What looks wrong.
    pub(crate) warnings: &'a mut Vec<Diagnostic>,
    /// Tables that expressions look up in.
    pub(crate) tables: Vec<At<String>>,
    declared: Vec<String>,
}

impl<'a> Checker<'a> {
    /// Starts checking.
    pub(crate) fn new(
        file: &'a SourceFile,
        source: Option<&'a Catalogue>,
        target: Option<&'a Catalogue>,
        errors: &'a mut Vec<Diagnostic>,
        warnings: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            file,
            source,
            target,
            errors,
            warnings,
            tables: Vec::new(),
            declared: Vec::new(),
        }
    }

    /// Checks the settings of `table`.
    pub(crate) fn settings(&mut self, settings: &Table) {
        if let Some(Held::Table(declare)) = settings.get("declare").map(|entry| &entry.node.value) {
            self.declared = declare.entries.iter().map(|entry| entry.key.clone()).collect();
        }
        if let Some(skip) = settings.get("skip") {
            self.conditions(&skip.node);
        }
        if let Some(Held::Table(lines)) = settings.get("lines").map(|entry| &entry.node.value) {
            for entry in &lines.entries {
                self.lines(entry);
            }
        }
        if let Some(Held::Table(fields)) = settings.get("fields").map(|entry| &entry.node.value) {
            for entry in &fields.entries {
                self.row(entry);
            }
        }
    }

    fn row(&mut self, entry: &Entry) {
        match &entry.node.value {
            Held::Table(inner) => {
                let (path, end) = nested_path(entry, inner);
                // A path on one line is underlined whole; `[…fields.X]` headers only where they begin.
                let span = entry.key_span.start..if self.one_line(entry.key_span.start, end) {
                    end
                } else {
                    entry.key_span.end
                };
                self.errors.push(dotted(self.file, span, &path));
                return;
            }
            Held::List(items) => {
                for item in items.iter().filter(|item| !matches!(item.value, Held::Time)) {
                    if let Some(text) = text_of(self.file, &entry.key, item, self.errors) {
                        self.template(&text);
                    }
                }
            }
            // A date was reported when the settings were written.
            Held::Flag(false) | Held::Time => {}
            _ => {
                let text = text_of(self.file, &entry.key, &entry.node, self.errors);
                let is_array = self
                    .target
                    .and_then(|catalogue| catalogue.field(&entry.key))
                    .is_some_and(|field| field.kind == FieldType::Array);
                match text {
                    Some(text) if is_array && !text.value.contains("{{") => self.source_field(&text.value, text.span),
                    Some(text) => self.template(&text),
                    None => {}
                }
            }
        }
        self.target_field(&entry.key, entry.key_span.clone(), "");
    }

    fn one_line(&self, start: usize, end: usize) -> bool {
        start < end && !self.file.slice(&(start..end)).contains('\n')
    }

    fn lines(&mut self, entry: &Entry) {
        self.target_field(&entry.key, entry.key_span.clone(), "");
        let Held::Table(table) = &entry.node.value else { return };
        if let Some(each) = table.get("each")
            && let Held::Text(path) = &each.node.value
        {
            self.source_field(path, each.node.span.clone());
        }
        if let Some(drop) = table.get("drop") {
            self.conditions(&drop.node);
        }
        if let Some(Held::Table(merge)) = table.get("merge").map(|entry| &entry.node.value) {
            for key in ["by", "sum"] {
                let Some(Held::List(items)) = merge.get(key).map(|entry| &entry.node.value) else {
                    continue;
                };
                for item in items.iter().filter(|item| !matches!(item.value, Held::Time)) {
                    if let Some(name) = text_of(self.file, key, item, self.errors) {
                        self.target_field(&name.value, name.span, &format!("{}.", entry.key));
                    }
                }
            }
        }
    }

    fn target_field(&mut self, name: &str, span: Range<usize>, prefix: &str) {
        let Some(catalogue) = self.target else { return };
        let path = if name.starts_with(prefix) {
            name.to_owned()
        } else {
            format!("{prefix}{name}")
        };
        if catalogue.field(&path).is_some() || self.declared.contains(&path) {
            return;
        }
        let near = near_field(catalogue, &path);
        let mut finding = Diagnostic::at(Code::UnknownTargetField, self.file, span)
            .with("path", path.as_str())
            .with("api", catalogue.api.as_str());
        finding = match near {
            Some(name) => finding.help(Sentence::new("definition.did_you_mean").with("name", quoted_key(name))),
            None => finding.help(Sentence::new("definition.unknown_target_field_help")),
        };
        self.errors.push(finding);
    }

    fn source_field(&mut self, path: &str, span: Range<usize>) {
        if path.trim().is_empty() || path == "group" || path.starts_with("group.") {
            return;
        }
        if let Some(catalogue) = self.source {
            check_field(self.file, path.trim(), span, catalogue, self.warnings);
        }
    }

    fn conditions(&mut self, node: &Node) {
        let Held::List(rules) = &node.value else { return };
        for rule in rules {
            let Held::Table(rule) = &rule.value else { continue };
            let Some(when) = rule.get("when") else { continue };
            if let Held::Text(text) = &when.node.value {
                let (names, _) = scan(text, true);
                self.report(text, &when.node.span, names);
            }
        }
    }

    fn template(&mut self, text: &At<String>) {
        let mut rest = text.value.as_str();
        while let Some((_, after)) = rest.split_once("{{") {
            let Some((inner, behind)) = after.split_once("}}") else {
                return;
            };
            let (names, tables) = scan(inner, false);
            self.report(inner, &text.span, names);
            for table in tables {
                let span = self.narrow(&table, &text.span);
                self.tables.push(At { value: table, span });
            }
            rest = behind;
        }
    }

    fn report(&mut self, _text: &str, span: &Range<usize>, names: Vec<String>) {
        for name in names {
            let span = self.narrow(&name, span);
            self.source_field(&name, span);
        }
    }

    /// The place of a name inside a string's place.
    fn narrow(&self, name: &str, span: &Range<usize>) -> Range<usize> {
        match self.file.slice(span).find(name) {
            Some(at) => span.start + at..span.start + at + name.len(),
            None => span.clone(),
        }
    }
}

fn nested_path(entry: &Entry, inner: &Table) -> (String, usize) {
    let mut path = entry.key.clone();
    let mut end = entry.key_span.end;
    let mut table = inner;
    for _ in 0..8 {
        let Some(first) = table.entries.first() else { break };
        path.push('.');
        path.push_str(&first.key);
        end = first.key_span.end;
        match &first.node.value {
            Held::Table(deeper) => table = deeper,
            _ => break,
        }
    }
    (path, end)
}

/// The field names in an expression or, with `condition`, in a condition; and the tables that `lookup` names.
fn scan(text: &str, condition: bool) -> (Vec<String>, Vec<String>) {
    let (mut names, mut tables) = (Vec::new(), Vec::new());
    let mut tokens: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            c if is_part(c) => rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = behind;
    }
    let is_name = |token: &str| {
        token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && !matches!(token, "in" | "and" | "or" | "not")
    };
    let mut index = 0;
    while index < tokens.len() {
        let token = tokens[index];
        let next = tokens.get(index + 1).copied().unwrap_or_default();
        let previous = index
            .checked_sub(1)
            .and_then(|at| tokens.get(at))
            .copied()
            .unwrap_or_default();
        if matches!(token, "lookup" | "in") && next == "(" {
            let close = tokens[index..]
                .iter()
                .position(|token| *token == ")")
                .map_or(tokens.len(), |at| index + at);
            let arguments: String = tokens[(index + 2).min(close)..close].concat();
            if token == "lookup" {
                let table = arguments
                    .split(',')
                    .next()
                    .unwrap_or_default()
                    .trim_matches(['"', '\'']);
                if !table.is_empty() {
                    tables.push(table.to_owned());
                }
            }
            index = close + 1;
            continue;
        }
        if condition {
            // Right of a comparison stand constants.
            let compared = matches!(previous, "=" | "!" | "<" | ">" | "in" | ",");
            if is_name(token) && !compared && next != "(" {
                names.push(token.to_owned());
            }
        } else if is_name(token) && next != "(" && previous != "|" {
            // `{{a b}}`: a name after a name is the seed's spelling of a format.
            let after_name = is_name(previous) && !is_sign(previous);
            if !after_name {
                names.push(token.to_owned());
            }
        }
        index += 1;
    }
    (names, tables)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']')
}

fn is_sign(token: &str) -> bool {
    token.len() == 1 && !token.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::scan;

    #[test]
    fn names_and_tables_are_found_in_expressions() {
        let names = |text: &str| scan(text, false).0;
        assert_eq!(names("order_no"), ["order_no"]);
        assert_eq!(names("consign_time date"), ["consign_time"]);
        assert_eq!(names("consign_time|date"), ["consign_time"]);
        assert_eq!(names("a.b/c.d|round(6)"), ["a.b", "c.d"]);
        assert_eq!(names("a.p|or(a.q)"), ["a.p", "a.q"]);
        assert_eq!(names("join(a.b, '、')"), ["a.b"]);
        assert_eq!(
            scan("shop_no|lookup(客户对照, 名称)|or('x')", false),
            (vec!["shop_no".into()], vec!["客户对照".into()])
        );
        assert_eq!(scan("spec_no|lookup(T+存货)", false).1, ["T+存货"]);
        assert_eq!(scan("x|in(T+存货)", false), (vec!["x".into()], vec![]));
        let conditions = |text: &str| scan(text, true).0;
        assert_eq!(conditions("order_type != 1"), ["order_type"]);
        assert_eq!(
            conditions("d.refund_status in 2,3,4,5 and price > 0"),
            ["d.refund_status", "price"]
        );
        assert_eq!(conditions("shop_no in A,B"), ["shop_no"]);
    }
}
