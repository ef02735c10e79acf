//! Guests that use more than they may: time, memory, stack, output, log, look-ups. And those that trap.

use dukou_guests::forge::{Forge, Said, World};
use dukou_plugin::{Budgets, PluginError, PoolClass};

use super::{Ends, Guest, SETTINGS, assert_each_ends, one_group, run};
use crate::fixture::{ENVIRONMENT, runtime};

/// Of one batch with one group.
const LOG: PluginError = PluginError::Log {
    limit_bytes: 64 << 10,
    limit_lines: 1_000,
};
const OUTPUT: PluginError = PluginError::Output { limit: 16 << 20 };
const HOST_CALLS: PluginError = PluginError::HostCalls { limit: 11_000 };
const MEMORY: PluginError = PluginError::Memory { limit: 64 << 20 };
const TABLE: PluginError = PluginError::Table { limit: 20_000 };

/// Takes memory page by page, and writes to each.
pub(super) const TOUCHING_BOMB: &str = "(loop $l
    (i32.store (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)) (i32.const 1))
    (i32.store offset=4096 (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (i32.const 1))
    (memory.fill (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (i32.const 1) (i32.const 49152))
    (br $l))";

const FOREVER: &str = "(loop $l (br $l))";

/// The fuel of one group, as the budgets say: the guest gets no more and no less.
fn fuel_of_one_group() -> PluginError {
    let group = &one_group()[0];
    let record = &group.records[0];
    let bytes = record.key.len() + record.body.len() + record.extra.len() + group.key.len() + group.extra.len();
    fuel(1, bytes)
}

fn fuel_of_configure() -> PluginError {
    fuel(0, 0)
}

fn fuel(groups: usize, bytes: usize) -> PluginError {
    PluginError::Fuel {
        limit: Budgets::compiled().fuel(groups, bytes + SETTINGS.len() + ENVIRONMENT.len()),
    }
}

fn doing(instructions: &'static str) -> impl Fn() -> Vec<u8> {
    move || Forge::doing(instructions).forge()
}

fn configuring(instructions: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.configure = format!("{instructions} {}", forge.configure);
        forge.forge()
    }
}

fn with_fields(fields: &'static str, instructions: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::doing(instructions);
        forge.fields = fields.to_owned();
        forge.forge()
    }
}

fn allocating(instructions: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.realloc = instructions.to_owned();
        forge.forge()
    }
}

fn trap(words: &'static [&'static str]) -> Ends {
    Ends::With("plugin.trap", words)
}

/// A guest of `pages` whose answer points at `count` things in untouched memory, all empty.
fn many_empty(pages: u32, count: u32, answer: fn(u32, u32) -> Vec<u32>) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.pages = pages;
        let list = forge.image.words(&answer(131_072, count));
        let at = forge.image.words(&[list, 1]);
        forge.act = format!("(i32.const {at})");
        forge.forge()
    }
}

/// One verdict with `copies` documents whose bodies are one and the same text of `bytes`.
fn same_text_often(copies: u32, bytes: u32) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.pages = 900;
        let documents: Vec<u32> = (0..copies).flat_map(|_| [0, 0, 1 << 20, bytes, 0, 0]).collect();
        let documents = forge.image.words(&documents);
        let list = forge.image.words(&[0, documents, copies, 0, 0]);
        let at = forge.image.words(&[list, 1]);
        forge.act = format!("(i32.const {at})");
        forge.forge()
    }
}

/// Objections of which each message is the same text of `bytes`.
fn huge_violations(world: World, copies: u32, bytes: u32) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::honest(world, &[]);
        forge.pages = 900;
        let [code, length] = forge.image.text("x");
        let one = [code, length, 1 << 20, bytes, 0, 0, 0, 0, 0, 0, 0, 0];
        let violations = forge.image.words(&one.repeat(copies as usize));
        let list = match world {
            World::Validator => forge.image.words(&[violations, copies]),
            _ => forge.image.words(&[2, violations, copies, 0, 0]),
        };
        let at = forge.image.words(&[list, 1]);
        forge.act = format!("(i32.const {at})");
        forge.forge()
    }
}

fn looking_up(keys: u32, times: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.pages = 700;
        let [table, length] = forge.image.text("t");
        let call = format!(
            "(call $lookup (i32.const {table}) (i32.const {length}) (i32.const 131072) (i32.const {keys}) (i32.const 65536))"
        );
        let act = if times.is_empty() {
            call
        } else {
            format!("(loop $l {call} {times})")
        };
        forge.act = format!("{act} {}", forge.act);
        forge.forge()
    }
}

fn logging(length: u32, times: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.pages = 700;
        let call = format!("(call $log (i32.const 1) (i32.const 131072) (i32.const {length}))");
        forge.act = format!("(loop $l {call} {times}) {}", forge.act);
        forge.forge()
    }
}

