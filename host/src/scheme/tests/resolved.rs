//! The resolved scheme: the origin of every value, what the base said, and defaults that are what they claim to be.

use super::super::Standing;
use super::over_base::{BASE_FILE, OWN, OWN_FILE, site};
use super::{SCHEME, Site};
use crate::settings::{ConnectionKind, Project};

#[test]
fn the_resolved_scheme_names_file_and_line_of_everything() {
    let own = format!(
        "{OWN}[mapping.settings.fields]\nWarehouse = \"CK9\"\nDispatchAddress = false\nBusiType = \"15\"\n[mapping.settings]\nskip = [{{ when = \"order_type != 1\", reason = \"非\" }}]\n[[validation]]\nplugin = \"voucher-checks\"\nsettings = {{ a = 1 }}\n"
    );
    let site = site(&own);
    let project = Project::load(site.root()).unwrap();
    let name = dukou_core::names::SchemeName::parse("lanmao/sales-out").unwrap();
    let resolved = project.resolve(&name).unwrap();
    let line = |path: &str| {
        let value = resolved.value(path).unwrap_or_else(|| panic!("{path}"));
        let base = value.base.as_ref().map(|(text, spot)| format!("{text} {spot}"));
        (
            value.text.clone(),
            value.at.as_ref().map(ToString::to_string).unwrap_or_default(),
            value.standing,
            base.unwrap_or_default(),
        )
    };
    let expect = |path: &str, text: &str, at: &str, standing, base: &str| {
        assert_eq!(
            line(path),
            (text.to_owned(), at.to_owned(), standing, base.to_owned()),
            "{path}"
        );
    };
    let own_at = |line: usize| format!("{OWN_FILE}:{line}");
    let base_at = |line: usize| format!("{BASE_FILE}:{line}");
    expect(
        "title",
        "\"蓝猫销售出库\"",
        &own_at(2),
        Standing::Changed,
        &format!("\"旺店通销售出库单 → T+ 销售出库单\" {BASE_FILE}:1"),
    );
    expect(
        "mapping.settings.fields.Warehouse",
        "\"CK9\"",
        &own_at(4),
        Standing::Changed,
        &format!("\"TEST_CK01\" {BASE_FILE}:32"),
    );
    expect(
        "mapping.settings.fields.DispatchAddress",
        "false",
        &own_at(5),
        Standing::Changed,
        &format!("\"{{{{receiver_address}}}}\" {BASE_FILE}:33"),
    );
    expect(
        "mapping.settings.fields.BusiType",
        "\"15\"",
        &own_at(6),
        Standing::Repeated,
        "",
    );
    expect(
        "mapping.settings.skip",
        "[{ when = \"order_type != 1\", reason = \"非\" }]",
        &own_at(8),
        Standing::Added,
        "",
    );
    expect(
        "validation",
        "[{ plugin = \"voucher-checks\", settings = { a = 1 } }]",
        &own_at(9),
        Standing::Changed,
        &format!("[{{ plugin = \"voucher-checks\" }}] {BASE_FILE}:47"),
    );
    expect(
        "validation[0].plugin",
        "\"voucher-checks\"",
        &own_at(10),
        Standing::Part,
        "",
    );
    expect("validation[0].settings.a", "1", &own_at(11), Standing::Part, "");
    expect(
        "mapping.settings.fields.Code",
        "\"{{order_no}}\"",
        &base_at(26),
        Standing::Inherited,
        "",
    );
    expect(
        "mapping.settings.fields.\"RDRecordDetails.Batch\"",
        "\"\"",
        &base_at(40),
        Standing::Inherited,
        "",
    );
    expect("source.page_size", "100", "", Standing::Default, "");
    expect(
        "target.schedule.time_zone",
        "\"Asia/Shanghai\"",
        "",
        Standing::Default,
        "",
    );
    expect("after_delivery.changed", "\"flag\"", "", Standing::Default, "");
    assert_eq!(resolved.differences().count(), 5);
    assert_eq!(project.differences(&name), Some(5));
    let target = resolved.connections.iter().find(|one| one.side == "target").unwrap();
    assert!(!target.own);
    let value = target.values.iter().find(|value| value.key == "app_secret").unwrap();
    assert_eq!(
        (value.text.as_str(), value.at.as_ref().unwrap().file.as_str()),
        ("{ env = \"TPLUS_APP_SECRET\" }", "dukou.toml")
    );
    // A base that has no base of its own has nothing to differ from.
    let whole = Site::new();
    let project = Project::load(whole.root()).unwrap();
    let resolved = project
        .resolve(&dukou_core::names::SchemeName::parse("wdt-to-tplus").unwrap())
        .unwrap();
    assert_eq!(resolved.differences().count(), 0);
    assert!(
        resolved
            .values
            .iter()
            .all(|value| matches!(value.standing, Standing::Plain | Standing::Default))
    );
}

