//! Deleting any one mapped field in a plugin's source makes a case fail, in every language: the cases are worth having.
//! Works on the tutorial's folders in place and puts them back.

use std::path::Path;
use std::process::Command;

/// The mapped fields of the reference mapping, header and line.
const FIELDS: [&str; 16] = [
    "ExternalCode",
    "Code",
    "VoucherType",
    "Customer",
    "Partner",
    "VoucherDate",
    "BusiType",
    "Warehouse",
    "DispatchAddress",
    "TransDocNo",
    "DeliveryCode",
    "Memo",
    "Inventory",
    "BaseQuantity",
    "origTaxSalePrice",
    "DetailMemo",
];

struct Way {
    language: &'static str,
    folder: &'static str,
    source: &'static str,
    /// The language's own test runner; `dukou` where there is none.
    command: &'static [&'static str],
    /// Lines that belong to the field.
    is_of: fn(&str, &str) -> bool,
    /// How many those are.
    lines: usize,
}

const WAYS: [Way; 4] = [
    Way {
        language: "table",
        folder: "shop-table",
        source: "mapping.toml",
        command: &["dukou", "plugin", "test", "--lang", "en"],
        is_of: |line, field| {
            line.starts_with(&format!("{field} =")) || line.starts_with(&format!("\"RDRecordDetails.{field}\" ="))
        },
        lines: 1,
    },
    Way {
        language: "rust",
        folder: "shop-rust",
        source: "src/lib.rs",
        command: &["cargo", "test", "--quiet"],
        is_of: |line, field| line.starts_with(&format!("{field}:")),
        lines: 2,
    },
    Way {
        language: "javascript",
        folder: "shop-js",
        source: "src/plugin.js",
        command: &["npm", "test"],
        is_of: |line, field| line.starts_with(&format!("{field}:")),
        lines: 1,
    },
    Way {
        language: "python",
        folder: "shop-python",
        source: "src/plugin.py",
        command: &[".venv/bin/python", "-m", "unittest"],
        is_of: |line, field| line.contains(&format!("(\"{field}\",")),
        lines: 1,
    },
];

pub(crate) fn every_mapped_field_is_missed_by_a_case(program: &str, folder: &Path) {
    for way in &WAYS {
        let here = folder.join(way.folder);
        let file = here.join(way.source);
        let whole = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let cases = case_names(&here);
        let (good, printed) = test(program, &here, way.command);
        assert!(good, "{}: its own cases fail:\n{printed}", way.language);
        for field in FIELDS {
            let (of, rest): (Vec<&str>, Vec<&str>) =
                whole.lines().partition(|line| (way.is_of)(line.trim_start(), field));
            assert_eq!(of.len(), way.lines, "{}: {field} is written in {of:?}", way.language);
            std::fs::write(&file, rest.join("\n") + "\n").expect("the source can be written");
            let (good, printed) = test(program, &here, way.command);
            std::fs::write(&file, &whole).expect("the source can be put back");
            assert!(!good, "{}: no case misses {field}", way.language);
            assert!(
                // unittest writes a case's name as an identifier.
                cases
                    .iter()
                    .any(|case| printed.contains(case) || printed.contains(&case.replace('-', "_"))),
                "{}: without {field} something else fails:\n{printed}",
                way.language
            );
        }
        println!("{}: each of {} fields is missed by a case", way.language, FIELDS.len());
    }
}

fn case_names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder.join("cases"))
        .expect("a plugin has cases")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "defaults" && name != "cost")
        .collect()
}

fn test(program: &str, folder: &Path, command: &[&str]) -> (bool, String) {
    let name = if command[0] == "dukou" { program } else { command[0] };
    let output = Command::new(name)
        .args(&command[1..])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), printed)
}
