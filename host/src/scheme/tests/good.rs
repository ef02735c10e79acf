//! Definitions that are right: what they become.

use std::time::Duration;

use dukou_core::names::SchemeName;
use dukou_core::request::RequestValue;
use proptest::prelude::*;

use super::super::{Code, GroupKey, PluginAt, Scheme, Severity, SourceFile, load};
use super::{PROJECT, RICH, SCHEME, Site, edited};
use crate::lang::Lang;
use crate::settings::{ConnectionKind, Project};

#[test]
fn the_seeds_scheme_becomes_what_it_says() {
    let scheme = Site::new().scheme();
    assert_eq!(scheme.name.to_string(), "wdt-to-tplus");
    assert_eq!(scheme.title, "旺店通销售出库单 → T+ 销售出库单");
    assert!(scheme.warnings.is_empty(), "{:?}", scheme.warnings);
    let source = &scheme.source;
    assert_eq!(
        (source.connection.as_str(), source.key.as_str(), source.page_size),
        ("wdt", "order_no", 100)
    );
    assert_eq!(source.zone, chrono_tz::Asia::Shanghai);
    assert_eq!(
        source.window.from,
        "2026-10-31T16:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    );
    assert_eq!(source.window.span, Duration::from_secs(86_400));
    assert_eq!(
        (source.window.overlap, source.window.lag),
        (Duration::from_secs(900), Duration::from_secs(120))
    );
    assert_eq!(source.request.len(), 4);
    assert_eq!(source.request[3], ("page_no".into(), RequestValue::PageNumber));
    assert_eq!(
        scheme.target.schedule.zone(),
        chrono_tz::Asia::Shanghai,
        "the target's rhythm is in the scheme's zone"
    );
    assert_eq!(scheme.mapping.at, PluginAt::Stock("table".into()));
    assert_eq!(scheme.validations[0].settings, "{}");
    let environment: serde_json::Value = serde_json::from_str(&scheme.environment()).unwrap();
    assert_eq!(environment["time_zone"], "Asia/Shanghai");
    assert_eq!(environment["target"]["wrapper"], "dto");
    assert_eq!(environment["source"]["fields"][0]["path"], "order_no");
}

#[test]
fn settings_are_compact_json_in_file_order() {
    let scheme = Site::new().scheme();
    assert_eq!(
        scheme.mapping.settings,
        concat!(
            r#"{"fields":{"ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021","Customer":"TESTCUST","#,
            r#""Partner":"TESTCUST","VoucherDate":"{{consign_time|date}}","BusiType":"15","Warehouse":"TEST_CK01","#,
            r#""DispatchAddress":"{{receiver_address}}","TransDocNo":"{{logistics_no}}","DeliveryCode":"{{logistics_no}}","#,
            r#""Memo":"来自旺店通","RDRecordDetails":"details_list","RDRecordDetails.Inventory":"2121","#,
            r#""RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}","RDRecordDetails.Batch":"","#,
            r#""RDRecordDetails.origTaxSalePrice":"{{details_list.price}}","#,
            r#""RDRecordDetails.DetailMemo":"来自旺店通{{details_list.stockout_id}}","#,
            r#""RDRecordDetails.Price":"","RDRecordDetails.Amount":""}}"#,
        )
    );
}

#[test]
fn numbers_in_settings_keep_their_digits() {
    let site = Site::new();
    let settings =
        "plugin = \"voucher-checks\"\nsettings = { b = 0.0100, a = [1_000, -3, +4, 0x1F], c = 1e06, d = true }\n";
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "plugin = \"voucher-checks\"\n", settings),
    );
    assert_eq!(
        site.scheme().validations[0].settings,
        r#"{"b":0.0100,"a":[1000,-3,4,31],"c":1e06,"d":true}"#
    );
}

fn rich() -> Site {
    let site = Site::new();
    std::fs::remove_file(site.root().join("schemes/wdt-to-tplus.toml")).unwrap();
    site.write("schemes/sales-out.toml", RICH);
    for table in ["客户对照", "仓库对照", "存货对照"] {
        site.write(&format!("tables/{table}.csv"), "编码,值\n0101,C1\n");
    }
    site
}

