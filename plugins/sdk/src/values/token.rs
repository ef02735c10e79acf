//! What is written for a value: one JSON token, nothing, or a fault.

use super::{Boolean, Code, Date, DateTime, Decimal, Fault, Integer, Json, Name, Origin, Text, Value, moment};
use crate::json;

/// A value that can stand in a document.
pub trait Token {
    /// Appends the JSON token. `Ok(false)` if the value is empty: then nothing was appended.
    fn push(&self, out: &mut String) -> Result<bool, Fault>;

    /// Where the value came from.
    fn came_from(&self) -> Option<&Origin>;
}

fn push_text(value: &Value, out: &mut String, before: &str, after: &str) -> Result<bool, Fault> {
    let Some(text) = value.text()? else { return Ok(false) };
    out.push_str(before);
    json::push_text(out, &text);
    out.push_str(after);
    Ok(true)
}

fn push_number(value: &Value, out: &mut String, whole: bool) -> Result<bool, Fault> {
    if let Some(fault) = value.fault() {
        return Err(Fault::clone(fault));
    }
    let scalar = value.scalar();
    if scalar.is_empty() {
        return Ok(false);
    }
    let (digits, wanted) = if whole {
        (scalar.integer(), "a whole number")
    } else {
        (scalar.decimal(), "a decimal")
    };
    let digits = digits.map_err(|_| value.not_a(&scalar.text(), wanted))?;
    out.push_str(&digits);
    Ok(true)
}

fn push_moment(value: &Value, out: &mut String, time: bool) -> Result<bool, Fault> {
    if let Some(fault) = value.fault() {
        return Err(Fault::clone(fault));
    }
    let scalar = value.scalar();
    let Some(text) = moment::written(value, &scalar, time)? else {
        return Ok(false);
    };
    json::push_text(out, &text);
    Ok(true)
}

macro_rules! tokens {
    ($($type:ident: |$value:ident, $out:ident| $push:expr;)*) => { $(
        impl Token for $type {
            fn push(&self, $out: &mut String) -> Result<bool, Fault> {
                let $value = &self.0;
                $push
            }
            fn came_from(&self) -> Option<&Origin> {
                self.0.origin.as_ref()
            }
        }
    )* };
}

tokens! {
    Text: |value, out| push_text(value, out, "", "");
    Code: |value, out| push_text(value, out, "{\"Code\":", "}");
    Name: |value, out| push_text(value, out, "{\"Name\":", "}");
    Decimal: |value, out| push_number(value, out, false);
    Integer: |value, out| push_number(value, out, true);
    Date: |value, out| push_moment(value, out, false);
    DateTime: |value, out| push_moment(value, out, true);
}

impl Token for Boolean {
    fn push(&self, out: &mut String) -> Result<bool, Fault> {
        let Some(value) = self.get()? else { return Ok(false) };
        out.push_str(if value { "true" } else { "false" });
        Ok(true)
    }

    fn came_from(&self) -> Option<&Origin> {
        self.origin()
    }
}

/// Whole structures are carried over as they came.
impl Token for Json {
    fn push(&self, out: &mut String) -> Result<bool, Fault> {
        if let Some(fault) = self.0.fault() {
            return Err(Fault::clone(fault));
        }
        if self.is_empty() {
            return Ok(false);
        }
        out.push_str(&self.json());
        Ok(true)
    }

    fn came_from(&self) -> Option<&Origin> {
        self.origin()
    }
}
