//! What was done before an error is told beside it.

use super::*;
use crate::lang::Lang;

fn context() -> Context {
    Context {
        project: ".".into(),
        lang: Lang::En,
        json: true,
        quiet: true,
    }
}

#[test]
fn an_error_on_the_third_leaves_nothing_that_was_done_untold() {
    let all: Vec<SchemeName> = ["a", "b", "c", "d"]
        .iter()
        .map(|name| SchemeName::new("default", *name))
        .collect();
    let names: Vec<&SchemeName> = all.iter().collect();
    let context = context();
    let before = Failed::of(
        &context,
        &SchemeName::new("default", "z"),
        &overtaken(&context, &all[0]),
    );
    let turns = Turns {
        names: &names,
        alone: false,
        failed: vec![before],
    };
    let mut tried = 0;
    let became = turns
        .take(&context, |place| {
            tried += 1;
            match place {
                0 => Ok(Ok(json!({ "scheme": "a" }))),
                1 => Ok(Err(Overtaken)),
                _ => Err(anyhow::anyhow!("the disk is full")),
            }
        })
        .unwrap();
    assert_eq!(tried, 3, "an error ends it");
    assert_eq!((became.rows.len(), &became.done[..]), (1, &all[..1]));
    let failed: Vec<String> = became.failed.iter().map(|one| one.scheme.to_string()).collect();
    assert_eq!(failed, ["z", "b", "c"]);
    let last = became.failed[2].to_json();
    assert_eq!(last["result"], "failed");
    assert_eq!(last["errors"][0]["message"], "the disk is full");
    assert_eq!(became.stopped, Some(Exit::Internal));
}

#[test]
fn what_stops_a_single_scheme_is_the_error_of_the_command() {
    let name = SchemeName::new("default", "a");
    for ended in [|| Ok(Err(Overtaken)), || Err(anyhow::anyhow!("the disk is full"))] {
        let turns = Turns {
            names: &[&name],
            alone: true,
            failed: Vec::new(),
        };
        assert!(turns.take(&context(), |_| ended()).is_err());
    }
}
