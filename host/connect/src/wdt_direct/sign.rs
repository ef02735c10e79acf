//! The packed MD5 signature of Wangdian's direct API (`docs/reference/systems/wdt.md` §3.2). Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};

/// What "length" means for text that is not ASCII; the sources disagree (`wdt.md` §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LengthRule {
    /// Code points: the enterprise edition.
    #[default]
    Chars,
    /// UTF-8 bytes: the huice.com hosts.
    Bytes,
    /// UTF-16 units: Wangdian's Java SDK.
    Utf16,
}

impl LengthRule {
    fn length(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Bytes => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// Lower-case hex MD5 over the packed parameters and the secret. `sign` and blank values are left out, and must not be sent.
pub fn sign(params: &BTreeMap<String, String>, secret: &SecretString, rule: LengthRule) -> String {
    let mut text = String::new();
    for (name, value) in params {
        if name == "sign" || value.trim().is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push(';');
        }
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{:02}-{name}:{:04}-{value}",
            rule.length(name),
            rule.length(value)
        );
    }
    text.push_str(secret.expose_secret());
    hex::encode(Md5::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        secret: String,
        length: String,
        params: BTreeMap<String, String>,
        sign: String,
    }

    #[test]
    fn every_vector_holds() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/wdt-direct.json")).unwrap();
        assert_eq!(vectors.len(), 8);
        for vector in vectors {
            let rules = match vector.length.as_str() {
                "any" => vec![LengthRule::Chars, LengthRule::Bytes, LengthRule::Utf16],
                "chars" => vec![LengthRule::Chars],
                "bytes" => vec![LengthRule::Bytes],
                "utf16" => vec![LengthRule::Utf16],
                other => panic!("unknown rule {other}"),
            };
            for rule in rules {
                let got = sign(&vector.params, &vector.secret.clone().into(), rule);
                assert_eq!(got, vector.sign, "{} {rule:?}", vector.name);
            }
        }
    }

    #[test]
    fn blank_values_and_a_stale_signature_are_not_signed() {
        let mut params = BTreeMap::from([("sid".to_owned(), "test2".to_owned())]);
        let plain = sign(&params, &"s".into(), LengthRule::Chars);
        params.insert("status".to_owned(), "  ".to_owned());
        params.insert("sign".to_owned(), "old".to_owned());
        assert_eq!(sign(&params, &"s".into(), LengthRule::Chars), plain);
    }
}
