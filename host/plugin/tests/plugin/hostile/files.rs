//! Files that are no plugin for this host: refused from their bytes, before anything is compiled.

use std::time::Duration;

use dukou_guests::MISBEHAVING;
use dukou_guests::forge::{
    Forge, Said, World, component, custom, list, module, number, repeated, section, with_sections,
};
use dukou_plugin::{ChildCompiler, Compiler, InspectionLimits, PluginError, inspect};

use super::{Ends, Guest, assert_each_ends};

/// Numbers of the sections of components.
const COMPONENT_TYPES: u8 = 7;
const COMPONENT_EXPORTS: u8 = 11;
/// Numbers of the sections of core modules.
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const GLOBALS: u8 = 6;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;

fn too_complex(what: &'static str, found: u64, limit: u64) -> Ends {
    Ends::In(PluginError::TooComplex { what, found, limit })
}

fn version(found: &str) -> Ends {
    Ends::In(PluginError::Version {
        found: found.to_owned(),
        supported: "dukou:plugin@0.1.0",
    })
}

/// A core type: a function without parameters and results.
fn plain_type() -> Vec<u8> {
    section(TYPES, &[1, 0x60, 0, 0])
}

fn with_tail(tail: &str) -> Vec<u8> {
    Forge {
        tail: tail.to_owned(),
        ..Forge::mapper()
    }
    .forge()
}

fn with_import(import: &str) -> Vec<u8> {
    Forge {
        imports: import.to_owned(),
        ..Forge::mapper()
    }
    .forge()
}

/// 100,000 exports of the component itself; nobody reads further than their number.
fn component_exports() -> Vec<u8> {
    let items: Vec<Vec<u8>> = (0..100_000)
        .map(|number| [&[0, 6][..], format!("e{number:05}").as_bytes(), &[1, 0, 0]].concat())
        .collect();
    with_sections(&[section(COMPONENT_EXPORTS, &list(&items))])
}

/// 100,000 exports of a core module.
fn core_exports() -> Vec<u8> {
    let items: Vec<Vec<u8>> = (0..100_000)
        .map(|number| [&[6][..], format!("e{number:05}").as_bytes(), &[0, 0]].concat())
        .collect();
    with_sections(&[module(&[
        plain_type(),
        section(FUNCTIONS, &[1, 0]),
        section(EXPORTS, &list(&items)),
        section(CODE, &[1, 2, 0, 0x0b]),
    ])])
}

fn nested_components(depth: usize) -> Vec<u8> {
    let innermost = component(&[]);
    let nested = (1..depth).fold(innermost, |inner, _| component(&[inner]));
    with_sections(&[nested])
}

/// An instance type with an instance type in it, and so on; reading it takes as many calls within calls.
fn nested_types() -> Vec<u8> {
    let mut bytes = number(1);
    bytes.extend([0x42, 1, 1].repeat(150_000));
    bytes.push(0x7f);
    with_sections(&[section(COMPONENT_TYPES, &bytes)])
}

/// Very many declarations of two bytes each.
fn many_types() -> Vec<u8> {
    let declarations = repeated(&[1, 0x7f], 300_000);
    with_sections(&[section(COMPONENT_TYPES, &[&[1, 0x42][..], &declarations].concat())])
}

/// A function type of 1,000 results, the most that the format allows: each use of it would cost 1,000 steps.
fn wide_signature() -> Vec<u8> {
    let results = repeated(&[0x7f], 1_000);
    with_sections(&[module(&[section(TYPES, &[&[1, 0x60, 0][..], &results].concat())])])
}

fn large_function() -> Vec<u8> {
    let body = [&[0][..], &vec![0x01; 3 << 20], &[0x0b]].concat();
    let entry = [number(body.len() as u64), body].concat();
    with_sections(&[module(&[
        plain_type(),
        section(FUNCTIONS, &[1, 0]),
        section(CODE, &list(&[entry])),
    ])])
}

fn many_functions() -> Vec<u8> {
    with_sections(&[module(&[plain_type(), section(FUNCTIONS, &repeated(&[0], 200_001))])])
}

