//! Messages that Chanjet's platform pushes: the ticket for tokens, and business events (`docs/reference/systems/tplus.md`
//! §1.3). Opens the envelope; what a message means is the caller's.

use std::fmt;

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

const BLOCK: usize = 16;

/// Why a message cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushError {
    /// The secret is neither 16 bytes nor 32 hex digits.
    Secret,
    /// Not base64, or not whole blocks.
    Envelope,
    /// The padding is wrong: another secret, or a damaged message.
    Padding,
    /// What comes out is not UTF-8.
    Text,
}

impl PushError {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Secret => "tplus-push.secret",
            Self::Envelope => "tplus-push.envelope",
            Self::Padding => "tplus-push.padding",
            Self::Text => "tplus-push.text",
        }
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "the message secret must be 16 bytes or 32 hex digits",
            Self::Envelope => "encryptMsg is not base64 of whole blocks",
            Self::Padding => "the padding is wrong, probably another secret",
            Self::Text => "the message is not text",
        })
    }
}

impl std::error::Error for PushError {}

/// Opens `encryptMsg`: base64, AES-128 in ECB mode, PKCS#5 padding. The secret is 16 bytes, or 32 hex digits in some
/// deployments.
///
/// # Errors
/// [`PushError`].
pub fn open(encrypt_msg: &str, secret: &SecretString) -> Result<String, PushError> {
    let secret = secret.expose_secret();
    let key: [u8; BLOCK] = match secret.len() {
        BLOCK => secret.as_bytes().try_into().map_err(|_| PushError::Secret)?,
        32 => hex::decode(secret)
            .ok()
            .and_then(|key| key.try_into().ok())
            .ok_or(PushError::Secret)?,
        _ => return Err(PushError::Secret),
    };
    let mut bytes = STANDARD.decode(encrypt_msg.trim()).map_err(|_| PushError::Envelope)?;
    if bytes.is_empty() || bytes.len() % BLOCK != 0 {
        return Err(PushError::Envelope);
    }
    let cipher = Aes128::new(&key.into());
    for block in bytes.chunks_exact_mut(BLOCK) {
        let mut whole: [u8; BLOCK] = [0; BLOCK];
        whole.copy_from_slice(block);
        let mut whole = whole.into();
        cipher.decrypt_block(&mut whole);
        block.copy_from_slice(&whole);
    }
    let padding = bytes.last().map_or(0, |last| usize::from(*last));
    let keep = bytes
        .len()
        .checked_sub(padding)
        .filter(|_| (1..=BLOCK).contains(&padding))
        .ok_or(PushError::Padding)?;
    if bytes[keep..].iter().any(|byte| usize::from(*byte) != padding) {
        return Err(PushError::Padding);
    }
    bytes.truncate(keep);
    String::from_utf8(bytes).map_err(|_| PushError::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(key: &str) -> String {
        let vector: serde_json::Value = serde_json::from_str(include_str!("../../vectors/tplus-push.json")).unwrap();
        vector[key].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_vector_holds_with_both_spellings_of_the_secret() {
        let (message, secret) = (vector("encryptMsg"), vector("secret"));
        assert_eq!(open(&message, &secret.clone().into()), Ok(vector("plaintext")));
        assert_eq!(open(&message, &hex::encode(secret).into()), Ok(vector("plaintext")));
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let message = vector("encryptMsg");
        assert_eq!(open(&message, &"short".into()), Err(PushError::Secret));
        assert_eq!(open("%%%", &vector("secret").into()), Err(PushError::Envelope));
        assert_eq!(open("", &vector("secret").into()), Err(PushError::Envelope));
        assert_eq!(open(&message, &"fedcba0987654321".into()), Err(PushError::Padding));
    }
}