const TEN_MILLION_TIMES: &str = "(global.set $i (i32.add (global.get $i) (i32.const 1))) (br_if $l (i32.lt_u (global.get $i) (i32.const 10000000)))";

pub(super) fn guests() -> Vec<Guest> {
    let mut guests = vec![
        Guest::new("an endless loop", doing(FOREVER), Ends::In(fuel_of_one_group())),
        Guest::new(
            "an endless loop in configure",
            configuring(FOREVER),
            Ends::In(fuel_of_configure()),
        ),
        Guest::new(
            "an endless loop before anything is called",
            with_fields("(func $s (loop $l (br $l))) (start $s)", ""),
            Ends::In(fuel_of_configure()),
        ),
        Guest::new(
            "an endless loop in the allocator",
            allocating("(loop $l (br $l)) (unreachable)"),
            Ends::In(fuel_of_configure()),
        ),
        Guest::new(
            "a loop over all of memory",
            doing("(loop $l (memory.fill (i32.const 65536) (i32.const 7) (i32.const 65536)) (br $l))"),
            Ends::In(fuel_of_one_group()),
        ),
        Guest::new(
            "a memory bomb",
            doing("(loop $l (drop (memory.grow (i32.const 1))) (br $l))"),
            Ends::In(MEMORY),
        ),
        Guest::new("a memory bomb that is touched", doing(TOUCHING_BOMB), Ends::In(MEMORY)),
        Guest::new(
            "a memory bomb in configure",
            configuring("(loop $l (drop (memory.grow (i32.const 1))) (br $l))"),
            Ends::In(MEMORY),
        ),
        Guest::new(
            "all of memory in one step",
            doing("(drop (memory.grow (i32.const 65000)))"),
            Ends::In(MEMORY),
        ),
        Guest::new(
            "a table bomb",
            with_fields(
                "(table $t 1 funcref)",
                "(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l))",
            ),
            Ends::In(TABLE),
        ),
        Guest::new(
            "all of a table in one step",
            with_fields(
                "(table $t 1 funcref)",
                "(drop (table.grow $t (ref.null func) (i32.const 50000)))",
            ),
            Ends::In(TABLE),
        ),
        Guest::new(
            "a deep recursion",
            with_fields("(func $r (call $r))", "(call $r)"),
            Ends::In(PluginError::Stack),
        ),
        Guest::new(
            "a deep recursion in configure",
            || {
                let mut forge = Forge::mapper();
                forge.fields = "(func $r (call $r))".to_owned();
                forge.configure = format!("(call $r) {}", forge.configure);
                forge.forge()
            },
            Ends::In(PluginError::Stack),
        ),
        Guest::new(
            "a deep recursion through a table",
            with_fields(
                "(type $n (func)) (table $t 1 funcref) (func $r (call_indirect (type $n) (i32.const 0))) (elem (i32.const 0) $r)",
                "(call $r)",
            ),
            Ends::In(PluginError::Stack),
        ),
        Guest::new("one document of 40 MiB", same_text_often(1, 40 << 20), Ends::In(OUTPUT)),
        Guest::new("2 GB of documents", same_text_often(200, 10 << 20), Ends::In(OUTPUT)),
        Guest::new(
            "two million documents",
            many_empty(800, 2_000_000, |at, count| vec![0, at, count, 0, 0]),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "two million omissions",
            many_empty(700, 2_000_000, |at, count| vec![0, 0, 0, at, count]),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "one million violations",
            many_empty(900, 1_000_000, |at, count| vec![2, at, count, 0, 0]),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "2 GB of violations",
            huge_violations(World::Mapper, 2_000, 1 << 20),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "2 GB of violations from a validator",
            huge_violations(World::Validator, 2_000, 1 << 20),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "three million verdicts",
            || {
                let mut forge = Forge::mapper();
                forge.pages = 950;
                let at = forge.image.words(&[131_072, 3_000_000]);
                forge.act = format!("(i32.const {at})");
                forge.forge()
            },
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "a reason of 12 MiB",
            many_empty(300, 12 << 20, |at, bytes| vec![1, at, bytes, 0, 0]),
            Ends::With("plugin.contract", &["the reason of more than 8192 bytes"]),
        ),
        Guest::new(
            "2 MB of needs",
            || Forge::configured(&format!(r#"{{"needs":["{}"]}}"#, "a".repeat(2_000_000))).forge(),
            Ends::In(PluginError::Output { limit: 1 << 20 }),
        ),
        Guest::new("log lines without end", logging(10, "(br $l)"), Ends::In(LOG)),
        Guest::new("10 million log lines", logging(0, TEN_MILLION_TIMES), Ends::In(LOG)),
        Guest::new("one log line of 8 MiB", logging(8 << 20, ""), Ends::In(LOG)),
        Guest::new("one log line of 40 MiB", logging(40 << 20, ""), Ends::In(OUTPUT)),
        Guest::new("look-ups without end", looking_up(1, "(br $l)"), Ends::In(HOST_CALLS)),
        Guest::new(
            "10 million look-ups of nothing",
            looking_up(0, TEN_MILLION_TIMES),
            Ends::In(HOST_CALLS),
        ),
        Guest::new(
            "one look-up of 400,000 keys",
            looking_up(400_000, ""),
            Ends::In(HOST_CALLS),
        ),
        Guest::new(
            "one look-up of five million keys",
            looking_up(5_000_000, ""),
            Ends::In(OUTPUT),
        ),
        Guest::new(
            "a trap in configure",
            configuring("(unreachable)"),
            trap(&["unreachable"]),
        ),
        Guest::new(
            "a trap in the allocator",
            allocating("(unreachable)"),
            trap(&["unreachable"]),
        ),
        Guest::new(
            "a trap before anything is called",
            with_fields("(func $s (unreachable)) (start $s)", ""),
            trap(&["unreachable"]),
        ),
        Guest::new(
            "a trap after the answer",
            || {
                let mut forge = Forge::mapper();
                forge.hostile_return = true;
                forge.forge()
            },
            trap(&["unreachable"]),
        ),
        Guest::new(
            "a division by zero",
            doing("(drop (i32.div_u (i32.const 1) (global.get $i)))"),
            trap(&["divide by zero"]),
        ),
        Guest::new(
            "a read beyond memory",
            doing("(drop (i32.load (i32.const -8)))"),
            trap(&["out of bounds"]),
        ),
        Guest::new(
            "a call of nothing",
            with_fields(
                "(type $n (func)) (table 1 funcref)",
                "(call_indirect (type $n) (i32.const 0))",
            ),
            trap(&["uninitialized element"]),
        ),
        Guest::new(
            "a function name of 90,000 signs",
            || {
                let mut forge = Forge::mapper();
                forge.fields = format!("(func ${} (unreachable))", "f".repeat(90_000));
                forge.act = format!("(call ${}) {}", "f".repeat(90_000), forge.act);
                forge.forge()
            },
            trap(&["unreachable"]),
        ),
    ];
    for (world, name) in [
        (World::Mapper, "a trap in transform"),
        (World::Adjuster, "a trap in adjust"),
        (World::Validator, "a trap in validate"),
    ] {
        guests.push(Guest::new(
            name,
            move || {
                let mut forge = Forge::honest(world, &[Said::document("{}")]);
                forge.act = "(unreachable)".to_owned();
                forge.forge()
            },
            trap(&["unreachable"]),
        ));
    }
    guests
}

#[test]
fn every_greedy_guest_ends_in_its_own_budget() {
    assert_each_ends(&guests());
}

#[test]
fn what_a_guest_floods_is_not_kept() {
    for guest in guests() {
        let Err((_, Some(ran))) = run(runtime(), &(guest.component)()) else {
            continue;
        };
        let kept: usize = ran.log.iter().map(|line| line.text.len()).sum();
        assert!(ran.log.len() <= 1_000 && kept <= 64 << 10, "{}", guest.name);
        assert!(ran.usage.peak_memory_bytes <= 64 << 20, "{}", guest.name);
        assert!(ran.usage.fuel <= ran.usage.fuel_limit, "{}", guest.name);
    }
}

#[test]
fn an_interpreter_that_is_greedy_ends_in_the_budgets_of_interpreters() {
    // A large file makes an interpreter of it.
    let padded = |mut bytes: Vec<u8>| {
        bytes.extend(dukou_guests::forge::custom("padding", &vec![0; 4 << 20]));
        bytes
    };
    let table = with_fields(
        "(table $t 1 funcref)",
        "(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l))",
    );
    for (component, expected) in [
        (
            doing("(loop $l (drop (memory.grow (i32.const 1))) (br $l))")(),
            PluginError::Memory { limit: 256 << 20 },
        ),
        (table(), PluginError::Table { limit: 200_000 }),
        (doing(FOREVER)(), interpreters_fuel()),
    ] {
        let component = padded(component);
        let plugin = runtime().load(&component).unwrap();
        assert_eq!(plugin.inspection().class(), PoolClass::Interpreted);
        assert_eq!(run(runtime(), &component).err().map(|(error, _)| error), Some(expected));
    }
}

fn interpreters_fuel() -> PluginError {
    let PluginError::Fuel { limit } = fuel_of_one_group() else {
        unreachable!()
    };
    let (compiled, interpreted) = (Budgets::compiled(), Budgets::interpreted());
    let bytes = (limit - compiled.fuel(1, 0)) / compiled.fuel_per_byte;
    PluginError::Fuel {
        limit: interpreted.fuel(1, usize::try_from(bytes).unwrap()),
    }
}
