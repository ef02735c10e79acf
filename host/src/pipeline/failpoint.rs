//! Named places where tests make the process die, as if by `kill -9`, or wait for the test. Without the feature `failpoints` there is nothing here.

/// The registry of one pipeline, empty in a product build.
#[derive(Clone, Default)]
pub struct Failpoints {
    #[cfg(feature = "failpoints")]
    registry: std::sync::Arc<fail_parallel::FailPointRegistry>,
    #[cfg(feature = "failpoints")]
    holds: std::sync::Arc<Vec<Hold>>,
}

/// A place that is held, at one of its passages, until a file exists.
#[cfg(feature = "failpoints")]
struct Hold {
    place: String,
    passages_before: std::sync::atomic::AtomicUsize,
    file: std::path::PathBuf,
}

/// How long a held place waits for its file: a test that died must not leave its process.
#[cfg(feature = "failpoints")]
const MOST_HELD: std::time::Duration = std::time::Duration::from_secs(120);

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
    /// Reads `place=3*off->return;…` (fail's language; `return` means: die here) and `place=hold(N,FILE)` (the passage after
    /// N others waits until the file exists).
    ///
    /// # Errors
    /// The text of what cannot be read, or that this build has no failpoints.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[cfg(feature = "failpoints")]
        {
            let (points, mut holds) = (Self::default(), Vec::new());
            for part in text.split(';').filter(|part| !part.is_empty()) {
                let (place, action) = part.split_once('=').ok_or_else(|| format!("{part:?} has no '='"))?;
                if !PLACES.contains(&place) {
                    return Err(format!("no failpoint {place:?}"));
                }
                match action.strip_prefix("hold(").and_then(|rest| rest.strip_suffix(')')) {
                    Some(rest) => {
                        let (before, file) = rest.split_once(',').ok_or("hold(N,FILE)")?;
                        holds.push(Hold {
                            place: place.to_owned(),
                            passages_before: before.parse::<usize>().map_err(|error| error.to_string())?.into(),
                            file: file.into(),
                        });
                    }
                    None => fail_parallel::cfg(points.registry.clone(), place, action)?,
                }
            }
            Ok(Self {
                holds: holds.into(),
                ..points
            })
        }
        #[cfg(not(feature = "failpoints"))]
        {
            Err(format!("this build has no failpoints (asked for {text:?})"))
        }
    }

    /// Dies or waits here if a test says so.
    #[inline]
    pub fn reach(&self, place: &'static str) {
        debug_assert!(PLACES.contains(&place), "{place} is not listed");
        #[cfg(feature = "failpoints")]
        for hold in self.holds.iter().filter(|hold| hold.place == place) {
            hold.pass();
        }
        #[cfg(feature = "failpoints")]
        fail_parallel::fail_point!(self.registry.clone(), place, |_| std::process::abort());
    }
}

#[cfg(feature = "failpoints")]
impl Hold {
    /// Counts a passage, and waits where it is the one.
    fn pass(&self) {
        use std::sync::atomic::Ordering::Relaxed;
        // Once it was the one, the count stays far above nought.
        let before = self.passages_before.fetch_sub(1, Relaxed);
        if before != 0 {
            return;
        }
        let start = std::time::Instant::now();
        while !self.file.exists() && start.elapsed() < MOST_HELD {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
