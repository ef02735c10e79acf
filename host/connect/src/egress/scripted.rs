//! An [`Egress`] for tests: plays recorded replies in order and keeps what was asked.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::{Egress, EgressError, HttpReply, HttpRequest};
use crate::BoxFuture;

type Script = Mutex<VecDeque<Result<HttpReply, EgressError>>>;

/// Plays a script.
pub(crate) struct ScriptedEgress {
    script: Script,
    asked: Mutex<Vec<HttpRequest>>,
}

impl ScriptedEgress {
    pub(crate) fn new(script: impl IntoIterator<Item = Result<HttpReply, EgressError>>) -> Self {
        Self {
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
        }
    }

    /// Every request so far: URL and body as text.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|request| (request.url.clone(), String::from_utf8(request.body.clone()).unwrap()))
            .collect()
    }

    /// The last request.
    pub(crate) fn last(&self) -> HttpRequest {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    /// Replies not played yet.
    pub(crate) fn left(&self) -> usize {
        self.script.lock().unwrap().len()
    }
}

impl Egress for ScriptedEgress {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpReply, EgressError>> {
        self.asked.lock().unwrap().push(request);
        let reply = self.script.lock().unwrap().pop_front();
        Box::pin(async move { reply.expect("the script ended before the questions did") })
    }
}

/// A reply with this status and body.
pub(crate) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Result<HttpReply, EgressError> {
    Ok(HttpReply {
        status,
        content_type: None,
        retry_after: None,
        date: None,
        body: body.into(),
    })
}
