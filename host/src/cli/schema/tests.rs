//! The schemas: within the subset of draft 04 that editors take, and in step with the parser.

use super::*;
use crate::scheme::{Arg, Code, DefinitionErrors, SourceFile};
use crate::settings::Project;

const SCHEME: &str = include_str!("../../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml");
const PROJECT: &str = include_str!("../../../../examples/wdt-to-tplus/dukou.toml");

/// The part of draft 04 that the schemas use.
fn wrong(value: &Value, schema: &Value, root: &Value, at: &str) -> Vec<String> {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        return wrong(value, root.pointer(&pointer[1..]).expect("a definition"), root, at);
    }
    if let Some(any) = schema.get("oneOf").and_then(Value::as_array) {
        let fitting = any.iter().filter(|one| wrong(value, one, root, at).is_empty()).count();
        return if fitting == 1 {
            vec![]
        } else {
            vec![format!("{at}: fits {fitting} of oneOf")]
        };
    }
    let mut out = Vec::new();
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Null => "null",
    };
    if schema.get("type").is_some_and(|wanted| wanted != kind) {
        out.push(format!("{at}: is {kind}"));
    }
    if schema
        .get("enum")
        .and_then(Value::as_array)
        .is_some_and(|words| !words.contains(value))
    {
        out.push(format!("{at}: not a word"));
    }
    if let Value::Object(fields) = value {
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                out.push(format!("{at}: lacks {name}"));
            }
        }
        for (key, field) in fields {
            let at = format!("{at}.{key}");
            match (
                schema.get("properties").and_then(|known| known.get(key)),
                schema.get("additionalProperties"),
            ) {
                (Some(known), _) => out.extend(wrong(field, known, root, &at)),
                (None, Some(Value::Bool(false))) => out.push(format!("{at}: unknown")),
                (None, Some(other)) => out.extend(wrong(field, other, root, &at)),
                (None, None) => {}
            }
        }
    }
    if let (Value::Array(items), Some(each)) = (value, schema.get("items")) {
        out.extend(items.iter().flat_map(|item| wrong(item, each, root, at)));
    }
    out
}

