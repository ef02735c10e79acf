//! Compiled code on disk. Loading it runs it unchecked, so it is treated like a key: a folder of mode 0700 that
//! this user owns, files written whole and made read-only, and in front of each an HMAC under a random key that
//! never leaves the folder. A file that fails any check is compiled again, never loaded. Nothing from outside
//! ever enters; components do, and are compiled.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use dukou_core::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::compile::{CODE_BYTES, Compiler};
use crate::error::PluginError;

/// Bytes of the HMAC in front of the code.
const TAG_BYTES: usize = 32;
/// The file with the key.
const KEY_NAME: &str = "key";

/// A private folder of compiled code.
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// Whether the folder is removed with this value.
    temporary: bool,
    key: [u8; 32],
    /// One compilation at a time.
    compiling: Mutex<()>,
    counter: AtomicU64,
}

impl CodeCache {
    /// Opens `folder`, which is made if it does not exist and refused if others can reach into it.
    pub(crate) fn open(folder: &Path) -> Result<Self, PluginError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| PluginError::cache("it cannot be made", &error))?;
        check_private(folder)?;
        let key = read_or_make_key(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            temporary: false,
            key,
            compiling: Mutex::new(()),
            counter: AtomicU64::new(0),
        })
    }

    /// A folder for this process only, removed at the end.
    pub(crate) fn temporary() -> Result<Self, PluginError> {
        let mut suffix = [0u8; 8];
        fill_random(&mut suffix)?;
        let name = format!(
            "dukou-plugin-{}-{:016x}",
            std::process::id(),
            u64::from_le_bytes(suffix)
        );
        let mut cache = Self::open(&std::env::temp_dir().join(name))?;
        cache.temporary = true;
        Ok(cache)
    }

    /// The compiled code of a component: from the folder, or compiled now.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        digest: Digest,
        component: &[u8],
        compiler: &dyn Compiler,
    ) -> Result<Component, PluginError> {
        let name = format!("{digest}-{}.code", engine_name(engine));
        if let Some(code) = self.stored(engine, &name) {
            return Ok(code);
        }
        let _one = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have compiled it meanwhile.
        if let Some(code) = self.stored(engine, &name) {
            return Ok(code);
        }
        let code = self.compile(component, compiler)?;
        self.store(&name, &code)?;
        deserialize(engine, &code).map_err(|error| PluginError::Compile {
            reason: format!("the compiled code does not load: {error:#}"),
        })
    }

    fn stored(&self, engine: &Engine, name: &str) -> Option<Component> {
        let code = match self.read_checked(name) {
            Ok(code) => code,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = name, %error, "compiled plugin is not trusted and is compiled again");
                return None;
            }
        };
        match deserialize(engine, &code) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(file = name, %error, "compiled plugin does not load and is compiled again");
                None
            }
        }
    }

    fn read_checked(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.folder.join(name);
        let link = fs::symlink_metadata(&path)?;
        if !link.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        if metadata.uid() != user() || metadata.mode() & 0o277 != 0 {
            return Err(io::Error::other("its owner or mode is not what was written"));
        }
        if metadata.len() < TAG_BYTES as u64 || metadata.len() > TAG_BYTES as u64 + CODE_BYTES {
            return Err(io::Error::other("its size is not what was written"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.take(TAG_BYTES as u64 + CODE_BYTES).read_to_end(&mut bytes)?;
        let (tag, code) = bytes.split_at_checked(TAG_BYTES).unwrap_or_default();
        let mut mac = self.mac(name);
        mac.update(code);
        mac.verify_slice(tag)
            .map_err(|_| io::Error::other("its contents are not what was written"))?;
        // In place: compiled code is large, and a second copy would be the peak of a process's memory.
        bytes.drain(..TAG_BYTES);
        Ok(bytes)
    }

    fn mac(&self, name: &str) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac
    }

    fn compile(&self, component: &[u8], compiler: &dyn Compiler) -> Result<Vec<u8>, PluginError> {
        let input = Removed(self.fresh_path("in"));
        let output = Removed(self.fresh_path("out"));
        write_new(&input.0, &[component], 0o600).map_err(|error| PluginError::cache("it cannot be written", &error))?;
        compiler
            .compile(&input.0, &output.0)
            .map_err(|failure| PluginError::Compile {
                reason: failure.to_string(),
            })?;
        let unreadable = |error: io::Error| PluginError::Compile {
            reason: format!("the compiler left nothing to read: {error}"),
        };
        let bytes = fs::metadata(&output.0).map_err(unreadable)?.len();
        if bytes > CODE_BYTES {
            return Err(PluginError::Compile {
                reason: format!("it becomes {bytes} bytes of code, the limit is {CODE_BYTES}"),
            });
        }
        let code = fs::read(&output.0).map_err(unreadable)?;
        if Engine::detect_precompiled(&code) != Some(Precompiled::Component) {
            return Err(PluginError::Compile {
                reason: "the compiler left something else than compiled code".to_owned(),
            });
        }
        Ok(code)
    }

    fn store(&self, name: &str, code: &[u8]) -> Result<(), PluginError> {
        let mut mac = self.mac(name);
        mac.update(code);
        let tag = mac.finalize().into_bytes();
        let temporary = Removed(self.fresh_path("new"));
        write_new(&temporary.0, &[tag.as_slice(), code], 0o400)
            .and_then(|()| fs::rename(&temporary.0, self.folder.join(name)))
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|error| PluginError::cache("it cannot be written", &error))
    }

    fn fresh_path(&self, kind: &str) -> PathBuf {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{kind}-{}-{number}", std::process::id()))
    }
}

