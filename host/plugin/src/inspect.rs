//! What a component is, before any of it is compiled or run: size and shape, contract version, kind, imports,
//! manifest. Everything is read from the bytes; nothing is instantiated. Hostile bytes are the expected input.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use wasmparser::{ComponentInstance, CompositeInnerType, Encoding, Instance, Parser, Payload, Validator, WasmFeatures};

use crate::bindings::CONTRACT;
use crate::effort::{Widths, steps};
use crate::error::{PluginError, shortened};
use crate::link::SYSTEM_INTERFACES;

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "dukou:manifest";

/// Name of the custom section that holds the plugin's test cases.
pub const CASES_SECTION: &str = "dukou:cases";

/// The most that a component may have of each part. Validation and compiling cost memory and time for each of them, so
/// they are counted before either begins. JavaScript and Python stay well below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionLimits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Functions of all core modules together.
    pub functions: u64,
    /// Imports and exports of the component itself.
    pub names: u64,
    /// Imports, exports, aliases and instance arguments of components within it, and of the core level, together.
    pub inner_names: u64,
    /// Types of the component and all modules together.
    pub types: u64,
    /// Bytes of all types of the component level together.
    pub type_bytes: u64,
    /// Types of components and instances that hold such types themselves.
    pub nested_types: u64,
    /// Parameters, and results, of one core function.
    pub signature: u64,
    /// Core modules and nested components.
    pub modules: u64,
    /// Core instances.
    pub instances: u64,
    /// Globals of all core modules together.
    pub globals: u64,
    /// Components within components.
    pub nesting: u64,
    /// Bytes of the largest function.
    pub function_bytes: u64,
    /// Steps that validating all functions together may take.
    pub steps: u64,
    /// Bytes of the largest memory at the start.
    pub memory_bytes: u64,
    /// Elements of the largest table at the start.
    pub table_elements: u64,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Bytes of the test cases.
    pub cases_bytes: u64,
}

