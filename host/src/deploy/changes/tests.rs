//! Changes as people read them, and plugins that come and go beside others of their name.

use super::*;

#[test]
fn plugins_settings_tables_and_the_rest_are_told_apart() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let rows = |pairs: &[(&str, &str)]| -> Rows {
        pairs
            .iter()
            .map(|(key, row)| ((*key).to_owned(), (*row).to_owned()))
            .collect()
    };
    let before_tables = BTreeMap::from([("客户".to_owned(), rows(&[("1", "a"), ("2", "b"), ("3", "c")]))]);
    let after_tables = BTreeMap::from([("客户".to_owned(), rows(&[("1", "a"), ("2", "x"), ("4", "d")]))]);
    let before = Side {
        definition: r#"{"source":{"schedule":{"cron":"*/5 * * * *"}},"mapping":{"settings":{"fields":{"Memo":"a"}}}}"#,
        plugins: &[("table".into(), one), ("gone".into(), one)],
        tables: &before_tables,
    };
    let after = Side {
        definition: r#"{"source":{"schedule":{"cron":"* * * * *"}},"mapping":{"settings":{"fields":{"Memo":"b"}}}}"#,
        plugins: &[("table".into(), two)],
        tables: &after_tables,
    };
    let found: Vec<(String, String, Option<String>, Option<String>)> = between(&before, &after)
        .into_iter()
        .map(|one| (one.what, one.name, one.before, one.after))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            ("plugin".into(), "table".into(), Some(one.short()), Some(two.short())),
            ("plugin".into(), "gone".into(), Some(one.short()), None),
            (
                "setting".into(),
                "mapping.settings.fields.Memo".into(),
                text("\"a\""),
                text("\"b\"")
            ),
            ("table".into(), "客户".into(), text("3"), text("3 (+1 −1 ~1)")),
            (
                "definition".into(),
                "source.schedule.cron".into(),
                text("\"*/5 * * * *\""),
                text("\"* * * * *\"")
            ),
        ]
    );
    assert_eq!(between(&before, &before), []);
}

#[test]
fn a_plugin_used_twice_comes_and_goes_like_any_other() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let tables = BTreeMap::new();
    let definition = |adjustments: &[&str], validations: &[&str]| {
        let uses = |list: &[&str]| {
            let uses = list
                .iter()
                .map(|limit| serde_json::json!({ "plugin": "p", "settings": { "limit": limit } }));
            uses.collect::<Vec<_>>()
        };
        serde_json::json!({
            "mapping": { "plugin": "table", "settings": {} },
            "adjustments": uses(adjustments),
            "validations": uses(validations),
        })
        .to_string()
    };
    let chain = |names: &[(&str, Digest)]| -> Vec<(String, Digest)> {
        let table = [("table".to_owned(), one)];
        let names = names.iter().map(|(name, digest)| ((*name).to_owned(), *digest));
        table.into_iter().chain(names).collect()
    };
    let (once, twice) = (chain(&[("v", one)]), chain(&[("v", one), ("v", one)]));
    let (lax, both, strict) = (
        definition(&[], &["9"]),
        definition(&[], &["9", "1"]),
        definition(&[], &["1"]),
    );
    let (sign, swapped) = (definition(&["9"], &["9"]), definition(&[], &["1", "9"]));
    let newer = chain(&[("v", one), ("v", two)]);
    let cases = [
        // Another one of the same name, with settings of its own.
        ((&lax, &once), (&both, &twice), vec!["v (validations[1]) - +"]),
        // Which of two went is told by what stays, wherever it stands.
        ((&both, &twice), (&lax, &once), vec!["v (validations[1]) + -"]),
        ((&both, &twice), (&strict, &once), vec!["v (validations[0]) + -"]),
        // The same plugin in another role is another use.
        ((&lax, &once), (&sign, &twice), vec!["v (adjustments[0]) - +"]),
        // Nothing comes, nothing goes: an order is a change of the definition, a rebuilt one of its bytes.
        ((&both, &twice), (&swapped, &twice), vec![]),
        ((&both, &twice), (&both, &newer), vec!["v (validations[1]) + +"]),
    ];
    for ((was, before), (is, after), expected) in cases {
        let side = |definition, plugins| Side {
            definition,
            plugins,
            tables: &tables,
        };
        let sign = |side: &Option<String>| if side.is_some() { "+" } else { "-" };
        let found: Vec<String> = between(&side(was, before), &side(is, after))
            .into_iter()
            .filter(|change| change.what == "plugin")
            .map(|change| format!("{} {} {}", change.name, sign(&change.before), sign(&change.after)))
            .collect();
        assert_eq!(found, expected, "{was} {is}");
    }
}