impl Drop for CodeCache {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is left to the system's own clearing of temporary files.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A file that is removed whatever happens.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // Usually renamed or never written.
        let _ = fs::remove_file(&self.0);
    }
}

#[expect(
    unsafe_code,
    reason = "loading compiled code has no safe form; the HMAC above vouches for its bytes"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` was either written by our own compiler a moment ago into a folder only this user can
    // reach, or verified under a key that exists only there. It is copied, so the file cannot change it later.
    unsafe { Component::deserialize(engine, code) }
}

/// Everything of engine, settings and processor that compiled code depends on, and our own version.
fn engine_name(engine: &Engine) -> String {
    struct Collect(Sha256);
    impl Hasher for Collect {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut collect = Collect(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut collect);
    collect.0.update(env!("CARGO_PKG_VERSION"));
    let digest = collect.0.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn check_private(folder: &Path) -> Result<(), PluginError> {
    let metadata = fs::symlink_metadata(folder).map_err(|error| PluginError::cache("it cannot be read", &error))?;
    let refuse = |what: &str| {
        Err(PluginError::Cache {
            detail: format!("{} {what}", folder.display()),
        })
    };
    if !metadata.is_dir() {
        return refuse("is not a folder");
    }
    if metadata.uid() != user() {
        return refuse("belongs to another user");
    }
    if metadata.mode() & 0o077 != 0 {
        return refuse("can be reached by others; its mode must be 0700");
    }
    Ok(())
}

fn read_or_make_key(folder: &Path) -> Result<[u8; 32], PluginError> {
    let path = folder.join(KEY_NAME);
    let failed = |error: io::Error| PluginError::cache("its key", &error);
    match fs::symlink_metadata(&path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0u8; 32];
            fill_random(&mut key)?;
            let mut suffix = [0u8; 8];
            fill_random(&mut suffix)?;
            let temporary = Removed(folder.join(format!("key-{:016x}", u64::from_le_bytes(suffix))));
            write_new(&temporary.0, &[&key], 0o600).map_err(failed)?;
            // A link fails where a rename would replace: of two processes the first one's key stays.
            match fs::hard_link(&temporary.0, &path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(error) => return Err(failed(error)),
    }
    let metadata = fs::symlink_metadata(&path).map_err(failed)?;
    if !metadata.is_file() || metadata.uid() != user() || metadata.mode() & 0o077 != 0 {
        return Err(PluginError::Cache {
            detail: format!("{} can be reached by others; its mode must be 0600", path.display()),
        });
    }
    let bytes = fs::read(&path).map_err(failed)?;
    <[u8; 32]>::try_from(bytes).map_err(|_| PluginError::Cache {
        detail: format!(
            "{} is damaged; remove it, and plugins are compiled again",
            path.display()
        ),
    })
}

fn fill_random(bytes: &mut [u8]) -> Result<(), PluginError> {
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(bytes))
        .map_err(|error| PluginError::cache("no random bytes for its key", &error))
}

fn write_new(path: &Path, parts: &[&[u8]], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}
