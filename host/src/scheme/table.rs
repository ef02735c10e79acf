//! Tables: CSV files that plugins look codes up in, as Excel leaves them: UTF-8 with or without a byte order mark, or
//! GBK. Cells are text and keep their zeros. Knows nothing of who looks what up.

use std::collections::BTreeMap;
use std::path::Path;

use super::code::Code;
use super::diagnostic::{DefinitionErrors, Diagnostic, MOST_PER_FILE, Sentence};
use super::file::{SourceFile, read_bytes, shown};

/// A checked table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Its name: the file's, without `.csv`.
    pub name: String,
    /// Column names; the first column is the key.
    pub columns: Vec<String>,
    /// Key and row, a JSON object of all columns as text, in column order.
    pub rows: BTreeMap<String, String>,
}

impl TableFile {
    /// Reads `tables/NAME.csv` of a project.
    ///
    /// # Errors
    /// All that is wrong with the file, by line.
    pub fn read(root: &Path, path: &Path) -> Result<Self, DefinitionErrors> {
        let shown = shown(root, path);
        let bytes = read_bytes(path, &shown)?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let Some(text) = decode(&bytes) else {
            let finding = Diagnostic::new(Code::TableEncoding)
                .with("file", shown)
                .help(Sentence::new("definition.table_encoding_help"));
            return Err(finding.into());
        };
        let file = SourceFile::new(path.to_owned(), shown, text);
        parse(name, &file)
    }

    /// Bytes that are equal exactly when two tables are: columns, then rows by key. Whoever names tables by digest
    /// takes the digest of these.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = serde_json::Value::from(self.columns.clone()).to_string();
        out.push('\n');
        for row in self.rows.values() {
            out.push_str(row);
            out.push('\n');
        }
        out.into_bytes()
    }

    /// The row of a key, as JSON.
    pub fn row(&self, key: &str) -> Option<&str> {
        self.rows.get(key).map(String::as_str)
    }
}

/// UTF-8, else GBK, else nothing.
fn decode(bytes: &[u8]) -> Option<String> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
    }
    encoding_rs::GBK
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
        .filter(|text| !text.contains('\0'))
}

/// Parses the text of a table.
pub(crate) fn parse(name: String, file: &SourceFile) -> Result<TableFile, DefinitionErrors> {
    let mut errors = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file.text().as_bytes());
    let mut record = csv::StringRecord::new();
    let mut columns: Vec<String> = Vec::new();
    let mut rows = BTreeMap::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        if errors.len() >= MOST_PER_FILE {
            break;
        }
        // The text is valid UTF-8 and read from memory, so only the end stops reading.
        if !reader.read_record(&mut record).unwrap_or(false) {
            break;
        }
        let start = record
            .position()
            .map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let span = row_span(file, start);
        let line = file.position(span.start).0;
        if columns.is_empty() {
            columns = record.iter().map(|cell| cell.trim().to_owned()).collect();
            check_header(file, &columns, span, &mut errors);
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != columns.len() {
            errors.push(
                Diagnostic::at(Code::RaggedRow, file, span)
                    .with("line", line.to_string())
                    .with("found", record.len().to_string())
                    .with("expected", columns.len().to_string())
                    .help(Sentence::new("definition.ragged_row_help")),
            );
            continue;
        }
        let key = record.get(0).unwrap_or_default().trim().to_owned();
        if key.is_empty() {
            errors.push(
                Diagnostic::at(Code::EmptyRowKey, file, span)
                    .with("line", line.to_string())
                    .with("column", columns[0].as_str()),
            );
            continue;
        }
        if let Some(first) = lines.get(&key) {
            errors.push(
                Diagnostic::at(Code::DuplicateRow, file, span)
                    .with("key", key)
                    .with("first", first.to_string())
                    .with("second", line.to_string())
                    .help(Sentence::new("definition.duplicate_row_help")),
            );
            continue;
        }
        let object: serde_json::Map<String, serde_json::Value> = columns
            .iter()
            .zip(record.iter())
            .map(|(column, cell)| (column.clone(), cell.trim().into()))
            .collect();
        rows.insert(key.clone(), serde_json::Value::Object(object).to_string());
        lines.insert(key, line);
    }
    if columns.is_empty() && errors.is_empty() {
        errors.push(Diagnostic::at(Code::TableHeader, file, 0..0).help(Sentence::new("definition.table_header_help")));
    }
    if errors.is_empty() {
        Ok(TableFile { name, columns, rows })
    } else {
        Err(DefinitionErrors(errors))
    }
}

fn check_header(file: &SourceFile, columns: &[String], span: std::ops::Range<usize>, errors: &mut Vec<Diagnostic>) {
    let twice = columns
        .iter()
        .enumerate()
        .any(|(index, column)| columns[..index].contains(column));
    if twice || columns.len() < 2 || columns.iter().any(String::is_empty) {
        errors.push(Diagnostic::at(Code::TableHeader, file, span).help(Sentence::new("definition.table_header_help")));
    }
}

/// A row's first line without its end; leading empty lines are not part of it.
fn row_span(file: &SourceFile, start: usize) -> std::ops::Range<usize> {
    let text = file.text();
    let start = file.boundary(start);
    let start = start + (text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len());
    let end = text[start..].find(['\r', '\n']).map_or(text.len(), |at| start + at);
    start..end
}
