//! Whose lane a document goes by.

use dukou_connect::tplus_cloud::{TplusAuth, TplusCloud, TplusCloudConfig};
use secrecy::SecretString;

use super::*;

/// One application at the vendor's, as an implementer has it for all its customers, with a tenant's own token.
fn target(token: &str) -> Arc<dyn Target> {
    let secret = |text: &str| SecretString::from(text.to_owned());
    let auth = TplusAuth::OpenToken(secret(token));
    let config = TplusCloudConfig::new("http://127.0.0.1:1", "isv", secret("s"), auth);
    Arc::new(TplusCloud::new(
        config,
        crate::compose::egress().unwrap(),
        crate::compose::clock(),
    ))
}

#[test]
fn a_tenants_documents_never_go_by_another_tenants_credentials() {
    let lanes = Lanes::default();
    let (of_a, of_b) = (target("a"), target("b"));
    assert_eq!(of_a.account(), of_b.account());
    let (a, b) = (lanes.target("a", of_a.clone()), lanes.target("b", of_b.clone()));
    assert!(Arc::ptr_eq(&a.target, &of_a) && Arc::ptr_eq(&b.target, &of_b));
    // What the project's own connection sends for several tenants keeps one rhythm.
    let (first, second) = (lanes.target("", of_a.clone()), lanes.target("", of_b));
    assert!(Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&lanes.target("a", target("a")), &a));
}
