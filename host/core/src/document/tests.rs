//! Tables for the document check and the comparison.

use super::*;

fn catalogue() -> Catalogue {
    Catalogue::parse(include_str!(
        "../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
    ))
    .unwrap()
}

const GOOD: &str = r#"{"dto":{"ExternalCode":"CK1","VoucherType":{"Code":"ST1021"},"Partner":{"Code":"C"},"VoucherDate":"2026-11-01","BusiType":{"Code":"15"},"Warehouse":{"Code":"W"},"RDRecordDetails":[{"Inventory":{"Code":"2121"},"BaseQuantity":2.0000}]}}"#;

fn codes(body: &str) -> Vec<(String, String)> {
    check(body, &catalogue(), "dto.ExternalCode", "CK1")
        .into_iter()
        .map(|v| (v.code, v.target_path.unwrap_or_default()))
        .collect()
}

#[test]
fn a_sound_document_passes() {
    assert_eq!(codes(GOOD), []);
    assert_eq!(line_count(GOOD, &catalogue()), 1);
}

#[test]
fn every_flaw_is_named_with_its_path() {
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "\"ExternalCode\":\"CK1\"",
            "\"ExternalCode\":\"CK2\"",
            "document.key",
            "dto.ExternalCode",
        ),
        ("\"ExternalCode\":\"CK1\",", "", "document.key", "dto.ExternalCode"),
        ("{\"Code\":\"C\"}", "\"C\"", "type", "Partner"),
        ("{\"Code\":\"C\"}", "{\"Code\":\"\"}", "type", "Partner"),
        ("{\"Code\":\"C\"}", "{\"Name\":\"C\"}", "type", "Partner"),
        ("\"2026-11-01\"", "\"2026-13-01\"", "type", "VoucherDate"),
        ("2.0000", "\"2\"", "type", "RDRecordDetails[0].BaseQuantity"),
        (
            "\"BaseQuantity\":2.0000",
            "\"Basequantity\":2",
            "field.unknown",
            "RDRecordDetails[0].Basequantity",
        ),
        (
            ",\"BaseQuantity\":2.0000",
            "",
            "required",
            "RDRecordDetails[0].BaseQuantity",
        ),
        (
            "[{\"Inventory\":{\"Code\":\"2121\"},\"BaseQuantity\":2.0000}]",
            "[]",
            "type",
            "RDRecordDetails",
        ),
        ("{\"dto\":", "{\"dt\":", "document.wrapper", "dto"),
    ];
    for (from, to, code, path) in cases {
        let body = GOOD.replacen(from, to, 1);
        assert_ne!(body, GOOD);
        let found = codes(&body);
        assert!(found.iter().any(|(c, p)| c == code && p == path), "{to}: {found:?}");
    }
    assert_eq!(codes("nonsense")[0].0, "document.json");
}

#[test]
fn writing_of_numbers_and_key_order_do_not_count() {
    assert_eq!(diff(r#"{"a":2.0000,"b":1}"#, r#"{"b":1E+0,"a":2}"#).unwrap(), []);
    let found = diff(r#"{"l":[{"q":1},{"q":2}],"x":"1"}"#, r#"{"l":[{"q":1}],"x":1}"#).unwrap();
    let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["l[1]: {\"q\":2} → ∅", "x: \"1\" → 1"]);
}