#[test]
fn the_richer_scheme_parses() {
    let scheme = rich().scheme();
    let group = scheme.group.as_ref().unwrap();
    assert_eq!(group.by.len(), 3);
    assert_eq!(
        group.by[2],
        GroupKey {
            path: "consign_time".into(),
            format: Some("date".into())
        }
    );
    assert_eq!(group.close.unwrap().to_string(), "02:00:00");
    assert_eq!(group.max_lines, Some(200));
    assert!(scheme.mapping.settings.starts_with(
        r#"{"skip":[{"when":"order_type != 1","reason":"非销售出库"}],"lines":{"RDRecordDetails":{"each":"#
    ));
    assert!(scheme.mapping.settings.contains(r#""DispatchAddress":false"#));
    // Only that grouping is not in force yet.
    let warnings: Vec<Code> = scheme.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(warnings, [Code::NotYet]);
}

#[test]
fn a_definition_survives_the_store() {
    for site in [Site::new(), rich()] {
        let scheme = site.scheme();
        let project = Project::load(site.root()).unwrap();
        let stored = scheme.definition_json();
        let back = Scheme::from_definition(&project, &stored).unwrap();
        assert_eq!(back.definition_json(), stored);
        assert_eq!(back.environment(), scheme.environment());
        assert_eq!(back.mapping.settings, scheme.mapping.settings);
        assert_eq!(back.name, scheme.name);
        assert_eq!(back.group, scheme.group);
        assert_eq!(back.source.request, scheme.source.request);
    }
    let project = Project::load(Site::new().root()).unwrap();
    assert!(Scheme::from_definition(&project, "{}").is_err());
}

#[test]
fn a_definition_says_whose_books_it_moves_and_no_secret() {
    let site = Site::new();
    let project = Project::load(site.root()).unwrap();
    let scheme = site.scheme();
    let accounts = |scheme: &Scheme| (scheme.source.account.clone(), scheme.target.account.clone());
    let (source, target) = accounts(&scheme);
    assert!(source.as_ref().unwrap().starts_with("wdt-qimen:"), "{source:?}");
    assert_eq!(
        target.as_deref(),
        Some("tplus-cloud:openapi.chanjet.com:your-app-key"),
        "what deliveries are unique in"
    );
    let stored = scheme.definition_json();
    assert_eq!(
        accounts(&Scheme::from_definition(&project, &stored).unwrap()),
        (source, target)
    );
    // An older version did not store them: such a text reads, and is written again as it was.
    let mut value: serde_json::Value = serde_json::from_str(&stored).unwrap();
    for side in ["source", "target"] {
        let side = value[side].as_object_mut().unwrap();
        side.shift_remove("account").unwrap();
    }
    let older = value.to_string();
    let back = Scheme::from_definition(&project, &older).unwrap();
    assert_eq!(accounts(&back), (None, None));
    assert_eq!(back.definition_json(), older);

    let other = edited(PROJECT, "your-app-key", "another-app-key");
    site.write("dukou.toml", other);
    assert_ne!(site.scheme().definition_json(), stored);
}

#[test]
fn comments_and_line_ends_do_not_change_a_definition() {
    let site = Site::new();
    let before = site.scheme().definition_json();
    site.write(
        "schemes/wdt-to-tplus.toml",
        format!("\u{feff}# 注释\n{SCHEME}").replace('\n', "\r\n"),
    );
    assert_eq!(site.scheme().definition_json(), before);
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "BusiType = \"15\"", "BusiType = \"16\""),
    );
    assert_ne!(site.scheme().definition_json(), before);
}

