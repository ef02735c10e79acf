//! What the export macros expand to: configure once, keep the value, call it.
//!
//! Only the macros use this. They expand to nothing on native targets, so that plugin crates test and lint natively.

use crate::{Needs, SettingError};
use std::cell::OnceCell;
use std::thread::LocalKey;

/// Keeps the configured plugin of this instance and answers with its needs.
///
/// The host configures an instance once; a second `configure` is refused instead of half-replacing the first.
pub fn configure<P>(
    slot: &'static LocalKey<OnceCell<P>>,
    outcome: Result<(P, Needs), Vec<SettingError>>,
) -> Result<String, Vec<SettingError>> {
    let (plugin, needs) = outcome?;
    slot.with(|cell| cell.set(plugin)).map_err(|_| {
        vec![SettingError::new(
            "",
            "configured",
            "this instance is configured already",
        )]
    })?;
    Ok(needs.to_json())
}

/// Calls the configured plugin. Panics, and so traps, if the host calls before it configured.
pub fn call<P, T>(slot: &'static LocalKey<OnceCell<P>>, act: impl FnOnce(&P) -> T) -> T {
    slot.with(|cell| act(cell.get().expect("the host calls configure before anything else")))
}

/// Sends the text of a panic to the log before the instance traps; without it a panic is a bare `unreachable`.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        crate::logging::log(crate::logging::Level::Error, &panic.to_string());
    }));
}

/// Exports a type that implements [`crate::Mapping`] as a mapper component.
#[macro_export]
macro_rules! export_mapping {
    ($plugin:ty) => {
        $crate::__export_plugin!($plugin, $crate::Mapping, mapping, {
            fn transform(groups: Vec<$crate::Group>) -> Vec<$crate::Verdict> {
                $crate::export::call(&PLUGIN, |plugin| {
                    $crate::Mapping::transform(plugin, groups, &$crate::HostLookups)
                })
            }
        });
    };
}

/// Exports a type that implements [`crate::Adjustment`] as an adjuster component.
#[macro_export]
macro_rules! export_adjustment {
    ($plugin:ty) => {
        $crate::__export_plugin!($plugin, $crate::Adjustment, adjustment, {
            fn adjust(candidates: Vec<$crate::Candidate>) -> Vec<$crate::Verdict> {
                $crate::export::call(&PLUGIN, |plugin| {
                    $crate::Adjustment::adjust(plugin, candidates, &$crate::HostLookups)
                })
            }
        });
    };
}

/// Exports a type that implements [`crate::Validation`] as a validator component.
#[macro_export]
macro_rules! export_validation {
    ($plugin:ty) => {
        $crate::__export_plugin!($plugin, $crate::Validation, validation, {
            fn validate(candidates: Vec<$crate::Candidate>) -> Vec<Vec<$crate::Violation>> {
                $crate::export::call(&PLUGIN, |plugin| {
                    $crate::Validation::validate(plugin, candidates, &$crate::HostLookups)
                })
            }
        });
    };
}

/// Exports a type that implements [`crate::Mapper`] as a mapper component.
#[macro_export]
macro_rules! export_mapper {
    ($plugin:ty) => {
        $crate::export_mapping!($crate::Typed<$plugin>);
    };
}

/// Exports a type that implements [`crate::Adjuster`] as an adjuster component.
#[macro_export]
macro_rules! export_adjuster {
    ($plugin:ty) => {
        $crate::export_adjustment!($crate::Typed<$plugin>);
    };
}

/// Exports a type that implements [`crate::Validator`] as a validator component.
#[macro_export]
macro_rules! export_validator {
    ($plugin:ty) => {
        $crate::export_validation!($crate::Typed<$plugin>);
    };
}

/// The part that the three export macros share.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_plugin {
    ($plugin:ty, $trait:path, $kind:ident, { $($functions:tt)* }) => {
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "the component's exports are extern functions")]
        const _: () = {
            ::std::thread_local! {
                static PLUGIN: ::std::cell::OnceCell<$plugin> = const { ::std::cell::OnceCell::new() };
            }
            struct Component;
            impl $crate::bindings::base::exports::dukou::plugin::setup::Guest for Component {
                fn configure(
                    settings: String,
                    environment: String,
                ) -> Result<String, Vec<$crate::SettingError>> {
                    $crate::export::report_panics();
                    let outcome = <$plugin as $trait>::configure(&settings, &environment);
                    $crate::export::configure(&PLUGIN, outcome)
                }
            }
            impl $crate::bindings::$kind::exports::dukou::plugin::$kind::Guest for Component {
                $($functions)*
            }
            $crate::bindings::base::export!(Component with_types_in $crate::bindings::base);
            $crate::bindings::$kind::export!(Component with_types_in $crate::bindings::$kind);
        };
    };
}
