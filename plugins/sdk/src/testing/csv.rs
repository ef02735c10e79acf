//! The tables in a plugin's `tables/*.csv`, read as the host reads them, but for GBK: the first column is the key, a row
//! is a JSON object of all columns as text.

use super::case::Tables;
use serde_json::{Map, Value, value::to_raw_value};
use std::collections::BTreeMap;
use std::path::Path;

/// Every table of a plugin's folder, by name. The error names the file.
pub(super) fn read_tables(plugin: &Path) -> Result<Tables, String> {
    let mut tables = Tables::new();
    let Ok(entries) = std::fs::read_dir(plugin.join("tables")) else {
        return Ok(tables);
    };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    for file in files.filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "csv")) {
        let wrong = |reason: &str| format!("{}: {reason}", file.display());
        let bytes = std::fs::read(&file).map_err(|error| wrong(&error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8; save it as \"CSV UTF-8\""))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        tables.insert(name, table(&text).map_err(|reason| wrong(&reason))?);
    }
    Ok(tables)
}

/// The rows of a table, by key.
fn table(text: &str) -> Result<BTreeMap<String, Box<serde_json::value::RawValue>>, String> {
    let mut lines = cells(text.strip_prefix('\u{feff}').unwrap_or(text)).into_iter();
    let columns = lines.next().unwrap_or_default();
    let twice = (1..columns.len()).any(|index| columns[..index].contains(&columns[index]));
    if twice || columns.len() < 2 || columns.iter().any(String::is_empty) {
        return Err("the first line must name two columns or more, each once".to_owned());
    }
    let mut rows = BTreeMap::new();
    for line in lines.filter(|line| line.iter().any(|cell| !cell.is_empty())) {
        let (shown, key) = (line.join(","), line[0].clone());
        if line.len() != columns.len() {
            return Err(format!(
                "{} columns, but {} cells in: {shown}",
                columns.len(),
                line.len()
            ));
        } else if key.is_empty() {
            return Err(format!("no key in: {shown}"));
        } else if rows.contains_key(&key) {
            return Err(format!("the key stands twice: {key}"));
        }
        let row: Map<String, Value> = columns.iter().cloned().zip(line.into_iter().map(Value::from)).collect();
        rows.insert(key, to_raw_value(&row).map_err(|error| error.to_string())?);
    }
    Ok(rows)
}

/// RFC 4180: cells between commas, without the blanks around them; in quotes a cell holds commas, line ends and `""`.
pub(super) fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut fresh, mut quoted) = (true, false);
    let mut letters = text.chars().chain(['\n']).peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' if quoted => quoted = false,
            '"' if fresh => quoted = true,
            ',' | '\n' | '\r' if !quoted => {
                line.push(std::mem::take(&mut cell).trim().to_owned());
                fresh = true;
                if letter != ',' && (line.len() > 1 || !line[0].is_empty()) {
                    lines.push(std::mem::take(&mut line));
                } else if letter != ',' {
                    line.clear();
                }
                continue;
            }
            other => cell.push(other),
        }
        fresh = false;
    }
    if quoted {
        line.push(cell.trim().to_owned());
        lines.push(line);
    }
    lines
}
