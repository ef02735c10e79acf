//! Definitions that are wrong: for each, one error with its code, its place and what to do, in both languages.

use super::super::{Code, Severity};
use super::{PROJECT, SCHEME, Site, edited};
use crate::exit::Exit;
use crate::lang::Lang;

/// One wrong edit. `«` in `to` marks where the error must point.
struct Bad {
    from: &'static str,
    to: &'static str,
    code: Code,
    /// Part of the help in Chinese and in English; empty when there is none.
    help: (&'static str, &'static str),
}

const fn bad(from: &'static str, to: &'static str, code: Code, zh: &'static str, en: &'static str) -> Bad {
    Bad {
        from,
        to,
        code,
        help: (zh, en),
    }
}

const BAD_SCHEMES: &[Bad] = &[
    // Unknown and missing keys.
    bad(
        "plugin = \"table\"",
        "«plugn = \"table\"\nplugin = \"table\"",
        Code::UnknownKey,
        "是不是 plugin?",
        "did you mean plugin?",
    ),
    bad(
        "[show]",
        "[«shwo]",
        Code::UnknownKey,
        "是不是 show?",
        "did you mean show?",
    ),
    bad(
        "overlap = ",
        "«overlp = ",
        Code::UnknownKey,
        "是不是 overlap?",
        "did you mean overlap?",
    ),
    bad(
        "[source]\nconnection = \"wdt\"",
        "«[source]",
        Code::MissingKey,
        "connection = \"wdt\"",
        "connection = \"wdt\"",
    ),
    bad("key = \"order_no\"", "key = «\"\"", Code::Empty, "", ""),
    // Codes are text.
    bad(
        "BusiType = \"15\"",
        "BusiType = «15",
        Code::BareValue,
        "BusiType = \"15\"",
        "BusiType = \"15\"",
    ),
    bad(
        "BusiType = \"15\"",
        "BusiType = «0101",
        Code::BareValue,
        "BusiType = \"0101\"",
        "BusiType = \"0101\"",
    ),
    bad(
        "BusiType = \"15\"",
        "BusiType = «1.50",
        Code::BareValue,
        "BusiType = \"1.50\"",
        "BusiType = \"1.50\"",
    ),
    bad(
        "VoucherType = \"ST1021\"",
        "VoucherType = «ST1021",
        Code::BareValue,
        "VoucherType = \"ST1021\"",
        "VoucherType = \"ST1021\"",
    ),
    bad(
        "BusiType = \"15\"",
        "BusiType = «true",
        Code::BareValue,
        "BusiType = \"true\"",
        "BusiType = \"true\"",
    ),
    bad(
        "\"{{consign_time|date}}\"",
        "«2026-11-01",
        Code::BareValue,
        "VoucherDate = \"2026-11-01\"",
        "VoucherDate = \"2026-11-01\"",
    ),
    bad(
        "\"RDRecordDetails.Inventory\" = \"2121\"",
        "\"RDRecordDetails.Inventory\" = «2121",
        Code::BareValue,
        "\"RDRecordDetails.Inventory\" = \"2121\"",
        "\"RDRecordDetails.Inventory\" = \"2121\"",
    ),
    bad(
        "key = \"order_no\"",
        "key = «123",
        Code::BareValue,
        "key = \"123\"",
        "key = \"123\"",
    ),
    bad(
        "page_size = \"{{PAGINATION_PAGE_SIZE}}\"",
        "page_size = «50",
        Code::BareValue,
        "page_size = \"50\"",
        "page_size = \"50\"",
    ),
    bad(
        "[\"shop_name\", \"warehouse_name\"]",
        "[\"shop_name\", «007]",
        Code::BareValue,
        "007",
        "007",
    ),
    // Types.
    bad(
        "connection = \"wdt\"",
        "connection = «[\"wdt\"]",
        Code::WrongType,
        "",
        "",
    ),
    bad(
        "window = { from = \"2026-11-01 00:00:00\", span = \"1d\", overlap = \"15m\", lag = \"120s\" }",
        "window = «\"1d\"",
        Code::WrongType,
        "",
        "",
    ),
    bad("[[validation]]", "«[validation]", Code::WrongType, "", ""),
    // Target paths.
    bad(
        "\"RDRecordDetails.Inventory\"",
        "«RDRecordDetails.Inventory",
        Code::DottedTarget,
        "\"RDRecordDetails.Inventory\" = …",
        "\"RDRecordDetails.Inventory\" = …",
    ),
    bad(
        "RDRecordDetails = \"details_list\"\n\"RDRecordDetails.Inventory\"",
        "«RDRecordDetails.Inventory",
        Code::DottedTarget,
        "\"RDRecordDetails.Inventory\" = …",
        "\"RDRecordDetails.Inventory\" = …",
    ),
    bad(
        "Warehouse = ",
        "«Warehuose = ",
        Code::UnknownTargetField,
        "是不是 Warehouse?",
        "did you mean Warehouse?",
    ),
    bad(
        "\"RDRecordDetails.Inventory\"",
        "«\"RDRecordDetails.Inventry\"",
        Code::UnknownTargetField,
        "是不是 \"RDRecordDetails.Inventory\"?",
        "did you mean \"RDRecordDetails.Inventory\"?",
    ),
    bad(
        "Memo = ",
        "«SomethingElseEntirely = ",
        Code::UnknownTargetField,
        "catalogues/",
        "catalogues/",
    ),
    bad(
        "key = \"dto.ExternalCode\"",
        "key = «\"ExternalCode\"",
        Code::TargetKey,
        "是不是 dto.ExternalCode?",
        "did you mean dto.ExternalCode?",
    ),
    bad(
        "key = \"dto.ExternalCode\"",
        "key = «\"dto.ExternlCode\"",
        Code::TargetKey,
        "是不是 dto.ExternalCode?",
        "did you mean dto.ExternalCode?",
    ),
    bad(
        "key = \"dto.ExternalCode\"",
        "key = «\"dto.Warehouse\"",
        Code::TargetKey,
        "dto.ExternalCode",
        "dto.ExternalCode",
    ),
    // Schedules, times, windows.
    bad("\"*/5 * * * *\"", "«\"61 * * * *\"", Code::Cron, "五段", "five parts"),
    bad(
        "\"Asia/Shanghai\"",
        "«\"Asia/Shanghia\"",
        Code::Zone,
        "Asia/Shanghai",
        "Asia/Shanghai",
    ),
    bad(
        "\"2026-11-01 00:00:00\"",
        "«\"2026-13-01\"",
        Code::Time,
        "2026-11-01 00:00:00",
        "2026-11-01 00:00:00",
    ),
    bad("span = \"1d\"", "span = «\"31d\"", Code::Span, "", ""),
    bad("span = \"1d\"", "span = «\"0s\"", Code::Span, "", ""),
    bad("overlap = \"15m\"", "overlap = «\"1d\"", Code::Span, "", ""),
    bad(
        "overlap = \"15m\"",
        "overlap = «\"15 minutes\"",
        Code::Duration,
        "15m",
        "15m",
    ),
    // Request and show.
    bad(
        "{{LAST_SYNC_TIME|datetime}}",
        "{{LAST_SYNC|datetime}}",
        Code::RequestValue,
        "LAST_SYNC_TIME",
        "LAST_SYNC_TIME",
    ),
    bad(
        "\"sum(details_list.goods_count)\"",
        "«\"avg(details_list.goods_count)\"",
        Code::Expression,
        "sum(",
        "sum(",
    ),
    // References.
    bad(
        "connection = \"wdt\"",
        "connection = «\"wdtt\"",
        Code::UnknownConnection,
        "是不是 wdt?",
        "did you mean wdt?",
    ),
    bad(
        "connection = \"wdt\"",
        "connection = «\"tplus\"",
        Code::WrongSide,
        "",
        "",
    ),
    bad(
        "plugin = \"voucher-checks\"",
        "plugin = «\"voucher-check\"",
        Code::UnknownPlugin,
        "是不是 voucher-checks?",
        "did you mean voucher-checks?",
    ),
    bad(
        "plugin = \"table\"",
        "plugin = «\"plugins/mine.wasm\"",
        Code::UnknownPlugin,
        "table",
        "table",
    ),
    bad(
        "Customer = \"TESTCUST\"",
        "Customer = \"{{shop_no|lookup(«客户对照)}}\"",
        Code::UnknownTable,
        "",
        "",
    ),
    bad(
        "plugin = \"voucher-checks\"",
        "plugin = \"voucher-checks\"\nsettings = { most = «nan }",
        Code::SettingValue,
        "数字",
        "number",
    ),
    bad(
        "title = ",
        "base = «\"sales-out\"\ntitle = ",
        Code::UnknownBase,
        "base/schemes/sales-out.toml",
        "base/schemes/sales-out.toml",
    ),
    bad("title = ", "base = «12\ntitle = ", Code::BareValue, "\"12\"", "\"12\""),
    // Not yet.
    bad(
        "[target]",
        "[after_delivery]\nchanged = «\"resend\"\n[target]",
        Code::Choice,
        "flag",
        "flag",
    ),
    bad(
        "[target]",
        "«[group]\nclose = \"02:00\"\n[target]",
        Code::MissingKey,
        "shop_no",
        "shop_no",
    ),
    bad(
        "[target]",
        "[group]\nby = [\"shop_no\"]\nclose = «\"2 am\"\n[target]",
        Code::Time,
        "02:00",
        "02:00",
    ),
    bad(
        "[target]",
        "[group]\nby = [«\"shop_no|upper\"]\n[target]",
        Code::Expression,
        "consign_time|date",
        "consign_time|date",
    ),
    // TOML itself.
    bad(
        "connection = \"wdt\"",
        "connection = \"wdt«",
        Code::Syntax,
        "引号",
        "quotes",
    ),
    bad("title = ", "«标题 = \"x\"\ntitle = ", Code::Syntax, "中文", "Chinese"),
    bad(
        "\nCode = \"{{order_no}}\"",
        "\nCode = \"{{order_no}}\"\n«Code = \"x\"",
        Code::Syntax,
        "",
        "",
    ),
];

