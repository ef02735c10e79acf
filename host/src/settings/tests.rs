//! Secrets: where they come from, what refuses them, and what is never shown.

use secrecy::ExposeSecret as _;

use super::{ConnectionKind, Project, SecretRef};
use crate::exit::Exit;
use crate::lang::Lang;
use crate::scheme::Code;

const PROJECT: &str = include_str!("../../../examples/wdt-to-tplus/dukou.toml");

fn project(reference: &str) -> (tempfile::TempDir, Project, SecretRef) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("dukou.toml"),
        PROJECT.replacen("{ env = \"WDT_APP_SECRET\" }", reference, 1),
    )
    .unwrap();
    let project = Project::load(dir.path()).unwrap_or_else(|errors| panic!("{errors}"));
    let secret = match &project.connections["wdt"].kind {
        ConnectionKind::WdtQimen(settings) => settings.app_secret.clone(),
        other => panic!("{other:?}"),
    };
    (dir, project, secret)
}

#[cfg(unix)]
fn write(path: &std::path::Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_of_the_environment_is_read_and_a_missing_one_ends_in_seven() {
    let (_dir, project, secret) = project("{ env = \"PATH\" }");
    assert!(!secret.resolve(&project.root).unwrap().expose_secret().is_empty());
    let (_dir, project, secret) = super::tests::project("{ env = \"DUKOU_TEST_NO_SUCH_VARIABLE\" }");
    let errors = secret.resolve(&project.root).unwrap_err();
    assert_eq!(errors.exit(), Exit::Secret);
    let finding = &errors.0[0];
    assert_eq!(finding.code, Code::SecretMissing);
    let line = PROJECT
        .lines()
        .position(|line| line.contains("WDT_APP_SECRET"))
        .unwrap()
        + 1;
    assert_eq!(finding.position(), Some((line, 14)));
    assert!(
        finding
            .help
            .as_ref()
            .unwrap()
            .text(Lang::Zh)
            .contains("export DUKOU_TEST_NO_SUCH_VARIABLE=")
    );
}

#[cfg(unix)]
#[test]
fn a_secret_file_is_trimmed_and_must_not_be_open_to_others() {
    for reference in ["{ secret = \"wdt\" }", "{ file = \"secrets/wdt\" }"] {
        let (dir, project, secret) = project(reference);
        assert_eq!(
            secret.resolve(&project.root).unwrap_err().0[0].code,
            Code::SecretMissing
        );
        let path = dir.path().join("secrets/wdt");
        write(&path, "s3cret\n", 0o600);
        assert_eq!(secret.resolve(&project.root).unwrap().expose_secret(), "s3cret");
        write(&path, "s3cret\n", 0o644);
        let errors = secret.resolve(&project.root).unwrap_err();
        assert_eq!((errors.0[0].code, errors.exit()), (Code::SecretExposed, Exit::Secret));
        assert!(errors.render(Lang::En, false).contains("chmod 600 secrets/wdt"));
        write(&path, " \n", 0o600);
        assert_eq!(
            secret.resolve(&project.root).unwrap_err().0[0].code,
            Code::SecretMissing
        );
    }
}

#[test]
fn both_missing_secrets_of_a_connection_are_told() {
    let text = PROJECT.replace("TPLUS_", "DUKOU_TEST_NO_SUCH_");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("dukou.toml"), text).unwrap();
    let project = Project::load(dir.path()).unwrap();
    match &project.connection("default", "tplus").unwrap().kind {
        ConnectionKind::TplusCloud(settings) => assert_eq!(settings.resolve(&project.root).unwrap_err().0.len(), 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        project.connection("default", "tpuls").unwrap_err().0[0].code,
        Code::UnknownConnection
    );
}

#[test]
fn values_that_look_like_secrets_are_warned_of_and_never_shown() {
    let leaked = "9f86d081884c7d659a2feaa0c55ad015";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("dukou.toml"),
        PROJECT.replacen("your-app-key", leaked, 1),
    )
    .unwrap();
    let project = Project::load(dir.path()).unwrap();
    assert_eq!(project.warnings.len(), 1);
    assert_eq!(project.warnings[0].code, Code::LooksLikeSecret);
    assert!(!project.warnings[0].message.text(Lang::En).contains(leaked));
    assert!(
        super::tests::project("{ env = \"WDT_APP_SECRET\" }")
            .1
            .warnings
            .is_empty()
    );
}

#[test]
fn literal_secrets_are_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("dukou.toml"),
        PROJECT.replacen("{ env = \"WDT_APP_SECRET\" }", "\"hunter2hunter2\"", 1),
    )
    .unwrap();
    let errors = Project::load(dir.path()).unwrap_err();
    assert_eq!(errors.0[0].code, Code::LiteralSecret);
    for text in [
        errors.to_string(),
        errors.to_json(Lang::En).to_string(),
        errors.render(Lang::Zh, false),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
