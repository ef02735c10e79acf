//! Self-hosted T+ 12.3 and later (`docs/reference/systems/tplus.md` §2.1). So far the digest inside its token only; there
//! is no client yet.

pub mod sign;
