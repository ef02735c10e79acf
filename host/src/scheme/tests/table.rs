//! Tables as people make them: encodings, zeros, mistakes by line.

use super::super::{Code, DefinitionErrors};
use super::Site;
use crate::lang::Lang;
use crate::settings::Project;

fn read(bytes: impl AsRef<[u8]>) -> Result<super::super::TableFile, DefinitionErrors> {
    let site = Site::new();
    site.write("tables/客户对照.csv", bytes);
    Project::load(site.root()).unwrap().table("default", "客户对照")
}

#[test]
fn zeros_stay_and_every_encoding_is_the_same_table() {
    let text = "店铺,客户,备注\r\n0101,C001,\"甲, 乙\"\r\n0102 , C002,\r\n\r\n";
    let table = read(text).unwrap();
    assert_eq!(table.columns, ["店铺", "客户", "备注"]);
    assert_eq!(
        table.row("0101"),
        Some(r#"{"店铺":"0101","客户":"C001","备注":"甲, 乙"}"#)
    );
    assert_eq!(table.row("0102"), Some(r#"{"店铺":"0102","客户":"C002","备注":""}"#));
    assert_eq!(table.row("101"), None);
    let (gbk, _, lossy) = encoding_rs::GBK.encode(text);
    assert!(!lossy);
    for bytes in [
        format!("\u{feff}{text}").into_bytes(),
        gbk.into_owned(),
        text.replace("\r\n", "\n").into_bytes(),
    ] {
        let other = read(bytes).unwrap();
        assert_eq!(other, table);
        assert_eq!(other.canonical(), table.canonical());
    }
    let swapped = read("店铺,客户,备注\n0102,C002,\n0101,C001,\"甲, 乙\"\n").unwrap();
    assert_eq!(
        swapped.canonical(),
        table.canonical(),
        "the order of rows does not count"
    );
}

#[test]
fn mistakes_are_told_by_line_all_at_once() {
    let errors = read("店铺,客户\n01,A\n02,B\n01,C\n,D\n03\n04,E,F\n").unwrap_err();
    let seen: Vec<_> = errors
        .0
        .iter()
        .map(|error| (error.code, error.position().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (Code::DuplicateRow, (4, 1)),
            (Code::EmptyRowKey, (5, 1)),
            (Code::RaggedRow, (6, 1)),
            (Code::RaggedRow, (7, 1)),
        ]
    );
    assert_eq!(errors.0[0].message.text(Lang::Zh), "键 \"01\" 重复: 第 2 行和第 4 行");
    assert_eq!(
        errors.0[0].message.text(Lang::En),
        "key \"01\" stands twice: lines 2 and 4"
    );
}

#[test]
fn headers_and_encodings_are_checked() {
    let code = |bytes: &[u8]| read(bytes).unwrap_err().0[0].code;
    assert_eq!(code(b""), Code::TableHeader);
    assert_eq!(code(b"one\n1\n"), Code::TableHeader);
    assert_eq!(code(b"a,a\n1,2\n"), Code::TableHeader);
    assert_eq!(code(b"a,\n1,2\n"), Code::TableHeader);
    assert_eq!(code(b"a,b\n\xff\xff\xff,1\n"), Code::TableEncoding);
}

#[test]
fn a_table_that_is_not_there_is_guessed() {
    let site = Site::new();
    site.write("tables/客户对照.csv", "a,b\n1,2\n");
    let project = Project::load(site.root()).unwrap();
    for (name, help) in [("客户对找", "did you mean 客户对照?"), ("../x", "there is: 客户对照")] {
        let errors = project.table("default", name).unwrap_err();
        assert_eq!(errors.0[0].code, Code::UnknownTable);
        assert_eq!(errors.0[0].help.as_ref().unwrap().text(Lang::En), help);
    }
}
