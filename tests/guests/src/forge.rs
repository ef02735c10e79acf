//! Components forged by hand: a small frame of text around the few instructions that make a guest hostile, so that no
//! compiler stands between a test and what its guest does. Knows the contract's shapes in memory (canonical ABI); runs
//! nothing and judges nothing.

use std::fmt::Write as _;

/// Where the data of a forged guest begins in its memory.
const BASE: u32 = 1024;

/// Which world a forged guest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Exports `transform`.
    Mapper,
    /// Exports `adjust`.
    Adjuster,
    /// Exports `validate`.
    Validator,
}

impl World {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Mapper, Self::Adjuster, Self::Validator];

    fn interface(self) -> &'static str {
        match self {
            Self::Mapper => "mapping",
            Self::Adjuster => "adjustment",
            Self::Validator => "validation",
        }
    }

    fn function(self) -> &'static str {
        match self {
            Self::Mapper => "transform",
            Self::Adjuster => "adjust",
            Self::Validator => "validate",
        }
    }
}

/// What a guest says of a group, as owned text.
#[derive(Clone, Debug)]
pub enum Said {
    /// Documents (suffix, body, extra) and omissions (member, path, reason).
    Mapped(Vec<(String, String, String)>, Vec<(u32, String, String)>),
    /// Skipped, with the reason.
    Skipped(String),
    /// Rejected, with (code, message, extra) of each violation.
    Rejected(Vec<(String, String, String)>),
}

impl Said {
    /// One document without a suffix.
    pub fn document(body: &str) -> Self {
        Self::Mapped(vec![(String::new(), body.to_owned(), "{}".to_owned())], Vec::new())
    }

    /// One violation.
    pub fn violation(code: &str, message: &str, extra: &str) -> Self {
        Self::Rejected(vec![(code.to_owned(), message.to_owned(), extra.to_owned())])
    }
}

/// A guest's static data: texts and words at known places of its memory.
#[derive(Clone, Debug, Default)]
pub struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Puts a text; answers its pointer and length.
    pub fn text(&mut self, text: &str) -> [u32; 2] {
        let at = self.here();
        self.bytes.extend(text.as_bytes());
        [at, text.len() as u32]
    }

    /// Puts words, aligned; answers their pointer.
    pub fn words(&mut self, words: &[u32]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.here();
        self.bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        at
    }

    /// Puts the answer of `transform` or `adjust`; answers the pointer to return.
    pub fn verdicts(&mut self, said: &[Said]) -> u32 {
        let mut list = Vec::new();
        for one in said {
            list.extend(match one {
                Said::Mapped(documents, omitted) => {
                    let documents: Vec<u32> = documents
                        .iter()
                        .flat_map(|(suffix, body, extra)| [self.text(suffix), self.text(body), self.text(extra)])
                        .flatten()
                        .collect();
                    let omitted: Vec<u32> = omitted
                        .iter()
                        .flat_map(|(member, path, reason)| {
                            let ([path, path_length], [reason, reason_length]) = (self.text(path), self.text(reason));
                            [*member, path, path_length, reason, reason_length]
                        })
                        .collect();
                    let counts = (documents.len() as u32 / 6, omitted.len() as u32 / 5);
                    [0, self.words(&documents), counts.0, self.words(&omitted), counts.1]
                }
                Said::Skipped(reason) => {
                    let [at, length] = self.text(reason);
                    [1, at, length, 0, 0]
                }
                Said::Rejected(violations) => {
                    let [at, length] = self.violations(violations);
                    [2, at, length, 0, 0]
                }
            });
        }
        let at = self.words(&list);
        self.words(&[at, said.len() as u32])
    }

    /// Puts the answer of `validate`; answers the pointer to return.
    pub fn judgements(&mut self, judgements: &[Vec<(String, String, String)>]) -> u32 {
        let list: Vec<u32> = judgements.iter().flat_map(|one| self.violations(one)).collect();
        let at = self.words(&list);
        self.words(&[at, judgements.len() as u32])
    }

    fn violations(&mut self, violations: &[(String, String, String)]) -> [u32; 2] {
        let list: Vec<u32> = violations
            .iter()
            .flat_map(|(code, message, extra)| {
                let ([code, code_length], [message, message_length]) = (self.text(code), self.text(message));
                let [extra, extra_length] = self.text(extra);
                // No source path, no target path: a discriminant and two unused words each.
                let paths = [0; 6];
                [code, code_length, message, message_length]
                    .into_iter()
                    .chain(paths)
                    .chain([extra, extra_length])
            })
            .collect();
        [self.words(&list), violations.len() as u32]
    }

    /// Puts the answer of `configure` that accepts; answers the pointer to return.
    pub fn accepted(&mut self, answer: &str) -> u32 {
        let [at, length] = self.text(answer);
        self.words(&[0, at, length])
    }

    fn here(&self) -> u32 {
        BASE + self.bytes.len() as u32
    }
}

