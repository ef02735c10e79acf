//! Case files to checked cases. Every complaint names file, line, path and what to do, and all of them come at once:
//! an author fixes a folder in one go.

mod fault;

use std::collections::BTreeMap;

use dukou_core::catalogue::closest;
use dukou_core::document::join;
use dukou_core::verdict::{Document, Group, Mapped, Omission, SourceRecord};

use super::case::{Case, CaseTables, Environment, Expect, ExpectedViolation};
use super::located::Located;
use super::set::{COST_FILE, CaseSet, DEFAULTS_FILE, Defaults};

pub use fault::{CaseError, CaseFault};

/// Cases that one plugin may have.
const MOST_CASES: usize = 2_000;

type Catalogue<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads one folder.
pub(crate) fn files(files: &[(String, String)], catalogue: Catalogue<'_>) -> Result<CaseSet, Vec<CaseError>> {
    let mut errors = Vec::new();
    let mut set = CaseSet::default();
    for (file, text) in files {
        let mut reader = Reader {
            file,
            catalogue,
            errors: &mut errors,
        };
        let Some(root) = reader.root(text) else { continue };
        if file == DEFAULTS_FILE {
            set.defaults = reader.defaults(&root);
        } else if file == COST_FILE {
            let fields = reader.fields(&root, &["cases"]);
            set.cost = fields.get("cases").map(|cases| reader.cost(cases));
        } else if let Some(name) = file.strip_suffix(".json").filter(|name| !name.is_empty()) {
            set.cases.extend(reader.case(name, &root));
        } else {
            reader.fault(&root, CaseFault::Name);
        }
    }
    set.cases.sort_by(|a, b| a.name.cmp(&b.name));
    finish(set, errors)
}

/// Reads the section of a packed component.
pub(crate) fn section(text: &str) -> Result<CaseSet, Vec<CaseError>> {
    let mut errors = Vec::new();
    let mut set = CaseSet::default();
    let mut reader = Reader {
        file: crate::inspect::CASES_SECTION,
        catalogue: &|_| None,
        errors: &mut errors,
    };
    if let Some(root) = reader.root(text) {
        let fields = reader.fields(&root, &["schema", "defaults", "cases", "cost"]);
        if fields.get("schema").is_none_or(|schema| schema.text() != "1") {
            reader.fault(&root, CaseFault::Schema);
        } else {
            if let Some(defaults) = fields.get("defaults") {
                set.defaults = reader.defaults(defaults);
            }
            if let Some(cases) = fields.get("cases") {
                for (name, case) in reader.object(cases) {
                    set.cases.extend(reader.case(&name, &case));
                }
            }
            set.cost = fields.get("cost").map(|cost| reader.cost(cost));
        }
    }
    finish(set, errors)
}

fn finish(set: CaseSet, mut errors: Vec<CaseError>) -> Result<CaseSet, Vec<CaseError>> {
    if set.cases.len() > MOST_CASES {
        errors.push(CaseError {
            file: String::new(),
            line: 1,
            column: 1,
            path: String::new(),
            fault: CaseFault::TooMany(set.cases.len()),
        });
    }
    if errors.is_empty() { Ok(set) } else { Err(errors) }
}

struct Reader<'a> {
    file: &'a str,
    catalogue: Catalogue<'a>,
    errors: &'a mut Vec<CaseError>,
}

type Fields<'t> = BTreeMap<String, Located<'t>>;

