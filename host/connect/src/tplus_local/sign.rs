//! The `datas` claim of the token for self-hosted T+ (`docs/reference/systems/tplus.md` §2.1). Pure.

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// The server hashes the text, so the order of the keys is part of the contract.
#[derive(Serialize)]
struct Identity<'a> {
    appkey: &'a str,
    orgid: &'a str,
    appsecret: &'a str,
}

/// Lower-case hex MD5 of the compact JSON of app key, organisation and app secret, in this order.
pub fn datas(app_key: &str, org_id: &str, app_secret: &SecretString) -> String {
    hex::encode(Md5::digest(
        compact(app_key, org_id, app_secret.expose_secret()).as_bytes(),
    ))
}

fn compact(app_key: &str, org_id: &str, app_secret: &str) -> String {
    let identity = Identity {
        appkey: app_key,
        orgid: org_id,
        appsecret: app_secret,
    };
    serde_json::to_string(&identity).expect("three texts are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_holds() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../vectors/tplus-local.json")).unwrap();
        let get = |key: &str| vectors["datas"][key].as_str().unwrap();
        assert_eq!(
            compact(get("appkey"), get("orgid"), get("appsecret")),
            get("compact_json")
        );
        assert_eq!(datas(get("appkey"), get("orgid"), &get("appsecret").into()), get("md5"));
    }
}