/// A guest to be forged. Begins as an honest one; change what shall be hostile.
#[derive(Clone, Debug)]
pub struct Forge {
    /// Its world.
    pub world: World,
    /// Its data.
    pub image: Image,
    /// Instructions of `configure`, which must leave a pointer.
    pub configure: String,
    /// Instructions of the function that the groups are handed to, which must leave a pointer.
    pub act: String,
    /// More fields of the main module: functions, tables, a start.
    pub fields: String,
    /// Instructions of the allocator, which must leave a pointer; the usual one if empty.
    pub realloc: String,
    /// Pages of memory at the start.
    pub pages: u32,
    /// More imports of the component, in the text format.
    pub imports: String,
    /// Imports of the main module beside ours.
    pub imports_of_main: String,
    /// `with` arguments for the main module beside ours.
    pub with: String,
    /// More fields of the component's end.
    pub tail: String,
    /// Whether the function that the groups are handed to has a post-return that traps.
    pub hostile_return: bool,
    /// Type of `configure`; one of the same size in memory can take its place.
    pub configure_type: String,
    /// Version of the contract.
    pub version: String,
}

impl Forge {
    /// An honest guest that says `said` of its groups; a validator has no objections.
    pub fn honest(world: World, said: &[Said]) -> Self {
        let mut image = Image::default();
        let configured = image.accepted(r#"{"needs":["*"],"tables":["t"]}"#);
        let answer = match world {
            World::Validator => image.judgements(&vec![Vec::new(); said.len().max(1)]),
            _ => image.verdicts(said),
        };
        Self {
            world,
            image,
            configure: format!("(i32.const {configured})"),
            act: format!("(i32.const {answer})"),
            fields: String::new(),
            realloc: String::new(),
            pages: 2,
            imports: String::new(),
            imports_of_main: String::new(),
            with: String::new(),
            tail: String::new(),
            hostile_return: false,
            configure_type: CONFIGURE_TYPE.to_owned(),
            version: "0.1.0".to_owned(),
        }
    }

    /// A mapper that makes one plain document.
    pub fn mapper() -> Self {
        Self::honest(World::Mapper, &[Said::document(r#"{"dto":{}}"#)])
    }

    /// A guest that runs `instructions` when it is given its groups, and then answers honestly.
    pub fn doing(instructions: &str) -> Self {
        let mut forge = Self::mapper();
        forge.act = format!("{instructions} {}", forge.act);
        forge
    }

    /// A mapper that says this of its groups.
    pub fn saying(said: &[Said]) -> Self {
        Self::honest(World::Mapper, said)
    }

    /// A mapper whose `configure` answers with this text.
    pub fn configured(answer: &str) -> Self {
        let mut forge = Self::mapper();
        let at = forge.image.accepted(answer);
        forge.configure = format!("(i32.const {at})");
        forge
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When what was put into the frame is not valid text format.
    pub fn forge(&self) -> Vec<u8> {
        let text = self.text();
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn text(&self) -> String {
        let realloc = if self.realloc.is_empty() {
            REALLOC
        } else {
            &self.realloc
        };
        let (interface, function) = (self.world.interface(), self.world.function());
        let signature = match self.world {
            World::Mapper => "(param \"groups\" (list $group)) (result (list $verdict))",
            World::Adjuster => "(param \"candidates\" (list $candidate)) (result (list $verdict))",
            World::Validator => "(param \"candidates\" (list $candidate)) (result (list (list $violation)))",
        };
        let after = if self.hostile_return {
            "(post-return (func $main \"after\"))"
        } else {
            ""
        };
        let data: String = self.image.bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "\\{byte:02x}");
            text
        });
        let pages = self.pages.max((BASE + self.image.bytes.len() as u32) / 65_536 + 2);
        format!(
            r#"(component
  (import "dukou:plugin/lookups@{version}" (instance $lookups
    (export "lookup" (func (param "table" string) (param "keys" (list string)) (result (list (option string)))))))
  (import "dukou:plugin/logging@{version}" (instance $logging
    (type $l (enum "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $l)))
    (export "log" (func (param "level" $level) (param "text" string)))))
  (core module $libc
    (memory (export "memory") {pages})
    (global $heap (mut i32) (i32.const {heap}))
    (func (export "realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      {realloc}))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  {imports}
  (core func $lookup (canon lower (func $lookups "lookup") (memory $memory) (realloc (func $realloc))))
  (core func $log (canon lower (func $logging "log") (memory $memory)))
  (core module $main
    (import "host" "lookup" (func $lookup (param i32 i32 i32 i32 i32)))
    (import "host" "log" (func $log (param i32 i32 i32)))
    (import "libc" "memory" (memory 0))
    {imports_of_main}
    (global $i (mut i32) (i32.const 0))
    (global $number (mut i64) (i64.const 0))
    {fields}
    (func (export "configure") (param $settings i32) (param i32) (param $environment i32) (param i32) (result i32)
      {configure})
    (func (export "act") (param $groups i32) (param $count i32) (result i32)
      {act})
    (func (export "after") (param i32) unreachable)
    (data (i32.const {BASE}) "{data}"))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "host" (instance (export "lookup" (func $lookup)) (export "log" (func $log))))
    {with}))
{TYPES}
  (func $configure {configure_type}
    (canon lift (core func $main "configure") (memory $memory) (realloc (func $realloc))))
  (func $act {signature}
    (canon lift (core func $main "act") (memory $memory) (realloc (func $realloc)) {after}))
  (instance $setup (export "configure" (func $configure)))
  (export "dukou:plugin/setup@{version}" (instance $setup))
  (instance $acting (export "{function}" (func $act)))
  (export "dukou:plugin/{interface}@{version}" (instance $acting))
  {tail})"#,
            version = self.version,
            heap = pages * 65_536,
            imports = self.imports,
            imports_of_main = self.imports_of_main,
            fields = self.fields,
            configure = self.configure,
            configure_type = self.configure_type,
            act = self.act,
            with = self.with,
            tail = self.tail,
        )
    }
}

/// The type of `configure`.
const CONFIGURE_TYPE: &str =
    r#"(param "settings" string) (param "environment" string) (result (result string (error (list $setting-error))))"#;

/// Gives out memory and never takes any back, growing as it must.
const REALLOC: &str = "
      (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
      (global.set $heap (i32.add (local.get $at) (local.get $size)))
      (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))))
      (local.get $at)";

/// The contract's types, each under a name of its own, as the component model wants it.
const TYPES: &str = r#"
  (type $record' (record (field "key" string) (field "received-at" string) (field "body" string) (field "extra" string)))
  (export $record "source-record" (type $record'))
  (type $group' (record (field "key" string) (field "records" (list $record)) (field "extra" string)))
  (export $group "group" (type $group'))
  (type $document' (record (field "suffix" string) (field "body" string) (field "extra" string)))
  (export $document "document" (type $document'))
  (type $omission' (record (field "member" u32) (field "path" string) (field "reason" string)))
  (export $omission "omission" (type $omission'))
  (type $violation' (record (field "code" string) (field "message" string) (field "source-path" (option string))
    (field "target-path" (option string)) (field "extra" string)))
  (export $violation "violation" (type $violation'))
  (type $mapped' (record (field "documents" (list $document)) (field "omitted" (list $omission))))
  (export $mapped "mapped" (type $mapped'))
  (type $verdict' (variant (case "mapped" $mapped) (case "skipped" string) (case "rejected" (list $violation))))
  (export $verdict "verdict" (type $verdict'))
  (type $candidate' (record (field "origin" $group) (field "mapped" $mapped)))
  (export $candidate "candidate" (type $candidate'))
  (type $setting-error' (record (field "path" string) (field "code" string) (field "message" string)))
  (export $setting-error "setting-error" (type $setting-error'))"#;

/// A section of a binary: its number, its length, its contents.
pub fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    bytes.extend(number(contents.len() as u64));
    bytes.extend(contents);
    bytes
}

/// A custom section.
pub fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    let mut contents = number(name.len() as u64);
    contents.extend(name.as_bytes());
    contents.extend(data);
    section(0, &contents)
}

/// A core module of these sections, as a section of a component.
pub fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend(sections.iter().flatten());
    section(1, &bytes)
}

/// A component of these sections, as a section of a component.
pub fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend(sections.iter().flatten());
    section(4, &bytes)
}

/// A count and as many items.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = number(items.len() as u64);
    bytes.extend(items.iter().flatten());
    bytes
}

/// `count` times the same item, with its count before.
pub fn repeated(item: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = number(count as u64);
    bytes.extend(item.repeat(count));
    bytes
}

/// A number as WebAssembly writes it (LEB128).
pub fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The honest mapper with more sections behind it.
pub fn with_sections(sections: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Forge::mapper().forge();
    bytes.extend(sections.iter().flatten());
    bytes
}
