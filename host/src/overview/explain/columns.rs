//! Two columns: the source's fields on the left, the document's on the right, with the labels of both catalogues.

use dukou_plugin::explain::{Effect, ExplainedNode, Link, Origin};

use super::{VALUE, View, tree};
use crate::overview::mask::Side;
use crate::overview::text::{clean, short, table};

/// An explanation in two columns, one table per document; before them why there is nothing to deliver.
pub fn text(view: &View<'_>) -> String {
    let lang = view.lens.lang;
    let header = [
        "explain.source-field",
        "explain.source-value",
        "",
        "explain.target-field",
        "explain.target-value",
    ]
    .map(|key| if key.is_empty() { String::new() } else { lang.t(key) });
    let mut out = String::new();
    tree::reasons(view, &mut out);
    for document in &view.explanation.documents {
        let nodes = view.nodes(document);
        if nodes.is_empty() {
            continue;
        }
        let key = clean(&format!("{}{}", view.group.key, document.suffix));
        out.push_str(&format!("{}\n", lang.text("explain.document", &[("key", &key)])));
        let rows: Vec<Vec<String>> = nodes.iter().flat_map(|node| rows(view, node)).collect();
        out.push_str(&table(&view.lens, &header, &rows, &[]));
    }
    out
}

/// One row for each origin; the target stands in the first.
fn rows(view: &View<'_>, node: &ExplainedNode) -> Vec<Vec<String>> {
    let mut name = short(&node.path, 60);
    name.push_str(&view.label_behind(Side::Target, &node.path));
    let value = node
        .value
        .as_ref()
        .map(|value| view.masked(Side::Target, &node.path, value));
    let value = value.map_or(String::new(), |value| short(&value, VALUE));
    let mut links: Vec<(String, String, &str)> = view.makers(node).map(|link| left(view, link)).collect();
    if links.is_empty() {
        links.push((String::new(), String::new(), ""));
    }
    let rows = links.into_iter().enumerate();
    rows.map(|(at, (field, shown, arrow))| {
        let (name, value) = if at == 0 {
            (name.clone(), value.clone())
        } else {
            Default::default()
        };
        vec![field, shown, arrow.to_owned(), name, value]
    })
    .collect()
}

/// What stands on the left: the field and its value, or where else it comes from; and the arrow, dotted where the value
/// itself does not go over.
fn left<'a>(view: &View<'_>, link: &Link) -> (String, String, &'a str) {
    let arrow = if link.effect == Effect::Value { "→" } else { "⇢" };
    match &link.origin {
        Origin::Source { record, key, path } => {
            let value = view.source_value(*record, path).unwrap_or_default();
            (
                view.source_name(Some((*record, key)), path),
                short(&value, VALUE),
                arrow,
            )
        }
        other => (view.origin(other), String::new(), arrow),
    }
}
