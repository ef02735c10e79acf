//! `to()`: from the type that a source field has to the type that a target field wants.
//!
//! A conversion never fails: what cannot be read as the wanted type is told when it is written, with both paths.

use super::{Boolean, Code, Date, DateTime, Decimal, Integer, Json, Name, Text};

/// `value.to()` makes what the place it is put into wants: the same type, another one, or an `Option` of it.
///
/// ```
/// use dukou_sdk::prelude::*;
///
/// let warehouse = Text::from("CK01");
/// let code: Code = warehouse.to();          // {"Code":"CK01"}
/// let optional: Option<Text> = warehouse.to();
/// # assert_eq!(code.to_string(), optional.unwrap().to_string());
/// ```
pub trait To<T> {
    /// This value as a `T`.
    fn to(&self) -> T;
}

/// An optional field: whether it is left out is decided by the value, not by the `Option`.
impl<S: To<T> + ?Sized, T> To<Option<T>> for S {
    fn to(&self) -> Option<T> {
        Some(self.to())
    }
}

macro_rules! conversions {
    ($($from:ident => $($to:ident)*;)*) => { $( $(
        impl To<$to> for $from {
            fn to(&self) -> $to {
                $to(self.0.clone())
            }
        }
    )* )* };
}

conversions! {
    Text => Text Code Name Decimal Integer Boolean Date DateTime Json;
    Decimal => Decimal Integer Text Code Name;
    Integer => Integer Decimal Text Code Name Boolean;
    Boolean => Boolean Text;
    Date => Date DateTime Text;
    DateTime => DateTime Date Text;
    Code => Code Text Name;
    Name => Name Text Code;
    Json => Json Text;
}

/// Constants: `"ST1021".to()`.
macro_rules! constants {
    ($($to:ident)*) => { $(
        impl To<$to> for str {
            fn to(&self) -> $to {
                $to(super::Value::given(self))
            }
        }
        impl To<$to> for String {
            fn to(&self) -> $to {
                $to(super::Value::given(self))
            }
        }
    )* };
}

constants!(Text Code Name Decimal Integer Date DateTime);
