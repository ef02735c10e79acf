//! What the derives write out. Not for authors: it changes without notice.

pub use crate::settings::{FromSetting, FromSettings, Setting, Settings};
pub use crate::source::{At, Seed, Source, SourceField};
pub use crate::target::{Target, Writer};
pub use crate::values::{Field, Place};
pub use serde::de::MapAccess;
pub use std::rc::Rc;
