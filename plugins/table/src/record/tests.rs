//! Bodies as sources send them, read into slots.

use super::{Chain, Node};
use crate::shape::{Place, Shape};
use dukou_sdk::Scalar;

fn shape() -> (Shape, Place, Place, Place) {
    let mut shape = Shape::new(None);
    shape.declare_list("lines.parts");
    let number = shape.place("number").unwrap();
    let inner = shape.place("lines.goods.code").unwrap();
    let part = shape.place("lines.parts.count").unwrap();
    (shape, number, inner, part)
}

#[test]
fn slots_hold_what_came() {
    let (shape, number, inner, part) = shape();
    let body = r#"{"other":[1,{"number":2}],"lines":[{"goods":{"x":{},"code":"A\u4e2d"},"parts":{"count":2.0000}},{"goods":null}],"number":12345678901234567890.10}"#;
    let node = Node::read(&shape, body).unwrap();
    assert_eq!(
        node.scalar(number.slot),
        Scalar::Number("12345678901234567890.10".into())
    );
    let lines = Chain::record(&node).elements(&shape, inner.level).unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].nodes[1].unwrap().scalar(inner.slot),
        Scalar::Text("A中".into())
    );
    assert_eq!(lines[1].nodes[1].unwrap().scalar(inner.slot), Scalar::Null);
    let parts = lines[0].elements(&shape, part.level).unwrap();
    assert_eq!(
        parts[0].nodes[2].unwrap().scalar(part.slot),
        Scalar::Number("2.0000".into())
    );
    assert_eq!(shape.indexed_path(part, &parts[0].indexes), "lines[0].parts[0].count");
    assert!(lines[1].elements(&shape, part.level).unwrap().is_empty());
}

#[test]
fn lists_are_read_as_sources_mean_them() {
    let (shape, _, inner, _) = shape();
    let count = |json: &str| {
        let body = format!("{{\"lines\":{json}}}");
        let node = Node::read(&shape, &body).unwrap();
        Chain::record(&node)
            .elements(&shape, inner.level)
            .map(|elements| elements.len())
    };
    for (json, expected) in [("null", 0), ("\"\"", 0), ("[]", 0), ("{}", 1), ("[{},{}]", 2)] {
        assert_eq!(count(json), Ok(expected), "{json}");
    }
    for json in ["5", "\"x\"", "true", "[1]", "[{},null]", "[[]]"] {
        let wrong = count(json).unwrap_err();
        assert_eq!((wrong.path.as_str(), wrong.found.as_str()), ("lines", json));
    }
}

#[test]
fn a_later_member_of_the_same_name_wins() {
    let (shape, number, inner, _) = shape();
    let node = Node::read(&shape, r#"{"number":1,"lines":[{},{}],"number":2,"lines":[{}]}"#).unwrap();
    assert_eq!(node.scalar(number.slot), Scalar::Number("2".into()));
    assert_eq!(Chain::record(&node).elements(&shape, inner.level).unwrap().len(), 1);
}

#[test]
fn what_is_no_object_is_an_error() {
    let (shape, ..) = shape();
    for body in ["", "[]", "null", "5", "{", "{} {}", r#"{"lines":[{"goods":5}]}"#] {
        assert!(Node::read(&shape, body).is_err(), "{body}");
    }
}
