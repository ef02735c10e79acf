//! `dukou init`: a complete project that runs against `dukou sandbox` on its default ports. It is the project of
//! `examples/wdt-to-tplus/` with another address and other credentials, so there is one source for both.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::output::{json, note, say};
use super::{Context, Failure};
use crate::exit::Exit;

/// Make a project that runs against the sandbox.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new project's folder; must be empty or absent
    dir: PathBuf,
}

const PROJECT: &str = include_str!("../../../examples/wdt-to-tplus/dukou.toml");

/// Files that are written as the example has them.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("../../../examples/wdt-to-tplus/README.md")),
    (".gitignore", include_str!("../../../examples/wdt-to-tplus/.gitignore")),
    (
        "schemes/wdt-to-tplus.toml",
        include_str!("../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml"),
    ),
    (
        "tables/客户对照.csv",
        include_str!("../../../examples/wdt-to-tplus/tables/客户对照.csv"),
    ),
    (
        "catalogues/custom-columns.toml",
        include_str!("../../../examples/wdt-to-tplus/catalogues/custom-columns.toml"),
    ),
];

/// What the sandbox expects (`docs/reference/sandbox.md`), written to `secrets/`.
const SECRETS: &[(&str, &str)] = &[
    ("wdt-app-secret", "sandbox-wdt-secret"),
    ("tplus-app-secret", "sandbox-tplus-secret"),
    ("tplus-open-token", "sandbox-open-token"),
];

/// What differs from the example in `dukou.toml`. Each left side stands in it exactly once.
const CHANGES: &[(&str, &str)] = &[
    (
        "# 旺店通·企业奇门: 换成自己的场景地址、应用和卖家账号",
        "# 旺店通·企业奇门。现在连着沙箱 (dukou sandbox); 真实账号: 换掉 url、app_key、target_app_key、sid 和 secrets/ 里的密钥, 删去 limits\n\
         # Now the sandbox. For a real account change url, app_key, target_app_key, sid, the secret, and remove limits.",
    ),
    (
        "http://hu3cgwt0tc.api.taobao.com/router/qm",
        "http://127.0.0.1:8781/router/qm",
    ),
    (
        "app_secret = { env = \"WDT_APP_SECRET\" } # 也可以 { secret = \"名称\" } (secrets/ 下的文件) 或 { file = \"…\" }",
        "app_secret = { secret = \"wdt-app-secret\" } # secrets/wdt-app-secret; 也可以 { env = \"变量\" } 或 { file = \"…\" }",
    ),
    (
        "sign_method = \"hmac-sha256\"             # md5, hmac\n",
        "sign_method = \"hmac-sha256\"             # md5, hmac\nlimits = { per_second = 0 }             # 0 不限速; 真实账号不写这一行就是每秒 1 次\n",
    ),
    ("https://openapi.chanjet.com", "http://127.0.0.1:8782"),
    (
        "# 畅捷通T+: 换成自己的应用",
        "# 畅捷通T+。现在连着沙箱; 真实账号: url = \"https://openapi.chanjet.com\", 换掉 app_key 和密钥, 期限和限速用行尾的值\n\
         # Now the sandbox. For a real account change url, app_key and the secrets, and use the values behind the lines below.",
    ),
    ("your-app-key", "sandbox-tplus"),
    ("{ env = \"TPLUS_APP_SECRET\" }", "{ secret = \"tplus-app-secret\" }"),
    ("{ env = \"TPLUS_OPEN_TOKEN\" }", "{ secret = \"tplus-open-token\" }"),
    (
        "deadline = \"30s\"                        # 一次请求的期限",
        "deadline = \"5s\"                         # 一次请求的期限; 真实账号 30s",
    ),
    (
        "quarantine = \"5m\"                       # 结果未知后等多久再查; 必须大于 deadline",
        "quarantine = \"15s\"                      # 结果未知后等多久再查; 必须大于 deadline; 真实账号 5m",
    ),
    (
        "limits = { per_second = 1, in_flight = 1 }",
        "limits = { per_second = 0, in_flight = 4 } # 真实账号 { per_second = 1, in_flight = 1 }",
    ),
];

