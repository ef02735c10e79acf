//! What a component is, before any of it is compiled or run: size and shape, contract version, kind, imports,
//! manifest. Everything is read from the bytes; nothing is instantiated. Hostile bytes are the expected input.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use wasmparser::{Encoding, Instance, Parser, Payload, Validator, WasmFeatures};

use crate::bindings::CONTRACT;
use crate::error::PluginError;

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "dukou:manifest";

/// Name of the custom section that holds the plugin's test cases.
pub const CASES_SECTION: &str = "dukou:cases";

/// Packages of the inert system interface that foreign toolchains may import, all of version 0.2.
const SYSTEM_PACKAGES: [&str; 5] = [
    "wasi:cli/",
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:filesystem/",
];

/// The most that a component may have of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionLimits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Functions of all core modules together.
    pub functions: u64,
    /// Imports and exports of the component itself.
    pub names: u64,
    /// Types of the component and all modules together.
    pub types: u64,
    /// Core modules and nested components.
    pub modules: u64,
    /// Core instances.
    pub instances: u64,
    /// Components within components.
    pub nesting: u64,
    /// Bytes of the largest function.
    pub function_bytes: u64,
}

impl Default for InspectionLimits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            functions: 200_000,
            names: 500,
            types: 100_000,
            modules: 200,
            instances: 500,
            nesting: 8,
            function_bytes: 4 << 20,
        }
    }
}

/// What a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Makes documents.
    Mapping,
    /// Changes what a mapping made.
    Adjustment,
    /// Judges and changes nothing.
    Validation,
}

impl Kind {
    /// The word, as in the export's name and the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Adjustment => "adjustment",
            Self::Validation => "validation",
        }
    }

    fn from_interface(name: &str) -> Option<Self> {
        [Self::Mapping, Self::Adjustment, Self::Validation]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Which pool of instances a component needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolClass {
    /// Plugins compiled to WebAssembly.
    Compiled,
    /// Interpreters with their many core instances and large memories.
    Interpreted,
}

/// The manifest that `dukou plugin build` puts into a component.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The plugin's name.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// For people, in Chinese.
    pub title: Option<String>,
    /// For people, in English.
    pub title_en: Option<String>,
    /// JSON schema of the settings, as text.
    pub settings_schema: Option<String>,
}

/// What a component says of itself.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Size of the file.
    pub bytes: usize,
    /// Version of the contract it was built for, e.g. `0.1.0`.
    pub contract: String,
    /// What it does.
    pub kind: Kind,
    /// Names of its imports, sorted.
    pub imports: Vec<String>,
    /// Whether it imports the system interface, which is linked inert.
    pub uses_system: bool,
    /// Its manifest, if it has one.
    pub manifest: Option<Manifest>,
    /// Its test cases as JSON text, if it has any.
    pub cases: Option<String>,
    /// Functions of all core modules together.
    pub functions: u64,
    /// Core instances it makes.
    pub core_instances: u64,
    /// Largest initial memory in bytes.
    pub initial_memory_bytes: u64,
    /// Largest initial table in elements.
    pub initial_table_elements: u64,
}

impl Inspection {
    /// Which pool of instances this component needs.
    pub fn class(&self) -> PoolClass {
        let small = self.core_instances <= 8
            && self.initial_memory_bytes <= 16 << 20
            && self.initial_table_elements <= 10_000
            && self.bytes <= 4 << 20;
        if small {
            PoolClass::Compiled
        } else {
            PoolClass::Interpreted
        }
    }
}

#[derive(Deserialize)]
struct ManifestText {
    name: String,
    version: String,
    kind: Option<String>,
    title: Option<String>,
    title_en: Option<String>,
    settings: Option<Box<RawValue>>,
}

/// Reads what `bytes` are and refuses what may not run here.
pub fn inspect(bytes: &[u8], limits: &InspectionLimits) -> Result<Inspection, PluginError> {
    if bytes.len() > limits.bytes {
        return Err(PluginError::TooLarge {
            bytes: bytes.len(),
            limit: limits.bytes,
        });
    }
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(PluginError::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(PluginError::NotWasm);
    }
    let scan = Scan::run(bytes, limits)?;
    let kind = scan.kind()?;
    let imports = scan.imports()?;
    Validator::new_with_features(features())
        .validate_all(bytes)
        .map_err(|error| malformed(&error, bytes.len()))?;
    let manifest = scan.manifest(kind)?;
    Ok(Inspection {
        bytes: bytes.len(),
        contract: CONTRACT.version.to_owned(),
        kind,
        uses_system: imports.iter().any(|name| name.starts_with("wasi:")),
        imports,
        manifest,
        cases: scan.cases()?,
        functions: scan.functions,
        core_instances: scan.instances,
        initial_memory_bytes: scan.memory_bytes,
        initial_table_elements: scan.table_elements,
    })
}

