//! `dukou-guests`: plugins that do what no plugin should, as the bytes of their components, for tests of the host.
//!
//! The build script compiles some; [`forge`] makes others by hand. This crate holds bytes and runs nothing. Every
//! compiled guest is a mapper.

pub mod forge;

/// Does what its settings say, `{"do":"…","key":"…"}`:
///
/// | `do` | what happens |
/// |---|---|
/// | `map` (default) | every group becomes the trivial document `{"dto":{"ExternalCode":KEY}}` |
/// | `loop` | never returns |
/// | `allocate` | takes memory until it gets no more |
/// | `recurse` | calls itself until the call stack ends |
/// | `panic` | panics with the text `deliberate panic` |
/// | `trap-in-configure` | executes `unreachable` while being configured |
/// | `refuse-settings` | answers `configure` with one setting error |
/// | `bad-needs` | asks `configure` for a path that is none (`][`) |
/// | `huge-output` | returns one document of 24 MiB per group |
/// | `log-flood` | writes 10,000 lines of 1,000 bytes, then maps |
/// | `lookup-flood` | asks the table `table` for 1,000 keys 10,000 times, then maps |
/// | `too-few`, `too-many` | returns one verdict less or more than groups |
/// | `bad-json` | returns a document whose body is cut off |
/// | `same-suffix` | returns two documents without suffix for each group |
/// | `poison` | panics in the call that holds the group `key`, maps all others |
/// | `count-batch` | writes the number of groups in the batch into `Memo` |
/// | `peek` | asks for `order_no`, and writes the length of all it got into `Memo` |
/// | `fragile` | asks for `order_no`, and panics where a record holds `null` |
/// | `quadratic` | asks for `list[].n`, and works as long as the square of the record's length |
pub const MISBEHAVING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehaving.wasm"));

/// Uses the standard library as ordinary programs do: arguments, environment, clock, random seed, files, output. Its
/// trivial documents report what it found, as the strings `arguments`, `variables`, `now_s`, `hash` and `file`.
pub const WASI_PLAIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wasi-plain.wasm"));

/// Opens a connection to loopback, and so imports `wasi:sockets`, which inspection refuses.
pub const WASI_NETWORK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wasi-network.wasm"));

#[cfg(test)]
mod tests {
    use super::{MISBEHAVING, WASI_NETWORK, WASI_PLAIN};

    fn imports(component: &[u8], interface: &str) -> bool {
        component
            .windows(interface.len())
            .any(|window| window == interface.as_bytes())
    }

    #[test]
    fn each_guest_reaches_as_far_as_its_name_says() {
        for component in [MISBEHAVING, WASI_PLAIN, WASI_NETWORK] {
            assert!(component.starts_with(b"\0asm\x0d\0\x01\0"));
            assert!(imports(component, "dukou:plugin/mapping@0.1.0"));
        }
        assert!(!imports(MISBEHAVING, "wasi:"));
        for interface in ["wasi:cli/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/"] {
            assert!(imports(WASI_PLAIN, interface), "{interface}");
        }
        assert!(!imports(WASI_PLAIN, "wasi:sockets/"));
        assert!(imports(WASI_NETWORK, "wasi:sockets/"));
    }
}