#[test]
fn a_plugins_complaint_points_at_its_setting() {
    let scheme = rich().scheme();
    let line = |needle: &str| RICH.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let at = |path: &str| {
        scheme
            .setting_error(&scheme.mapping, path, "template.path", "…")
            .position()
            .unwrap()
    };
    assert_eq!(
        at("fields.RDRecordDetails.Batch"),
        (line("\"RDRecordDetails.Batch\" ="), 27)
    );
    assert_eq!(
        at("fields[\"RDRecordDetails.Batch\"]"),
        at("fields.RDRecordDetails.Batch")
    );
    assert_eq!(at("skip[0].when"), (line("skip ="), 18));
    assert_eq!(at("skip.0.when"), at("skip[0].when"));
    assert_eq!(at("lines.RDRecordDetails.drop[1].when"), (line("refund_status in"), 12));
    assert_eq!(at("fields.Nothing").0, line("[mapping.settings.fields]"));
    assert_eq!(at("").0, line("[mapping.settings]"));
    let finding = scheme.setting_error(&scheme.mapping, "fields.Code", "row.x", "不行");
    assert_eq!(
        finding.message.text(Lang::Zh),
        "组件 \"table\" 不接受 mapping.settings.fields.Code (row.x): 不行"
    );
}

#[test]
fn refused_plugins_end_in_nine_and_others_in_three() {
    use crate::exit::Exit;
    let scheme = Site::new().scheme();
    let refused = scheme.plugin_error(&scheme.mapping, "plugin.import", "wasi:sockets/tcp");
    let foreign = scheme.plugin_error(&scheme.mapping, "plugin.not-wasm", "…");
    assert_eq!((refused.exit(), foreign.exit()), (Exit::Refused, Exit::Definition));
    assert_eq!(refused.position(), Some((22, 10)));
}

#[test]
fn a_project_plugin_comes_before_a_stock_one_and_paths_stay_inside() {
    let site = Site::new();
    site.write("plugins/table.wasm", "…");
    assert_eq!(site.scheme().mapping.at, PluginAt::File("plugins/table.wasm".into()));
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "plugin = \"table\"", "plugin = \"plugins/table.wasm\""),
    );
    assert_eq!(site.scheme().mapping.at, PluginAt::File("plugins/table.wasm".into()));
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "plugin = \"table\"", "plugin = \"../table.wasm\""),
    );
    assert_eq!(site.load().1.0[0].code, Code::UnknownPlugin);
}

#[test]
fn a_customers_columns_join_the_catalogue() {
    let site = Site::new();
    let row = "Memo = \"来自旺店通\"\npriuserdefnvc1 = \"{{shop_no}}\"";
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "Memo = \"来自旺店通\"", row),
    );
    assert_eq!(site.load().1.0[0].code, Code::UnknownTargetField);
    site.write(
        "catalogues/own.toml",
        "system = \"tplus\"\napi = \"/tplus/api/v2/saleDispatch/Create\"\ntitle = \"x\"\n[fields]\npriuserdefnvc1 = { label = \"自定义项\", type = \"text\" }\n",
    );
    assert!(site.scheme().environment().contains("priuserdefnvc1"));
}

