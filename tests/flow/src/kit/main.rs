//! What the plugins of `docs/tutorials/first-plugin.md` must agree on, against the sandbox: started by `cargo xtask kit`
//! with the tutorial's folder. Ends with an error that names the first disagreement.
#![allow(clippy::print_stdout, reason = "a report for people")]

mod crossing;
mod explained;
mod mutation;

use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the tutorial's folder"));
    let program = std::env::current_exe()
        .expect("this program has a place")
        .with_file_name(format!("dukou-flow-host{}", std::env::consts::EXE_SUFFIX));
    let program = program.to_str().expect("a path in UTF-8").to_owned();
    crossing::four_languages_write_the_same_documents(&program, &folder);
    crossing::a_rule_in_javascript_over_the_mapping_in_rust(&program, &folder);
    explained::the_javascript_mapping_is_explained(&program, &folder);
    mutation::every_mapped_field_is_missed_by_a_case(&program, &folder);
}
