//! The generated bindings of `wit/dukou-plugin-0.1`, one module per exported interface.
//!
//! Nothing here is for authors: the types are re-exported at the crate's root, the exports are reached through
//! `export_mapping!`, `export_adjustment!` and `export_validation!`. `setup` and the two imports live in [`base`]; each
//! kind of plugin adds one interface. The linker merges the worlds, so a plugin's component type is exactly `mapper`,
//! `adjuster` or `validator` although all three kinds come from this one crate.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    reason = "generated code"
)]

/// `setup`, the types, and the imports `lookups` and `logging`.
pub mod base {
    wit_bindgen::generate!({
        path: "../../wit/dukou-plugin-0.1",
        world: "dukou:plugin/base",
        additional_derives: [PartialEq, Eq],
        generate_unused_types: true,
        pub_export_macro: true,
        export_macro_name: "export",
    });
}

/// The export of a mapping.
pub mod mapping {
    wit_bindgen::generate!({
        path: "../../wit/dukou-plugin-0.1",
        inline: "package dukou:sdk; world mapping-export { export dukou:plugin/mapping@0.1.0; }",
        with: { "dukou:plugin/types@0.1.0": crate::bindings::base::dukou::plugin::types, "dukou:plugin/mapping@0.1.0": generate },
        pub_export_macro: true,
        export_macro_name: "export",
    });
}

/// The export of an adjustment.
pub mod adjustment {
    wit_bindgen::generate!({
        path: "../../wit/dukou-plugin-0.1",
        inline: "package dukou:sdk; world adjustment-export { export dukou:plugin/adjustment@0.1.0; }",
        with: { "dukou:plugin/types@0.1.0": crate::bindings::base::dukou::plugin::types, "dukou:plugin/adjustment@0.1.0": generate },
        pub_export_macro: true,
        export_macro_name: "export",
    });
}

/// The export of a validation.
pub mod validation {
    wit_bindgen::generate!({
        path: "../../wit/dukou-plugin-0.1",
        inline: "package dukou:sdk; world validation-export { export dukou:plugin/validation@0.1.0; }",
        with: { "dukou:plugin/types@0.1.0": crate::bindings::base::dukou::plugin::types, "dukou:plugin/validation@0.1.0": generate },
        pub_export_macro: true,
        export_macro_name: "export",
    });
}
