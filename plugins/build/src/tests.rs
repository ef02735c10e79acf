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
