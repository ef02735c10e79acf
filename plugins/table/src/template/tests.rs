//! How templates are cut into parts and what placeholders mean, as syntax trees.

use super::{Expr, Format, Part, Stage, parse};

fn stages(text: &str) -> Vec<Stage<String>> {
    match parse(text).unwrap().parts.remove(0) {
        Part::Placeholder(pipe) => pipe.stages,
        Part::Literal(literal) => panic!("{literal} is no placeholder"),
    }
}

#[test]
fn the_blank_of_the_seed_is_a_pipe() {
    let spelled = [
        "{{consign_time date}}",
        "{{consign_time|date}}",
        "{{ consign_time  |  date }}",
    ];
    for text in spelled {
        assert_eq!(stages(text), [Stage::Format(Format::Date)], "{text}");
    }
    assert_eq!(
        stages("{{a trim upper}}"),
        [Stage::Format(Format::Trim), Stage::Format(Format::Upper)]
    );
}

#[test]
fn literals_surround_placeholders() {
    let parts = parse("甲{{a}}乙{{b}}").unwrap().parts;
    assert_eq!(parts.len(), 4);
    assert_eq!(parts[0], Part::Literal("甲".to_owned()));
    assert_eq!(parts[2], Part::Literal("乙".to_owned()));
    assert_eq!(parse("").unwrap().parts, []);
    assert_eq!(parse("{a}").unwrap().parts, [Part::Literal("{a}".to_owned())]);
}

#[test]
fn tables_may_have_any_name() {
    let lookup = |table: &str, column: Option<&str>| Stage::Lookup {
        table: table.to_owned(),
        column: column.map(str::to_owned),
    };
    assert_eq!(stages("{{a|lookup(客户 对照)}}"), [lookup("客户 对照", None)]);
    assert_eq!(
        stages("{{a|lookup( 客户-对照 , 列 )}}"),
        [lookup("客户-对照", Some("列"))]
    );
    assert_eq!(stages("{{a|lookup('甲,乙')}}"), [lookup("甲,乙", None)]);
    assert_eq!(stages("{{a|in(T+存货)}}"), [Stage::Archive("T+存货".to_owned())]);
}

#[test]
fn or_takes_a_field_a_text_or_a_number() {
    assert_eq!(stages("{{a|or(b.c)}}"), [Stage::Or(Expr::Path("b.c".to_owned()))]);
    assert_eq!(stages("{{a|or('x y')}}"), [Stage::Or(Expr::Text("x y".to_owned()))]);
    assert!(matches!(stages("{{a|or(0.50)}}").as_slice(), [Stage::Or(Expr::Number(text, _))] if text == "0.50"));
}

#[test]
fn products_bind_tighter_and_signs_tightest() {
    let shape = |text: &str| match parse(text).unwrap().parts.remove(0) {
        Part::Placeholder(pipe) => show(&pipe.source),
        Part::Literal(literal) => literal,
    };
    assert_eq!(shape("{{a+b*c-d}}"), "((a+(b*c))-d)");
    assert_eq!(shape("{{(a+b)*-c/d}}"), "(((a+b)*(-c))/d)");
    assert_eq!(shape("{{a-b-c}}"), "((a-b)-c)");
}

fn show(expr: &Expr<String>) -> String {
    match expr {
        Expr::Path(path) => path.clone(),
        Expr::Negate(operand) => format!("(-{})", show(operand)),
        Expr::Binary(operator, left, right) => {
            let sign = match operator {
                super::Operator::Add => "+",
                super::Operator::Subtract => "-",
                super::Operator::Multiply => "*",
                super::Operator::Divide => "/",
            };
            format!("({}{sign}{})", show(left), show(right))
        }
        other => format!("{other:?}"),
    }
}
