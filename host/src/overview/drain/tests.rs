//! Every part, end and stop has its words in both languages, and lists are bounded and masked.

use dukou_core::catalogue::Catalogue;
use dukou_core::names::SchemeName;
use dukou_core::problem::ProblemKind;

use super::*;
use crate::lang::Lang;
use crate::overview::Personal;

fn forecast(number: usize, fate: Foretold) -> Forecast {
    Forecast {
        group: format!("CK{number:04}"),
        recipe: Digest::of(b"recipe"),
        amount: Some("12.50".parse().unwrap()),
        at_target: match fate {
            Foretold::Map(_) => vec![AtTarget::Absent],
            _ => Vec::new(),
        },
        fate,
    }
}

fn maps(number: usize) -> Forecast {
    forecast(number, Foretold::Map(vec![(format!("CK{number:04}"), "{}".into())]))
}

fn rejects(number: usize) -> Forecast {
    let fate = Foretold::Problem {
        kind: ProblemKind::Rejected,
        code: "lookup.miss".into(),
        path: Some("Customer".into()),
        message: r#"no row for {"receiver_name":"张三丰"}"#.into(),
    };
    forecast(number, fate)
}

fn there(number: usize, differ: Option<usize>) -> Forecast {
    let mut forecast = maps(number);
    forecast.at_target = vec![AtTarget::There {
        reference: Some("XS-1".into()),
        differ,
    }];
    forecast
}

fn forecasts() -> Vec<Forecast> {
    let mut all: Vec<Forecast> = (0..3).map(maps).collect();
    all.extend((3..28).map(rejects));
    all.extend([there(28, Some(0)), there(29, Some(2)), there(30, None)]);
    all.push(forecast(31, Foretold::Skip("not a sale".into())));
    all.push(forecast(32, Foretold::Undecided));
    all[0].at_target = vec![AtTarget::Unclear("the filter is ignored".into())];
    all
}

fn catalogue() -> Catalogue {
    let shipped = dukou_connect::catalogue("wdt-qimen", "wdt.stockout.order.query.trade");
    shipped.unwrap().clone()
}

#[test]
fn a_prediction_is_bounded_masked_and_adds_up() {
    let catalogue = catalogue();
    let (plan, forecasts) = (
        Plan::new("retry", &SchemeName::new("default", "wdt-to-tplus")),
        forecasts(),
    );
    let ids = BTreeMap::from([("CK0028".to_owned(), 7)]);
    let asked = Asked { asked: 6, ended: None };
    let outlook = Outlook {
        plan: &plan,
        problems: 33,
        deployment: Some(4),
        recipe: Digest::of(b"recipe"),
        undeployed: &["tables/客户对照.csv".to_owned()],
        forecasts: &forecasts,
        ids: &ids,
        gone: 0,
        asked: Some(&asked),
    };
    for lang in [Lang::Zh, Lang::En] {
        let lens = Lens {
            personal: Personal::Known {
                source: Some(&catalogue),
                target: None,
            },
            ..Lens::plain(lang, "2026-11-01T00:00:00Z".parse().unwrap())
        };
        let (text, json) = (whole_text(&lens, &outlook), to_json(&lens, &outlook));
        assert!(!text.contains("drain.part") && !text.contains("drain.list"), "{text}");
        assert!(
            !text.contains("张三丰") && !json.to_string().contains("张三丰"),
            "{text}\n{json}"
        );
        assert_eq!(text.matches("lookup.miss").count(), LISTED, "{text}");
        assert!(text.contains("15"), "the rest is counted: {text}");
        assert!(text.contains("dukou problem resolve 7 --note TEXT --yes"), "{text}");
        assert_eq!(
            json["forecasts"].as_array().unwrap().len(),
            forecasts.len(),
            "all of them"
        );
        let parts = json["would"].as_object().unwrap().values();
        let sum: u64 = parts.map(|part| part["groups"].as_u64().unwrap()).sum();
        assert_eq!(sum, 33, "every group is in one part: {json}");
        assert_eq!(json["would"]["exists"]["amount"], "37.50", "{json}");
        assert_eq!(
            (
                &json["asked"]["absent"],
                &json["asked"]["unclear"],
                &json["asked"]["there"]
            ),
            (&2.into(), &1.into(), &3.into())
        );
    }
}

#[test]
fn every_end_and_every_stop_has_its_words_in_both_languages() {
    let forecasts: Vec<Forecast> = (0..Came::ALL.len()).map(maps).collect();
    let groups: Vec<(&Forecast, Option<Came>)> = forecasts.iter().zip(Came::ALL.map(Some)).collect();
    let whys = [GoOn::Differs, GoOn::Refused, GoOn::Unfinished];
    let stops = whys
        .into_iter()
        .flat_map(|why| [true, false].map(|first| Some(Stop::Batch(why, first))))
        .chain([None, Some(Stop::Person)]);
    for stopped in stops {
        for lang in [Lang::Zh, Lang::En] {
            let lens = Lens::plain(lang, "2026-11-01T00:00:00Z".parse().unwrap());
            let drained = Drained {
                groups: &groups,
                stopped,
                target: Some("away"),
            };
            let (text, json) = (
                drained_text(&lens, &drained, "wdt-to-tplus"),
                drained_json(&lens, &drained),
            );
            assert!(!text.contains("drain.") && !text.contains('{'), "{text}");
            assert_eq!(json["as_foretold"], false, "{json}");
            assert_eq!(
                json["compared"]["map"]["as_foretold"], 7,
                "four waiting or other: {json}"
            );
            assert_eq!(json["stopped"].is_null(), stopped.is_none());
        }
    }
    for part in Part::ALL {
        for lang in [Lang::Zh, Lang::En] {
            assert!(lang.has(&format!("drain.part.{}", part.word())), "{part:?}");
        }
    }
}
