//! Every way a plugin can misbehave ends in exactly its own error, with a report of what it used.

use dukou_core::verdict::Verdict;
use dukou_plugin::{Level, PluginError, PoolClass, RunReport, Runtime, Stage};

use crate::fixture::{ENVIRONMENT, candidate, groups, misbehaving, no_tables, options, poisoned_by, runtime, told};

fn run(what: &str) -> RunReport<Vec<Verdict>> {
    told(what).transform(&groups(3), &no_tables())
}

fn error(what: &str) -> (PluginError, RunReport<Vec<Verdict>>) {
    let report = run(what);
    (report.result.clone().unwrap_err(), report)
}

#[test]
fn a_plain_run_maps_each_group_and_reports_what_it_used() {
    let report = run("map");
    let verdicts = report.result.unwrap();
    assert_eq!(verdicts.len(), 3);
    for (index, verdict) in verdicts.iter().enumerate() {
        let Verdict::Mapped(mapped) = verdict else {
            panic!("{verdict:?}")
        };
        let body = format!(r#"{{"dto":{{"ExternalCode":"g{index}"}}}}"#);
        assert_eq!(mapped.documents[0].body, body);
    }
    let usage = report.usage;
    assert!(usage.fuel > 0 && usage.fuel < usage.fuel_limit);
    assert!(usage.peak_memory_bytes >= 65_536);
    assert!(usage.output_bytes > 3 * 20);
    assert_eq!((usage.host_calls, usage.log_bytes), (0, 0));
    assert_eq!(report.stage, Stage::Groups);
}

#[test]
fn an_endless_loop_ends_with_the_fuel() {
    let (error, report) = error("loop");
    assert_eq!(error.code(), "plugin.fuel");
    assert_eq!(report.usage.fuel, report.usage.fuel_limit);
}

#[test]
fn greed_for_memory_ends_at_the_budget() {
    let (error, report) = error("allocate");
    assert_eq!(error, PluginError::Memory { limit: 64 << 20 });
    assert!(report.usage.peak_memory_bytes <= 64 << 20);
    assert!(report.usage.peak_memory_bytes > 32 << 20);
}

#[test]
fn endless_recursion_ends_with_the_stack() {
    assert_eq!(error("recurse").0, PluginError::Stack);
}

#[test]
fn a_panic_brings_its_text_and_where_it_was() {
    let (error, report) = error("panic");
    let PluginError::Trap(trap) = &error else {
        panic!("{error:?}")
    };
    assert!(trap.reason.contains("unreachable"), "{}", trap.reason);
    assert!(error.panic_text().unwrap().contains("deliberate panic"));
    assert!(error.to_string().contains("deliberate panic"));
    assert!(!trap.frames.is_empty());
    assert_eq!(report.log.last().map(|line| line.level), Some(Level::Error));
}

#[test]
fn a_trap_in_configure_refuses_the_plugin() {
    let settings = r#"{"do":"trap-in-configure"}"#;
    let refused = runtime().configure(&misbehaving(), settings, ENVIRONMENT);
    assert_eq!(refused.err().map(|error| error.code()), Some("plugin.trap"));
}

#[test]
fn refused_settings_come_with_their_paths() {
    let plugin = misbehaving();
    match runtime().configure(&plugin, r#"{"do":"refuse-settings"}"#, ENVIRONMENT) {
        Err(PluginError::Settings(errors)) => {
            assert_eq!(errors.len(), 1);
            assert_eq!((errors[0].path.as_str(), errors[0].code.as_str()), ("do", "refused"));
        }
        other => panic!("{:?}", other.err()),
    }
    let code = |settings, environment| {
        runtime()
            .configure(&plugin, settings, environment)
            .err()
            .map(|error| error.code())
    };
    assert_eq!(code("{", ENVIRONMENT), Some("plugin.settings"));
    assert_eq!(code("{}", "{"), Some("plugin.settings"));
    assert_eq!(code(r#"{"do":"bad-needs"}"#, ENVIRONMENT), Some("plugin.contract"));
}

#[test]
fn too_much_output_ends_at_the_budget() {
    let mut options = options();
    // Enough to fill 24 MiB byte by byte.
    options.budgets.fuel_base = 5_000_000_000;
    let runtime = Runtime::new(options).unwrap();
    let plugin = runtime.load(dukou_guests::MISBEHAVING).unwrap();
    let prepared = runtime
        .configure(&plugin, r#"{"do":"huge-output"}"#, ENVIRONMENT)
        .unwrap();
    let report = prepared.transform(&groups(1), &no_tables());
    assert_eq!(report.result.unwrap_err(), PluginError::Output { limit: 16 << 20 });
}

#[test]
fn the_sum_of_an_answer_is_limited_too() {
    let mut options = options();
    options.budgets.output_bytes = 100;
    let runtime = Runtime::new(options).unwrap();
    let plugin = runtime.load(dukou_guests::MISBEHAVING).unwrap();
    let prepared = runtime.configure(&plugin, "{}", ENVIRONMENT).unwrap();
    let code = |count| {
        let report = prepared.transform(&groups(count), &no_tables());
        report.result.err().map(|error| error.code())
    };
    assert_eq!((code(2), code(5)), (None, Some("plugin.output")));
}

#[test]
fn a_flood_of_log_lines_ends_at_the_budget() {
    let (error, report) = error("log-flood");
    assert_eq!(error.code(), "plugin.log");
    let kept: usize = report.log.iter().map(|line| line.text.len()).sum();
    assert!(kept <= 64 << 10);
    assert!(report.log.len() <= 1_000);
}

#[test]
fn a_flood_of_look_ups_ends_at_the_budget() {
    let (error, report) = error("lookup-flood");
    assert_eq!(error, PluginError::HostCalls { limit: 13_000 });
    assert!(report.usage.host_calls > 13_000);
}

#[test]
fn conservation_and_form_are_checked() {
    for (what, word) in [
        ("too-few", "2 verdicts for 3"),
        ("too-many", "4 verdicts for 3"),
        ("bad-json", "not JSON"),
        ("same-suffix", "suffix"),
    ] {
        let (error, _) = error(what);
        assert_eq!(error.code(), "plugin.contract", "{what}");
        assert!(error.to_string().contains(word), "{what}: {error}");
    }
}

#[test]
fn equal_runs_are_equal_to_the_last_unit_of_fuel() {
    let mut own = options();
    own.instances = 1;
    let own = Runtime::new(own).unwrap();
    let plugin = own.load(dukou_guests::MISBEHAVING).unwrap();
    let elsewhere = own.configure(&plugin, r#"{"do":"map"}"#, ENVIRONMENT).unwrap();
    let first = told("map").transform(&groups(20), &no_tables());
    let second = told("map").transform(&groups(20), &no_tables());
    assert_eq!(first, second);
    assert_eq!(first, elsewhere.transform(&groups(20), &no_tables()));
    for what in ["loop", "allocate", "recurse", "panic", "log-flood", "lookup-flood"] {
        assert_eq!(run(what), run(what), "{what}");
    }
}

#[test]
fn a_run_leaves_nothing_behind_for_the_next() {
    let prepared = poisoned_by("g1");
    assert_eq!(
        prepared.transform(&groups(3), &no_tables()).result.unwrap_err().code(),
        "plugin.trap"
    );
    let good = prepared.transform(&groups(1), &no_tables());
    assert_eq!(good.result.unwrap().len(), 1);
}

#[test]
fn a_plugin_is_asked_only_for_what_it_is() {
    let candidates = [candidate(groups(1).remove(0), "{}")];
    let prepared = told("map");
    assert_eq!(
        prepared.adjust(&candidates, &no_tables()).result.unwrap_err().code(),
        "plugin.kind"
    );
    assert_eq!(
        prepared.validate(&candidates, &no_tables()).result.unwrap_err().code(),
        "plugin.kind"
    );
}

#[test]
fn more_threads_than_instances_wait_and_all_are_served() {
    let mut options = options();
    options.instances = 2;
    let runtime = Runtime::new(options).unwrap();
    let plugin = runtime.load(dukou_guests::MISBEHAVING).unwrap();
    let prepared = runtime.configure(&plugin, "{}", ENVIRONMENT).unwrap();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| (0..20).all(|_| prepared.transform(&groups(2), &no_tables()).result.is_ok())))
            .collect();
        for worker in workers {
            assert!(worker.join().unwrap());
        }
    });
}

#[test]
fn the_mode_says_how_instances_are_made() {
    let mode = runtime().mode();
    assert!(mode.contains("pooled") || mode.contains("on demand"), "{mode}");
}

#[test]
fn a_large_component_runs_in_the_pool_of_interpreters() {
    let mut component = dukou_guests::MISBEHAVING.to_vec();
    // A custom section of 4 MiB: id, length as LEB128, a name of one byte, padding.
    component.extend([0, 0x80, 0x80, 0x80, 0x02, 1, b'p']);
    component.resize(component.len() + (4 << 20) - 2, 0);
    let runtime = Runtime::new(options()).unwrap();
    assert!(!runtime.mode().contains("interpreted"));
    let plugin = runtime.load(&component).unwrap();
    assert_eq!(plugin.inspection().class(), PoolClass::Interpreted);
    let told = |what| {
        let settings = format!(r#"{{"do":"{what}"}}"#);
        runtime.configure(&plugin, &settings, ENVIRONMENT).unwrap()
    };
    assert_eq!(told("map").transform(&groups(2), &no_tables()).result.unwrap().len(), 2);
    let greedy = told("allocate").transform(&groups(1), &no_tables());
    assert_eq!(greedy.result.unwrap_err(), PluginError::Memory { limit: 256 << 20 });
    assert!(runtime.mode().contains("interpreted"));
}
