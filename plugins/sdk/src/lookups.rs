//! Read access to the scheme's tables.
//!
//! Plugins take `&dyn Lookups`, so that a test can hand in its own rows; in the sandbox it is [`HostLookups`].

/// Answers for keys of a table.
pub trait Lookups {
    /// One answer per key, in order. A row is a JSON object with the table's columns, in file order; `None` is a miss.
    fn lookup(&self, table: &str, keys: &[String]) -> Vec<Option<String>>;
}

/// The tables that the scheme's deployment pinned. Natively there is no host, and every key misses.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostLookups;

impl Lookups for HostLookups {
    #[cfg(target_family = "wasm")]
    fn lookup(&self, table: &str, keys: &[String]) -> Vec<Option<String>> {
        crate::bindings::base::dukou::plugin::lookups::lookup(table, keys)
    }

    #[cfg(not(target_family = "wasm"))]
    fn lookup(&self, _table: &str, keys: &[String]) -> Vec<Option<String>> {
        vec![None; keys.len()]
    }
}
