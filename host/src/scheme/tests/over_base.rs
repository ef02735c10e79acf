//! Schemes over a base: how the two merge, and that every mistake points into the file that makes it.

use proptest::prelude::*;

use super::super::{Code, Scheme, Severity};
use super::{PROJECT, SCHEME, Site, edited};
use crate::lang::Lang;
use crate::settings::Project;

const TENANT: &str = "title = \"蓝猫\"\ntags = [\"vip\", \"cloud\"]\nowner = \"li\"\n";
pub(super) const OWN: &str = "base = \"sales-out\"\ntitle = \"蓝猫销售出库\"\n";

/// The example as a base, and a tenant's scheme over it.
pub(super) fn site(own: &str) -> Site {
    let site = Site {
        dir: tempfile::tempdir().unwrap(),
    };
    site.write("dukou.toml", PROJECT);
    site.write("base/schemes/sales-out.toml", SCHEME);
    site.write("tenants/lanmao/tenant.toml", TENANT);
    site.write("tenants/lanmao/schemes/sales-out.toml", own);
    site
}

fn over(own: &str) -> Scheme {
    site(&format!("{OWN}{own}")).scheme()
}

#[test]
fn a_scheme_that_says_nothing_is_its_base() {
    let scheme = over("");
    assert_eq!(scheme.name.to_string(), "lanmao/sales-out");
    assert_eq!(scheme.title, "蓝猫销售出库");
    assert_eq!(scheme.bases, ["sales-out"]);
    assert!(scheme.warnings.is_empty(), "{:?}", scheme.warnings);
    let whole = Site::new().scheme();
    assert_eq!(scheme.mapping.settings, whole.mapping.settings);
    assert_eq!(scheme.environment(), whole.environment());
    assert_eq!(scheme.source.request, whole.source.request);
}

/// Fields of the mapping: what the scheme says, and a part of the settings that comes of it.
#[test]
fn overridden_fields_keep_their_place_and_new_ones_follow() {
    for (own, part) in [
        (
            "[mapping.settings.fields]\nWarehouse = \"CK9\"\n",
            r#""BusiType":"15","Warehouse":"CK9","DispatchAddress""#,
        ),
        (
            "[mapping.settings.fields]\nTransDocNo = false\n",
            r#""TransDocNo":false,"DeliveryCode""#,
        ),
        (
            "[mapping.settings.fields]\n\"RDRecordDetails.Inventory\" = \"3131\"\nMaker = \"li\"\n",
            r#""RDRecordDetails.Amount":"","Maker":"li"}}"#,
        ),
        (
            "[mapping.settings]\nskip = [{ when = \"order_type != 1\", reason = \"非销售\" }]\n",
            r#"]},"skip""#,
        ),
        (
            "[mapping]\nsettings = { fields = { Memo = \"甲\" } }\n",
            r#""Memo":"甲","RDRecordDetails""#,
        ),
    ] {
        let part = if own.contains("skip") {
            r#"},"skip":[{"when""#
        } else {
            part
        };
        let own = own.replace("Maker = \"li\"", "priuserdefnvc9 = \"li\"");
        let part = part.replace("Maker", "priuserdefnvc9");
        let site = site(&format!("{OWN}{own}"));
        site.write(
            "tenants/lanmao/catalogues/own.toml",
            "system = \"tplus\"\napi = \"/tplus/api/v2/saleDispatch/Create\"\ntitle = \"x\"\n[fields]\npriuserdefnvc9 = { label = \"制单\", type = \"text\" }\n",
        );
        let settings = site.scheme().mapping.settings;
        assert!(settings.contains(&part), "{own}\n{settings}");
    }
}

