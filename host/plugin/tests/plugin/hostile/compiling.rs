//! Components that are small and valid, and would make a compiler use any amount of time or memory. The child that
//! compiles ends within its limits, the host is unharmed and compiles the next one.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dukou_guests::forge::{Forge, list, module, number, repeated, section, with_sections};
use dukou_plugin::{CompileFailure, Compiler, PluginError, Runtime, RuntimeOptions};

use super::{Ends, Guest, limited};

/// Numbers of the sections of core modules.
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const CODE: u8 = 10;

/// The honest mapper, and beside it a module of functions with this code.
fn beside(bodies: &[Vec<u8>]) -> Vec<u8> {
    let entries: Vec<Vec<u8>> = bodies
        .iter()
        .map(|body| [number(body.len() as u64), body.clone()].concat())
        .collect();
    with_sections(&[module(&[
        section(TYPES, &[1, 0x60, 0, 0]),
        section(FUNCTIONS, &repeated(&[0], bodies.len())),
        section(CODE, &list(&entries)),
    ])])
}

/// One function of 50,000 locals that are all alive through hundreds of loops within loops: each loop carries each of
/// them.
fn locals_through_loops() -> Vec<u8> {
    let (locals, loops) = (50_000u64, 2_000);
    let mut body = vec![1];
    body.extend(number(locals));
    body.push(0x7f);
    body.extend([0x03, 0x40].repeat(loops));
    for local in 0..locals {
        body.push(0x20);
        body.extend(number(local));
        body.push(0x1a);
    }
    for local in 0..locals {
        body.extend([0x41, 1, 0x21]);
        body.extend(number(local));
    }
    body.extend([0x41, 1, 0x0d, 0, 0x0b].repeat(loops));
    body.push(0x0b);
    beside(&[body])
}

/// One function of 2 MB that is nothing but jumps to everywhere.
fn jump_tables() -> Vec<u8> {
    let mut body = vec![0];
    let blocks = 1_000u64;
    body.extend([0x02, 0x40].repeat(blocks as usize));
    let mut jump = vec![0x41, 0, 0x0e];
    let targets = 60_000;
    jump.extend(number(targets));
    for target in 0..=targets {
        jump.extend(number(target % 128));
    }
    // What follows a jump is dead; a block of its own brings each to life.
    let alive = [&[0x02, 0x40][..], &jump, &[0x0b]].concat();
    body.extend(alive.repeat(30));
    body.extend(vec![0x0b; blocks as usize + 1]);
    beside(&[body])
}

/// As many functions as a file may have, none of them trivial.
fn very_many_functions() -> Vec<u8> {
    let mut body = vec![1, 60, 0x7e];
    for local in 0..20u8 {
        body.extend([0x20, local, 0x20, local + 1, 0x7e, 0x21, local + 2]);
    }
    body.push(0x0b);
    beside(&vec![body; 190_000])
}

/// Components that instantiate the one before twice: after thirty of them a thousand million.
fn doubling(levels: usize) -> Vec<u8> {
    let mut tail = String::from("(component $c0 (core module $m) (core instance (instantiate $m)))");
    for level in 1..=levels {
        let before = level - 1;
        tail.push_str(&format!(
            "(component $c{level} (alias outer 1 $c{before} (component $b)) (instance (instantiate $b)) (instance (instantiate $b)))"
        ));
    }
    tail.push_str(&format!("(instance (instantiate $c{levels}))"));
    Forge {
        tail,
        ..Forge::mapper()
    }
    .forge()
}

fn compile(words: &'static [&'static str]) -> Ends {
    Ends::With("plugin.compile", words)
}

/// Those that end by the limit of memory, which is quick.
pub(super) fn guests() -> Vec<Guest> {
    vec![
        Guest::new(
            "50,000 locals through 2,000 loops",
            locals_through_loops,
            compile(&["the compiler died", "bytes of memory allowed"]),
        ),
        Guest::new(
            "2^30 instances of components within components",
            || doubling(30),
            compile(&["the compiler died", "bytes of memory allowed"]),
        ),
    ]
}

fn error_of(runtime: &Runtime, component: &[u8]) -> PluginError {
    runtime.load(component).err().unwrap()
}

fn assert_unharmed(runtime: &Runtime) {
    assert!(super::run(runtime, &Forge::mapper().forge()).is_ok());
}

/// Of time, or of memory: which of them comes first is the machine's.
fn assert_ended_by_a_limit(error: &PluginError) {
    let text = error.to_string();
    assert_eq!(error.code(), "plugin.compile", "{text}");
    let limits = ["not done within", "the compiler died"];
    assert!(limits.iter().any(|limit| text.contains(limit)), "{text}");
}

/// As long as the product gives a compiler, see `RuntimeOptions`.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn a_bomb_for_the_compilers_memory_ends_the_child_and_only_the_child() {
    let runtime = limited(400 << 20, PATIENCE);
    for guest in guests() {
        guest.assert_ends(&error_of(&runtime, &(guest.component)()));
        assert_unharmed(&runtime);
    }
}

#[test]
fn a_bomb_for_the_compilers_time_ends_the_child_and_only_the_child() {
    // So many functions take several seconds on any machine.
    let runtime = limited(2 << 30, Duration::from_secs(1));
    let error = error_of(&runtime, &very_many_functions());
    assert_ended_by_a_limit(&error);
    // The host that this happened to goes on; the limit of a second is not for an honest guest on a busy machine.
    drop(runtime);
    assert_unharmed(&limited(1 << 30, PATIENCE));
}

#[test]
fn jumps_to_everywhere_are_compiled_or_end_the_child() {
    let component = jump_tables();
    let runtime = limited(1 << 30, PATIENCE);
    match runtime.load(&component) {
        // Then it is code like any other, and the guest beside it answers.
        Ok(_) => assert!(super::run(&runtime, &component).is_ok()),
        Err(error) => assert_ended_by_a_limit(&error),
    }
    assert_unharmed(&runtime);
}

#[test]
fn more_instances_than_a_pool_holds_are_refused_when_they_are_loaded() {
    let runtime = limited(1 << 30, PATIENCE);
    let error = error_of(&runtime, &doubling(8));
    assert_eq!(error.code(), "plugin.compile", "{error}");
    assert!(error.to_string().contains("core module instances"), "{error}");
    assert_unharmed(&runtime);
}

#[test]
fn more_code_than_a_host_would_load_is_not_even_read() {
    /// Leaves a file of 97 MiB, of which nothing is on disk.
    struct Verbose;
    impl Compiler for Verbose {
        fn compile(&self, _component: &Path, output: &Path) -> Result<(), CompileFailure> {
            File::create(output).unwrap().set_len(97 << 20).unwrap();
            Ok(())
        }
    }
    let runtime = Runtime::new(RuntimeOptions::new(Arc::new(Verbose))).unwrap();
    let error = error_of(&runtime, &Forge::mapper().forge());
    assert_eq!(
        error,
        PluginError::Compile {
            reason: "it becomes 101711872 bytes of code, the limit is 100663296".to_owned(),
        }
    );
}
