//! The TOP signature, recomputed for every request (`docs/reference/systems/wdt.md §2.4`).
//!
//! Written from the recipe and checked against the vectors; it shares no code with any client.

use std::collections::BTreeMap;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignMethod {
    Md5,
    HmacMd5,
    HmacSha256,
}

impl SignMethod {
    /// Reads the value of `sign_method`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "md5" => Some(Self::Md5),
            "hmac" => Some(Self::HmacMd5),
            "hmac-sha256" => Some(Self::HmacSha256),
            _ => None,
        }
    }
}

/// The upper-case hex signature of all parameters but `sign` and the blank ones. A `BTreeMap` of strings is sorted
/// by bytes, which is the order that the recipe asks for.
pub(crate) fn sign(params: &BTreeMap<String, String>, secret: &str, method: SignMethod) -> String {
    let mut text = String::new();
    for (name, value) in params {
        if name != "sign" && !value.trim().is_empty() {
            text.push_str(name);
            text.push_str(value);
        }
    }
    match method {
        SignMethod::Md5 => {
            let mut hash = Md5::new();
            hash.update(secret);
            hash.update(&text);
            hash.update(secret);
            upper_hex(&hash.finalize())
        }
        SignMethod::HmacMd5 => keyed::<Hmac<Md5>>(secret, &text),
        SignMethod::HmacSha256 => keyed::<Hmac<Sha256>>(secret, &text),
    }
}

fn keyed<M: Mac + KeyInit>(secret: &str, text: &str) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    upper_hex(&mac.finalize().into_bytes())
}

fn upper_hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02X}");
    }
    out
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        secret: String,
        sign_method: String,
        params: BTreeMap<String, String>,
        sign: String,
    }

    #[test]
    fn every_vector_is_met() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/top.json")).unwrap();
        assert_eq!(vectors.len(), 9);
        for vector in vectors {
            let method = SignMethod::from_name(&vector.sign_method).unwrap();
            assert_eq!(
                sign(&vector.params, &vector.secret, method),
                vector.sign,
                "{}",
                vector.name
            );
        }
    }

    #[test]
    fn a_sign_that_was_sent_is_not_signed() {
        let mut params = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let before = sign(&params, "s", SignMethod::Md5);
        params.insert("sign".to_owned(), "X".to_owned());
        assert_eq!(sign(&params, "s", SignMethod::Md5), before);
    }
}