const BAD_PROJECTS: &[Bad] = &[
    bad(
        "auto_deploy = true",
        "«auto_deplyo = true",
        Code::UnknownKey,
        "是不是 auto_deploy?",
        "did you mean auto_deploy?",
    ),
    bad("auto_deploy = true", "auto_deploy = «\"yes\"", Code::WrongType, "", ""),
    bad(
        "sid = \"apidevtest2\"",
        "«seller = \"apidevtest2\"\nsid = \"apidevtest2\"",
        Code::UnknownKey,
        "sid",
        "sid",
    ),
    bad(
        "[connections.wdt]\nkind = \"wdt-qimen\"",
        "«[connections.wdt]",
        Code::MissingKey,
        "kind = \"wdt-qimen\"",
        "kind = \"wdt-qimen\"",
    ),
    bad(
        "app_key = \"12345678\"",
        "app_key = «12345678",
        Code::BareValue,
        "app_key = \"12345678\"",
        "app_key = \"12345678\"",
    ),
    bad(
        "\"http://hu3cgwt0tc.api.taobao.com/router/qm\"",
        "«\"htp://hu3cgwt0tc.api.taobao.com\"",
        Code::Url,
        "router/qm",
        "router/qm",
    ),
    bad(
        "\"http://hu3cgwt0tc.api.taobao.com/router/qm\"",
        "«\"http:///router/qm\"",
        Code::Url,
        "router/qm",
        "router/qm",
    ),
    bad(
        "\"https://openapi.chanjet.com\"",
        "«\"https://openapi.chanjet.com:99999\"",
        Code::Url,
        "chanjet",
        "chanjet",
    ),
    bad(
        "\"https://openapi.chanjet.com\"",
        "«\"https://me:pw@openapi.chanjet.com\"",
        Code::Url,
        "chanjet",
        "chanjet",
    ),
    bad(
        "\"https://openapi.chanjet.com\"",
        "«\"https://open api.chanjet.com\"",
        Code::Url,
        "chanjet",
        "chanjet",
    ),
    bad("kind = \"wdt-qimen\"", "kind = «\"wdt-direct\"", Code::NotYet, "", ""),
    bad(
        "kind = \"tplus-cloud\"",
        "kind = «\"tplus-local\"",
        Code::NotYet,
        "",
        "",
    ),
    bad(
        "kind = \"tplus-cloud\"",
        "kind = «\"tplus-clod\"",
        Code::Choice,
        "是不是 tplus-cloud?",
        "did you mean tplus-cloud?",
    ),
    bad("kind = \"open-token\"", "kind = «\"self-built\"", Code::NotYet, "", ""),
    bad("kind = \"open-token\"", "kind = «\"oauth\"", Code::NotYet, "", ""),
    bad("[store]", "[«apps.main]\nkey = \"1\"\n[store]", Code::NotYet, "", ""),
    bad(
        "\"sqlite:dukou.db\"",
        "«\"postgres://localhost/dukou\"",
        Code::NotYet,
        "sqlite:dukou.db",
        "sqlite:dukou.db",
    ),
    bad(
        "\"sqlite:dukou.db\"",
        "«\"dukou.db\"",
        Code::StoreUrl,
        "sqlite:dukou.db",
        "sqlite:dukou.db",
    ),
    bad(
        "{ env = \"WDT_APP_SECRET\" }",
        "«\"1f3a9c\"",
        Code::LiteralSecret,
        "{ env = \"WDT_APP_SECRET\" }",
        "{ env = \"WDT_APP_SECRET\" }",
    ),
    bad(
        "token = { env = \"TPLUS_OPEN_TOKEN\" }",
        "token = «\"abc\"",
        Code::LiteralSecret,
        "{ env = \"TPLUS_OPEN_TOKEN\" }",
        "{ env = \"TPLUS_OPEN_TOKEN\" }",
    ),
    bad(
        "{ env = \"WDT_APP_SECRET\" }",
        "«{ env = \"A\", file = \"b\" }",
        Code::SecretReference,
        "env",
        "env",
    ),
    bad(
        "{ env = \"WDT_APP_SECRET\" }",
        "«{ secret = \"../x\" }",
        Code::SecretReference,
        "env",
        "env",
    ),
    bad(
        "{ env = \"WDT_APP_SECRET\" }",
        "{ «envv = \"A\" }",
        Code::UnknownKey,
        "是不是 env?",
        "did you mean env?",
    ),
    bad(
        "quarantine = \"5m\"",
        "quarantine = «\"30s\"",
        Code::Quarantine,
        "5m",
        "5m",
    ),
    bad("deadline = \"30s\"", "deadline = «\"30\"", Code::Duration, "30s", "30s"),
    bad(
        "unique_key = \"lookup-only\"",
        "unique_key = «\"lookup\"",
        Code::Choice,
        "lookup-only",
        "lookup-only",
    ),
    bad("in_flight = 1", "in_flight = «0", Code::Range, "", ""),
    bad(
        "[connections.tplus]",
        "[connections.«WDT]\nkind = \"wdt-qimen\"\n[connections.tplus]",
        Code::BadName,
        "",
        "",
    ),
];

