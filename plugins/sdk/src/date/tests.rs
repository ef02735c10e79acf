//! Readable forms, calendar limits, zones.

use super::*;
use proptest::prelude::*;

fn of(json: &str) -> (Result<Option<String>, Unreadable>, Result<Option<String>, Unreadable>) {
    let value = Scalar::from_json(json);
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    (
        date(&value, Zone::SHANGHAI).map(owned),
        datetime(&value, Zone::SHANGHAI).map(owned),
    )
}

#[test]
fn reads_every_form() {
    for (json, expected_date, expected_datetime) in [
        (r#""2026-11-05""#, "2026-11-05", "2026-11-05 00:00:00"),
        (r#""2026-11-05 23:59:59""#, "2026-11-05", "2026-11-05 23:59:59"),
        (r#""2026-11-05T08:00:00""#, "2026-11-05", "2026-11-05 08:00:00"),
        (r#"" 2024-02-29 ""#, "2024-02-29", "2024-02-29 00:00:00"),
        // 2026-11-05 16:00:00 UTC is the next day in Shanghai.
        ("1793894400000", "2026-11-06", "2026-11-06 00:00:00"),
        (r#""1793894399999""#, "2026-11-05", "2026-11-05 23:59:59"),
    ] {
        let (date, datetime) = of(json);
        assert_eq!(date.unwrap().unwrap(), expected_date, "{json}");
        assert_eq!(datetime.unwrap().unwrap(), expected_datetime, "{json}");
    }
}

#[test]
fn zero_dates_are_none() {
    for json in [
        "null",
        r#""""#,
        "0",
        r#""0""#,
        r#""0000-00-00""#,
        r#""0000-00-00 00:00:00""#,
        r#"" ""#,
        r#""2026-**-***""#,
    ] {
        assert_eq!(of(json), (Ok(None), Ok(None)), "{json}");
    }
}

#[test]
fn refuses_everything_else() {
    for json in [
        r#""2026/11/05""#,
        r#""20261105""#,
        r#""2026-11-31""#,
        r#""2025-02-29""#,
        r#""2026-13-01""#,
        r#""2026-1-5""#,
        r#""0000-01-01""#,
        r#""2026-11-05 24:00:00""#,
        r#""2026-11-05 10:00""#,
        r#""2026-11-05 10:00:00.0""#,
        r#""2026-11-05x10:00:00""#,
        "1793894400",
        "1.793894400E12",
        "true",
        "[]",
        r#""昨天""#,
        r#""二零二六年""#,
    ] {
        assert_eq!(of(json), (Err(Unreadable), Err(Unreadable)), "{json}");
    }
}

#[test]
fn knows_zones_without_daylight_saving() {
    assert_eq!(Zone::named("Asia/Shanghai"), Some(Zone::SHANGHAI));
    assert_eq!(Zone::named("+08:00"), Some(Zone::SHANGHAI));
    assert_eq!(Zone::named("-05:30"), Some(Zone { offset_s: -19_800 }));
    for name in [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Jerusalem",
        "",
        "+8",
        "+15:00",
    ] {
        assert_eq!(Zone::named(name), None, "{name}");
    }
}

#[test]
fn reads_when_a_record_was_received() {
    let local = |text| Moment::from_rfc3339(text, Zone::SHANGHAI).map(Moment::datetime);
    assert_eq!(local("2026-11-05T16:30:00Z").unwrap(), "2026-11-06 00:30:00");
    assert_eq!(
        local("2026-11-05T16:30:00.123456+08:00").unwrap(),
        "2026-11-05 16:30:00"
    );
    assert_eq!(local("2026-01-01T00:30:00+09:00").unwrap(), "2025-12-31 23:30:00");
    for text in [
        "2026-11-05T16:30:00",
        "2026-11-05",
        "2026-11-05T16:30:00+8",
        "年年年年年年年",
    ] {
        assert_eq!(local(text), Err(Unreadable), "{text}");
    }
}

proptest! {
    /// Days, and the texts made of them, are two names of one thing.
    #[test]
    fn days_and_dates_agree(day in -719_162_i64..2_932_896) {
        let moment = Moment { day, second: 0 };
        prop_assert_eq!(Moment::read(&moment.date(), Zone::SHANGHAI), Ok(Some(moment)));
    }

    /// Epoch milliseconds and wall time agree in the zone.
    #[test]
    fn epochs_and_texts_agree(epoch_ms in 1_000_000_000_000_i64..9_999_999_999_999) {
        let from_epoch = Moment::read(&epoch_ms.to_string(), Zone::SHANGHAI).unwrap().unwrap();
        let utc = Moment::read(&epoch_ms.to_string(), Zone { offset_s: 0 }).unwrap().unwrap();
        prop_assert_eq!(Moment::read(&from_epoch.datetime(), Zone::SHANGHAI), Ok(Some(from_epoch)));
        let rfc3339 = format!("{}Z", utc.datetime().replace(' ', "T"));
        prop_assert_eq!(Moment::from_rfc3339(&rfc3339, Zone::SHANGHAI), Ok(from_epoch));
    }

    #[test]
    fn never_panics(text in "(?s).{0,24}", time in "[0-9:T +.年-]{19,26}") {
        let _ = Moment::read(&text, Zone::SHANGHAI);
        let _ = Moment::from_rfc3339(&text, Zone::SHANGHAI);
        let _ = Moment::read(&time, Zone::SHANGHAI);
        let _ = Moment::from_rfc3339(&time, Zone::SHANGHAI);
    }
}
