//! The document's text: compact JSON, keys in the order of the table, empty values left out, references wrapped. Values
//! come converted; nothing is judged here.

use crate::convert::Value;
use crate::lines::Cells;
use crate::program::{Content, Entry, Kind, Program, Row};
use dukou_sdk::json::push_text;

/// One document. `head` has a value for each head row, `lists` the lines of each list.
pub(crate) fn document(program: &Program, head: &[Value<'_>], lists: &[&[Cells<'_>]]) -> String {
    let mut json = String::with_capacity(512);
    if let Some(wrapper) = &program.wrapper {
        json.push('{');
        push_text(&mut json, wrapper);
        json.push(':');
    }
    let writer = Writer {
        program,
        rows: &program.head,
        values: head,
        lists,
    };
    json.push('{');
    writer.members(&program.layout, &mut json);
    json.push('}');
    if program.wrapper.is_some() {
        json.push('}');
    }
    json
}

struct Writer<'w> {
    program: &'w Program,
    rows: &'w [Row],
    values: &'w [Value<'w>],
    lists: &'w [&'w [Cells<'w>]],
}

impl Writer<'_> {
    /// The members of an object; answers whether there are any.
    fn members(&self, entries: &[Entry], json: &mut String) -> bool {
        let start = json.len();
        for entry in entries {
            let before = json.len();
            if before > start {
                json.push(',');
            }
            push_text(json, &entry.name);
            json.push(':');
            let written = match &entry.content {
                Content::Row(index) => self.value(*index, json),
                Content::Object(inner) => {
                    json.push('{');
                    let any = self.members(inner, json);
                    json.push('}');
                    any
                }
                Content::List(index) => self.lines(*index, json),
            };
            if !written {
                json.truncate(before);
            }
        }
        json.len() > start
    }

    fn value(&self, index: usize, json: &mut String) -> bool {
        let Some(text) = self.values.get(index).and_then(|value| value.as_deref()) else {
            return false;
        };
        match &self.rows[index].kind {
            Kind::Text | Kind::Date | Kind::DateTime => push_text(json, text),
            Kind::Integer | Kind::Decimal | Kind::Boolean | Kind::Texts => json.push_str(text),
            Kind::Reference(by) => {
                json.push('{');
                push_text(json, by);
                json.push(':');
                push_text(json, text);
                json.push('}');
            }
        }
        true
    }

    fn lines(&self, index: usize, json: &mut String) -> bool {
        let list = &self.program.lists[index];
        let Some(lines) = self.lists.get(index).filter(|lines| !lines.is_empty()) else {
            return false;
        };
        json.push('[');
        for (position, line) in lines.iter().enumerate() {
            if position > 0 {
                json.push(',');
            }
            let writer = Writer {
                program: self.program,
                rows: &list.rows,
                values: &line.values,
                lists: &[],
            };
            json.push('{');
            writer.members(&list.layout, json);
            json.push('}');
        }
        json.push(']');
        true
    }
}
