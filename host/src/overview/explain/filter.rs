//! Which values of a document a person means: a path or the beginning of one, with or without numbers.

/// A path such as `RDRecordDetails[0].BaseQuantity`, `RDRecordDetails[].BaseQuantity`, `RDRecordDetails` or
/// `dto.Memo`. A list without a number, or with `[]`, means all its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFilter {
    text: String,
    steps: Vec<(String, Vec<Option<usize>>)>,
}

impl PathFilter {
    /// Reads a path; one below the wrapper may be written with it.
    pub fn new(path: &str, wrapper: Option<&str>) -> Self {
        let path = path.trim();
        let inner = wrapper.and_then(|wrapper| path.strip_prefix(wrapper)?.strip_prefix('.'));
        let path = inner.unwrap_or(path);
        Self {
            text: path.to_owned(),
            steps: steps(path),
        }
    }

    /// The path as it was written, without wrapper.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The numbers of elements that it names.
    pub fn numbers(&self) -> Vec<usize> {
        self.steps
            .iter()
            .flat_map(|(_, numbers)| numbers)
            .flatten()
            .copied()
            .collect()
    }

    /// Whether a value's path is meant.
    pub fn takes(&self, path: &str) -> bool {
        let theirs = steps(path);
        self.steps.len() <= theirs.len()
            && self
                .steps
                .iter()
                .zip(&theirs)
                .all(|((name, wanted), (other, numbers))| {
                    let fits =
                        |(at, number): (usize, &Option<usize>)| number.is_none() || numbers.get(at) == Some(number);
                    name == other && wanted.iter().enumerate().all(fits)
                })
    }
}

/// Names with the numbers behind them; `None` for any.
fn steps(path: &str) -> Vec<(String, Vec<Option<usize>>)> {
    let step = |step: &str| {
        let (name, numbers) = step.split_once('[').unwrap_or((step, ""));
        let numbers = numbers.split('[').filter(|part| !part.is_empty());
        (
            name.to_owned(),
            numbers.map(|part| part.trim_end_matches(']').parse().ok()).collect(),
        )
    };
    path.split('.').filter(|one| !one.is_empty()).map(step).collect()
}