#[test]
fn lists_replace_and_an_empty_one_takes_the_bases_away() {
    assert_eq!(over("").validations.len(), 1);
    assert!(over("validation = []\n").validations.is_empty());
    let two = over(
        "[[validation]]\nplugin = \"voucher-checks\"\n[[validation]]\nplugin = \"voucher-checks\"\nsettings = { a = 1 }\n",
    );
    assert_eq!(
        (two.validations.len(), two.validations[1].settings.as_str()),
        (2, r#"{"a":1}"#)
    );
    assert_eq!(over("show = { columns = [\"shop_no\"] }\n").show.columns(), ["shop_no"]);
}

#[test]
fn inline_tables_merge_too() {
    let scheme = over("[source]\nwindow = { span = \"2d\" }\nschedule = { cron = \"*/15 * * * *\" }\n");
    assert_eq!(scheme.source.window.span.as_secs(), 2 * 86_400);
    assert_eq!(scheme.source.window.overlap.as_secs(), 900, "the base's");
    assert_eq!(scheme.source.schedule.pattern(), "*/15 * * * *");
    assert_eq!(scheme.source.zone, chrono_tz::Asia::Shanghai);
}

#[test]
fn a_base_may_stand_on_a_base_and_a_scheme_of_the_project_on_either() {
    let site = site("base = \"middle\"\n[mapping.settings.fields]\nMemo = \"三\"\n");
    site.write(
        "base/schemes/middle.toml",
        "base = \"sales-out\"\n[mapping.settings.fields]\nMemo = \"二\"\nBusiType = \"16\"\n",
    );
    site.write("schemes/own.toml", "base = \"middle\"\n");
    let (schemes, errors) = site.load();
    assert!(errors.is_empty(), "{errors}");
    assert_eq!(schemes.len(), 2);
    let (own, lanmao) = (&schemes[0], &schemes[1]);
    assert_eq!(
        (own.name.to_string(), lanmao.name.to_string()),
        ("own".into(), "lanmao/sales-out".into())
    );
    assert!(own.mapping.settings.contains(r#""BusiType":"16""#) && own.mapping.settings.contains(r#""Memo":"二""#));
    assert!(lanmao.mapping.settings.contains(r#""Memo":"三""#));
    assert_eq!(lanmao.bases, ["middle", "sales-out"]);
}

/// A mistake: the file that is edited, what stands in it, with `«` where the finding must point.
struct Wrong {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: Code,
    help: &'static str,
}

pub(super) const BASE_FILE: &str = "base/schemes/sales-out.toml";
pub(super) const OWN_FILE: &str = "tenants/lanmao/schemes/sales-out.toml";
const TENANT_FILE: &str = "tenants/lanmao/tenant.toml";

const fn wrong(file: &'static str, from: &'static str, to: &'static str, code: Code, help: &'static str) -> Wrong {
    Wrong {
        file,
        from,
        to,
        code,
        help,
    }
}

/// The tenant's scheme that is edited.
const RICHER: &str = "base = \"sales-out\"\n\
    title = \"蓝猫\"\n\
    [source.schedule]\n\
    cron = \"*/10 * * * *\"\n\
    [mapping.settings.fields]\n\
    Warehouse = \"CK9\"\n\
    \"RDRecordDetails.Inventory\" = \"{{details_list.spec_no}}\"\n\
    [[validation]]\n\
    plugin = \"voucher-checks\"\n\
    settings = { most = 3 }\n\
    [target]\n\
    schedule = { cron = \"*/2 * * * *\" }\n";

const WRONG: &[Wrong] = &[
    wrong(
        BASE_FILE,
        "BusiType = \"15\"",
        "BusiType = «15",
        Code::BareValue,
        "BusiType = \"15\"",
    ),
    wrong(
        BASE_FILE,
        "VoucherType = ",
        "«VoucherTyp = ",
        Code::UnknownTargetField,
        "VoucherType",
    ),
    wrong(BASE_FILE, "span = \"1d\"", "span = «\"40d\"", Code::Span, ""),
    wrong(
        BASE_FILE,
        "[source]\nconnection = \"wdt\"",
        "«[source]",
        Code::MissingKey,
        "connection",
    ),
    wrong(
        BASE_FILE,
        "connection = \"wdt\"",
        "connection = «\"wtd\"",
        Code::UnknownConnection,
        "wdt",
    ),
    wrong(BASE_FILE, "[show]", "[«shwo]", Code::UnknownKey, "show"),
    wrong(
        BASE_FILE,
        "connection = \"tplus\"",
        "connection = \"tplus«",
        Code::Syntax,
        "",
    ),
    wrong(
        BASE_FILE,
        "\"{{consign_time|date}}\"",
        "\"{{consign_tme|lookup(«日期)}}\"",
        Code::UnknownTable,
        "",
    ),
    wrong(
        OWN_FILE,
        "Warehouse = \"CK9\"",
        "«Warehuose = \"CK9\"",
        Code::UnknownTargetField,
        "Warehouse",
    ),
    wrong(
        OWN_FILE,
        "Warehouse = \"CK9\"",
        "Warehouse = «0101",
        Code::BareValue,
        "\"0101\"",
    ),
    wrong(
        OWN_FILE,
        "[source.schedule]\ncron",
        "[source]\nschedule.«crom",
        Code::UnknownKey,
        "cron",
    ),
    wrong(
        OWN_FILE,
        "cron = \"*/10 * * * *\"",
        "cron = «\"61 * * * *\"",
        Code::Cron,
        "",
    ),
    wrong(
        OWN_FILE,
        "\"voucher-checks\"",
        "«\"voucher-check\"",
        Code::UnknownPlugin,
        "voucher-checks",
    ),
    wrong(OWN_FILE, "most = 3", "most = «nan", Code::SettingValue, ""),
    wrong(
        OWN_FILE,
        "base = \"sales-out\"",
        "base = «\"sales-uot\"",
        Code::UnknownBase,
        "sales-out",
    ),
    wrong(
        OWN_FILE,
        "base = \"sales-out\"",
        "base = «15",
        Code::BareValue,
        "\"15\"",
    ),
    wrong(
        OWN_FILE,
        "[target]\nschedule = { cron = \"*/2 * * * *\" }\n",
        "[target]\nconnection = «\"wdt\"\n",
        Code::WrongSide,
        "",
    ),
    wrong(
        OWN_FILE,
        "{{details_list.spec_no}}",
        "{{details_list.spec_no|lookup(«存货)}}",
        Code::UnknownTable,
        "",
    ),
    wrong(OWN_FILE, "title = ", "«colour = \"x\"\ntitle = ", Code::UnknownKey, ""),
    wrong(TENANT_FILE, "owner = ", "«ownr = ", Code::UnknownKey, "owner"),
    wrong(TENANT_FILE, "\"vip\"", "«\"a b\"", Code::Tag, ""),
    wrong(
        TENANT_FILE,
        "owner = \"li\"\n",
        "[connections.wdt]\nkind = «\"wdt\"\n",
        Code::Choice,
        "",
    ),
    wrong(
        TENANT_FILE,
        "owner = \"li\"\n",
        "[connections.own]\nkind = \"wdt-qimen\"\nurl = \"http://127.0.0.1:8781/router/qm\"\napp_key = \"1\"\nsid = \"s\"\napp_secret = «{ file = \"tenants/other/secrets/x\" }\n",
        Code::ForeignSecret,
        "",
    ),
];

#[test]
fn every_mistake_points_into_the_file_that_makes_it() {
    let mut faults = Vec::new();
    for case in WRONG {
        let site = site(RICHER);
        let original = std::fs::read_to_string(site.root().join(case.file)).unwrap();
        let text = edited(&original, case.from, case.to);
        let at = text.find('«').map(|at| {
            let before = &text[..at];
            (
                before.matches('\n').count() + 1,
                before.rsplit('\n').next().unwrap().chars().count() + 1,
            )
        });
        site.write(case.file, text.replacen('«', "", 1));
        let errors = site.load().1;
        let own: Vec<_> = errors
            .0
            .iter()
            .filter(|error| error.severity == Severity::Error)
            .collect();
        // A break in the base's syntax may lose what others stand on; the first finding is the break.
        let found = own.iter().find(|error| error.code == case.code);
        let seen = found.and_then(|error| Some((error.place.as_ref()?.file.shown().to_owned(), error.position()?)));
        let wanted = at.map(|at| (case.file.to_owned(), at));
        let help = |lang| {
            found
                .and_then(|error| error.help.as_ref())
                .map(|help| help.text(lang))
                .unwrap_or_default()
        };
        let helps = [Lang::Zh, Lang::En]
            .into_iter()
            .all(|lang| help(lang).contains(case.help));
        if seen != wanted || own.len() != 1 || !helps {
            faults.push(format!("{} {:?} → {errors}", case.file, case.to));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn reports_show_the_line_of_the_base_and_of_the_tenant() {
    let in_base = site(RICHER);
    in_base.write(BASE_FILE, edited(SCHEME, "BusiType = \"15\"", "BusiType = 15"));
    insta::assert_snapshot!(in_base.load().1.render(Lang::Zh, false), @r##"
    错误[S0104] `BusiType` 需要文本, 这里的 15 没有引号
       ╭─[base/schemes/sales-out.toml:31:12]
    31 │ BusiType = 15
       │            ──
       ╰─
    帮助: 编码是文本, 不是数字, 这样开头的 0 不会丢: BusiType = "15"
    方案: lanmao/sales-out
    文档: docs/reference/errors.md#s0104
    "##);
    let in_own = site(&edited(RICHER, "Warehouse = ", "Warehuose = "));
    insta::assert_snapshot!(in_own.load().1.render(Lang::En, false), @r##"
    error[S0405] the catalogue of /tplus/api/v2/saleDispatch/Create has no target field Warehuose
      ╭─[tenants/lanmao/schemes/sales-out.toml:6:1]
    6 │ Warehuose = "CK9"
      │ ─────────
      ╰─
    help: did you mean Warehouse?
    docs: docs/reference/errors.md#s0405
    "##);
}

#[test]
fn a_finding_in_a_base_names_the_scheme_it_was_found_for() {
    let slip = edited(SCHEME, "Warehouse = ", "Warehuose = ");
    let site = site(OWN);
    site.write(BASE_FILE, &slip);
    let errors = site.load().1;
    let finding = errors.0.first().unwrap();
    assert_eq!(finding.place.as_ref().unwrap().file.shown(), BASE_FILE);
    assert_eq!(finding.found_for, ["lanmao/sales-out"]);
    assert_eq!(
        finding.to_json(Lang::En)["schemes"],
        serde_json::json!(["lanmao/sales-out"])
    );
    let scheme = self::site(RICHER).scheme();
    let found_for = |path: &str| scheme.setting_error(&scheme.mapping, path, "x", "…").found_for;
    assert_eq!(found_for("fields.BusiType"), ["lanmao/sales-out"], "in the base");
    assert!(found_for("fields.Warehouse").is_empty(), "in its own file");
}

#[test]
fn a_connection_that_a_tenant_lacks_belongs_into_the_tenants_file() {
    let site = site(OWN);
    site.write(
        BASE_FILE,
        edited(SCHEME, "connection = \"tplus\"", "connection = \"books\""),
    );
    let errors = site.load().1;
    let finding = errors.0.first().unwrap();
    assert_eq!((errors.0.len(), finding.code), (1, Code::UnknownConnection));
    for lang in [Lang::Zh, Lang::En] {
        let (message, help) = (finding.message.text(lang), finding.help.as_ref().unwrap().text(lang));
        assert!(message.contains("lanmao") && message.contains("\"books\""), "{message}");
        assert!(
            help.contains("[connections.books]") && help.contains(TENANT_FILE),
            "{help}"
        );
    }
    let project = Project::load(site.root()).unwrap();
    let of_default = project.connection("default", "books").unwrap_err().0.remove(0);
    assert!(
        of_default
            .message
            .text(Lang::En)
            .contains("dukou.toml has no connection")
    );
}

#[test]
fn a_plugins_complaint_points_into_the_base_or_the_tenant() {
    let scheme = site(RICHER).scheme();
    let at = |path: &str| {
        let finding = scheme.setting_error(&scheme.mapping, path, "x", "…");
        let place = finding.place.as_ref().unwrap();
        (place.file.shown().to_owned(), finding.position().unwrap())
    };
    assert_eq!(at("fields.BusiType"), (BASE_FILE.to_owned(), (31, 12)));
    assert_eq!(at("fields.Warehouse"), (OWN_FILE.to_owned(), (6, 13)));
    assert_eq!(at("fields.RDRecordDetails.Inventory"), (OWN_FILE.to_owned(), (7, 31)));
}

#[test]
fn bases_that_stand_on_each_other_are_told_where_the_circle_closes() {
    for (own, base, file) in [
        ("base = \"one\"\n", "base = \"one\"\n", "base/schemes/one.toml"),
        ("base = \"one\"\n", "base = \"two\"\n", "base/schemes/two.toml"),
    ] {
        let site = site(own);
        site.write("base/schemes/one.toml", base);
        site.write("base/schemes/two.toml", "base = \"one\"\n");
        let errors = site.load().1;
        assert_eq!(errors.0.len(), 1, "{errors}");
        assert_eq!(errors.0[0].code, Code::BaseCycle);
        assert_eq!(errors.0[0].place.as_ref().unwrap().file.shown(), file);
        assert_eq!(errors.0[0].position(), Some((1, 8)));
        let message = errors.0[0].message.text(Lang::En);
        assert!(message.ends_with("→ base/schemes/one.toml"), "{message}");
    }
}

#[test]
fn what_the_base_says_already_is_a_warning_at_its_line() {
    let scheme = over(
        "[mapping.settings.fields]\nWarehouse = \"TEST_CK01\"\nMemo = \"x\"\n[[validation]]\nplugin = \"voucher-checks\"\n",
    );
    let seen: Vec<_> = scheme
        .warnings
        .iter()
        .map(|warning| {
            (
                warning.code,
                warning.position().unwrap(),
                warning.message.text(Lang::En),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                Code::SameAsBase,
                (4, 1),
                "`mapping.settings.fields.Warehouse` says what the base says at base/schemes/sales-out.toml:32"
                    .to_owned()
            ),
            (
                Code::SameAsBase,
                (6, 3),
                "`validation` says what the base says at base/schemes/sales-out.toml:47".to_owned()
            ),
        ]
    );
}

#[test]
fn bases_are_checked_also_where_no_scheme_stands_on_them() {
    let check = |base: &str, used: bool| {
        let site = site(if used { OWN } else { SCHEME });
        site.write(BASE_FILE, base);
        let project = Project::load(site.root()).unwrap();
        let found = project.check_bases();
        found
            .iter()
            .map(|finding| (finding.code, finding.position().unwrap().0))
            .collect::<Vec<_>>()
    };
    assert_eq!(check(SCHEME, false), []);
    let slip = edited(SCHEME, "Warehouse = ", "Warehuose = ");
    assert_eq!(check(&slip, false), [(Code::UnknownTargetField, 32)]);
    // What a tenant may bring is judged with the tenant.
    assert_eq!(check(&slip, true), []);
    let table = edited(SCHEME, "\"TESTCUST\"", "\"{{shop_no|lookup(客户)}}\"");
    assert_eq!(check(&table, false), [(Code::UnknownTable, 28)]);
    assert_eq!(check(&table, true), []);
    // A connection may be each tenant's own, and keys may be left to the tenants; the fields are checked all the same.
    let open = edited(&slip, "connection = \"tplus\"", "connection = \"theirs\"");
    assert_eq!(check(&open, false), [(Code::UnknownTargetField, 32)]);
    assert_eq!(check(&edited(SCHEME, "connection = \"tplus\"\n", ""), false), []);
    assert_eq!(check(&edited(SCHEME, "\"15\"", "15"), true), [(Code::BareValue, 31)]);
    assert_eq!(check("base = \"none\"\n", false), [(Code::UnknownBase, 1)]);
}

/// Keys of the mapping's fields, each perhaps moved into the scheme.
const FIELDS: [&str; 8] = [
    "VoucherType = \"ST1021\"",
    "BusiType = \"15\"",
    "Warehouse = \"TEST_CK01\"",
    "Memo = \"来自旺店通\"",
    "DispatchAddress = \"{{receiver_address}}\"",
    "\"RDRecordDetails.Inventory\" = \"2121\"",
    "\"RDRecordDetails.Batch\" = \"\"",
    "\"RDRecordDetails.Amount\" = \"\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// However a definition is divided between a base and a scheme, it is the same definition.
    #[test]
    fn a_divided_definition_is_the_whole_one(moved in proptest::collection::vec(any::<bool>(), FIELDS.len()), span in any::<bool>()) {
        let site = Site::new();
        let whole = site.scheme();
        let mut base = SCHEME.to_owned();
        let mut own = "base = \"divided\"\n".to_owned();
        if span {
            base = edited(&base, "span = \"1d\"", "span = \"3d\"");
            own.push_str("[source.window]\nspan = \"1d\"\n");
        }
        own.push_str("[mapping.settings.fields]\n");
        for (field, _) in FIELDS.iter().zip(&moved).filter(|(_, moved)| **moved) {
            let (key, _) = field.split_once(" = ").unwrap();
            base = edited(&base, field, &format!("{key} = \"of the base\""));
            own.push_str(&format!("{field}\n"));
        }
        site.write("base/schemes/divided.toml", base);
        site.write("schemes/wdt-to-tplus.toml", own);
        let divided = site.scheme();
        prop_assert_eq!(divided.definition_json(), whole.definition_json());
        prop_assert!(divided.warnings.is_empty());
    }
}
