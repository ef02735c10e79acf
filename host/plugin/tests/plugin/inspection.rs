//! Bytes that are no plugin for this host are refused before anything is compiled, each with its own code.

use std::path::Path;

use dukou_guests::{MISBEHAVING, WASI_NETWORK, WASI_PLAIN};
use dukou_plugin::{Compiler, InProcessCompiler, Inspection, InspectionLimits, Kind, PluginError, PoolClass, inspect};
use proptest::prelude::*;

fn look(bytes: &[u8]) -> Result<Inspection, PluginError> {
    inspect(bytes, &InspectionLimits::default())
}

fn code(bytes: &[u8]) -> &'static str {
    look(bytes).map_or_else(|error| error.code(), |_| "accepted")
}

/// The component with every `from` made a `to` of the same length.
fn patched(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = component.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from.as_bytes() {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{from} is not there");
    bytes
}

#[test]
fn a_plugin_says_what_it_is() {
    let inspection = look(MISBEHAVING).unwrap();
    assert_eq!(inspection.kind, Kind::Mapping);
    assert_eq!(inspection.contract, "0.1.0");
    assert_eq!(inspection.class(), PoolClass::Compiled);
    assert!(!inspection.uses_system);
    for import in &inspection.imports {
        assert!(import.starts_with("dukou:plugin/"), "{import}");
    }
}

#[test]
fn the_inert_system_may_be_imported() {
    let inspection = look(WASI_PLAIN).unwrap();
    assert!(inspection.uses_system);
    assert!(inspection.imports.iter().any(|name| name.starts_with("wasi:clocks/")));
}

#[test]
fn the_network_is_refused_by_name() {
    let Err(error @ PluginError::Import { .. }) = look(WASI_NETWORK) else {
        panic!("not refused");
    };
    let PluginError::Import { names } = &error else {
        unreachable!()
    };
    assert!(!names.is_empty());
    for name in names {
        assert!(name.starts_with("wasi:sockets/"), "{name}");
        assert!(error.to_string().contains(name));
    }
}

#[test]
fn an_unknown_interface_is_refused_by_name() {
    let strange = patched(MISBEHAVING, "dukou:plugin/logging@", "dukou:plugin/secrets@");
    match look(&strange) {
        Err(PluginError::Import { names }) => {
            assert_eq!(names, ["dukou:plugin/secrets@0.1.0"]);
        }
        other => panic!("{other:?}"),
    }
    let elsewhere = patched(WASI_PLAIN, "wasi:filesystem/", "wasi:filesystam/");
    assert_eq!(code(&elsewhere), "plugin.import");
}

#[test]
fn an_export_that_the_contract_does_not_have_is_refused_by_name() {
    let strange = patched(MISBEHAVING, "dukou:plugin/mapping@", "dukou:plugin/mopping@");
    assert_eq!(code(&strange), "plugin.kind");
    let strange = patched(MISBEHAVING, "dukou:plugin/setup@", "dukou:plugin/setap@");
    assert_eq!(code(&strange), "plugin.kind");
}

#[test]
fn another_version_of_the_contract_is_refused_with_both_named() {
    let newer = patched(MISBEHAVING, "@0.1.0", "@0.9.0");
    let error = look(&newer).unwrap_err();
    assert_eq!(error.code(), "plugin.version");
    let text = error.to_string();
    assert!(text.contains("@0.9.0") && text.contains("dukou:plugin@0.1.0"), "{text}");
}

#[test]
fn what_is_no_component_is_refused_by_what_it_is() {
    assert_eq!(code(b"\0asm\x01\0\0\0"), "plugin.core-module");
    assert_eq!(code(b"\0asm\x0d\0\x01\0"), "plugin.kind");
    assert_eq!(code(b""), "plugin.not-wasm");
    assert_eq!(code(b"PK\x03\x04 zip"), "plugin.not-wasm");
    assert_eq!(code("(component)".as_bytes()), "plugin.not-wasm");
    for share in [10, 3, 2] {
        let cut = &MISBEHAVING[..MISBEHAVING.len() / share];
        assert_eq!(code(cut), "plugin.truncated", "{share}");
    }
    assert_eq!(code(&MISBEHAVING[..6]), "plugin.truncated");
}

#[test]
fn compiled_code_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&input, MISBEHAVING).unwrap();
    InProcessCompiler.compile(&input, &output).unwrap();
    assert_eq!(code(&std::fs::read(&output).unwrap()), "plugin.precompiled");
    assert!(InProcessCompiler.compile(Path::new("/nowhere"), &output).is_err());
}

#[test]
fn size_and_shape_are_limited() {
    let limits = InspectionLimits {
        bytes: 1_000,
        ..InspectionLimits::default()
    };
    assert_eq!(inspect(MISBEHAVING, &limits).unwrap_err().code(), "plugin.too-large");
    for limits in [
        InspectionLimits {
            functions: 3,
            ..InspectionLimits::default()
        },
        InspectionLimits {
            names: 1,
            ..InspectionLimits::default()
        },
        InspectionLimits {
            types: 1,
            ..InspectionLimits::default()
        },
        InspectionLimits {
            modules: 0,
            ..InspectionLimits::default()
        },
        InspectionLimits {
            instances: 0,
            ..InspectionLimits::default()
        },
        InspectionLimits {
            function_bytes: 8,
            ..InspectionLimits::default()
        },
    ] {
        let error = inspect(MISBEHAVING, &limits).unwrap_err();
        assert_eq!(error.code(), "plugin.too-complex", "{error}");
    }
}

#[test]
fn a_manifest_that_contradicts_the_component_is_refused() {
    let with = |text: &str| {
        let name = b"dukou:manifest";
        let length = 1 + name.len() + text.len();
        let mut bytes = MISBEHAVING.to_vec();
        bytes.extend([0, u8::try_from(length).unwrap(), name.len() as u8]);
        bytes.extend(name);
        bytes.extend(text.as_bytes());
        look(&bytes)
    };
    let good = with(r#"{"name":"bad","version":"1","kind":"mapping","settings":{"a":1.0}}"#);
    let manifest = good.unwrap().manifest.unwrap();
    assert_eq!(manifest.name, "bad");
    assert_eq!(manifest.settings_schema.as_deref(), Some(r#"{"a":1.0}"#));
    for text in [
        r#"{"name":"bad","version":"1","kind":"validation"}"#,
        r#"{"name":"../bad","version":"1"}"#,
        r#"{"name":"bad""#,
    ] {
        assert_eq!(with(text).unwrap_err().code(), "plugin.manifest", "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Damaged components are accepted or refused, but inspection always comes back.
    #[test]
    fn damage_never_panics(
        at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
    ) {
        let mut bytes = MISBEHAVING.to_vec();
        for (index, byte) in at {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = look(&bytes);
    }
}