#[test]
fn defaults_written_out_change_nothing() {
    let whole = Site::new();
    let before = whole.scheme().definition_json();
    let project = Project::load(whole.root()).unwrap();
    let resolved = project
        .resolve(&dukou_core::names::SchemeName::parse("wdt-to-tplus").unwrap())
        .unwrap();
    let defaults: Vec<_> = resolved.values.iter().filter(|value| value.at.is_none()).collect();
    assert!(defaults.len() >= 5);
    let mut own = "base = \"whole\"\n".to_owned();
    for value in &defaults {
        own.push_str(&format!("{} = {}\n", value.path, value.text));
    }
    whole.write("base/schemes/whole.toml", SCHEME);
    whole.write("schemes/wdt-to-tplus.toml", own);
    assert_eq!(whole.scheme().definition_json(), before);
}

/// A connection with nothing but what it must have, and the settings that have defaults.
const BARE: [(&str, &str); 2] = [
    (
        "wdt",
        "kind = \"wdt-qimen\"\nurl = \"http://127.0.0.1:1/router/qm\"\napp_key = \"1\"\nsid = \"s\"\napp_secret = { env = \"A\" }\n",
    ),
    (
        "tplus",
        "kind = \"tplus-cloud\"\nurl = \"http://127.0.0.1:1\"\napp_key = \"1\"\napp_secret = { env = \"A\" }\nauth = { kind = \"open-token\", token = { env = \"B\" } }\n",
    ),
];

fn figures(kind: &ConnectionKind) -> String {
    match kind {
        ConnectionKind::WdtQimen(it) => {
            format!("{:?}", (&it.target_app_key, it.sign_method, it.deadline, it.per_second))
        }
        ConnectionKind::TplusCloud(it) => {
            format!(
                "{:?}",
                (it.unique_key, it.deadline, it.quarantine, it.limits, it.max_attempts)
            )
        }
    }
}

#[test]
fn defaults_of_connections_written_out_change_nothing() {
    let site = Site::new();
    let write = |more: &dyn Fn(&str) -> String| {
        let text = BARE.map(|(name, text)| format!("[connections.{name}]\n{text}{}", more(name)));
        site.write("dukou.toml", text.concat());
        Project::load(site.root()).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let bare = write(&|_| String::new());
    let resolved = bare
        .resolve(&dukou_core::names::SchemeName::parse("wdt-to-tplus").unwrap())
        .unwrap();
    let explicit = |name: &str| -> String {
        let connection = resolved.connections.iter().find(|one| one.name == name).unwrap();
        let defaults = connection.values.iter().filter(|value| value.at.is_none());
        let prefix = format!("connections.{name}.");
        let lines: Vec<String> = defaults
            .map(|value| format!("{} = {}\n", value.path.strip_prefix(&prefix).unwrap(), value.text))
            .collect();
        assert!(lines.len() >= 4);
        lines.concat()
    };
    let whole = write(&explicit);
    for (name, _) in BARE {
        let of = |project: &Project| figures(&project.connection("default", name).unwrap().kind);
        assert_eq!(of(&bare), of(&whole), "{name}");
    }
}

#[test]
fn what_looks_like_a_secret_is_withheld() {
    let leaked = "9f86d081884c7d659a2feaa0c55ad015";
    let site = site(&format!("{OWN}[mapping.settings.fields]\nMemo = \"{leaked}\"\n"));
    let project = Project::load(site.root()).unwrap();
    let name = dukou_core::names::SchemeName::parse("lanmao/sales-out").unwrap();
    let resolved = project.resolve(&name).unwrap();
    assert_eq!(resolved.value("mapping.settings.fields.Memo").unwrap().text, "\"***\"");
    assert!(!format!("{resolved:?}").contains(leaked));
}
