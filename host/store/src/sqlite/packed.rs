//! Stored texts: zstd with the digest of the plain text beside it, verified on every reading, because SQLite itself
//! does not notice a flipped byte inside a value (`reliability.md` §4.1).

use std::cell::RefCell;

use dukou_core::digest::Digest;
use zstd::bulk::{Compressor, Decompressor};

use super::fault::{Fault, Step};
use crate::StoreError;

/// Fast; orders shrink to about a quarter, higher levels gain a tenth more for three times the work.
const LEVEL: i32 = 1;
/// Before the frame: the plain length, little-endian.
const PREFIX: usize = 4;
/// Longer texts than this are not ours.
const MOST_BYTES: usize = 1 << 30;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Bytes as they are stored.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    /// Digest of the plain bytes.
    pub(super) hash: Digest,
    /// Length and frame.
    pub(super) bytes: Vec<u8>,
}

/// Packs bytes whose digest is known.
pub(super) fn pack_as(plain: &[u8], hash: Digest) -> Result<Packed, StoreError> {
    let length = u32::try_from(plain.len())
        .ok()
        .filter(|_| plain.len() <= MOST_BYTES)
        .ok_or_else(|| packing("the text exceeds 1 GiB".into()))?;
    let frame = COMPRESSOR
        .with_borrow_mut(|slot| match slot {
            Some(compressor) => compressor.compress(plain),
            None => slot.insert(Compressor::new(LEVEL)?).compress(plain),
        })
        .map_err(|error| packing(Box::new(error)))?;
    let mut bytes = Vec::with_capacity(PREFIX + frame.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&frame);
    Ok(Packed { hash, bytes })
}

/// Packs bytes.
pub(super) fn pack(plain: &[u8]) -> Result<Packed, StoreError> {
    pack_as(plain, Digest::of(plain))
}

/// The plain bytes, if they still are what was stored.
pub(super) fn unpack(bytes: &[u8], hash: &[u8; 32], what: impl Fn() -> String) -> Step<Vec<u8>> {
    let plain = plain(bytes).filter(|plain| Digest::of(plain).as_bytes() == hash);
    plain.ok_or_else(|| Fault::damaged(what()))
}

/// The plain text, if it still is what was stored.
pub(super) fn unpack_text(bytes: &[u8], hash: &[u8; 32], what: impl Fn() -> String) -> Step<String> {
    let plain = unpack(bytes, hash, &what)?;
    String::from_utf8(plain).map_err(|_| Fault::damaged(what()))
}

fn plain(bytes: &[u8]) -> Option<Vec<u8>> {
    let (prefix, frame) = bytes.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_le_bytes(*prefix)).ok()?;
    if length > MOST_BYTES {
        return None;
    }
    let plain = DECOMPRESSOR
        .with_borrow_mut(|slot| match slot {
            Some(decompressor) => decompressor.decompress(frame, length),
            None => slot.insert(Decompressor::new()?).decompress(frame, length),
        })
        .ok()?;
    (plain.len() == length).then_some(plain)
}

fn packing(source: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Engine {
        doing: "compressing a text",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_byte_is_noticed() {
        let text = r#"{"order_no":"CK0001","memo":"渡口","lines":[1,2,3]}"#.repeat(3);
        let packed = pack(text.as_bytes()).unwrap();
        let hash = *packed.hash.as_bytes();
        assert_eq!(unpack_text(&packed.bytes, &hash, String::new).unwrap(), text);
        for index in 0..packed.bytes.len() {
            let mut flipped = packed.bytes.clone();
            flipped[index] ^= 0x01;
            match unpack_text(&flipped, &hash, || "record CK0001".into()) {
                Ok(same) => assert_eq!(same, text, "a flip that changes nothing may pass"),
                Err(Fault::Store(StoreError::Damaged { what })) => assert_eq!(what, "record CK0001"),
                Err(other) => panic!("{other:?}"),
            }
        }
        let empty = pack(b"").unwrap();
        assert_eq!(
            unpack_text(&empty.bytes, empty.hash.as_bytes(), String::new).unwrap(),
            ""
        );
    }
}
