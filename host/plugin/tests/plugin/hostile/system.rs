//! Guests that reach for the system: interfaces outside the allowed list are refused by name, those inside it are inert,
//! and calling them without end is counted.

use dukou_guests::forge::{Forge, Image};
use dukou_plugin::PluginError;

use super::{Ends, Guest, assert_each_ends, run};
use crate::fixture::runtime;

/// Interfaces of the system and its neighbourhood that plugins may not import, as their worlds publish them, and the
/// allowed ones in versions that are not.
const REFUSED: [&str; 77] = [
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi:sockets/types@0.3.0",
    "wasi:http/types@0.2.0",
    "wasi:http/incoming-handler@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/handler@0.3.0",
    "wasi:http/client@0.3.0",
    "wasi:nn/tensor@0.2.0-rc-2024-10-28",
    "wasi:nn/graph@0.2.0-rc-2024-10-28",
    "wasi:nn/inference@0.2.0-rc-2024-10-28",
    "wasi:nn/errors@0.2.0-rc-2024-10-28",
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/batch@0.2.0-draft",
    "wasi:keyvalue/watcher@0.2.0-draft",
    "wasi:config/store@0.2.0-rc.1",
    "wasi:config/runtime@0.2.0-draft",
    "wasi:blobstore/blobstore@0.2.0-draft",
    "wasi:blobstore/container@0.2.0-draft",
    "wasi:blobstore/types@0.2.0-draft",
    "wasi:messaging/producer@0.2.0-draft",
    "wasi:messaging/request-reply@0.2.0-draft",
    "wasi:messaging/messaging-types@0.2.0-draft",
    "wasi:messaging/incoming-handler@0.2.0-draft",
    "wasi:logging/logging@0.1.0-draft",
    "wasi:sql/readwrite@0.2.0-draft",
    "wasi:sql/types@0.2.0-draft",
    "wasi:tls/types@0.2.0-draft",
    "wasi:tls/client@0.3.0-draft",
    "wasi:otel/tracing@0.2.0-draft",
    "wasi:observe/traces@0.2.0-draft",
    "wasi:crypto/asymmetric@0.2.0-draft",
    "wasi:crypto/symmetric@0.2.0-draft",
    "wasi:distributed-lock-service/lock@0.2.0-draft",
    "wasi:threads/thread@0.1.0",
    "wasi:webgpu/webgpu@0.0.1",
    "wasi:graphics-context/graphics-context@0.0.1",
    "wasi:frame-buffer/frame-buffer@0.0.1",
    "wasi:surface/surface@0.0.1",
    "wasi:i2c/i2c@0.2.0-draft",
    "wasi:spi/spi@0.2.0-draft",
    "wasi:gpio/digital@0.2.0-draft",
    "wasi:usb/device@0.2.0-draft",
    "wasi:parallel/parallel@0.1.0",
    "wasi:url/url@0.1.0",
    "wasi:snapshot/preview1@0.2.0",
    "wasi:clocks/timezone@0.2.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:clocks/wall-clock@0.1.0",
    "wasi:cli/run@0.2.0",
    "wasi:cli/command@0.2.0",
    "wasi:cli/environment@0.3.0",
    "wasi:cli/exit@0.1.0",
    "wasi:cli/stdout@1.0.0",
    "wasi:cli/environment@0.20.0",
    "wasi:cli/types@0.3.0",
    "wasi:filesystem/types@0.3.0",
    "wasi:filesystem/preopens@0.3.0",
    "wasi:filesystem/sockets@0.2.0",
    "wasi:random/random@0.3.0",
    "wasi:random/entropy@0.2.0",
    "wasi:io/streams@0.3.0",
    "wasi:io/network@0.2.0",
    "wasi:cli/environment",
    "wasi:cli-tools/environment@0.2.0",
    "wasix:sockets/tcp@0.2.0",
    "fastly:api/http-req@0.2.0",
    "fermyon:spin/llm@2.0.0",
    "wasmcloud:bus/lattice@1.0.0",
    "componentize-js:host/fetch@0.2.0",
];

