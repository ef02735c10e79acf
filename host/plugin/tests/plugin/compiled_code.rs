//! Compiled code is kept, trusted only as far as it can be checked, and made by a child with limits.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dukou_guests::{MISBEHAVING, WASI_PLAIN};
use dukou_plugin::{ChildCompiler, CompileFailure, Compiler, InProcessCompiler, PluginError, Runtime, RuntimeOptions};

use crate::fixture::{ENVIRONMENT, groups, no_tables, options};

#[derive(Default)]
struct Counting(AtomicUsize);

impl Compiler for Counting {
    fn compile(&self, component: &Path, output: &Path) -> Result<(), CompileFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InProcessCompiler.compile(component, output)
    }
}

/// A folder, and how often was compiled into it.
struct Kept {
    folder: tempfile::TempDir,
    compiler: Arc<Counting>,
}

impl Kept {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            compiler: Arc::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("code")
    }

    fn open(&self) -> Result<Runtime, PluginError> {
        let mut options = RuntimeOptions::new(self.compiler.clone());
        options.cache_dir = Some(self.path());
        Runtime::new(options)
    }

    /// Opens anew, loads, runs, and says how often was compiled so far.
    fn run(&self, component: &[u8]) -> usize {
        let runtime = self.open().unwrap();
        let plugin = runtime.load(component).unwrap();
        let prepared = runtime.configure(&plugin, "{}", ENVIRONMENT).unwrap();
        assert_eq!(prepared.transform(&groups(2), &no_tables()).result.unwrap().len(), 2);
        self.compiler.0.load(Ordering::Relaxed)
    }

    fn code_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "code"))
            .collect();
        files.sort();
        files
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn rewrite(path: &Path, bytes: &[u8]) {
    set_mode(path, 0o600);
    fs::write(path, bytes).unwrap();
    set_mode(path, 0o400);
}

#[test]
fn what_is_compiled_once_is_loaded_ever_after() {
    let kept = Kept::new();
    assert_eq!(kept.run(MISBEHAVING), 1);
    assert_eq!(kept.run(MISBEHAVING), 1);
    assert_eq!(kept.run(WASI_PLAIN), 2);
    assert_eq!(kept.run(MISBEHAVING), 2);
    assert_eq!(mode(&kept.path()), 0o700);
    assert_eq!(mode(&kept.path().join("key")), 0o600);
    let files = kept.code_files();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| mode(file) == 0o400));
    // The key and both plugins, nothing half-done.
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 3);
}

#[test]
fn a_plugin_that_is_loaded_already_is_shared() {
    let kept = Kept::new();
    let runtime = kept.open().unwrap();
    let first = runtime.load(MISBEHAVING).unwrap();
    for file in kept.code_files() {
        fs::remove_file(file).unwrap();
    }
    let second = runtime.load(MISBEHAVING).unwrap();
    assert_eq!(first.digest(), second.digest());
    assert_eq!(kept.compiler.0.load(Ordering::Relaxed), 1);
}

#[test]
fn tampered_code_is_compiled_again_and_never_loaded() {
    let kept = Kept::new();
    assert_eq!(kept.run(MISBEHAVING), 1);
    let file = kept.code_files().remove(0);
    let good = fs::read(&file).unwrap();

    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    rewrite(&file, &flipped);
    assert_eq!(kept.run(MISBEHAVING), 2);
    assert_eq!(fs::read(&file).unwrap(), good);

    rewrite(&file, &good[..good.len() - 1]);
    assert_eq!(kept.run(MISBEHAVING), 3);

    rewrite(&file, b"");
    assert_eq!(kept.run(MISBEHAVING), 4);

    set_mode(&file, 0o600);
    assert_eq!(kept.run(MISBEHAVING), 5);
}

#[test]
fn code_of_one_plugin_does_not_pass_for_another() {
    let kept = Kept::new();
    kept.run(MISBEHAVING);
    let first = kept.code_files().remove(0);
    kept.run(WASI_PLAIN);
    let second = kept.code_files().into_iter().find(|file| *file != first).unwrap();
    rewrite(&second, &fs::read(&first).unwrap());
    assert_eq!(kept.run(WASI_PLAIN), 3);
}

#[test]
fn code_under_another_key_is_compiled_again() {
    let kept = Kept::new();
    assert_eq!(kept.run(MISBEHAVING), 1);
    fs::remove_file(kept.path().join("key")).unwrap();
    assert_eq!(kept.run(MISBEHAVING), 2);
}

#[test]
fn a_folder_that_others_can_reach_is_refused() {
    let refused = |kept: &Kept| kept.open().err().map(|error| error.code());
    let kept = Kept::new();
    kept.run(MISBEHAVING);
    set_mode(&kept.path(), 0o750);
    assert_eq!(refused(&kept), Some("plugin.cache"));
    set_mode(&kept.path(), 0o700);
    set_mode(&kept.path().join("key"), 0o640);
    assert_eq!(refused(&kept), Some("plugin.cache"));
    set_mode(&kept.path().join("key"), 0o600);
    fs::write(kept.path().join("key"), b"short").unwrap();
    assert_eq!(refused(&kept), Some("plugin.cache"));

    let linked = Kept::new();
    symlink(kept.path(), linked.path()).unwrap();
    assert_eq!(refused(&linked), Some("plugin.cache"));
}

fn child() -> ChildCompiler {
    ChildCompiler::new(env!("CARGO_BIN_EXE_compile-plugin"), [])
}

fn load_with(compiler: ChildCompiler) -> Result<(), String> {
    let mut options = options();
    options.compiler = Arc::new(compiler);
    let runtime = Runtime::new(options).unwrap();
    match runtime.load(MISBEHAVING) {
        Ok(_) => Ok(()),
        Err(error) => {
            assert_eq!(error.code(), "plugin.compile");
            Err(error.to_string())
        }
    }
}

#[test]
fn a_child_compiles() {
    assert_eq!(load_with(child()), Ok(()));
}

#[test]
fn a_child_without_enough_memory_or_time_is_an_error_with_its_reason() {
    let small = ChildCompiler {
        // Less than the program itself has mapped, however it was built: the first allocation past its heap ends it.
        memory_bytes: 8 << 20,
        ..child()
    };
    let error = load_with(small).unwrap_err();
    assert!(error.contains("died") && error.contains("8388608 bytes"), "{error}");

    let hasty = ChildCompiler {
        timeout: Duration::ZERO,
        ..child()
    };
    let error = load_with(hasty).unwrap_err();
    assert!(error.contains("not done within 0 ms"), "{error}");

    let missing = ChildCompiler {
        program: "/nowhere/dukou".into(),
        ..child()
    };
    let error = load_with(missing).unwrap_err();
    assert!(error.contains("cannot be started"), "{error}");
}

#[test]
fn a_child_says_why_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&input, b"no component").unwrap();
    match child().compile(&input, &output) {
        Err(CompileFailure::Refused(reason)) => assert!(!reason.is_empty()),
        other => panic!("{other:?}"),
    }
    assert!(!output.exists());
}

#[test]
fn a_compiler_that_leaves_rubbish_is_not_believed() {
    struct Rubbish;
    impl Compiler for Rubbish {
        fn compile(&self, _component: &Path, output: &Path) -> Result<(), CompileFailure> {
            fs::write(output, b"rubbish").unwrap();
            Ok(())
        }
    }
    let runtime = Runtime::new(RuntimeOptions::new(Arc::new(Rubbish))).unwrap();
    let refused = runtime.load(MISBEHAVING).err().map(|error| error.code());
    assert_eq!(refused, Some("plugin.compile"));
}