/// Runs the command.
///
/// # Errors
/// A folder that is not empty (exit 9), or a file that cannot be written.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let dir = args.dir;
    if std::fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) || dir.is_file() {
        let message = context.lang.text("init.occupied", &[("dir", &dir.display())]);
        return Err(Failure {
            code: "init.occupied",
            message,
            exit: Exit::Refused,
        }
        .into());
    }
    let written = write_project(&dir).map_err(|error| anyhow::Error::new(error).context(dir.display().to_string()))?;
    if context.json {
        json(json!({ "dir": dir.display().to_string(), "files": written }));
    } else {
        for file in &written {
            note(context, &format!("  {}", dir.join(file).display()));
        }
        say(&context.lang.text("init.done", &[("dir", &dir.display())]));
    }
    Ok(Exit::Done)
}

/// Writes all files; answers their paths below the folder.
fn write_project(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut written = vec!["dukou.toml".to_owned()];
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("dukou.toml"), project_text())?;
    for (path, text) in FILES {
        if let Some(parent) = dir.join(path).parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(dir.join(path), text)?;
        written.push((*path).to_owned());
    }
    std::fs::create_dir_all(dir.join("plugins"))?;
    make_private(&dir.join("secrets"))?;
    for (name, value) in SECRETS {
        write_secret(&dir.join("secrets").join(name), value)?;
        written.push(format!("secrets/{name}"));
    }
    Ok(written)
}

/// `dukou.toml` of the new project.
fn project_text() -> String {
    CHANGES
        .iter()
        .fold(PROJECT.to_owned(), |text, (from, to)| text.replacen(from, to, 1))
}

/// Makes a folder that only its owner may open.
fn make_private(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a secret to a new file that only its owner may read.
///
/// # Errors
/// When the file is there already or cannot be written.
pub fn write_secret(path: &Path, value: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(value.as_bytes())?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ConnectionKind, Project};

    #[test]
    fn every_change_meets_the_example_once() {
        let mut text = PROJECT.to_owned();
        for (from, to) in CHANGES {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replacen(from, to, 1);
        }
        assert_eq!(text, project_text());
        assert!(
            !text.contains("env = \"WDT") && !text.contains("env = \"TPLUS"),
            "no secret comes from the environment"
        );
    }

    #[test]
    fn a_new_project_is_without_fault_and_has_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("new");
        let written = write_project(&root).unwrap();
        assert!(written.iter().all(|path| root.join(path).is_file()));
        let project = Project::load(&root).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(project.warnings.is_empty());
        let (schemes, errors) = project.load_all();
        assert!(errors.is_empty(), "{errors}");
        assert_eq!(schemes.len(), 1);
        assert!(schemes[0].warnings.is_empty(), "{:?}", schemes[0].warnings);
        assert_eq!(
            project.table("default", "客户对照").unwrap().row("0101"),
            Some(r#"{"店铺编号":"0101","T+客户编码":"TESTCUST","备注":"示例; 前导 0 会保留"}"#)
        );
        match &project.connections["wdt"].kind {
            ConnectionKind::WdtQimen(settings) => {
                assert_eq!(settings.url, "http://127.0.0.1:8781/router/qm");
                assert_eq!(settings.per_second, None);
                settings.resolve(&root).unwrap();
            }
            other => panic!("{other:?}"),
        }
        match &project.connections["tplus"].kind {
            ConnectionKind::TplusCloud(settings) => {
                assert_eq!(settings.url, "http://127.0.0.1:8782");
                assert_eq!(settings.limits.per_second, None);
                assert_eq!(settings.resolve(&root).unwrap().check(), Ok(()));
            }
            other => panic!("{other:?}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_their_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        write_secret(&path, "x").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(
            write_secret(&path, "y").is_err(),
            "an existing secret is never overwritten"
        );
    }
}
