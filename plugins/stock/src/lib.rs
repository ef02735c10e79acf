//! `dukou-stock`: the plugins that come with dukou, as the bytes of their components.
//!
//! The build script compiles them for `wasm32-unknown-unknown`; this crate holds bytes and runs nothing. The host
//! treats them like any other plugin: inspected, named by digest, run in the sandbox.

/// The stock mapper, which interprets a mapping table.
pub const TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/table.wasm"));

/// The reference mapping in Rust.
pub const WDT_TO_TPLUS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wdt-to-tplus.wasm"));

/// The reference validation.
pub const VOUCHER_CHECKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/voucher-checks.wasm"));

/// Every stock plugin by the name that a scheme calls it.
pub fn all() -> &'static [(&'static str, &'static [u8])] {
    &[
        ("table", TABLE),
        ("wdt-to-tplus", WDT_TO_TPLUS),
        ("voucher-checks", VOUCHER_CHECKS),
    ]
}

#[cfg(test)]
mod tests {
    /// A component begins with the magic number and layer 1; a core module would have layer 0.
    const COMPONENT_PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn every_plugin_is_a_component_with_its_manifest() {
        for (name, bytes) in super::all() {
            assert!(bytes.starts_with(COMPONENT_PREAMBLE), "{name}");
            let manifest = format!("{{\"name\":\"{name}\"");
            assert!(contains(bytes, manifest.as_bytes()), "{name} carries no manifest");
        }
    }

    #[test]
    fn no_plugin_asks_for_more_than_the_contract() {
        for (name, bytes) in super::all() {
            let decoded = wit_component::decode(bytes).unwrap();
            let wit_component::DecodedWasm::Component(resolve, world) = decoded else {
                panic!("{name} is no component");
            };
            let world = &resolve.worlds[world];
            for import in world.imports.keys().map(|key| resolve.name_world_key(key)) {
                let allowed =
                    ["types", "lookups", "logging"].map(|interface| format!("dukou:plugin/{interface}@0.1.0"));
                assert!(allowed.contains(&import), "{name} imports {import}");
            }
            let exports: Vec<String> = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
            assert_eq!(exports.len(), 2, "{name} exports {exports:?}");
            assert!(
                exports.contains(&"dukou:plugin/setup@0.1.0".to_owned()),
                "{name} exports {exports:?}"
            );
        }
    }

    #[test]
    fn no_plugin_tells_where_it_was_built() {
        for (name, bytes) in super::all() {
            let folder = env!("CARGO_MANIFEST_DIR");
            assert!(!contains(bytes, folder.as_bytes()), "{name} contains {folder}");
        }
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }
}
