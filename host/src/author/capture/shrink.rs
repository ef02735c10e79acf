//! Shrinking a failure: takes everything out of a case that can go without changing how it fails. Members of objects,
//! elements of lists, at every depth; what is left cannot lose any one of them. Knows nothing of plugins.

use serde_json::Value;

/// Rounds after which shrinking stops even if more could go.
const MOST_ROUNDS: usize = 100;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(String),
    Element(usize),
}

/// Where something stands: which of the values, and the way into it.
type Place = (usize, Vec<Step>);

/// Takes out of `values` what can go. `fails` says of each candidate whether it still fails in the same way; it is asked
/// about many at once.
pub(super) fn shrink(values: Vec<Value>, fails: &mut dyn FnMut(&[Vec<Value>]) -> Vec<bool>) -> Vec<Value> {
    let mut current = values;
    for _ in 0..MOST_ROUNDS {
        let places = places(&current);
        let singles: Vec<Vec<Value>> = places
            .iter()
            .map(|place| without(&current, std::slice::from_ref(place)))
            .collect();
        let answers = fails(&singles);
        let free: Vec<Place> = places
            .into_iter()
            .zip(answers)
            .filter_map(|(place, free)| free.then_some(place))
            .collect();
        if free.is_empty() {
            break;
        }
        // What can go alone can usually go together; where not, in halves. The first half of a half of … always can.
        let mut gone: Vec<Place> = Vec::new();
        let mut parts: Vec<&[Place]> = vec![&free];
        while let Some(part) = parts.pop() {
            let mut all = gone.clone();
            all.extend_from_slice(part);
            let candidate = without(&current, &all);
            if fails(&[candidate]).first() == Some(&true) {
                gone = all;
            } else if part.len() > 1 {
                let (left, right) = part.split_at(part.len() / 2);
                parts.push(right);
                parts.push(left);
            }
        }
        if gone.is_empty() {
            break;
        }
        current = without(&current, &gone);
    }
    current
}

/// Everything that can be taken out, outer before inner.
fn places(values: &[Value]) -> Vec<Place> {
    let mut out = Vec::new();
    for (number, value) in values.iter().enumerate() {
        walk(value, &mut Vec::new(), &mut |way| out.push((number, way.to_vec())));
    }
    out
}

fn walk(value: &Value, way: &mut Vec<Step>, visit: &mut dyn FnMut(&[Step])) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                way.push(Step::Member(name.clone()));
                visit(way);
                walk(value, way, visit);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                way.push(Step::Element(number));
                visit(way);
                walk(value, way, visit);
                way.pop();
            }
        }
        _ => {}
    }
}

/// The values without some places. Later elements go first, so that numbers stay true.
fn without(values: &[Value], places: &[Place]) -> Vec<Value> {
    let mut places: Vec<&Place> = places.iter().collect();
    places.sort();
    let mut out = values.to_vec();
    for (number, way) in places.into_iter().rev() {
        let Some((last, above)) = way.split_last() else {
            continue;
        };
        let parent = out.get_mut(*number).and_then(|value| {
            above.iter().try_fold(value, |value, step| match (value, step) {
                (Value::Object(members), Step::Member(name)) => members.get_mut(name),
                (Value::Array(items), Step::Element(at)) => items.get_mut(*at),
                _ => None,
            })
        });
        match (parent, last) {
            (Some(Value::Object(members)), Step::Member(name)) => {
                members.shift_remove(name);
            }
            (Some(Value::Array(items)), Step::Element(at)) if *at < items.len() => {
                items.remove(*at);
            }
            _ => {}
        }
    }
    out
}

/// Whether nothing more can go: for those who do not believe it.
#[cfg(test)]
pub(crate) fn is_minimal(values: &[Value], fails: &mut dyn FnMut(&[Vec<Value>]) -> Vec<bool>) -> bool {
    let singles: Vec<Vec<Value>> = places(values)
        .iter()
        .map(|place| without(values, std::slice::from_ref(place)))
        .collect();
    !fails(&singles).contains(&true)
}