/// Imports of the inert system as text, each lowered to a core function of the main module's `system`.
const SYSTEM: &str = r#"
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-u64" (func (result u64)))
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (import "wasi:random/insecure-seed@0.2.0" (instance $seed
    (export "insecure-seed" (func (result (tuple u64 u64))))))
  (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $d)))
    (export "now" (func (result $datetime)))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $monotonic
    (type $i u64)
    (export "instant" (type $instant (eq $i)))
    (export "now" (func (result $instant)))))
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))
    (export "get-arguments" (func (result (list string))))
    (export "initial-cwd" (func (result (option string))))))
  (import "wasi:filesystem/types@0.2.0" (instance $files
    (export "descriptor" (type (sub resource)))))
  (alias export $files "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $folders
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $own (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $own) string)))))))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type (sub resource)))))
  (alias export $streams "output-stream" (type $output))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output (type $outer))
    (export "output-stream" (type $own (eq $outer)))
    (export "get-stdout" (func (result (own $own))))))
  (core func $random_u64 (canon lower (func $random "get-random-u64")))
  (core func $random_bytes (canon lower (func $random "get-random-bytes") (memory $memory) (realloc (func $realloc))))
  (core func $seed (canon lower (func $seed "insecure-seed") (memory $memory)))
  (core func $wall (canon lower (func $wall "now") (memory $memory)))
  (core func $monotonic (canon lower (func $monotonic "now")))
  (core func $variables (canon lower (func $environment "get-environment") (memory $memory) (realloc (func $realloc))))
  (core func $arguments (canon lower (func $environment "get-arguments") (memory $memory) (realloc (func $realloc))))
  (core func $folder (canon lower (func $environment "initial-cwd") (memory $memory) (realloc (func $realloc))))
  (core func $folders (canon lower (func $folders "get-directories") (memory $memory) (realloc (func $realloc))))
  (core func $output (canon lower (func $stdout "get-stdout")))
  (core func $close (canon resource.drop $output))
"#;

const WITH: &str = r#"(with "system" (instance
    (export "random-u64" (func $random_u64)) (export "random-bytes" (func $random_bytes))
    (export "seed" (func $seed)) (export "wall" (func $wall)) (export "monotonic" (func $monotonic))
    (export "variables" (func $variables)) (export "arguments" (func $arguments))
    (export "folder" (func $folder)) (export "folders" (func $folders))
    (export "output" (func $output)) (export "close" (func $close))))"#;

/// Where the guests below put what they are told.
const TOLD: &str = "(i32.const 65536)";

/// A guest of the inert system; `act` gets the image to put texts in.
fn reaching(act: impl Fn(&mut Image) -> String) -> Vec<u8> {
    let mut forge = Forge::mapper();
    forge.pages = 4;
    forge.imports = SYSTEM.to_owned();
    forge.with = WITH.to_owned();
    let instructions = act(&mut forge.image);
    forge.act = format!("{instructions} {}", forge.act);
    forge.imports_of_main = r#"
      (import "system" "random-u64" (func $random_u64 (result i64)))
      (import "system" "random-bytes" (func $random_bytes (param i64 i32)))
      (import "system" "seed" (func $seed (param i32)))
      (import "system" "wall" (func $wall (param i32)))
      (import "system" "monotonic" (func $monotonic (result i64)))
      (import "system" "variables" (func $variables (param i32)))
      (import "system" "arguments" (func $arguments (param i32)))
      (import "system" "folder" (func $folder (param i32)))
      (import "system" "folders" (func $folders (param i32)))
      (import "system" "output" (func $output (result i32)))
      (import "system" "close" (func $close (param i32)))"#
        .to_owned();
    forge.forge()
}

fn flooding(call: &'static str) -> impl Fn() -> Vec<u8> {
    move || reaching(|_| format!("(loop $l {call} (br $l))"))
}

pub(super) fn guests() -> Vec<Guest> {
    let refused = |name: &'static str| {
        Guest::new(
            name,
            move || {
                let mut forge = Forge::mapper();
                forge.imports = format!("(import \"{name}\" (instance))");
                forge.forge()
            },
            Ends::In(PluginError::Import {
                names: vec![name.to_owned()],
            }),
        )
    };
    let mut guests: Vec<Guest> = REFUSED.into_iter().map(refused).collect();
    let spent = || Ends::In(PluginError::HostCalls { limit: 11_000 });
    guests.extend([
        Guest::new(
            "random numbers without end",
            flooding("(drop (call $random_u64))"),
            spent(),
        ),
        Guest::new(
            "64 KiB of random bytes without end",
            // Into the same place each time, so that neither memory nor fuel would end it.
            || {
                let mut bytes = flooding_bytes();
                bytes.realloc = "(i32.const 131072)".to_owned();
                bytes.forge()
            },
            spent(),
        ),
        Guest::new(
            "1 GB of random bytes",
            || reaching(|_| format!("(call $random_bytes (i64.const 1000000000) {TOLD})")),
            Ends::With("plugin.contract", &["1000000000 random bytes at once", "65536"]),
        ),
        Guest::new(
            "the time without end",
            flooding("(call $wall (i32.const 65536))"),
            spent(),
        ),
        Guest::new(
            "the other clock without end",
            flooding("(drop (call $monotonic))"),
            spent(),
        ),
        Guest::new(
            "variables without end",
            flooding("(call $variables (i32.const 65536))"),
            spent(),
        ),
        Guest::new(
            "folders without end",
            flooding("(call $folders (i32.const 65536))"),
            spent(),
        ),
        Guest::new(
            "outputs opened and closed without end",
            flooding("(call $close (call $output))"),
            spent(),
        ),
        Guest::new(
            "outputs opened without end",
            flooding("(drop (call $output))"),
            Ends::With("plugin.contract", &["no free keys"]),
        ),
    ]);
    guests
}

