//! What hostile guests cost the host's memory: each runs in a process of its own, which says how much it had at its
//! peak. The bound is [`BOUND_BYTES`] for a guest of the class of compiled plugins; compiling happens in a grandchild.

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use dukou_guests::forge::{Forge, custom};

use super::{Guest, answers, budgets, compiling, files, limited, run, system};

/// The most that a process with one hostile guest at a time may have: 64 MiB for the guest, 32 MiB for its file, 96 MiB
/// for its code, twice 17 MiB for its answer, and the host itself.
const BOUND_BYTES: u64 = 300_000_000;
/// An interpreter may have 256 MiB.
const INTERPRETERS_BOUND_BYTES: u64 = 500_000_000;

/// Tells the child which guest to run.
const GUEST: &str = "DUKOU_TEST_HOSTILE_GUEST";
/// Begins the child's line on stdout.
const MARK: &str = "hostile guest:";
const CHILD: &str = "hostile::memory::one_guest_in_a_process_of_its_own";
const INTERPRETER: &str = "an interpreter's memory bomb that is touched";

fn all() -> Vec<Guest> {
    [
        files::guests(),
        budgets::guests(),
        answers::guests(),
        system::guests(),
        compiling::guests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn interpreters_bomb() -> Vec<u8> {
    let mut bytes = Forge::doing(budgets::TOUCHING_BOMB).forge();
    bytes.extend(custom("padding", &vec![0; 4 << 20]));
    bytes
}

/// The most memory that this process has had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}

/// The child's part; without a name it runs the first guest, like any other test.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the parent speaks with it")]
fn one_guest_in_a_process_of_its_own() {
    let name = std::env::var(GUEST).unwrap_or_default();
    let runtime = limited(400 << 20, Duration::from_secs(60));
    if name == INTERPRETER {
        let (error, _) = run(&runtime, &interpreters_bomb()).err().unwrap();
        assert_eq!(error.code(), "plugin.memory");
    } else {
        let guests = all();
        let guest = guests.iter().find(|guest| guest.name == name).unwrap_or(&guests[0]);
        let component = (guest.component)();
        let (error, _) = run(&runtime, &component).err().unwrap();
        guest.assert_ends(&error);
    }
    println!("{MARK} {}", peak_bytes());
}

/// Runs a guest in a child; answers the child's peak.
fn peak_of(name: &str) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture", "--test-threads", "1"])
        .env(GUEST, name)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{name}: {stdout}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let peak = stdout.lines().find_map(|line| line.split_once(MARK));
    peak.unwrap().1.trim().parse().unwrap()
}

#[test]
fn every_hostile_guest_stays_under_the_hosts_bound_of_memory() {
    let names: Vec<&str> = all().iter().map(|guest| guest.name).collect();
    for (index, name) in names.iter().enumerate() {
        assert!(!names[..index].contains(name), "two guests are called {name}");
    }
    assert!(names.len() >= 200, "{}", names.len());
    let rest = Mutex::new(names.into_iter());
    let worst = Mutex::new((0, ""));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(name) = rest.lock().unwrap().next() else {
                        return;
                    };
                    let peak = peak_of(name);
                    assert!(peak <= BOUND_BYTES, "{name}: {peak} bytes");
                    let mut worst = worst.lock().unwrap();
                    *worst = (*worst).max((peak, name));
                }
            });
        }
    });
    let (peak, name) = *worst.lock().unwrap();
    assert!(
        peak > 64 << 20,
        "the greediest was {name} with only {peak} bytes: nothing was measured"
    );
}

#[test]
fn an_interpreter_stays_under_its_own() {
    let peak = peak_of(INTERPRETER);
    assert!((190 << 20..=INTERPRETERS_BOUND_BYTES).contains(&peak), "{peak}");
}
