//! The codes of definition errors (`docs/reference/errors.md`): stable, documented, kept in step by a test. Says nothing
//! about where an error stands or how it is shown.

use crate::exit::Exit;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// It can be used and probably should not.
    Warning,
}

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $id:literal, $slug:literal, $exit:ident; )*) => {
        /// What a finding is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $( $(#[$doc])* $name, )*
        }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The stable code, e.g. `S0105`.
            pub fn id(self) -> &'static str {
                match self { $( Self::$name => $id, )* }
            }

            /// The key of its sentence in the language files, e.g. `definition.unknown_key`.
            pub fn key(self) -> &'static str {
                match self { $( Self::$name => concat!("definition.", $slug), )* }
            }

            /// How a process ends that stops at it.
            pub fn exit(self) -> Exit {
                match self { $( Self::$name => Exit::$exit, )* }
            }
        }
    };
}

codes! {
    /// A file is missing or cannot be opened.
    Unreadable = "S0101", "unreadable", Definition;
    /// A file is not UTF-8.
    NotUtf8 = "S0102", "not_utf8", Definition;
    /// TOML cannot read a file.
    Syntax = "S0103", "syntax", Definition;
    /// A number, boolean or date stands where text belongs.
    BareValue = "S0104", "bare_value", Definition;
    /// A key that nobody reads.
    UnknownKey = "S0105", "unknown_key", Definition;
    /// A key that must be there.
    MissingKey = "S0106", "missing_key", Definition;
    /// A value of the wrong type.
    WrongType = "S0107", "wrong_type", Definition;
    /// Known to the design, not in this version.
    NotYet = "S0108", "not_yet", Definition;
    /// A name that is not `[a-z][a-z0-9-]{0,62}`.
    BadName = "S0109", "bad_name", Definition;
    /// A value that must not be empty.
    Empty = "S0110", "empty", Definition;
    /// Not one of the allowed words.
    Choice = "S0111", "choice", Definition;
    /// Not a duration such as `30s`.
    Duration = "S0112", "duration", Definition;
    /// A number outside its range.
    Range = "S0113", "range", Definition;
    /// A tag that is not one word.
    Tag = "S0114", "tag", Definition;
    /// A folder of a tenant that nobody reads (warning).
    StrayFolder = "S0115", "stray_folder", Definition;
    /// Not an http or https address.
    Url = "S0201", "url", Definition;
    /// A secret written into a file as a value.
    LiteralSecret = "S0202", "literal_secret", Definition;
    /// A secret reference that names no single source.
    SecretReference = "S0203", "secret_reference", Definition;
    /// A secret that is not there.
    SecretMissing = "S0204", "secret_missing", Secret;
    /// A secret file that others may read.
    SecretExposed = "S0205", "secret_exposed", Secret;
    /// A plain value that looks like a secret.
    LooksLikeSecret = "S0206", "looks_like_secret", Definition;
    /// The quarantine does not exceed the deadline.
    Quarantine = "S0207", "quarantine", Definition;
    /// A store address that is not `sqlite:FILE`.
    StoreUrl = "S0208", "store_url", Definition;
    /// A tenant's secret in another tenant's folder.
    ForeignSecret = "S0209", "foreign_secret", Definition;
    /// A connection that neither the tenant nor `dukou.toml` has.
    UnknownConnection = "S0301", "unknown_connection", Definition;
    /// A connection of a kind that cannot stand on this side.
    WrongSide = "S0302", "wrong_side", Definition;
    /// An API without a catalogue (warning).
    UnknownApi = "S0303", "unknown_api", Definition;
    /// A cron pattern that cannot be read.
    Cron = "S0304", "cron", Definition;
    /// Not an IANA time zone.
    Zone = "S0305", "zone", Definition;
    /// A time that cannot be read or does not exist in the zone.
    Time = "S0306", "time", Definition;
    /// A window longer than the source allows.
    Span = "S0307", "span", Definition;
    /// A request value that cannot be read.
    RequestValue = "S0308", "request_value", Definition;
    /// A request parameter that the catalogue does not have (warning).
    UnknownParameter = "S0309", "unknown_parameter", Definition;
    /// Neither a field path nor `sum(path)`.
    Expression = "S0310", "expression", Definition;
    /// A source field that the catalogue does not have (warning).
    UnknownSourceField = "S0311", "unknown_source_field", Definition;
    /// A delivery key that does not stand in the target's catalogue.
    TargetKey = "S0312", "target_key", Definition;
    /// A scheme that the project does not have.
    UnknownScheme = "S0313", "unknown_scheme", NotFound;
    /// A base that the project does not have.
    UnknownBase = "S0314", "unknown_base", Definition;
    /// Bases that stand on each other.
    BaseCycle = "S0315", "base_cycle", Definition;
    /// A key that says what the base says (warning).
    SameAsBase = "S0316", "same_as_base", Definition;
    /// Two tenants that write to one account (warning).
    SharedAccount = "S0317", "shared_account", Definition;
    /// A tenant that the project does not have.
    UnknownTenant = "S0318", "unknown_tenant", NotFound;
    /// A plugin that is neither in the project nor a stock plugin.
    UnknownPlugin = "S0401", "unknown_plugin", Definition;
    /// A plugin file that is no component.
    NotAComponent = "S0402", "not_a_component", Definition;
    /// A plugin that asks for what the sandbox does not give.
    PluginRefused = "S0403", "plugin_refused", Refused;
    /// A setting that the plugin itself refused.
    PluginSetting = "S0404", "plugin_setting", Definition;
    /// A target field that the catalogue does not have.
    UnknownTargetField = "S0405", "unknown_target_field", Definition;
    /// A target path with a dot that is not quoted.
    DottedTarget = "S0406", "dotted_target", Definition;
    /// A setting that JSON cannot hold.
    SettingValue = "S0407", "setting_value", Definition;
    /// A plugin that fails one of the cases inside its own file.
    CasesFail = "S0408", "cases_fail", Refused;
    /// A table file that is not there.
    UnknownTable = "S0501", "unknown_table", Definition;
    /// A key that two rows share.
    DuplicateRow = "S0502", "duplicate_row", Definition;
    /// A row without a key.
    EmptyRowKey = "S0503", "empty_row_key", Definition;
    /// A row with more or fewer cells than the header.
    RaggedRow = "S0504", "ragged_row", Definition;
    /// A table file that is neither UTF-8 nor GBK.
    TableEncoding = "S0505", "table_encoding", Definition;
    /// A header that names no columns, or one twice.
    TableHeader = "S0506", "table_header", Definition;
    /// A catalogue file that cannot be used.
    Catalogue = "S0601", "catalogue", Definition;
}
