//! Case files, and what is told of one that does not hold.

use super::*;
use crate::prelude::*;
use serde_json::from_str;

fn lines(expected: &str, found: &str) -> Vec<String> {
    differences(&from_str(expected).unwrap(), &from_str(found).unwrap())
}

#[test]
fn differences_are_told_by_path() {
    assert!(lines(r#"{"skipped":"x"}"#, r#"{"skipped":"x"}"#).is_empty());
    assert_eq!(
        lines(
            r#"{"mapped":{"documents":[{"body":{"dto":{"A":2,"B":"x","L":[{"q":1}]}}}]}}"#,
            r#"{"mapped":{"documents":[{"body":{"dto":{"A":2.0,"C":"y","L":[{"q":1},{"q":2}]}}}]}}"#
        ),
        [
            "mapped.documents[0].body.dto.A: expected 2, found 2.0",
            "mapped.documents[0].body.dto.B: missing, expected \"x\"",
            "mapped.documents[0].body.dto.L[1]: not expected, found {\"q\":2}",
            "mapped.documents[0].body.dto.C: not expected, found \"y\"",
        ]
    );
    assert_eq!(
        lines(r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"y":2,"x":1}}"#),
        ["a: expected the order x, y, found y, x"]
    );
}

#[test]
fn of_violations_only_what_is_written_is_compared() {
    let found = r#"{"rejected":[{"code":"type","source_path":"a","message":"m"}]}"#;
    assert!(lines(r#"{"rejected":[{"code":"type"}]}"#, found).is_empty());
    assert_eq!(
        lines(r#"{"rejected":[{"code":"date"}]}"#, found),
        ["rejected[0].code: expected \"date\", found \"type\""]
    );
    assert_eq!(lines(r#"{"rejected":[{"target_path":"b"}]}"#, found).len(), 1);
    assert_eq!(lines(r#"{"rejected":[]}"#, found).len(), 1);
}

#[derive(Settings)]
struct Rules {
    #[setting(default = "T")]
    table: Table,
}

#[derive(Source)]
struct Order {
    no: Text,
    amount: Decimal,
}

#[derive(Target)]
struct Voucher {
    code: Text,
    amount: Decimal,
}

impl Mapper for Rules {
    type Source = Order;
    type Target = Voucher;

    fn map(&self, order: Order, job: &mut Job<'_>) -> Result<Voucher, Stop> {
        Ok(Voucher {
            code: self.table.value(&order.no, job).to(),
            amount: order.amount.to(),
        })
    }
}

/// A folder of its own for each test, removed with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let plugin = std::env::temp_dir().join(format!("dukou-sdk-cases-{name}-{}", std::process::id()));
        let folder = plugin.join("cases");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(plugin.join("tables")).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

const DEFAULTS: &str =
    r#"{"settings":{},"environment":{"time_zone":"Asia/Shanghai","target":"/x"},"tables":{"T":{"1":{"value":"甲"}}}}"#;

fn case(amount: &str, expect: &str) -> String {
    format!(
        r#"{{"title":"t","group":{{"key":"1","records":[{{"key":"1","received_at":"2026-11-20T10:00:00+08:00",
        "body":{{"no":"1","amount":{amount}}}}}]}},"expect":{expect}}}"#
    )
}

#[test]
fn cases_run_with_the_defaults_of_their_folder() {
    let good = case(
        "2.0000",
        r#"{"mapped":{"documents":[{"suffix":"","body":{"code":"甲","amount":2.0000}}],"omitted":[]}}"#,
    );
    let bad = case(
        "\"x\"",
        r#"{"rejected":[{"code":"type","source_path":"amount","target_path":"amount"}]}"#,
    );
    let sandbox = case("1", r#"{"failed":"plugin.fuel"}"#);
    let folder = Folder::new(
        "good",
        &[
            ("defaults.json", DEFAULTS),
            ("cost.json", "{}"),
            ("a.json", &good),
            ("b.json", &bad),
            ("c.json", &sandbox),
        ],
    );
    mapping::<Rules>(&folder.0);
}

#[test]
#[should_panic(expected = "documents[0].body.amount: expected 2, found 2.0000")]
fn a_case_that_does_not_hold_is_told() {
    let wrong = case(
        "2.0000",
        r#"{"mapped":{"documents":[{"suffix":"","body":{"code":"甲","amount":2}}],"omitted":[]}}"#,
    );
    let folder = Folder::new("wrong", &[("defaults.json", DEFAULTS), ("a.json", &wrong)]);
    mapping::<Rules>(&folder.0);
}

#[test]
#[should_panic(expected = "has no cases")]
fn a_folder_without_cases_proves_nothing() {
    let folder = Folder::new("none", &[("defaults.json", DEFAULTS)]);
    mapping::<Rules>(&folder.0);
}

#[test]
#[should_panic(expected = "nothing was compared")]
fn cases_that_expect_nothing_prove_nothing() {
    let new = case("1", "null").replace(r#","expect":null"#, "");
    let folder = Folder::new("new", &[("a.json", &new)]);
    mapping::<Rules>(&folder.0);
}

#[test]
fn tables_of_the_folder_stand_below_those_of_the_defaults() {
    let whole = case("1", r#"{"skipped":"x"}"#);
    let folder = Folder::new("tables", &[("defaults.json", DEFAULTS), ("a.json", &whole)]);
    let other = "\u{feff}编码,value,\"名,\"\"称\"\"\"\r\n\r\n007, 乙 ,\"a\r\nb\"\r\n,,\r\n";
    for (name, text) in [("../tables/T.csv", "k,value\n1,乙\n"), ("../tables/U.csv", other)] {
        std::fs::write(folder.0.join(name), text).unwrap();
    }
    let cases = read_cases(&folder.0).unwrap();
    let row = |table: &str, key: &str| cases[0].tables.tables[table][key].get().to_owned();
    assert_eq!(row("T", "1"), r#"{"value":"甲"}"#);
    assert_eq!(row("U", "007"), r#"{"编码":"007","value":"乙","名,\"称\"":"a\r\nb"}"#);
    for wrong in ["", "k\n", "k,k\n", "k,v\n1\n", "k,v\n,2\n", "k,v\n1,2\n1,3\n"] {
        std::fs::write(folder.0.join("../tables/U.csv"), wrong).unwrap();
        assert!(read_cases(&folder.0).unwrap_err().contains("U.csv: "), "{wrong:?}");
    }
    std::fs::write(folder.0.join("../tables/U.csv"), b"k,v\n1,\xbc\xd7\n").unwrap();
    assert!(read_cases(&folder.0).unwrap_err().contains("not UTF-8"));
}

#[test]
fn cells_are_those_of_rfc_4180() {
    let cells = |text| csv::cells(text);
    assert_eq!(cells("a,b\r\n1,\"\"\n"), [["a", "b"], ["1", ""]]);
    assert_eq!(cells("a,\"x\"\"y,\nz\"\rb,c\"d"), [["a", "x\"y,\nz"], ["b", "c\"d"]]);
    assert_eq!(cells("\n\n").len(), 0);
}

#[test]
fn settings_lie_over_the_preset_of_the_manifest() {
    let whole = case("1", r#"{"skipped":"x"}"#).replacen('{', r#"{"settings":{"b":{"y":3},"c":[1],"d":1},"#, 1);
    let folder = Folder::new("preset", &[("a.json", &whole)]);
    let manifest = r#"{"preset":{"a":2.00,"b":{"x":1,"y":2},"c":[7,8]}}"#;
    std::fs::write(folder.0.join("../plugin.json"), manifest).unwrap();
    let cases = read_cases(&folder.0).unwrap();
    assert_eq!(cases[0].settings, r#"{"a":2.00,"b":{"x":1,"y":3},"c":[1],"d":1}"#);
}

#[test]
fn a_misspelt_key_is_an_error_that_names_the_file() {
    let folder = Folder::new("misspelt", &[("a.json", r#"{"titel":"t"}"#)]);
    let error = read_cases(&folder.0).unwrap_err();
    assert!(error.contains("a.json") && error.contains("titel"), "{error}");
}

#[test]
fn settings_are_read_alone() {
    let read = settings::<Rules>("{}");
    assert_eq!(read.map(|rules| rules.table.name().to_owned()), Ok("T".to_owned()));
    assert_eq!(
        settings::<Rules>(r#"{"table":1}"#).map(|_| ()),
        Err(vec!["table: must be a string, not 1".to_owned()])
    );
}
