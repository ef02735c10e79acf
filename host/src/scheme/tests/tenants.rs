//! Tenants: whose connections, secrets, tables and plugins a scheme gets, and that one tenant's mistakes are its own.

use dukou_core::names::{SchemeName, TargetName};
use secrecy::ExposeSecret as _;

use super::super::{Code, PluginAt};
use super::{PROJECT, SCHEME, Site, edited};
use crate::exit::Exit;
use crate::lang::Lang;
use crate::settings::{ConnectionKind, Project};

/// A tenant's own T+ account.
fn tplus(account: &str, secret: &str) -> String {
    format!(
        "[connections.tplus]\nkind = \"tplus-cloud\"\nurl = \"http://127.0.0.1:8782\"\napp_key = \"isv\"\n\
         app_secret = {{ secret = \"{secret}\" }}\nauth = {{ kind = \"open-token\", token = {{ secret = \"{secret}\" }} }}\n\
         account = \"{account}\"\nquarantine = \"7m\"\n"
    )
}

/// Two tenants over one base; the first has an account of its own.
fn two() -> Site {
    let site = Site::new();
    site.write("base/schemes/sales.toml", SCHEME);
    site.write(
        "tenants/a/tenant.toml",
        format!("title = \"甲\"\ntags = [\"vip\"]\n{}", tplus("a", "key")),
    );
    site.write("tenants/b/tenant.toml", "title = \"乙\"\n");
    for tenant in ["a", "b"] {
        site.write(&format!("tenants/{tenant}/schemes/sales.toml"), "base = \"sales\"\n");
    }
    site
}

fn name(text: &str) -> SchemeName {
    SchemeName::parse(text).unwrap()
}

#[test]
fn schemes_of_all_tenants_stand_beside_those_of_the_project() {
    let site = two();
    let project = Project::load(site.root()).unwrap();
    let names: Vec<String> = project
        .scheme_names()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["wdt-to-tplus", "a/sales", "b/sales"]);
    assert_eq!(project.load_all().0.len(), 3);
    assert_eq!(project.choose(Some("a/sales")).unwrap(), name("a/sales"));
    let unknown = project.choose(Some("a/sale")).unwrap_err().to_string();
    assert!(unknown.contains("a/sale"), "{unknown}");
    assert_eq!(
        project.load_scheme(&name("c/sales")).unwrap_err().exit(),
        Exit::NotFound
    );
    assert_eq!(project.tags("a"), ["vip"]);
    assert!(project.tags("b").is_empty() && project.tags("default").is_empty());
    assert_eq!(project.tenants["a"].title, "甲");
    assert!(project.tenants["a"].has_tag("vip"));
}

#[test]
fn a_stored_definition_reads_back_for_its_tenant() {
    let site = two();
    let project = Project::load(site.root()).unwrap();
    let scheme = project.load_scheme(&name("a/sales")).unwrap();
    let stored = scheme.definition_json();
    let back = super::super::Scheme::from_definition(&project, &stored).unwrap();
    assert_eq!((back.name, back.file), (scheme.name, scheme.file));
}

#[test]
fn a_tenants_own_connection_comes_before_the_projects() {
    let site = two();
    let project = Project::load(site.root()).unwrap();
    let account = |tenant: &str| match &project.connection(tenant, "tplus").unwrap().kind {
        ConnectionKind::TplusCloud(settings) => settings.account_name(),
        other => panic!("{other:?}"),
    };
    assert_eq!((account("a").as_str(), account("b")), ("a", account("default")));
    assert_eq!(project.connection("a", "tplus").unwrap().tenant.as_deref(), Some("a"));
    assert_eq!(project.connection("b", "tplus").unwrap().tenant, None);
    assert_eq!(
        project.connection("a", "wdt").unwrap().tenant,
        None,
        "the project's, where it has none"
    );
    let errors = project.connection("a", "tpuls").unwrap_err();
    assert_eq!(errors.0[0].help.as_ref().unwrap().text(Lang::En), "did you mean tplus?");
    assert_eq!(
        project.connection("c", "tplus").unwrap_err().0[0].code,
        Code::UnknownTenant
    );
    let quarantine = |tenant: &str, account: &str| {
        project.quarantine_ms(&TargetName {
            tenant: tenant.into(),
            account: account.into(),
            api: "x".into(),
        })
    };
    assert_eq!((quarantine("a", "a"), quarantine("b", "a")), (420_000, 300_000));
}

