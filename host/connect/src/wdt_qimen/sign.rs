//! The signature of Taobao's open platform (`docs/reference/systems/wdt.md` §2.4). Pure.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignMethod {
    /// MD5 with the secret on both sides.
    Md5,
    /// HMAC-MD5.
    Hmac,
    /// HMAC-SHA256: the default of the official Qimen clients.
    #[default]
    HmacSha256,
}

impl SignMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Hmac, Self::HmacSha256];

    /// The word on the wire and in a connection's table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Hmac => "hmac",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// The method with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

/// Whether a parameter takes part at all: blank values are neither signed nor sent.
pub fn takes_part(value: &str) -> bool {
    !value.trim().is_empty()
}

/// Upper-case hex signature over every parameter but `sign`, in byte order of the names, values before URL encoding.
pub fn sign(params: &BTreeMap<String, String>, secret: &SecretString, method: SignMethod) -> String {
    let mut text = String::new();
    for (name, value) in params {
        if name != "sign" && takes_part(value) {
            text.push_str(name);
            text.push_str(value);
        }
    }
    let secret = secret.expose_secret().as_bytes();
    match method {
        SignMethod::Md5 => hex::encode_upper(
            Md5::new()
                .chain_update(secret)
                .chain_update(&text)
                .chain_update(secret)
                .finalize(),
        ),
        SignMethod::Hmac => {
            let mac = Hmac::<Md5>::new_from_slice(secret).expect("HMAC takes keys of any length");
            hex::encode_upper(mac.chain_update(text).finalize().into_bytes())
        }
        SignMethod::HmacSha256 => {
            let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
            hex::encode_upper(mac.chain_update(text).finalize().into_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        secret: String,
        sign_method: String,
        params: BTreeMap<String, String>,
        sign: String,
    }

    #[test]
    fn every_vector_holds() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/top.json")).unwrap();
        assert_eq!(vectors.len(), 9);
        for vector in vectors {
            let method = SignMethod::from_word(&vector.sign_method).unwrap();
            assert_eq!(
                sign(&vector.params, &vector.secret.into(), method),
                vector.sign,
                "{}",
                vector.name
            );
        }
    }

    #[test]
    fn a_stale_signature_is_not_signed() {
        let mut params = BTreeMap::from([("foo".to_owned(), "1".to_owned())]);
        let plain = sign(&params, &"s".into(), SignMethod::Md5);
        params.insert("sign".to_owned(), plain.clone());
        params.insert("status".to_owned(), " \t".to_owned());
        assert_eq!(sign(&params, &"s".into(), SignMethod::Md5), plain);
    }
}