#[test]
fn no_limit_is_zero_and_the_default_is_one() {
    let site = Site::new();
    let kinds = |site: &Site| Project::load(site.root()).unwrap().connections;
    let tplus = |site: &Site| match &kinds(site)["tplus"].kind {
        ConnectionKind::TplusCloud(settings) => settings.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(tplus(&site).limits.per_second, Some(1));
    site.write("dukou.toml", edited(PROJECT, "per_second = 1", "per_second = 0"));
    assert_eq!(tplus(&site).limits.per_second, None);
    site.write(
        "dukou.toml",
        edited(PROJECT, "limits = { per_second = 1, in_flight = 1 }", ""),
    );
    assert_eq!(
        (tplus(&site).limits.per_second, tplus(&site).limits.in_flight),
        (Some(1), 1)
    );
    match &kinds(&site)["wdt"].kind {
        ConnectionKind::WdtQimen(settings) => assert_eq!(settings.per_second, Some(1)),
        other => panic!("{other:?}"),
    }
    let project = Project::load(site.root()).unwrap();
    let target = dukou_core::names::TargetName {
        tenant: "default".into(),
        account: tplus(&site).account_name(),
        api: "x".into(),
    };
    assert_eq!(target.account, "tplus-cloud:openapi.chanjet.com:your-app-key");
    assert_eq!(project.quarantine_ms(&target), 300_000);
}

#[test]
fn unknown_source_names_are_warnings_with_a_guess() {
    let site = Site::new();
    let text = edited(SCHEME, "{{receiver_address}}", "{{reciever_address}}");
    let text = edited(&text, "page_no = ", "pageno = ");
    let text = edited(&text, "date = \"consign_time\"", "date = \"consign_tim\"");
    site.write("schemes/wdt-to-tplus.toml", &text);
    let warnings = site.scheme().warnings;
    let seen: Vec<_> = warnings
        .iter()
        .map(|w| {
            (
                w.code,
                w.severity,
                w.position().unwrap(),
                w.help.as_ref().unwrap().text(Lang::En),
            )
        })
        .collect();
    let line = |needle: &str| text.lines().position(|line| line.contains(needle)).unwrap() + 1;
    assert_eq!(
        seen,
        [
            (
                Code::UnknownParameter,
                Severity::Warning,
                (line("pageno"), 1),
                "did you mean page_no?".into()
            ),
            (
                Code::UnknownSourceField,
                Severity::Warning,
                (line("consign_tim\""), 9),
                "did you mean consign_time?".into()
            ),
            (
                Code::UnknownSourceField,
                Severity::Warning,
                (line("reciever"), 22),
                "did you mean receiver_address?".into()
            ),
        ]
    );
}

#[test]
fn a_span_may_be_all_that_the_source_answers_since_the_overlap_lies_within_it() {
    let site = Site::new();
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "span = \"1d\"", "span = \"30d\""),
    );
    let scheme = site.scheme();
    assert!(scheme.warnings.is_empty());
    assert_eq!(scheme.source.window.span.as_secs(), 30 * 86_400);
}

#[test]
fn schemes_are_chosen_by_name_or_when_there_is_only_one() {
    let site = Site::new();
    let project = Project::load(site.root()).unwrap();
    assert_eq!(project.choose(None).unwrap().to_string(), "wdt-to-tplus");
    let exit = |result: anyhow::Result<SchemeName>| {
        result
            .unwrap_err()
            .downcast::<super::super::DefinitionErrors>()
            .unwrap()
            .exit()
    };
    assert_eq!(exit(project.choose(Some("wdt-to-tpuls"))), crate::exit::Exit::NotFound);
    site.write("schemes/other.toml", SCHEME);
    assert_eq!(exit(project.choose(None)), crate::exit::Exit::NotFound);
    assert_eq!(project.choose(Some("other")).unwrap().to_string(), "other");
    site.write("schemes/Bad Name.toml", SCHEME);
    assert!(project.scheme_names().is_err());
}

/// Texts near enough to definitions to reach every branch.
fn mangled() -> impl Strategy<Value = String> {
    let cut = (0..SCHEME.len(), 0..40usize, "[a-z0-9\"'{}=\\[\\].#\n|é来 ]{0,12}");
    prop_oneof![
        3 => cut.prop_map(|(at, length, put)| {
            let mut start = at;
            while !SCHEME.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(SCHEME.len());
            while !SCHEME.is_char_boundary(end) { end += 1; }
            format!("{}{put}{}", &SCHEME[..start], &SCHEME[end..])
        }),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn no_text_makes_the_parser_panic(text in mangled()) {
        let site = Site::new();
        let project = Project::load(site.root()).unwrap();
        let name = SchemeName::parse("x").unwrap();
        let file = SourceFile::new("schemes/x.toml".into(), "schemes/x.toml".into(), text.clone());
        match load(&project, &name, &file) {
            Ok(scheme) => {
                let stored = scheme.definition_json();
                prop_assert_eq!(Scheme::from_definition(&project, &stored).unwrap().definition_json(), stored);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for lang in [Lang::Zh, Lang::En] {
                    prop_assert!(errors.render(lang, false).contains("[S0"));
                }
                prop_assert!(errors.to_json(Lang::En).is_array());
            }
        }
        site.write("dukou.toml", &text);
        let _ = Project::read(site.root());
    }
}