#[test]
fn the_projects_account_never_stands_in_for_a_tenants_that_cannot_be_read() {
    for (file, text) in [
        ("tenants/a/tenant.toml", format!("title = \"甲\n{}", tplus("a", "key"))),
        (
            "tenants/a/tenant.toml",
            edited(&tplus("a", "key"), "kind = \"tplus-cloud\"", "kind = \"tplus\""),
        ),
        (
            "tenants/a/tenant.toml",
            edited(&tplus("a", "key"), "connections.tplus", "connection.tplus"),
        ),
    ] {
        let site = two();
        site.write(file, text);
        let project = Project::load(site.root()).expect("one tenant's slip stops nobody else");
        assert!(project.connection("a", "tplus").is_err());
        let errors = project.load_scheme(&name("a/sales")).unwrap_err();
        assert!(
            errors
                .0
                .iter()
                .all(|error| error.place.as_ref().unwrap().file.shown() == file),
            "{errors}"
        );
        project.load_scheme(&name("b/sales")).unwrap();
    }
    let site = two();
    std::fs::remove_file(site.root().join("tenants/a/tenant.toml")).unwrap();
    let project = Project::load(site.root()).unwrap();
    let errors = project.connection("a", "tplus").unwrap_err();
    assert_eq!(errors.0[0].code, Code::Unreadable);
    assert!(errors.render(Lang::En, false).contains("dukou tenant new a"));
    std::fs::remove_dir_all(site.root().join("tenants/a")).unwrap();
    let project = Project::load(site.root()).unwrap();
    assert_eq!(
        project.connection("a", "tplus").unwrap_err().0[0].code,
        Code::UnknownTenant
    );
}

