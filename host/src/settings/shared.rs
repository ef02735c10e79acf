//! Books that two tenants write to: under one account's name, or under two names with one token. A warning, because keys of
//! deliveries are unique within one tenant only.

use std::collections::BTreeMap;

use super::secret::Found;
use super::{Connection, ConnectionKind, Project, TplusCloudSettings};
use crate::scheme::{Code, Diagnostic, Scheme, Sentence, shown};

/// A scheme that writes to T+, with the connection it uses.
#[derive(Clone, Copy)]
struct Writer<'a> {
    scheme: &'a Scheme,
    connection: &'a Connection,
    settings: &'a TplusCloudSettings,
}

impl Writer<'_> {
    fn tenant(&self) -> &str {
        &self.scheme.name.tenant
    }
}

impl Project {
    /// Warns of tenants whose schemes write to the same books and API: under one account's name, or with one token.
    pub fn shared_accounts(&self, schemes: &[Scheme]) -> Vec<Diagnostic> {
        let mut writers: Vec<Writer<'_>> = schemes.iter().filter_map(|scheme| self.writer(scheme)).collect();
        writers.sort_by(|a, b| a.scheme.name.cmp(&b.scheme.name));
        let mut findings = Vec::new();
        let mut by_account: BTreeMap<(String, &str), Vec<Writer<'_>>> = BTreeMap::new();
        let mut by_token: BTreeMap<(Found<'_>, &str), Vec<Writer<'_>>> = BTreeMap::new();
        for writer in &writers {
            let api = writer.scheme.target.api.as_str();
            let account = writer.settings.account_name();
            by_account.entry((account, api)).or_default().push(*writer);
            let token = writer.settings.token.place(&self.root);
            by_token.entry((token, api)).or_default().push(*writer);
        }
        for ((account, api), mut writers) in by_account {
            writers.dedup_by(|a, b| a.tenant() == b.tenant());
            for pair in writers.windows(2) {
                // The one that names the account itself is where it can be mended.
                let own = pair.iter().rev().find(|writer| writer.connection.tenant.is_some());
                let connection = own.unwrap_or(&pair[1]).connection;
                findings.push(
                    Diagnostic::at(Code::SharedAccount, &connection.file, connection.span.clone())
                        .with("first", pair[0].tenant())
                        .with("second", pair[1].tenant())
                        .with("account", account.as_str())
                        .with("api", api)
                        .help(Sentence::new("definition.shared_account_help"))
                        .warning(),
                );
            }
        }
        for ((token, _), mut writers) in by_token {
            writers.dedup_by(|a, b| a.tenant() == b.tenant());
            for pair in writers.windows(2) {
                let accounts = [&pair[0], &pair[1]].map(|writer| writer.settings.account_name());
                if accounts[0] != accounts[1] {
                    findings.push(self.one_token(pair, &token, &accounts));
                }
            }
        }
        findings
    }

    fn writer<'a>(&'a self, scheme: &'a Scheme) -> Option<Writer<'a>> {
        let connection = self.connection(&scheme.name.tenant, &scheme.target.connection).ok()?;
        match &connection.kind {
            ConnectionKind::TplusCloud(settings) => Some(Writer {
                scheme,
                connection,
                settings,
            }),
            ConnectionKind::WdtQimen(_) => None,
        }
    }

    /// Two names for what one token opens: the same books, as far as anybody can tell from here.
    fn one_token(&self, pair: &[Writer<'_>], token: &Found<'_>, accounts: &[String; 2]) -> Diagnostic {
        let place = match token {
            Found::Variable(name) => (*name).to_owned(),
            Found::File(path) => shown(&self.root, path),
        };
        let named = &pair[1].settings.token;
        Diagnostic::sentence(Code::SharedAccount, "definition.shared_token")
            .place(&named.file, named.span.clone())
            .with("first", pair[0].tenant())
            .with("second", pair[1].tenant())
            .with("place", place)
            .with("account", accounts[0].as_str())
            .with("other", accounts[1].as_str())
            .help(Sentence::new("definition.shared_account_help"))
            .warning()
    }
}
