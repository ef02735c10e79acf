//! Finding the group that kills a batch: a batch that fails runs again in halves, down to single groups, so that
//! one poison group costs one group and all others still get their answers. At most 2n − 1 runs for n groups.

use crate::error::{PluginError, Stage};
use crate::run::RunReport;

/// Runs `items` through `run`, splitting where it fails. One answer or error per item, in order; every report but
/// its result goes to `seen`.
pub(crate) fn bisect<I, T>(
    items: &[I],
    run: &mut dyn FnMut(&[I]) -> RunReport<Vec<T>>,
    seen: &mut dyn FnMut(RunReport<()>),
) -> Vec<Result<T, PluginError>> {
    let mut answers = Vec::with_capacity(items.len());
    // Parts still to run, the next one last.
    let mut parts = vec![items];
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let report = run(part);
        let stage = report.stage;
        let (result, rest) = report.split();
        seen(rest);
        match result {
            Ok(values) => answers.extend(values.into_iter().map(Ok)),
            // Only the call that carries groups can fail because of one of them.
            Err(error) if part.len() == 1 || stage != Stage::Groups || !error.is_plugins_fault() => {
                answers.extend(part.iter().map(|_| Err(error.clone())));
            }
            Err(_) => {
                let (left, right) = part.split_at(part.len() / 2);
                parts.push(right);
                parts.push(left);
            }
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::budget::Usage;

    fn report(result: Result<Vec<u32>, PluginError>, stage: Stage) -> RunReport<Vec<u32>> {
        RunReport {
            result,
            stage,
            usage: Usage::default(),
            log: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn each_poison_costs_only_itself(poison in proptest::collection::vec(any::<bool>(), 1..80)) {
            let items: Vec<(usize, bool)> = poison.iter().copied().enumerate().collect();
            let mut runs = 0;
            let answers = bisect(
                &items,
                &mut |part| {
                    runs += 1;
                    if part.iter().any(|(_, bad)| *bad) {
                        report(Err(PluginError::Stack), Stage::Groups)
                    } else {
                        report(Ok(part.iter().map(|(index, _)| *index as u32).collect()), Stage::Groups)
                    }
                },
                &mut |_| {},
            );
            prop_assert_eq!(answers.len(), items.len());
            for (index, bad) in items {
                let expected = if bad { Err(PluginError::Stack) } else { Ok(index as u32) };
                prop_assert_eq!(&answers[index], &expected);
            }
            prop_assert!(runs < 2 * poison.len());
        }
    }

    #[test]
    fn a_failing_configure_is_not_searched() {
        let mut runs = 0;
        let answers = bisect(
            &[1, 2, 3, 4],
            &mut |_| {
                runs += 1;
                report(Err(PluginError::Stack), Stage::Configure)
            },
            &mut |_| {},
        );
        assert_eq!((runs, answers.len()), (1, 4));
    }
}
