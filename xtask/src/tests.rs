//! What `fleet` takes for a folder.

use super::fleet_of;

fn of(arguments: &[&str]) -> Option<Option<(String, usize)>> {
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    let of = fleet_of(&arguments).ok()?;
    Some(of.map(|(dir, tenants)| (dir.to_owned(), tenants)))
}

#[test]
fn no_option_becomes_a_folder() {
    let made = |dir: &str, tenants| Some(Some((dir.to_owned(), tenants)));
    for (arguments, expected) in [
        (&["/tmp/fleet"][..], made("/tmp/fleet", 60)),
        (&["fleet", "--tenants", "3"], made("fleet", 3)),
        (&["--help"], Some(None)),
        (&["-h"], Some(None)),
        (&["--tenants"], None),
        (&["--tenants", "--tenants", "3"], None),
        (&[""], None),
        (&[], None),
        (&["fleet", "--tenants", "many"], None),
    ] {
        assert_eq!(of(arguments), expected, "{arguments:?}");
    }
}
