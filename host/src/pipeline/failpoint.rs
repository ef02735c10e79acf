//! Named places where tests make the process die, as if by `kill -9`. Without the feature `failpoints` there is nothing here.

/// The registry of one pipeline, empty in a product build.
#[derive(Clone, Default)]
pub struct Failpoints {
    #[cfg(feature = "failpoints")]
    registry: std::sync::Arc<fail_parallel::FailPointRegistry>,
}

/// Every place, in path order. A test goes through them all, so a new one cannot be forgotten.
pub const PLACES: &[&str] = &[
    "deploy.before-activate",
    "deploy.after-activate",
    "deploy.after-lock",
    "pull.window-opened",
    "pull.before-request",
    "pull.after-reply",
    "pull.before-ingest",
    "pull.after-ingest",
    "pull.before-close",
    "pull.after-close",
    "transform.after-claim",
    "transform.after-plugins",
    "transform.before-settle",
    "transform.after-settle",
    "deliver.after-claim",
    "deliver.before-intent",
    "deliver.after-intent",
    "deliver.before-send",
    "deliver.after-send",
    "deliver.before-outcome",
    "deliver.after-outcome",
    "lookup.after-claim",
    "lookup.before-outcome",
];

impl Failpoints {
    /// Reads `place=3*off->return;…` (fail's language; `return` means: die here).
    ///
    /// # Errors
    /// The text of what cannot be read, or that this build has no failpoints.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[cfg(feature = "failpoints")]
        {
            let points = Self::default();
            for part in text.split(';').filter(|part| !part.is_empty()) {
                let (place, action) = part.split_once('=').ok_or_else(|| format!("{part:?} has no '='"))?;
                if !PLACES.contains(&place) {
                    return Err(format!("no failpoint {place:?}"));
                }
                fail_parallel::cfg(points.registry.clone(), place, action)?;
            }
            Ok(points)
        }
        #[cfg(not(feature = "failpoints"))]
        {
            Err(format!("this build has no failpoints (asked for {text:?})"))
        }
    }

    /// Dies here if a test says so.
    #[inline]
    pub fn reach(&self, place: &'static str) {
        debug_assert!(PLACES.contains(&place), "{place} is not listed");
        #[cfg(feature = "failpoints")]
        fail_parallel::fail_point!(self.registry.clone(), place, |_| std::process::abort());
    }
}
