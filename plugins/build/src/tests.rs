//! Sections, manifests, and what happens to a crate that is no plugin.

use super::*;

#[test]
fn a_section_is_appended_as_the_format_wants_it() {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    append_section(&mut component, "dukou:manifest", &[b'x'; 200]);
    let section = &component[8..];
    // Id, then the length of the rest (1 + 14 + 200 = 215 = 0xd7 0x01), then the name with its length.
    assert_eq!(&section[..4], &[0, 0xd7, 0x01, 14]);
    assert_eq!(&section[4..18], b"dukou:manifest");
    assert_eq!(section.len(), 3 + 215);
}

#[test]
fn a_manifest_is_checked_and_compacted() {
    let text = "{ \"name\": \"my-rules\", \"version\": \"1.0.0\",\n \"kind\": \"mapping\", \"title\": \"我的\", \"settings\": {} }";
    assert_eq!(
        check_manifest(text).unwrap(),
        r#"{"name":"my-rules","version":"1.0.0","kind":"mapping","title":"我的","settings":{}}"#
    );
    for (from, to, expected) in [
        ("my-rules", "My Rules", "`name`"),
        ("mapping", "mapper", "`kind`"),
        ("\"title\": \"我的\"", "\"title\": \"\"", "`title`"),
        ("\"settings\": {}", "\"settings\": []", "`settings`"),
        ("\"settings\"", "\"setings\"", "`setings`"),
        ("{ \"name\"", "[ \"name\"", "not JSON"),
    ] {
        let error = check_manifest(&text.replace(from, to)).unwrap_err();
        assert_eq!(error.code(), "plugin-build.manifest");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_missing_target_is_named_with_the_command_that_adds_it() {
    let error = BuildError::TargetMissing {
        target: Target::Bare.triple(),
    };
    assert!(
        error.to_string().ends_with("rustup target add wasm32-unknown-unknown"),
        "{error}"
    );
}

#[test]
fn a_module_without_our_types_is_no_plugin() {
    assert_eq!(componentize(b"no module").unwrap_err().code(), "plugin-build.no-plugin");
    let named = componentize(b"dukou:plugin/setup@0.1.0 in no module").unwrap_err();
    assert_eq!(named.code(), "plugin-build.component");
}

#[test]
fn the_compiler_is_quoted_when_a_crate_does_not_compile() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), "pub fn f() -> u8 { \"text\" }\n").unwrap();
    let options = BuildOptions::new(folder.path(), "broken", folder.path().join("target"));
    let error = build(&options).unwrap_err();
    assert_eq!(error.code(), "plugin-build.compile");
    assert!(error.to_string().contains("mismatched types"), "{error}");

    std::fs::write(folder.path().join("src/lib.rs"), "pub fn f() -> u8 { 1 }\n").unwrap();
    let error = build(&options).unwrap_err();
    assert_eq!(error.code(), "plugin-build.no-plugin", "{error}");
}

#[test]
fn build_scripts_share_one_folder_inside_the_target_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("target/debug/build/dukou-stock-1/out");
    std::fs::create_dir_all(&out).unwrap();
    assert_eq!(shared_target_dir(&out), out.join("guests"));
    std::fs::write(folder.path().join("target/CACHEDIR.TAG"), "").unwrap();
    assert_eq!(shared_target_dir(&out), folder.path().join("target/guests"));
}

#[test]
fn a_section_is_replaced_and_everything_else_stays() {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    append_section(&mut component, "name", b"n");
    append_section(&mut component, MANIFEST_SECTION, b"old");
    // A nested core module with a section of the same name: one section of the component, not looked into.
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    append_section(&mut module, MANIFEST_SECTION, b"inner");
    component.push(1);
    component.push(u8::try_from(module.len()).unwrap());
    component.extend_from_slice(&module);
    append_section(&mut component, MANIFEST_SECTION, b"older");

    let set = set_section(&component, MANIFEST_SECTION, b"new").unwrap();
    assert_eq!(section(&set, MANIFEST_SECTION).unwrap(), Some(b"new".as_slice()));
    assert_eq!(section(&set, "name").unwrap(), Some(b"n".as_slice()));
    assert_eq!(section(&set, CASES_SECTION).unwrap(), None);
    let count = |name: &[u8]| set.windows(name.len()).filter(|window| *window == name).count();
    assert_eq!((count(b"old"), count(b"inner"), count(b"new")), (0, 1, 1));
    // Again the same: the same bytes, so that a digest stands for what went in.
    assert_eq!(set_section(&set, MANIFEST_SECTION, b"new").unwrap(), set);
    assert_eq!(
        without_section(&set, MANIFEST_SECTION).unwrap(),
        without_section(&component, MANIFEST_SECTION).unwrap()
    );
}

#[test]
fn what_is_no_component_has_no_sections() {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    append_section(&mut component, MANIFEST_SECTION, b"{}");
    assert_eq!(
        set_section(b"\0asm\x01\0\0\0", "x", b"").unwrap_err().code(),
        "plugin-build.binary"
    );
    for end in 9..component.len() {
        let error = set_section(&component[..end], "x", b"").unwrap_err();
        assert_eq!(error.code(), "plugin-build.binary", "{end}");
    }
    let endless = [
        b"\0asm\x0d\0\x01\0".as_slice(),
        &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]
    .concat();
    assert!(section(&endless, "x").is_err());
}

#[test]
fn a_manifest_may_name_a_list_and_bring_settings() {
    let text =
        r#"{"name":"a","version":"1","kind":"mapping","title":"t","list":"details_list","preset":{"n":1.10,"b":{}}}"#;
    // Number tokens and order stay: the preset is part of the recipe.
    assert_eq!(check_manifest(text).unwrap(), text);
    for (from, to) in [
        (r#""details_list""#, "[]"),
        (r#""details_list""#, r#""""#),
        (r#"{"n":1.10,"b":{}}"#, "3"),
    ] {
        assert!(check_manifest(&text.replace(from, to)).is_err(), "{to}");
    }
}

#[cfg(unix)]
#[test]
fn a_tool_is_heard_and_ended_at_its_deadline() {
    use std::process::Command;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    static HEARD: AtomicUsize = AtomicUsize::new(0);
    fn listener(line: &str) {
        assert!(line.starts_with("err"));
        HEARD.fetch_add(1, Ordering::Relaxed);
    }
    let mut command = Command::new("sh");
    command.args(["-c", "echo out; echo err1 >&2; echo err2 >&2; exit 3"]);
    let output = tool::run(&mut command, Duration::from_secs(600), Some(listener)).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.stdout, b"out\n");
    assert_eq!(HEARD.load(Ordering::Relaxed), 2);

    let mut command = Command::new("sh");
    command.args(["-c", "echo begun; exec sleep 600"]);
    // A deadline that is over at once ends the tool, whatever it had time to say.
    let error = tool::run(&mut command, Duration::ZERO, None).unwrap_err();
    assert!(matches!(error, ToolError::TimedOut { seconds: 0, .. }), "{error}");

    let error = tool::run(&mut Command::new("no-such-tool-anywhere"), Duration::from_secs(1), None).unwrap_err();
    assert!(error.is_missing());
}
