//! Everything that a plugin usually names: `use dukou_sdk::prelude::*;`.

pub use crate::editor::Editor;
pub use crate::environment::Environment;
pub use crate::source::List;
pub use crate::target::Lines;
pub use crate::values::{Boolean, Code, Date, DateTime, Decimal, Fault, Integer, Json, Name, Number, Text, To};
pub use crate::{Adjuster, Documents, Job, Mapper, Stop, Table, Validator, Violation};
pub use dukou_sdk_derive::{Settings, Source, Target};