fn many_globals() -> Vec<u8> {
    with_sections(&[module(&[section(
        GLOBALS,
        &repeated(&[0x7f, 0, 0x41, 0, 0x0b], 100_001),
    )])])
}

fn precompiled() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&input, Forge::mapper().forge()).unwrap();
    let child = ChildCompiler {
        timeout: Duration::from_secs(60),
        ..ChildCompiler::new(env!("CARGO_BIN_EXE_compile-plugin"), [])
    };
    child.compile(&input, &output).unwrap();
    std::fs::read(&output).unwrap()
}

fn with_manifest(text: &[u8]) -> Vec<u8> {
    with_sections(&[custom("dukou:manifest", text)])
}

fn with_cases(text: &[u8]) -> Vec<u8> {
    with_sections(&[custom("dukou:cases", text)])
}

/// What makes a file invalid, but only where it ends: all before it has to be validated.
fn invalid_end() -> Vec<u8> {
    module(&[
        plain_type(),
        section(FUNCTIONS, &[1, 0]),
        section(CODE, &[1, 3, 0, 0x1a, 0x0b]),
    ])
}

/// A million blocks within blocks, which the validator keeps open together.
fn blocks_within_blocks() -> Vec<u8> {
    let depth = 650_000;
    let body = [&[0][..], &[0x02, 0x40].repeat(depth), &vec![0x0b; depth + 1]].concat();
    let entry = [number(body.len() as u64), body].concat();
    let bomb = module(&[
        plain_type(),
        section(FUNCTIONS, &[1, 0]),
        section(CODE, &list(&[entry])),
    ]);
    with_sections(&[bomb, invalid_end()])
}

/// As many declarations as the limit of bytes lets through.
fn declarations() -> Vec<u8> {
    let declarations = repeated(&[1, 0x7f], 250_000);
    let types = section(COMPONENT_TYPES, &[&[1, 0x42][..], &declarations].concat());
    with_sections(&[types, invalid_end()])
}

/// As many exports as the limit lets through, with names of 300 signs.
fn long_names() -> Vec<u8> {
    let items: Vec<Vec<u8>> = (0..79_000)
        .map(|index| {
            let name = format!("{index:0300}");
            [&number(300)[..], name.as_bytes(), &[0, 0]].concat()
        })
        .collect();
    let bomb = module(&[
        plain_type(),
        section(FUNCTIONS, &[1, 0]),
        section(EXPORTS, &list(&items)),
        section(CODE, &[1, 2, 0, 0x0b]),
    ]);
    with_sections(&[bomb, invalid_end()])
}

/// As many types as the limit lets through, each of as many parameters.
fn wide_types() -> Vec<u8> {
    let wide = [&[0x60][..], &repeated(&[0x7f], 128), &[0]].concat();
    with_sections(&[module(&[section(TYPES, &repeated(&wide, 99_000))]), invalid_end()])
}

/// Jumps to a hundred thousand places that each take 128 values: work for the validator that the file's size does not
/// show.
fn wide_jumps() -> Vec<u8> {
    let wide = [&[0x60, 0][..], &repeated(&[0x7f], 128)].concat();
    let types = section(TYPES, &[&[2, 0x60, 0, 0][..], &wide].concat());
    let mut jump = [0x41, 0].repeat(129);
    jump.push(0x0e);
    jump.extend(number(60_000));
    jump.extend(vec![0; 60_001]);
    // A block of the wide type, the jump in it, and its 128 results dropped.
    let block = [&[0x02, 1][..], &jump, &[0x0b], &[0x1a; 128]].concat();
    let body = [&[0][..], &block.repeat(32), &[0x0b]].concat();
    let entry = [number(body.len() as u64), body].concat();
    let functions = 14;
    let bomb = module(&[
        types,
        section(FUNCTIONS, &repeated(&[0], functions)),
        section(CODE, &list(&vec![entry; functions])),
    ]);
    with_sections(&[bomb, invalid_end()])
}

pub(super) fn guests() -> Vec<Guest> {
    let mut guests = at_once();
    guests.extend(at_the_limits());
    guests
}

