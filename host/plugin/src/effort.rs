//! How much work it is to validate a function, told from its instructions alone. A branch costs a step for each value
//! that it carries and each place that it may go to, a call for each parameter and result, so a file of 32 MB can be
//! hours of work. Counts only: whether the instructions are valid is the validator's to say.

use wasmparser::{BlockType, FunctionBody, Operator};

/// The most values that anything in a module carries at once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Widths {
    /// Parameters or results of a function.
    signature: u64,
    /// Results of a function, which are also what a branch to its end carries.
    results: u64,
}

impl Widths {
    /// Takes note of a function type.
    pub(crate) fn include(&mut self, params: usize, results: usize) {
        self.results = self.results.max(results as u64);
        self.signature = self.signature.max(params as u64).max(self.results);
    }
}

/// An upper bound of the steps that validating `body` takes.
pub(crate) fn steps(body: &FunctionBody<'_>, widths: Widths) -> wasmparser::Result<u64> {
    let mut steps = 0u64;
    // The most that a branch so far can carry: to the function's end, or to a block with a type of its own.
    let mut branch = widths.results.max(1);
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let cost = match reader.read()? {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                if matches!(blockty, BlockType::FuncType(_)) {
                    branch = branch.max(widths.signature);
                    widths.signature
                } else {
                    1
                }
            }
            Operator::BrTable { targets } => (u64::from(targets.len()) + 1).saturating_mul(branch),
            Operator::Br { .. } | Operator::BrIf { .. } | Operator::Return | Operator::Else | Operator::End => branch,
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. } => widths.signature,
            _ => 1,
        };
        steps = steps.saturating_add(cost);
    }
    Ok(steps)
}
