//! Names of schemes and tenants. A scheme's name is unique within its tenant; a project without tenants has one, `default`.

use std::fmt;

/// The tenant of a project that has none.
pub const DEFAULT_TENANT: &str = "default";

/// One scheme of one tenant. Shown as `NAME`, or `TENANT/NAME` outside the default tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemeName {
    /// The tenant's name.
    pub tenant: String,
    /// The scheme's name within the tenant.
    pub name: String,
}

impl SchemeName {
    /// Names a scheme.
    pub fn new(tenant: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            name: name.into(),
        }
    }

    /// Reads `NAME` or `TENANT/NAME`.
    ///
    /// # Errors
    /// [`BadName`] when a part is not `[a-z][a-z0-9-]{0,62}`.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let (tenant, name) = text.split_once('/').unwrap_or((DEFAULT_TENANT, text));
        for part in [tenant, name] {
            if !is_name(part) {
                return Err(BadName(part.to_owned()));
            }
        }
        Ok(Self::new(tenant, name))
    }
}

impl fmt::Display for SchemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tenant == DEFAULT_TENANT {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.tenant, self.name)
        }
    }
}

/// Whether `text` may name a scheme, tenant, connection or plugin: `[a-z][a-z0-9-]{0,62}`, so that it is
/// safe as a file name on every system.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// A name that is not `[a-z][a-z0-9-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName(pub String);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "name {:?} must start with a-z and hold only a-z, 0-9 and '-' (at most 63 characters)",
            self.0
        )
    }
}

impl std::error::Error for BadName {}

/// The account at a remote system and the API that a delivery key is unique in (DESIGN §3): not the
/// connection's or the scheme's name, so renaming or copying either never sends twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetName {
    /// The tenant's name.
    pub tenant: String,
    /// The account, as the connector names it, e.g. `tplus-cloud:openapi.chanjet.com:APPKEY`.
    pub account: String,
    /// The API, e.g. `/tplus/api/v2/saleDispatch/Create`.
    pub api: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_names_read_and_show() {
        assert_eq!(SchemeName::parse("wdt-to-tplus").unwrap().to_string(), "wdt-to-tplus");
        assert_eq!(
            SchemeName::parse("lanmao/sales-out").unwrap().to_string(),
            "lanmao/sales-out"
        );
        for bad in ["", "A", "1a", "../x", "a/b/c", "a_b", "店"] {
            assert!(SchemeName::parse(bad).is_err(), "{bad}");
        }
    }
}
