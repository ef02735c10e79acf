//! Paths into documents: `Memo`, `RDRecordDetails[0].Batch`, `DynamicPropertyKeys[1]`.

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'p> {
    Member(&'p str),
    Element(usize),
}

/// Appends the steps of a path.
pub(super) fn read<'p>(path: &'p str, steps: &mut Vec<Step<'p>>) -> Result<(), String> {
    let wrong = || format!("`{path}` is no path; expected Memo or RDRecordDetails[0].Batch");
    for part in path.split('.') {
        let (name, mut indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return Err(wrong());
        }
        steps.push(Step::Member(name));
        while !indexes.is_empty() {
            let (index, rest) = indexes
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .ok_or_else(wrong)?;
            steps.push(Step::Element(index.parse().map_err(|_| wrong())?));
            indexes = rest;
        }
    }
    Ok(())
}