impl Reader<'_> {
    fn root<'t>(&mut self, text: &'t str) -> Option<Located<'t>> {
        match Located::root(text) {
            Ok(root) => Some(root),
            Err(error) => {
                // The place is told apart from the message.
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                self.errors.push(CaseError {
                    file: self.file.to_owned(),
                    line: error.line().max(1),
                    column: error.column().max(1),
                    path: String::new(),
                    fault: CaseFault::Json(message),
                });
                None
            }
        }
    }

    fn fault(&mut self, at: &Located<'_>, fault: CaseFault) {
        let (line, column) = at.place();
        self.errors.push(CaseError {
            file: self.file.to_owned(),
            line,
            column,
            path: at.path.clone(),
            fault,
        });
    }

    fn shape(&mut self, at: &Located<'_>, wanted: &'static str) {
        self.fault(at, CaseFault::Shape { wanted });
    }

    fn object<'t>(&mut self, at: &Located<'t>) -> Vec<(String, Located<'t>)> {
        let Some(members) = at.members() else {
            self.shape(at, "an object");
            return Vec::new();
        };
        let mut seen = std::collections::HashSet::new();
        for (key, value) in &members {
            if !seen.insert(key.as_str()) {
                self.fault(value, CaseFault::TwiceKey(key.clone()));
            }
        }
        members
    }

    /// An object with none but the known keys.
    fn fields<'t>(&mut self, at: &Located<'t>, known: &[&str]) -> Fields<'t> {
        let mut fields = Fields::new();
        for (key, value) in self.object(at) {
            if known.contains(&key.as_str()) {
                fields.insert(key, value);
            } else {
                let near = closest(&key, known.iter().copied()).map(str::to_owned);
                self.fault(&value, CaseFault::UnknownKey { key, near });
            }
        }
        fields
    }

    fn list<'t>(&mut self, at: &Located<'t>) -> Vec<Located<'t>> {
        at.elements().unwrap_or_else(|| {
            self.shape(at, "a list");
            Vec::new()
        })
    }

    fn text(&mut self, at: &Located<'_>) -> String {
        at.string().unwrap_or_else(|| {
            self.shape(at, "a text");
            String::new()
        })
    }

    fn needed(&mut self, at: &Located<'_>, fields: &Fields<'_>, key: &'static str) -> String {
        match fields.get(key) {
            Some(value) => self.text(value),
            None => {
                self.fault(at, CaseFault::MissingKey(key));
                String::new()
            }
        }
    }

    fn optional(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        fields.get(key).map(|value| self.text(value))
    }

    /// `extra`: an object as text, `{}` if it is not there.
    fn extra(&mut self, fields: &Fields<'_>) -> String {
        match fields.get("extra") {
            Some(value) => {
                self.object(value);
                value.compact()
            }
            None => "{}".to_owned(),
        }
    }

    fn defaults(&mut self, at: &Located<'_>) -> Defaults {
        let fields = self.fields(at, &["settings", "environment", "tables"]);
        let (settings, environment, tables) = self.surroundings(&fields);
        let usual = Defaults::default();
        Defaults {
            settings: settings.unwrap_or(usual.settings),
            environment: environment.unwrap_or(usual.environment),
            tables: tables.unwrap_or(usual.tables),
        }
    }

    fn surroundings(&mut self, fields: &Fields<'_>) -> (Option<String>, Option<Environment>, Option<CaseTables>) {
        let settings = fields.get("settings").map(|value| {
            self.object(value);
            value.compact()
        });
        let environment = fields.get("environment").and_then(|value| self.environment(value));
        let tables = fields.get("tables").map(|value| self.tables(value));
        (settings, environment, tables)
    }

    fn environment(&mut self, at: &Located<'_>) -> Option<Environment> {
        let fields = self.fields(at, &["time_zone", "source", "target"]);
        self.needed(at, &fields, "time_zone");
        match Environment::new(&at.value(), self.catalogue) {
            Ok(environment) => Some(environment),
            Err(name) => {
                let side = ["source", "target"]
                    .into_iter()
                    .filter_map(|side| fields.get(side))
                    .find(|side| side.string().as_ref() == Some(&name));
                self.fault(side.unwrap_or(at), CaseFault::Catalogue(name));
                None
            }
        }
    }

    fn tables(&mut self, at: &Located<'_>) -> CaseTables {
        let mut tables = CaseTables::new();
        for (name, table) in self.object(at) {
            let mut rows = BTreeMap::new();
            for (key, row) in self.object(&table) {
                self.object(&row);
                rows.insert(key, row.compact());
            }
            tables.insert(name, rows);
        }
        tables
    }

    fn cost(&mut self, at: &Located<'_>) -> BTreeMap<String, u64> {
        let mut cost = BTreeMap::new();
        for (name, entry) in self.object(at) {
            let fields = self.fields(&entry, &["fuel"]);
            match fields.get("fuel").map(|fuel| (fuel.text().parse(), fuel)) {
                Some((Ok(fuel), _)) => {
                    cost.insert(name, fuel);
                }
                Some((Err(_), at)) => self.shape(at, "a whole number"),
                None => self.fault(&entry, CaseFault::MissingKey("fuel")),
            }
        }
        cost
    }

    fn case(&mut self, name: &str, at: &Located<'_>) -> Option<Case> {
        let known = [
            "title",
            "settings",
            "environment",
            "tables",
            "group",
            "before",
            "expect",
        ];
        let fields = self.fields(at, &known);
        let title = self.optional(&fields, "title");
        let (settings, environment, tables) = self.surroundings(&fields);
        let before = fields.get("before").map(|value| self.mapped(value));
        let expect = fields.get("expect").and_then(|value| self.expect(value));
        let Some(group) = fields.get("group") else {
            self.fault(at, CaseFault::MissingKey("group"));
            return None;
        };
        Some(Case {
            name: name.to_owned(),
            title,
            settings,
            environment,
            tables,
            group: self.group(group),
            before,
            expect,
        })
    }

    fn group(&mut self, at: &Located<'_>) -> Group {
        let fields = self.fields(at, &["key", "records", "extra"]);
        let key = self.needed(at, &fields, "key");
        let mut records = Vec::new();
        match fields.get("records") {
            Some(list) => {
                for record in self.list(list) {
                    records.push(self.record(&record));
                }
            }
            None => self.fault(at, CaseFault::MissingKey("records")),
        }
        Group {
            key,
            records,
            extra: self.extra(&fields),
        }
    }

    fn record(&mut self, at: &Located<'_>) -> SourceRecord {
        let fields = self.fields(at, &["key", "received_at", "body", "extra"]);
        let body = self.body(at, &fields);
        SourceRecord {
            key: self.needed(at, &fields, "key"),
            received_at: self.needed(at, &fields, "received_at"),
            body,
            extra: self.extra(&fields),
        }
    }

    fn body(&mut self, at: &Located<'_>, fields: &Fields<'_>) -> String {
        match fields.get("body") {
            Some(body) => body.compact(),
            None => {
                self.fault(at, CaseFault::MissingKey("body"));
                "{}".to_owned()
            }
        }
    }

    fn mapped(&mut self, at: &Located<'_>) -> Mapped {
        let fields = self.fields(at, &["documents", "omitted"]);
        let mut mapped = Mapped::default();
        match fields.get("documents") {
            Some(list) => {
                for document in self.list(list) {
                    let fields = self.fields(&document, &["suffix", "body", "extra"]);
                    let body = self.body(&document, &fields);
                    mapped.documents.push(Document {
                        suffix: self.optional(&fields, "suffix").unwrap_or_default(),
                        body,
                        extra: self.extra(&fields),
                    });
                }
            }
            None => self.fault(at, CaseFault::MissingKey("documents")),
        }
        if let Some(list) = fields.get("omitted") {
            for omission in self.list(list) {
                mapped.omitted.push(self.omission(&omission));
            }
        }
        mapped
    }

    fn omission(&mut self, at: &Located<'_>) -> Omission {
        let fields = self.fields(at, &["member", "path", "reason"]);
        let member = match fields.get("member").map(|member| (member.text().parse(), member)) {
            Some((Ok(member), _)) => member,
            Some((Err(_), at)) => {
                self.shape(at, "a whole number");
                0
            }
            None => 0,
        };
        Omission {
            member,
            path: self.needed(at, &fields, "path"),
            reason: self.needed(at, &fields, "reason"),
        }
    }

    fn expect(&mut self, at: &Located<'_>) -> Option<Expect> {
        let members = self.object(at);
        let [(word, value)] = &members[..] else {
            self.shape(at, "exactly one of mapped, skipped, rejected, passed, failed");
            return None;
        };
        match word.as_str() {
            "mapped" => Some(Expect::Mapped(self.mapped(value))),
            "skipped" => Some(Expect::Skipped(self.text(value))),
            "failed" => Some(Expect::Failed(self.text(value))),
            "passed" => {
                if value.text() != "true" {
                    self.shape(value, "true");
                }
                Some(Expect::Passed)
            }
            "rejected" => {
                let violations: Vec<ExpectedViolation> =
                    self.list(value).iter().map(|one| self.violation(one)).collect();
                if violations.is_empty() {
                    self.shape(value, "a list with at least one violation");
                }
                Some(Expect::Rejected(violations))
            }
            other => {
                let words = ["mapped", "skipped", "rejected", "passed", "failed"];
                let near = closest(other, words.into_iter()).map(str::to_owned);
                let key = join("", other);
                self.fault(value, CaseFault::UnknownKey { key, near });
                None
            }
        }
    }

    fn violation(&mut self, at: &Located<'_>) -> ExpectedViolation {
        let fields = self.fields(at, &["code", "source_path", "target_path", "message", "extra"]);
        ExpectedViolation {
            code: self.optional(&fields, "code"),
            source_path: self.optional(&fields, "source_path"),
            target_path: self.optional(&fields, "target_path"),
            message: self.optional(&fields, "message"),
            extra: fields.contains_key("extra").then(|| self.extra(&fields)),
        }
    }
}

#[cfg(test)]
mod tests;