#[cfg(unix)]
#[test]
fn a_tenants_secret_is_its_own_before_the_projects_and_never_another_tenants() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = two();
    site.write("tenants/b/tenant.toml", tplus("b", "key"));
    let put = |path: &str, text: &str| {
        site.write(path, text);
        std::fs::set_permissions(site.root().join(path), std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let secret = |tenant: &str| {
        let project = Project::load(site.root()).unwrap();
        let secrets = project.connection(tenant, "tplus").unwrap().kind.secrets()[0].clone();
        secrets
            .resolve(&project.root)
            .map(|secret| secret.expose_secret().to_owned())
    };
    let missing = secret("a").unwrap_err();
    assert_eq!(missing.exit(), Exit::Secret);
    assert!(missing.to_string().contains("tenants/a/secrets/key"), "{missing}");
    put("tenants/b/secrets/key", "of b");
    assert!(secret("a").is_err());
    put("secrets/key", "of all");
    assert_eq!(
        (secret("a").unwrap().as_str(), secret("b").unwrap().as_str()),
        ("of all", "of b")
    );
    put("tenants/a/secrets/key", "of a");
    assert_eq!(secret("a").unwrap(), "of a");
}

#[test]
fn tables_and_plugins_are_the_tenants_first() {
    let site = two();
    let own = "base = \"sales\"\n[mapping.settings.fields]\nCustomer = \"{{shop_no|lookup(客户)}}\"\n[[validation]]\nplugin = \"extra\"\n";
    site.write("tenants/a/schemes/sales.toml", own);
    site.write("tenants/b/schemes/sales.toml", own);
    site.write("tenants/a/tables/客户.csv", "店铺,客户\n01,A\n");
    site.write("tenants/a/plugins/extra.wasm", "");
    let (schemes, errors) = site.load();
    let codes: Vec<_> = errors
        .0
        .iter()
        .map(|error| (error.code, error.place.as_ref().unwrap().file.shown()))
        .collect();
    assert_eq!(
        codes,
        [
            (Code::UnknownTable, "tenants/b/schemes/sales.toml"),
            (Code::UnknownPlugin, "tenants/b/schemes/sales.toml")
        ],
        "what is a's is not b's"
    );
    assert_eq!(
        schemes[1].validations[0].at,
        PluginAt::File("tenants/a/plugins/extra.wasm".into())
    );
    site.write("tables/客户.csv", "店铺,客户\n01,ALL\n");
    site.write("plugins/extra.wasm", "");
    let (schemes, errors) = site.load();
    assert!(errors.is_empty(), "{errors}");
    assert_eq!(
        schemes[2].validations[0].at,
        PluginAt::File("plugins/extra.wasm".into())
    );
    let project = Project::load(site.root()).unwrap();
    let row = |tenant: &str| project.table(tenant, "客户").unwrap().row("01").unwrap().to_owned();
    assert!(row("a").contains("\"A\"") && row("b").contains("ALL") && row("default").contains("ALL"));
    assert_eq!(project.table_names("a"), ["客户"]);
}

#[test]
fn folders_that_name_no_tenant_and_files_that_nobody_reads_are_told() {
    let site = two();
    for folder in [
        "tenants/Big Shop",
        "tenants/default",
        "tenants/.git",
        "tenants/a/scheme",
        "tenants/a/docs",
    ] {
        std::fs::create_dir_all(site.root().join(folder)).unwrap();
    }
    site.write("tenants/b/schemes/Bad Name.toml", "");
    let (project, errors) = Project::read(site.root()).unwrap();
    let helps: Vec<String> = errors
        .iter()
        .map(|error| error.help.as_ref().unwrap().text(Lang::En))
        .collect();
    assert_eq!(
        helps,
        [
            "rename tenants/Big Shop",
            "default is the tenant of schemes/; rename tenants/default"
        ]
    );
    assert_eq!(
        project.scheme_names().unwrap().len(),
        3,
        "a tenant's stray file stops nobody"
    );
    assert_eq!(project.load_all().1.0[0].code, Code::BadName);
    let warnings: Vec<_> = project.tenants["a"]
        .warnings
        .iter()
        .map(|warning| {
            (
                warning.code,
                warning.message.text(Lang::En),
                warning.help.as_ref().unwrap().text(Lang::En),
            )
        })
        .collect();
    assert_eq!(warnings[0].1, "nobody reads the folder tenants/a/docs");
    assert_eq!(warnings[1].0, Code::StrayFolder);
    assert_eq!(warnings[1].2, "did you mean schemes?");
}

#[test]
fn tenants_that_write_to_one_account_are_warned_of() {
    let site = two();
    let project = Project::load(site.root()).unwrap();
    let shared = project.shared_accounts(&project.load_all().0);
    assert_eq!(
        shared.len(),
        1,
        "b and default use the project's account, a has its own"
    );
    assert_eq!(shared[0].code, Code::SharedAccount);
    let message = shared[0].message.text(Lang::En);
    assert!(
        message.starts_with("tenants b and default both write to /tplus/api/v2/saleDispatch/Create of account"),
        "{message}"
    );
    assert_eq!(shared[0].place.as_ref().unwrap().file.shown(), "dukou.toml");
    site.write("tenants/b/tenant.toml", tplus("a", "key"));
    let project = Project::load(site.root()).unwrap();
    let shared = project.shared_accounts(&project.load_all().0);
    assert_eq!(shared[0].place.as_ref().unwrap().file.shown(), "tenants/b/tenant.toml");
    site.write("tenants/b/tenant.toml", tplus("b", "key"));
    let project = Project::load(site.root()).unwrap();
    assert!(project.shared_accounts(&project.load_all().0).is_empty());
    assert!(PROJECT.contains("[connections.tplus]"));
}

#[test]
fn one_token_under_two_account_names_is_one_set_of_books() {
    let site = two();
    let with = |account: &str, token: &str| tplus(account, "key").replacen("{ secret = \"key\" } }", token, 1);
    let warned = || {
        let project = Project::load(site.root()).unwrap();
        project.shared_accounts(&project.load_all().0)
    };
    site.write("tenants/a/tenant.toml", with("a", "{ env = \"TPLUS_TOKEN_A\" } }"));
    site.write("tenants/b/tenant.toml", with("b", "{ env = \"TPLUS_TOKEN_B\" } }"));
    assert!(warned().is_empty(), "a token each");
    site.write("tenants/b/tenant.toml", with("b", "{ env = \"TPLUS_TOKEN_A\" } }"));
    let found = warned();
    assert_eq!((found.len(), found[0].code), (1, Code::SharedAccount));
    let place = found[0].place.as_ref().unwrap();
    assert_eq!(place.file.shown(), "tenants/b/tenant.toml");
    for lang in [Lang::Zh, Lang::En] {
        assert!(found[0].message.text(lang).contains("TPLUS_TOKEN_A"));
    }
    // One name in `secrets/` of the project is one value; in the tenants' own folders it is two.
    for tenant in ["a", "b"] {
        site.write(&format!("tenants/{tenant}/tenant.toml"), tplus(tenant, "key"));
    }
    site.write("secrets/key", "shared");
    assert_eq!(warned().len(), 1);
    site.write("tenants/a/secrets/key", "a's own");
    assert!(warned().is_empty());
}