impl Default for InspectionLimits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            functions: 200_000,
            names: 500,
            inner_names: 80_000,
            types: 100_000,
            type_bytes: 512 << 10,
            nested_types: 100,
            signature: 128,
            modules: 200,
            instances: 500,
            globals: 100_000,
            nesting: 8,
            function_bytes: 2 << 20,
            steps: 200_000_000,
            memory_bytes: 256 << 20,
            table_elements: 200_000,
            manifest_bytes: 256 << 10,
            cases_bytes: 8 << 20,
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
    /// Path of the list whose length budgets are told for, e.g. `details_list`.
    pub list: Option<String>,
    /// Settings that the file itself brings, a JSON object as text; a scheme's settings are laid over it.
    pub preset: Option<String>,
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
    list: Option<String>,
    preset: Option<Box<RawValue>>,
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
            detail: shortened(error.to_string()),
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
    inner_names: u64,
    types: u64,
    type_bytes: u64,
    nested_types: u64,
    globals: u64,
    widths: Widths,
    steps: u64,
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
                other => scan
                    .section(&other, bytes, depth, limits)
                    .map_err(|refusal| match refusal {
                        Refusal::Read(error) => malformed(&error, bytes.len()),
                        Refusal::Limit(error) => error,
                    })?,
            }
        }
        Ok(scan)
    }

    fn section(
        &mut self,
        payload: &Payload<'a>,
        bytes: &'a [u8],
        depth: u64,
        limits: &InspectionLimits,
    ) -> Result<(), Refusal> {
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
            Payload::ComponentExportSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ComponentImportSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ComponentAliasSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ComponentCanonicalSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ExportSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ImportSection(section) => self.inner_names(section.count(), limits)?,
            Payload::ComponentTypeSection(section) => {
                let data = bytes.get(section.range()).unwrap_or_default();
                self.component_types(section.count(), data, limits)?;
            }
            Payload::CoreTypeSection(section) => {
                let data = bytes.get(section.range()).unwrap_or_default();
                self.component_types(section.count(), data, limits)?;
            }
            Payload::TypeSection(section) => {
                self.types(section.count(), limits)?;
                for group in section.clone() {
                    for one in group?.types() {
                        if let CompositeInnerType::Func(function) = &one.composite_type.inner {
                            let (params, results) = (function.params().len(), function.results().len());
                            bounded(
                                "parameters of one function",
                                params.max(results) as u64,
                                limits.signature,
                            )?;
                            self.widths.include(params, results);
                        }
                    }
                }
            }
            Payload::GlobalSection(section) => {
                self.globals += u64::from(section.count());
                bounded("globals", self.globals, limits.globals)?;
            }
            Payload::FunctionSection(section) => {
                self.functions += u64::from(section.count());
                bounded("functions", self.functions, limits.functions)?;
            }
            Payload::CodeSectionEntry(body) => {
                let size = body.range().len() as u64;
                bounded("bytes in one function", size, limits.function_bytes)?;
                self.steps = self.steps.saturating_add(steps(body, self.widths)?);
                bounded("steps of validation", self.steps, limits.steps)?;
            }
            Payload::InstanceSection(section) => {
                bounded("instances", u64::from(section.count()), limits.instances)?;
                for instance in section.clone() {
                    let names = match instance? {
                        Instance::Instantiate { args, .. } => {
                            self.instances += 1;
                            args.len()
                        }
                        Instance::FromExports(exports) => exports.len(),
                    };
                    self.inner_names(u32::try_from(names).unwrap_or(u32::MAX), limits)?;
                }
                bounded("instances", self.instances, limits.instances)?;
            }
            Payload::ComponentInstanceSection(section) => {
                bounded("instances", u64::from(section.count()), limits.instances)?;
                for instance in section.clone() {
                    let names = match instance? {
                        ComponentInstance::Instantiate { args, .. } => args.len(),
                        ComponentInstance::FromExports(exports) => exports.len(),
                    };
                    self.inner_names(u32::try_from(names).unwrap_or(u32::MAX), limits)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let bytes = memory?.initial.saturating_mul(65_536);
                    self.memory_bytes = self.memory_bytes.max(bytes);
                }
                bounded("bytes of memory at the start", self.memory_bytes, limits.memory_bytes)?;
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.table_elements = self.table_elements.max(table?.ty.initial);
                }
                bounded(
                    "table elements at the start",
                    self.table_elements,
                    limits.table_elements,
                )?;
            }
            // Components within this one may be whole plugins: their manifests are not ours.
            Payload::CustomSection(section) if depth == 0 => {
                let (what, limit, place) = match section.name() {
                    MANIFEST_SECTION => ("bytes of manifest", limits.manifest_bytes, &mut self.manifest),
                    CASES_SECTION => ("bytes of test cases", limits.cases_bytes, &mut self.cases),
                    _ => return Ok(()),
                };
                bounded(what, section.data().len() as u64, limit)?;
                if place.replace(section.data()).is_some() {
                    let detail = format!("it has two sections `{}`", section.name());
                    return Err(PluginError::Manifest { detail }.into());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn inner_names(&mut self, count: u32, limits: &InspectionLimits) -> Result<(), PluginError> {
        self.inner_names += u64::from(count);
        bounded("inner imports and exports", self.inner_names, limits.inner_names)
    }

    fn types(&mut self, count: u32, limits: &InspectionLimits) -> Result<(), PluginError> {
        self.types += u64::from(count);
        bounded("types", self.types, limits.types)
    }

    /// Types of components and instances hold others to any depth, and are read by recursion. Each level is at least a
    /// declaration of a type (1) that is a component or an instance (0x41, 0x42), so counting these pairs bounds the
    /// depth without reading; what else looks like them is rare.
    fn component_types(&mut self, count: u32, data: &[u8], limits: &InspectionLimits) -> Result<(), PluginError> {
        self.types(count, limits)?;
        self.type_bytes += data.len() as u64;
        bounded("bytes of types", self.type_bytes, limits.type_bytes)?;
        let pairs = data.windows(2).filter(|pair| matches!(pair, [1, 0x41 | 0x42])).count();
        self.nested_types += pairs as u64;
        bounded("types within types", self.nested_types, limits.nested_types)
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
                None => strangers.push(short(name)),
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
                None => name.split_once('@').is_some_and(|(interface, version)| {
                    SYSTEM_INTERFACES.contains(&interface) && version.starts_with("0.2.")
                }),
            };
            if !allowed {
                refused.push(short(name));
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
            detail: shortened(error.to_string()),
        })?;
        if !is_name(&text.name) {
            return Err(PluginError::Manifest {
                detail: "its name has other signs than a-z, 0-9 and dashes, or too many".to_owned(),
            });
        }
        if text
            .preset
            .as_ref()
            .is_some_and(|preset| !preset.get().starts_with('{'))
        {
            return Err(PluginError::Manifest {
                detail: "its `preset` is no object".to_owned(),
            });
        }
        match &text.kind {
            Some(stated) if stated != kind.as_str() => Err(PluginError::Manifest {
                detail: format!("it says `{}`, the component is a {}", short(stated), kind.as_str()),
            }),
            _ => Ok(Some(Manifest {
                name: text.name,
                version: text.version,
                title: text.title,
                title_en: text.title_en,
                settings_schema: text.settings.map(|schema| schema.get().to_owned()),
                list: text.list,
                preset: text.preset.map(|preset| preset.get().to_owned()),
            })),
        }
    }

    fn cases(&self) -> Result<Option<String>, PluginError> {
        let Some(data) = self.cases else {
            return Ok(None);
        };
        let refused = |detail| PluginError::Manifest { detail };
        let text = std::str::from_utf8(data).map_err(|error| refused(format!("the cases are no text: {error}")))?;
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| refused(format!("the cases are not JSON: {error}")))?;
        Ok(Some(text.to_owned()))
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

/// Signs of a name from the file in an error.
const NAME_SIGNS: usize = 200;

fn short(name: &str) -> String {
    name.chars().take(NAME_SIGNS).collect()
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
        found: short(name),
        supported: CONTRACT.full,
    })
}