/// The text without its mark, and the mark's line and column.
fn unmarked(text: &str) -> (String, Option<(usize, usize)>) {
    let Some(at) = text.find('«') else {
        return (text.to_owned(), None);
    };
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (text.replacen('«', "", 1), Some((line, column)))
}

fn check(path: &str, original: &str, cases: &[Bad]) {
    let mut wrong = Vec::new();
    for case in cases {
        let site = Site::new();
        let (text, place) = unmarked(&edited(original, case.from, case.to));
        site.write(path, &text);
        let (_, errors) = site.load();
        let own: Vec<_> = errors
            .0
            .iter()
            .filter(|error| error.severity == Severity::Error)
            .collect();
        let mut expect = |what: &str, right: bool| {
            if !right {
                wrong.push(format!("{what}: {:?} → {errors}", case.to));
            }
        };
        expect("one mistake, one error", own.len() == 1);
        let Some(error) = own.first() else { continue };
        expect("code", error.code == case.code);
        expect(
            "file",
            error.place.as_ref().is_some_and(|found| found.file.shown() == path),
        );
        expect("place", place.is_none() || error.position() == place);
        expect("exit", errors.exit() == Exit::Definition);
        for (lang, part) in [(Lang::Zh, case.help.0), (Lang::En, case.help.1)] {
            let help = error.help.as_ref().map(|help| help.text(lang)).unwrap_or_default();
            expect("help", help.contains(part));
            let message = error.message.text(lang);
            expect(
                "arguments",
                !message.replace("{…}", "").contains('{') || message.contains("{{"),
            );
            expect("sentence", message.len() > 4 && !message.starts_with("definition."));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bad_scheme_is_one_error_at_its_place_with_a_fix() {
    check("schemes/wdt-to-tplus.toml", SCHEME, BAD_SCHEMES);
}

#[test]
fn every_bad_project_is_one_error_at_its_place_with_a_fix() {
    check("dukou.toml", PROJECT, BAD_PROJECTS);
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let site = Site::new();
    site.write(
        "dukou.toml",
        edited(
            &edited(PROJECT, "quarantine = \"5m\"", "quarantine = \"1s\""),
            "auto_deploy",
            "auto",
        ),
    );
    let text = edited(SCHEME, "BusiType = \"15\"", "BusiType = 0101");
    let text = edited(&text, "Warehouse = ", "Warehose = ");
    site.write("schemes/wdt-to-tplus.toml", edited(&text, "*/5 * * * *", "x"));
    site.write("schemes/b.toml", "title = 1\n");
    site.write(
        "catalogues/c.toml",
        "system = \"tplus\"\napi = \"x\"\ntitle = \"y\"\n[fields]\nA = { labl = \"a\" }\n",
    );
    let codes: Vec<Code> = site.load().1.0.iter().map(|error| error.code).collect();
    for code in [
        Code::Quarantine,
        Code::UnknownKey,
        Code::BareValue,
        Code::Cron,
        Code::MissingKey,
        Code::Catalogue,
    ] {
        assert!(codes.contains(&code), "{code:?} is not in {codes:?}");
    }
    assert_eq!(
        codes.iter().filter(|code| **code == Code::MissingKey).count(),
        3,
        "source, target, mapping of b.toml"
    );
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let site = Site::new();
    site.write("schemes/wdt-to-tplus.toml", b"title = \"\xb5\xa5\"\n");
    assert_eq!(site.load().1.0[0].code, Code::NotUtf8);
    let empty = tempfile::tempdir().unwrap();
    let errors = crate::settings::Project::load(empty.path()).unwrap_err();
    assert_eq!(errors.0[0].code, Code::Unreadable);
    assert!(errors.render(Lang::En, false).contains("dukou init"));
}

fn shown(from: &str, to: &str, lang: Lang) -> String {
    let site = Site::new();
    site.write("schemes/wdt-to-tplus.toml", edited(SCHEME, from, to));
    site.load().1.render(lang, false)
}

#[test]
fn a_report_shows_code_place_and_fix_in_chinese() {
    insta::assert_snapshot!(shown("Warehouse = ", "Warehuose = ", Lang::Zh), @r##"
    错误[S0405] /tplus/api/v2/saleDispatch/Create 的字段目录里没有目标字段 Warehuose
       ╭─[schemes/wdt-to-tplus.toml:32:1]
    32 │ Warehuose = "TEST_CK01"
       │ ─────────
       ╰─
    帮助: 是不是 Warehouse?
    文档: docs/reference/errors.md#s0405
    "##);
    insta::assert_snapshot!(shown("BusiType = \"15\"", "BusiType = 0101", Lang::Zh), @r##"
    错误[S0104] `BusiType` 需要文本, 这里的 0101 没有引号
       ╭─[schemes/wdt-to-tplus.toml:31:12]
    31 │ BusiType = 0101
       │            ────
       ╰─
    帮助: 编码是文本, 不是数字, 这样开头的 0 不会丢: BusiType = "0101"
    文档: docs/reference/errors.md#s0104
    "##);
    insta::assert_snapshot!(shown("\"来自旺店通{{details_list.stockout_id}}\"", "\"来自旺店通{{details_list.stockot_id}}\"\n\"X.备注\" = \"来自\"", Lang::Zh), @r##"
    错误[S0405] /tplus/api/v2/saleDispatch/Create 的字段目录里没有目标字段 X.备注
       ╭─[schemes/wdt-to-tplus.toml:43:1]
    43 │ "X.备注" = "来自"
       │ ────────
       ╰─
    帮助: 自定义字段请写进 catalogues/ 下的字段目录
    文档: docs/reference/errors.md#s0405

    警告[S0311] wdt.stockout.order.query.trade 的字段目录里没有来源字段 details_list.stockot_id
       ╭─[schemes/wdt-to-tplus.toml:42:40]
    42 │ "RDRecordDetails.DetailMemo" = "来自旺店通{{details_list.stockot_id}}"
       │                                             ───────────────────────
       ╰─
    帮助: 是不是 details_list.stockout_id?
    文档: docs/reference/errors.md#s0311
    "##);
}

#[test]
fn a_report_shows_code_place_and_fix_in_english() {
    insta::assert_snapshot!(shown("\"RDRecordDetails.Inventory\"", "RDRecordDetails.Inventory", Lang::En), @r##"
    error[S0406] target path RDRecordDetails.Inventory has a dot and no quotes
       ╭─[schemes/wdt-to-tplus.toml:38:1]
    38 │ RDRecordDetails.Inventory = "2121"
       │ ─────────────────────────
       ╰─
    help: quote the whole key: "RDRecordDetails.Inventory" = …
    docs: docs/reference/errors.md#s0406
    "##);
    insta::assert_snapshot!(shown("connection = \"wdt\"", "connection = \"wdtt\"", Lang::En), @r##"
    error[S0301] dukou.toml has no connection "wdtt"
      ╭─[schemes/wdt-to-tplus.toml:4:14]
    4 │ connection = "wdtt"
      │              ──────
      ╰─
    help: did you mean wdt?
    docs: docs/reference/errors.md#s0301
    "##);
}

#[test]
fn colours_are_only_for_terminals_and_json_has_the_same_content() {
    let site = Site::new();
    site.write(
        "schemes/wdt-to-tplus.toml",
        edited(SCHEME, "BusiType = \"15\"", "BusiType = 15"),
    );
    let errors = site.load().1;
    assert!(!errors.render(Lang::En, false).contains('\u{1b}'));
    let json = errors.to_json(Lang::En);
    assert_eq!(
        json[0],
        serde_json::json!({
            "code": "S0104",
            "severity": "error",
            "message": "`BusiType` takes text, and 15 here has no quotes",
            "help": "codes are text, not numbers, so that leading zeros stay: BusiType = \"15\"",
            "file": "schemes/wdt-to-tplus.toml",
            "line": 31,
            "column": 12,
            "end_line": 31,
            "end_column": 14,
            "doc": "docs/reference/errors.md#s0104",
        })
    );
}

#[test]
fn control_characters_in_files_cannot_steer_a_terminal() {
    let text = shown("title = ", "titel = \"\u{9b}31m\" # \u{7}\ntitle = ", Lang::En);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}
