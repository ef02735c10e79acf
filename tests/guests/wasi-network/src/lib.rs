//! A mapper that opens a network connection. No host of ours runs it: inspection refuses its imports by name.

use dukou_sdk::{Group, Lookups, Mapping, Needs, SettingError, Verdict};
use std::net::TcpStream;

/// The mapper.
#[derive(Debug)]
pub struct Network;

impl Mapping for Network {
    fn configure(_settings: &str, _environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        Ok((Self, Needs::of(["*"])))
    }

    fn transform(&self, groups: Vec<Group>, _lookups: &dyn Lookups) -> Vec<Verdict> {
        let answer = |_| match TcpStream::connect("127.0.0.1:9") {
            Ok(_) => Verdict::Skipped("connected".to_owned()),
            Err(error) => Verdict::Skipped(error.to_string()),
        };
        groups.into_iter().map(answer).collect()
    }
}

dukou_sdk::export_mapping!(Network);