fn flooding_bytes() -> Forge {
    let mut forge = Forge::mapper();
    forge.pages = 4;
    forge.imports = SYSTEM.to_owned();
    forge.with = WITH.to_owned();
    forge.imports_of_main = r#"(import "system" "random-bytes" (func $random_bytes (param i64 i32)))"#.to_owned();
    forge.act = format!(
        "(loop $l (call $random_bytes (i64.const 65536) {TOLD}) (br $l)) {}",
        forge.act
    );
    forge
}

#[test]
fn every_interface_outside_the_list_is_refused_by_its_name_and_every_flood_is_counted() {
    assert_each_ends(&guests());
}

#[test]
fn all_that_are_refused_are_named_at_once() {
    let mut forge = Forge::mapper();
    for name in REFUSED {
        forge.imports.push_str(&format!("(import \"{name}\" (instance))"));
    }
    let Err(PluginError::Import { names }) = runtime().inspect(&forge.forge()) else {
        panic!("let through");
    };
    let mut expected = REFUSED.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn what_is_inside_the_list_tells_nothing_and_the_same_every_time() {
    // Traps if it finds anything of the machine; logs what it takes for time and chance.
    let guest = reaching(|image| {
        let hex = image.text("0123456789abcdef")[0];
        let log = |value: &str| {
            let digits: String = (0..16)
                .map(|digit| {
                    format!(
                        "(i32.store8 offset={digit} {TOLD} (i32.load8_u offset={hex}
                           (i32.wrap_i64 (i64.and (i64.shr_u {value} (i64.const {shift})) (i64.const 15)))))",
                        shift = digit * 4
                    )
                })
                .collect();
            format!("{digits} (call $log (i32.const 1) {TOLD} (i32.const 16))")
        };
        let empty = |call: &str, length: u32| {
            format!("(call {call} {TOLD}) (if (i32.load offset={length} {TOLD}) (then (unreachable)))")
        };
        [
            // No variables, no arguments, no folders; the option of a current folder is none.
            empty("$variables", 4),
            empty("$arguments", 4),
            empty("$folders", 4),
            format!("(call $folder {TOLD}) (if (i32.load8_u {TOLD}) (then (unreachable)))"),
            "(global.set $number (call $random_u64))".to_owned(),
            log("(global.get $number)"),
            "(global.set $number (call $random_u64))".to_owned(),
            log("(global.get $number)"),
            format!("(call $random_bytes (i64.const 8) {TOLD}) (global.set $number (i64.load (i32.load {TOLD})))"),
            log("(global.get $number)"),
            format!("(call $seed {TOLD}) (global.set $number (i64.load {TOLD}))"),
            log("(global.get $number)"),
            format!("(call $wall {TOLD}) (global.set $number (i64.load {TOLD}))"),
            log("(global.get $number)"),
            "(global.set $number (call $monotonic))".to_owned(),
            log("(global.get $number)"),
        ]
        .concat()
    });
    let told = || {
        let ran = run(runtime(), &guest).map_err(|(error, _)| error).unwrap();
        ran.log.into_iter().map(|line| line.text).collect::<Vec<_>>()
    };
    let first = told();
    assert_eq!(first.len(), 6);
    assert_eq!(
        first[4..],
        ["0000000000000000", "0000000000000000"],
        "both clocks stand at zero"
    );
    assert_ne!(
        first[0], first[1],
        "chance is a sequence, or a guest that waits for another number waits for ever"
    );
    for _ in 0..3 {
        assert_eq!(told(), first);
    }
}