/// Files that go as far as the limits of inspection let them, and are invalid in their last section.
fn at_the_limits() -> Vec<Guest> {
    let invalid = || Ends::With("plugin.malformed", &["type mismatch"]);
    vec![
        Guest::new("650,000 blocks within blocks", blocks_within_blocks, invalid()),
        Guest::new("250,000 declarations of types", declarations, invalid()),
        Guest::new("79,000 names of 300 signs", long_names, invalid()),
        Guest::new("99,000 types of 128 parameters", wide_types, invalid()),
        Guest::new(
            "27 million jumps of 128 values",
            wide_jumps,
            Ends::With("plugin.too-complex", &["steps of validation", "the limit is 200000000"]),
        ),
    ]
}

/// Files that are refused as soon as one limit or rule is reached.
fn at_once() -> Vec<Guest> {
    vec![
        Guest::new(
            "no WebAssembly",
            || b"MZ\x90\0".to_vec(),
            Ends::In(PluginError::NotWasm),
        ),
        Guest::new("nothing at all", Vec::new, Ends::In(PluginError::NotWasm)),
        Guest::new(
            "a core module",
            || wat_module("(module (memory 1) (func (export \"transform\")))"),
            Ends::In(PluginError::CoreModule),
        ),
        Guest::new("compiled code", precompiled, Ends::In(PluginError::Precompiled)),
        Guest::new(
            "a file beyond the limit",
            || with_sections(&[custom("x", &vec![0; 32 << 20])]),
            Ends::With("plugin.too-large", &["the limit is 33554432"]),
        ),
        Guest::new(
            "half a file",
            || MISBEHAVING[..MISBEHAVING.len() / 2].to_vec(),
            Ends::With("plugin.truncated", &["ends too early"]),
        ),
        Guest::new(
            "a section longer than the file",
            || [&Forge::mapper().forge()[..], &[1, 0xff, 0xff, 0xff, 0x7f]].concat(),
            Ends::With("plugin.truncated", &["ends too early"]),
        ),
        Guest::new(
            "rubbish behind the component",
            || [&Forge::mapper().forge()[..], &[0x7e, 1, 2]].concat(),
            Ends::With("plugin.malformed", &["not valid"]),
        ),
        Guest::new(
            "version 0.2 of the contract",
            || versioned("0.2.0"),
            version("dukou:plugin/setup@0.2.0"),
        ),
        Guest::new(
            "version 1.0 of the contract",
            || versioned("1.0.0"),
            version("dukou:plugin/setup@1.0.0"),
        ),
        Guest::new(
            "100,000 exports",
            component_exports,
            too_complex("imports and exports", 100_000 + 13, 500),
        ),
        Guest::new(
            "100,000 exports of a core module",
            core_exports,
            Ends::With(
                "plugin.too-complex",
                &["inner imports and exports", "the limit is 80000"],
            ),
        ),
        Guest::new(
            "10,000 components within components",
            || nested_components(10_000),
            too_complex("levels of nesting", 9, 8),
        ),
        Guest::new(
            "150,000 types within types",
            nested_types,
            Ends::With("plugin.too-complex", &["types within types", "the limit is 100"]),
        ),
        Guest::new(
            "300,000 declarations of types",
            many_types,
            Ends::With("plugin.too-complex", &["bytes of types", "the limit is 524288"]),
        ),
        Guest::new(
            "1,000 results of a function",
            wide_signature,
            too_complex("parameters of one function", 1_000, 128),
        ),
        Guest::new(
            "a function of 3 MiB",
            large_function,
            too_complex("bytes in one function", (3 << 20) + 2, 2 << 20),
        ),
        Guest::new(
            "200,000 functions",
            many_functions,
            too_complex("functions", 200_001 + 4, 200_000),
        ),
        Guest::new(
            "100,000 globals",
            many_globals,
            too_complex("globals", 100_001 + 3, 100_000),
        ),
        Guest::new(
            "201 modules",
            || with_sections(&vec![module(&[]); 199]),
            too_complex("modules", 201, 200),
        ),
        Guest::new(
            "600 instances",
            || {
                let once = "(core instance (instantiate $libc))";
                with_tail(&once.repeat(600))
            },
            Ends::With("plugin.too-complex", &["instances", "the limit is 500"]),
        ),
        Guest::new(
            "320 MiB of memory at the start",
            || with_tail("(core module (memory 5120))"),
            too_complex("bytes of memory at the start", 5120 << 16, 256 << 20),
        ),
        Guest::new(
            "ten million table elements at the start",
            || with_tail("(core module (table 10000000 funcref))"),
            too_complex("table elements at the start", 10_000_000, 200_000),
        ),
        Guest::new(
            "shared memory",
            || with_tail("(core module (memory 1 1 shared))"),
            Ends::With("plugin.malformed", &["threads"]),
        ),
        Guest::new(
            "memory of 64 bits",
            || with_tail("(core module (memory i64 1))"),
            Ends::With("plugin.malformed", &["memory64"]),
        ),
        Guest::new(
            "garbage collection",
            || with_tail("(core module (type (struct)))"),
            Ends::With("plugin.malformed", &["gc"]),
        ),
        Guest::new(
            "a foreign import",
            || with_import("(import \"acme:secrets/vault@1.0.0\" (instance))"),
            Ends::In(PluginError::Import {
                names: vec!["acme:secrets/vault@1.0.0".to_owned()],
            }),
        ),
        Guest::new(
            "an import of the contract that there is not",
            || with_import("(import \"dukou:plugin/store@0.1.0\" (instance))"),
            Ends::In(PluginError::Import {
                names: vec!["dukou:plugin/store@0.1.0".to_owned()],
            }),
        ),
        Guest::new(
            "a plain import",
            || with_import("(import \"run\" (func))"),
            Ends::In(PluginError::Import {
                names: vec!["run".to_owned()],
            }),
        ),
        Guest::new(
            "an import with a name of 90,000 signs",
            || with_import(&format!("(import \"acme:{}/x@1.0.0\" (instance))", "a".repeat(90_000))),
            Ends::With("plugin.import", &["acme:aaaa"]),
        ),
        Guest::new(
            "look-ups of another type",
            || {
                let text = Forge::mapper().forge();
                replaced(&text, b"lookup", b"lookap")
            },
            Ends::With("plugin.import", &["lookap"]),
        ),
        Guest::new(
            "two kinds at once",
            || with_tail("(export \"dukou:plugin/validation@0.1.0\" (instance $acting))"),
            Ends::With("plugin.kind", &["several at once", "mapping", "validation"]),
        ),
        Guest::new(
            "an export that the contract does not have",
            || with_tail("(export \"dukou:plugin/backdoor@0.1.0\" (instance $acting))"),
            Ends::In(PluginError::Export {
                names: vec!["dukou:plugin/backdoor@0.1.0".to_owned()],
            }),
        ),
        Guest::new(
            "no setup",
            || replaced(&Forge::mapper().forge(), b"plugin/setup@", b"plugin/setap@"),
            Ends::With("plugin.kind", &["does not export dukou:plugin/setup"]),
        ),
        Guest::new(
            "an interface without its function",
            || replaced(&Forge::mapper().forge(), b"transform", b"tronsform"),
            Ends::With("plugin.kind", &["`transform`"]),
        ),
        Guest::new(
            "two manifests",
            || {
                let one = custom("dukou:manifest", br#"{"name":"a","version":"1"}"#);
                with_sections(&[one.clone(), one])
            },
            Ends::With("plugin.manifest", &["two sections `dukou:manifest`"]),
        ),
        Guest::new(
            "a manifest of 30 MB",
            || with_manifest(&vec![b' '; 30_000_000]),
            too_complex("bytes of manifest", 30_000_000, 256 << 10),
        ),
        Guest::new(
            "a manifest that is no JSON",
            || with_manifest(b"name = evil"),
            Ends::With("plugin.manifest", &[]),
        ),
        Guest::new(
            "a manifest with a name of 200,000 signs",
            || with_manifest(format!(r#"{{"name":"{}","version":"1"}}"#, "a".repeat(200_000)).as_bytes()),
            Ends::With("plugin.manifest", &["too many"]),
        ),
        Guest::new(
            "a manifest whose name is a path",
            || with_manifest(br#"{"name":"../../etc/cron.d/x","version":"1"}"#),
            Ends::With("plugin.manifest", &["other signs"]),
        ),
        Guest::new(
            "a manifest of another kind",
            || with_manifest(br#"{"name":"a","version":"1","kind":"validation"}"#),
            Ends::With("plugin.manifest", &["it says `validation`, the component is a mapping"]),
        ),
        Guest::new(
            "a manifest with the wrong types",
            || with_manifest(br#"{"name":["a"],"version":1}"#),
            Ends::With("plugin.manifest", &[]),
        ),
        Guest::new(
            "cases that are no text",
            || with_cases(&[0xff, 0xfe, 0, 0]),
            Ends::With("plugin.manifest", &["the cases are no text"]),
        ),
        Guest::new(
            "cases that are no JSON",
            || with_cases(b"{\"schema\":1,"),
            Ends::With("plugin.manifest", &["the cases are not JSON"]),
        ),
        Guest::new(
            "cases twice",
            || with_sections(&[custom("dukou:cases", b"{}"), custom("dukou:cases", b"{}")]),
            Ends::With("plugin.manifest", &["two sections `dukou:cases`"]),
        ),
        Guest::new(
            "cases of 20 MB",
            || with_cases(&vec![b' '; 20_000_000]),
            too_complex("bytes of test cases", 20_000_000, 8 << 20),
        ),
        Guest::new(
            "cases of 100,000 lists within lists",
            || with_cases("[".repeat(100_000).as_bytes()),
            Ends::With("plugin.manifest", &["the cases are not JSON"]),
        ),
    ]
}

fn wat_module(text: &str) -> Vec<u8> {
    // A component that holds nothing but this module; its bytes begin after the component's header and the section's.
    let whole = Forge {
        tail: format!("(core {}", text.trim_start_matches('(')),
        ..Forge::mapper()
    }
    .forge();
    let at = whole
        .windows(8)
        .rposition(|window| window == b"\0asm\x01\0\0\0")
        .unwrap();
    whole[at..].to_vec()
}

fn versioned(version: &str) -> Vec<u8> {
    Forge {
        version: version.to_owned(),
        ..Forge::mapper()
    }
    .forge()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let mut found = 0;
    for at in 0..=bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    bytes
}

#[test]
fn every_file_that_is_no_plugin_is_refused_with_its_own_error() {
    assert_each_ends(&guests());
}

#[test]
fn the_frame_itself_is_an_honest_plugin_of_each_kind() {
    for world in World::ALL {
        let honest = Forge::honest(world, &[Said::document(r#"{"dto":{}}"#)]).forge();
        let ran = super::run(crate::fixture::runtime(), &honest);
        assert!(ran.is_ok(), "{world:?}: {:?}", ran.err().map(|(error, _)| error));
    }
}

/// What inspection says of the first `length` bytes.
fn of_the_first(bytes: &[u8], length: usize) -> &'static str {
    inspect(&bytes[..length], &InspectionLimits::default()).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn a_file_cut_anywhere_is_refused_as_cut() {
    // A cut between two sections leaves a sound component that lacks its exports.
    let border = |code: &str| matches!(code, "plugin.truncated" | "plugin.kind");
    let codes: Vec<&str> = (1..64)
        .map(|share| of_the_first(MISBEHAVING, MISBEHAVING.len() * share / 64))
        .collect();
    assert!(codes.iter().all(|code| border(code)), "{codes:?}");
    assert!(
        codes.iter().filter(|code| **code == "plugin.truncated").count() > 56,
        "{codes:?}"
    );

    let small = Forge::mapper().forge();
    let mut whole = 0;
    for length in 0..small.len() {
        match of_the_first(&small, length) {
            "plugin.not-wasm" => assert!(length < 4),
            // Before the names of things, which no plugin needs.
            "accepted" => whole += 1,
            code => assert!(border(code), "{length}: {code}"),
        }
    }
    assert!(whole <= 1);
}

#[test]
fn what_components_within_the_component_say_of_themselves_does_not_count() {
    let inner = component(&[
        custom("dukou:manifest", br#"{"name":"other","version":"9"}"#),
        custom("dukou:cases", b"no JSON"),
    ]);
    let inspection = inspect(&with_sections(&[inner]), &InspectionLimits::default()).unwrap();
    assert!(inspection.manifest.is_none() && inspection.cases.is_none());
}