fn json_of(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

/// Every object schema has a title and a description; no keyword is beyond the subset.
fn walk(schema: &Value, at: &str) {
    let Value::Object(fields) = schema else { return };
    let known = [
        "$schema",
        "$ref",
        "type",
        "title",
        "description",
        "properties",
        "required",
        "additionalProperties",
        "definitions",
        "items",
        "enum",
        "pattern",
        "minLength",
        "minimum",
        "maximum",
        "oneOf",
    ];
    for key in fields.keys() {
        assert!(known.contains(&key.as_str()), "{at}: {key}");
    }
    if fields.get("type").is_some_and(|kind| kind == "object") {
        assert!(
            fields.contains_key("title") && fields.contains_key("description"),
            "{at}"
        );
    }
    for group in ["properties", "definitions"] {
        for (name, inner) in fields.get(group).and_then(Value::as_object).into_iter().flatten() {
            assert!(
                inner.get("title").is_some() || inner.get("$ref").is_some(),
                "{at}.{name} has no title"
            );
            walk(inner, &format!("{at}.{name}"));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get(key) {
            walk(inner, at);
        }
    }
}

#[test]
fn schemas_stay_in_the_subset_and_explain_themselves() {
    for (name, schema) in [
        ("scheme", scheme()),
        ("part", loosened(scheme())),
        ("project", project()),
        ("tenant", tenant()),
        ("catalogue", catalogue()),
    ] {
        walk(&schema, name);
    }
}

#[test]
fn the_example_and_the_shipped_catalogues_fit() {
    let nothing: Vec<String> = vec![];
    assert_eq!(wrong(&json_of(SCHEME), &scheme(), &scheme(), ""), nothing);
    assert_eq!(wrong(&json_of(PROJECT), &project(), &project(), ""), nothing);
    let part = json_of("base = \"sales-out\"\n[source.schedule]\ncron = \"* * * * *\"\n");
    assert_eq!(wrong(&part, &loosened(scheme()), &loosened(scheme()), ""), nothing);
    assert!(!wrong(&part, &scheme(), &scheme(), "").is_empty());
    let own = json_of(PROJECT)["connections"].clone();
    let own = json!({ "title": "甲", "tags": ["vip"], "owner": "li", "connections": own });
    assert_eq!(wrong(&own, &tenant(), &tenant(), ""), nothing);
    let shipped = include_str!("../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
    assert_eq!(wrong(&json_of(shipped), &catalogue(), &catalogue(), ""), nothing);
    let bad = json_of(&SCHEME.replace("cron =", "crom ="));
    assert_eq!(
        wrong(&bad, &scheme(), &scheme(), "").len(),
        4,
        "unknown and missing, on both sides"
    );
}

/// What the parser would have taken in place of a key that nobody knows.
fn known_to_parser(errors: &DefinitionErrors) -> Vec<String> {
    let unknown = errors
        .0
        .iter()
        .find(|finding| finding.code == Code::UnknownKey)
        .expect("an unknown key");
    let help = unknown.help.as_ref().expect("a list of what there is");
    match &help.args[0].1 {
        Arg::Text(names) => {
            let mut names: Vec<String> = names.split(", ").map(str::to_owned).collect();
            names.sort();
            names
        }
        Arg::Word(_) => panic!("names are text"),
    }
}

fn known_to_schema(schema: &Value, pointer: &str) -> Vec<String> {
    let properties = schema
        .pointer(pointer)
        .and_then(|part| part.get("properties"))
        .expect("properties");
    let mut names: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

#[test]
fn schema_and_parser_know_the_same_keys() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("dukou.toml"), PROJECT).unwrap();
    let project_loaded = Project::load(dir.path()).unwrap();
    let name = dukou_core::names::SchemeName::parse("x").unwrap();
    for (header, pointer) in [
        ("title =", ""),
        ("[source]\n", "/properties/source"),
        ("schedule = { cron = \"*/5 * * * *\", ", "/definitions/schedule"),
        ("window = { ", "/properties/source/properties/window"),
        ("[show]", "/properties/show"),
        ("[mapping]\n", "/definitions/plugin"),
        ("[target]\n", "/properties/target"),
        ("[group]\n", "/properties/group"),
        ("[after_delivery]\n", "/properties/after_delivery"),
    ] {
        let base = format!("{SCHEME}\n[group]\nby = [\"shop_no\"]\n[after_delivery]\nchanged = \"flag\"\n");
        let end = base.find(header).unwrap_or_else(|| panic!("{header}")) + header.len();
        let line_end = end + base[end..].find('\n').unwrap();
        let text = if header == "title =" {
            format!("qqqqqqqqqqqq = \"\"\n{base}")
        } else if header.contains('{') {
            format!("{}qqqqqqqqqqqq = \"\", {}", &base[..end], &base[end..])
        } else if header.ends_with('\n') {
            format!("{}qqqqqqqqqqqq = \"\"\n{}", &base[..end], &base[end..])
        } else {
            format!("{}\nqqqqqqqqqqqq = \"\"{}", &base[..line_end], &base[line_end..])
        };
        let file = SourceFile::new("schemes/x.toml".into(), "schemes/x.toml".into(), text);
        let errors = crate::scheme::load(&project_loaded, &name, &file).expect_err(header);
        assert_eq!(
            known_to_parser(&errors),
            known_to_schema(&scheme(), pointer),
            "{header}"
        );
    }
    for (from, to, pointer) in [
        ("auto_deploy", "qqqqqqqqqqqq = \"\"\nauto_deploy", ""),
        ("[store]\n", "[store]\nqqqqqqqqqqqq = \"\"\n", "/properties/store"),
        (
            "kind = \"wdt-qimen\"",
            "kind = \"wdt-qimen\"\nqqqqqqqqqqqq = \"\"",
            "/definitions/wdt-qimen",
        ),
        (
            "kind = \"tplus-cloud\"",
            "kind = \"tplus-cloud\"\nqqqqqqqqqqqq = \"\"",
            "/definitions/tplus-cloud",
        ),
        (
            "limits = {",
            "limits = { qqqqqqqqqqqq = \"\",",
            "/definitions/tplus-cloud/properties/limits",
        ),
        (
            "auth = {",
            "auth = { qqqqqqqqqqqq = \"\",",
            "/definitions/tplus-cloud/properties/auth",
        ),
        ("token = {", "token = { qqqqqqqqqqqq = \"\",", "/definitions/secret"),
        (
            "deadline =",
            "patterns = { qqqqqqqqqqqq = \"\" }\ndeadline =",
            "/definitions/tplus-cloud/properties/patterns",
        ),
    ] {
        std::fs::write(dir.path().join("dukou.toml"), PROJECT.replacen(from, to, 1)).unwrap();
        let errors = Project::load(dir.path()).expect_err(from);
        assert_eq!(known_to_parser(&errors), known_to_schema(&project(), pointer), "{from}");
    }
    std::fs::write(dir.path().join("dukou.toml"), PROJECT).unwrap();
    std::fs::create_dir_all(dir.path().join("tenants/a")).unwrap();
    std::fs::write(dir.path().join("tenants/a/tenant.toml"), "qqqqqqqqqqqq = 1\n").unwrap();
    let project = Project::load(dir.path()).unwrap();
    let errors = DefinitionErrors(project.tenants["a"].errors.clone());
    assert_eq!(known_to_parser(&errors), known_to_schema(&tenant(), ""));
}