/// The features that `engine::settings` leaves on.
fn features() -> WasmFeatures {
    let mut features = WasmFeatures::default();
    for feature in [
        WasmFeatures::THREADS,
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        WasmFeatures::MEMORY64,
        WasmFeatures::RELAXED_SIMD,
        WasmFeatures::GC,
        WasmFeatures::EXCEPTIONS,
        WasmFeatures::LEGACY_EXCEPTIONS,
        WasmFeatures::CM_ASYNC,
    ] {
        features.remove(feature);
    }
    features
}

fn malformed(error: &wasmparser::BinaryReaderError, length: usize) -> PluginError {
    let ends_early = error.message().contains("unexpected end");
    if ends_early || error.offset() >= length {
        PluginError::Truncated { offset: error.offset() }
    } else {
        PluginError::Malformed {
            detail: error.to_string(),
        }
    }
}

#[derive(Default)]
struct Scan<'a> {
    exports: Vec<&'a str>,
    imports: BTreeSet<&'a str>,
    manifest: Option<&'a [u8]>,
    cases: Option<&'a [u8]>,
    functions: u64,
    names: u64,
    types: u64,
    modules: u64,
    instances: u64,
    memory_bytes: u64,
    table_elements: u64,
}

impl<'a> Scan<'a> {
    fn run(bytes: &'a [u8], limits: &InspectionLimits) -> Result<Self, PluginError> {
        let mut scan = Self::default();
        let mut depth = 0u64;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|error| malformed(&error, bytes.len()))?;
            match payload {
                Payload::Version { encoding, .. } if depth == 0 => {
                    if encoding != Encoding::Component {
                        return Err(PluginError::CoreModule);
                    }
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                    depth += 1;
                    bounded("levels of nesting", depth, limits.nesting)?;
                    scan.modules += 1;
                    bounded("modules", scan.modules, limits.modules)?;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                other => scan.section(&other, depth, limits).map_err(|refusal| match refusal {
                    Refusal::Read(error) => malformed(&error, bytes.len()),
                    Refusal::Limit(error) => error,
                })?,
            }
        }
        Ok(scan)
    }

    fn section(&mut self, payload: &Payload<'a>, depth: u64, limits: &InspectionLimits) -> Result<(), Refusal> {
        match payload {
            Payload::ComponentExportSection(section) if depth == 0 => {
                self.names += u64::from(section.count());
                bounded("imports and exports", self.names, limits.names)?;
                for export in section.clone() {
                    self.exports.push(export?.name.name);
                }
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                self.names += u64::from(section.count());
                bounded("imports and exports", self.names, limits.names)?;
                for import in section.clone() {
                    self.imports.insert(import?.name.name);
                }
            }
            Payload::ComponentTypeSection(section) => {
                self.types += u64::from(section.count());
                bounded("types", self.types, limits.types)?;
            }
            Payload::CoreTypeSection(section) => {
                self.types += u64::from(section.count());
                bounded("types", self.types, limits.types)?;
            }
            Payload::TypeSection(section) => {
                self.types += u64::from(section.count());
                bounded("types", self.types, limits.types)?;
            }
            Payload::FunctionSection(section) => {
                self.functions += u64::from(section.count());
                bounded("functions", self.functions, limits.functions)?;
            }
            Payload::CodeSectionEntry(body) => {
                let size = body.range().len() as u64;
                bounded("bytes in one function", size, limits.function_bytes)?;
            }
            Payload::InstanceSection(section) => {
                bounded("instances", u64::from(section.count()), limits.instances)?;
                for instance in section.clone() {
                    if matches!(instance?, Instance::Instantiate { .. }) {
                        self.instances += 1;
                    }
                }
                bounded("instances", self.instances, limits.instances)?;
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let bytes = memory?.initial.saturating_mul(65_536);
                    self.memory_bytes = self.memory_bytes.max(bytes);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.table_elements = self.table_elements.max(table?.ty.initial);
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION && self.manifest.is_none() => {
                self.manifest = Some(section.data());
            }
            Payload::CustomSection(section) if section.name() == CASES_SECTION && self.cases.is_none() => {
                self.cases = Some(section.data());
            }
            _ => {}
        }
        Ok(())
    }

    fn kind(&self) -> Result<Kind, PluginError> {
        let mut kinds = Vec::new();
        let mut strangers = Vec::new();
        let mut setup = false;
        for name in &self.exports {
            // Interpreters export helpers of their own, which nobody ever calls.
            let Some((interface, version)) = ours(name) else {
                continue;
            };
            supported(name, version)?;
            match Kind::from_interface(interface) {
                Some(kind) => kinds.push(kind),
                None if interface == "setup" => setup = true,
                None => strangers.push((*name).to_owned()),
            }
        }
        let [kind] = kinds[..] else {
            return Err(PluginError::Kind {
                detail: if kinds.is_empty() {
                    format!(
                        "it exports none of {package}/mapping, {package}/adjustment, {package}/validation",
                        package = CONTRACT.package
                    )
                } else {
                    let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                    format!("it exports several at once: {}", names.join(", "))
                },
            });
        };
        if !setup {
            return Err(PluginError::Kind {
                detail: format!("it does not export {}/setup", CONTRACT.package),
            });
        }
        if !strangers.is_empty() {
            return Err(PluginError::Export { names: strangers });
        }
        Ok(kind)
    }

    fn imports(&self) -> Result<Vec<String>, PluginError> {
        let mut refused = Vec::new();
        for name in &self.imports {
            let allowed = match ours(name) {
                Some((interface, version)) => {
                    supported(name, version)?;
                    matches!(interface, "lookups" | "logging" | "types")
                }
                None => SYSTEM_PACKAGES.iter().any(|package| name.starts_with(package)) && name.contains("@0.2."),
            };
            if !allowed {
                refused.push((*name).to_owned());
            }
        }
        if refused.is_empty() {
            Ok(self.imports.iter().map(|name| (*name).to_owned()).collect())
        } else {
            Err(PluginError::Import { names: refused })
        }
    }

    fn manifest(&self, kind: Kind) -> Result<Option<Manifest>, PluginError> {
        let Some(data) = self.manifest else {
            return Ok(None);
        };
        let text: ManifestText = serde_json::from_slice(data).map_err(|error| PluginError::Manifest {
            detail: error.to_string(),
        })?;
        if !is_name(&text.name) {
            return Err(PluginError::Manifest {
                detail: "its name has other signs than a-z, 0-9 and dashes, or too many".to_owned(),
            });
        }
        match &text.kind {
            Some(stated) if stated != kind.as_str() => Err(PluginError::Manifest {
                detail: format!("it says `{stated}`, the component is a {}", kind.as_str()),
            }),
            _ => Ok(Some(Manifest {
                name: text.name,
                version: text.version,
                title: text.title,
                title_en: text.title_en,
                settings_schema: text.settings.map(|schema| schema.get().to_owned()),
            })),
        }
    }

    fn cases(&self) -> Result<Option<String>, PluginError> {
        let Some(data) = self.cases else {
            return Ok(None);
        };
        match std::str::from_utf8(data) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(error) => Err(PluginError::Manifest {
                detail: format!("the cases are no text: {error}"),
            }),
        }
    }
}

/// Names reach paths and commands.
fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

enum Refusal {
    Read(wasmparser::BinaryReaderError),
    Limit(PluginError),
}

impl From<wasmparser::BinaryReaderError> for Refusal {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Read(error)
    }
}

impl From<PluginError> for Refusal {
    fn from(error: PluginError) -> Self {
        Self::Limit(error)
    }
}

fn bounded(what: &'static str, found: u64, limit: u64) -> Result<(), PluginError> {
    if found > limit {
        return Err(PluginError::TooComplex { what, found, limit });
    }
    Ok(())
}

/// Interface and version of a name from our package.
fn ours(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(CONTRACT.package)?.strip_prefix('/')?;
    Some(rest.split_once('@').unwrap_or((rest, "")))
}

fn supported(name: &str, version: &str) -> Result<(), PluginError> {
    if version == CONTRACT.version {
        return Ok(());
    }
    Err(PluginError::Version {
        found: name.to_owned(),
        supported: CONTRACT.full,
    })
}
