//! Every envelope and code of `docs/reference/systems/wdt.md` §5, and rows that survive byte for byte.

use proptest::prelude::*;

use super::*;

#[derive(Debug, PartialEq)]
enum Is {
    Rows(usize, Option<u64>),
    Throttled(Option<u64>),
    Unavailable,
    Auth(&'static str),
    Refused(&'static str),
}

fn is(status: u16, body: &str) -> Is {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    match read(status, None, body.as_bytes()) {
        Ok(Answer { rows, total }) => Is::Rows(rows.len(), total),
        Err(ReadFailure::Throttled { retry_after, .. }) => Is::Throttled(retry_after.map(|wait| wait.as_secs())),
        Err(ReadFailure::Unavailable { .. }) => Is::Unavailable,
        Err(failure @ ReadFailure::Unsteady { .. }) => panic!("one reply cannot be unsteady: {failure}"),
        Err(ReadFailure::Auth { code, .. }) => Is::Auth(leak(code)),
        Err(ReadFailure::Refused { code, .. }) => Is::Refused(leak(code)),
    }
}

#[test]
fn every_envelope_is_understood() {
    for (status, body, wanted) in [
        // Accepted: numbers and numeric texts, with and without the gateway's wrapper, list missing, null, blank, lone object.
        (
            200,
            r#"{"response":{"errorcode":0,"message":"ok","total_count":2,"stockout_list":[{},{}]}}"#,
            Is::Rows(2, Some(2)),
        ),
        (
            200,
            r#"{"response":{"errorcode":"0","message":"","total_count":"1","stockout_list":[{}]}}"#,
            Is::Rows(1, Some(1)),
        ),
        (
            200,
            r#"{"response":{"flag":"success","code":"0","total_count":0}}"#,
            Is::Rows(0, Some(0)),
        ),
        (
            200,
            r#"{"response":{"flag":"","errorcode":0,"total_count":""}}"#,
            Is::Rows(0, None),
        ),
        (
            200,
            r#"{"response":{"errorcode":0,"total_count":-1,"stockout_list":null}}"#,
            Is::Rows(0, None),
        ),
        (
            200,
            r#"{"response":{"errorcode":0,"stockout_list":""}}"#,
            Is::Rows(0, None),
        ),
        (
            200,
            r#"{"response":{"errorcode":0,"stockout_list":{"a":1}}}"#,
            Is::Rows(1, None),
        ),
        (
            200,
            r#"{"response":{"total_count":1,"stockout_list":[{}]}}"#,
            Is::Rows(1, Some(1)),
        ),
        (
            200,
            r#"{"code":0,"message":"","total_count":"1","stockout_list":[{}]}"#,
            Is::Rows(1, Some(1)),
        ),
        (200, "\u{feff}{\"response\":{\"errorcode\":0}}", Is::Rows(0, None)),
        // Gateway failures.
        (
            200,
            r#"{"response":{"flag":"failure","code":25,"message":"Invalid signature","request_id":"1"}}"#,
            Is::Auth("25"),
        ),
        (
            200,
            r#"{"error_response":{"code":25,"msg":"Invalid signature","request_id":"1"}}"#,
            Is::Auth("25"),
        ),
        (
            200,
            r#"{"error_response":{"code":29,"msg":"Invalid app Key","sub_code":"isv.appkey-not-exists"}}"#,
            Is::Auth("29/isv.appkey-not-exists"),
        ),
        (
            200,
            r#"{"error_response":{"code":11,"msg":"Insufficient isv permissions"}}"#,
            Is::Auth("11"),
        ),
        (
            200,
            r#"{"error_response":{"code":40,"msg":"Missing required arguments:sid"}}"#,
            Is::Refused("40"),
        ),
        (
            200,
            r#"{"error_response":{"code":41,"msg":"Invalid arguments:page_no"}}"#,
            Is::Refused("41"),
        ),
        (
            200,
            r#"{"error_response":{"code":22,"msg":"Invalid method"}}"#,
            Is::Refused("22"),
        ),
        (
            200,
            r#"{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-app-access-count","sub_msg":"This ban will last for 3412 more seconds"}}"#,
            Is::Throttled(Some(3412)),
        ),
        (
            200,
            r#"{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-api-access-count"}}"#,
            Is::Throttled(None),
        ),
        (
            200,
            r#"{"response":{"flag":"failure","code":"7","sub_message":"This ban will last for 1 more seconds"}}"#,
            Is::Throttled(Some(1)),
        ),
        (
            200,
            r#"{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isp.remote-service-timeout"}}"#,
            Is::Unavailable,
        ),
        (
            200,
            r#"{"response":{"flag":"failure","sub_code":"isp.top-remote-connection-timeout","sub_message":"x"}}"#,
            Is::Unavailable,
        ),
        (
            200,
            r#"{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isv.invalid-parameter"}}"#,
            Is::Refused("15/isv.invalid-parameter"),
        ),
        (
            200,
            r#"{"error_response":{"code":10,"msg":"Service Currently Unavailable"}}"#,
            Is::Unavailable,
        ),
        (
            200,
            r#"{"response":{"flag":"failure","code":"client.protocol.invalid-argument","message":"no method"}}"#,
            Is::Refused("client.protocol.invalid-argument"),
        ),
        (200, r#"{"response":{"flag":"failure"}}"#, Is::Refused("flag-failure")),
        (200, r#"{"error_response":"broken"}"#, Is::Refused("flag-failure")),
        // Wangdian's own failures, both ways a business error may be wrapped.
        (
            200,
            r#"{"response":{"errorcode":1012,"message":"每分钟最多调用60次"}}"#,
            Is::Throttled(None),
        ),
        (
            200,
            r#"{"response":{"errorcode":"1012","message":""}}"#,
            Is::Throttled(None),
        ),
        (
            200,
            r#"{"response":{"flag":"failure","code":1012,"message":"limit"}}"#,
            Is::Throttled(None),
        ),
        (200, r#"{"code":1012,"message":"limit"}"#, Is::Throttled(None)),
        (
            200,
            r#"{"response":{"errorcode":100,"message":"超过每分钟最大调用频率限制"}}"#,
            Is::Throttled(None),
        ),
        (
            200,
            r#"{"response":{"errorcode":100,"message":"签名错误"}}"#,
            Is::Auth("100"),
        ),
        (
            200,
            r#"{"response":{"errorcode":1007,"message":"appkey停用"}}"#,
            Is::Auth("1007"),
        ),
        (
            200,
            r#"{"response":{"errorcode":2100,"message":"sid"}}"#,
            Is::Auth("2100"),
        ),
        (
            200,
            r#"{"response":{"errorcode":1060,"message":"余额不足"}}"#,
            Is::Refused("1060"),
        ),
        (
            200,
            r#"{"response":{"errorcode":2220,"message":"page_size"}}"#,
            Is::Refused("2220"),
        ),
        (
            200,
            r#"{"response":{"errorcode":2900,"message":"start_time"}}"#,
            Is::Refused("2900"),
        ),
        (
            200,
            r#"{"response":{"flag":"failure","sub_code":"2900","sub_message":"缺少参数"}}"#,
            Is::Refused("2900"),
        ),
        (
            200,
            r#"{"response":{"errorcode":7,"message":"时间戳"}}"#,
            Is::Refused("7"),
        ),
        (
            200,
            r#"{"response":{"errorcode":9,"message":"系统繁忙，请稍后再试"}}"#,
            Is::Unavailable,
        ),
        (
            200,
            r#"{"response":{"errorcode":8888,"message":"未知"}}"#,
            Is::Refused("8888"),
        ),
        // What is neither.
        (200, "<html><body>维护中</body></html>", Is::Unavailable),
        (200, "", Is::Unavailable),
        (200, "{}", Is::Unavailable),
        (200, r#"{"response":{}}"#, Is::Unavailable),
        (200, r#"{"response":"busy"}"#, Is::Unavailable),
        (
            200,
            r#"{"response":{"errorcode":0,"stockout_list":"many"}}"#,
            Is::Unavailable,
        ),
        (
            200,
            r#"{"response":{"errorcode":0,"stockout_list":[{"a":1}"#,
            Is::Unavailable,
        ),
        // Other statuses.
        (302, "", Is::Unavailable),
        (500, "<html>", Is::Unavailable),
        (502, "bad gateway", Is::Unavailable),
        (
            500,
            r#"{"response":{"errorcode":0,"stockout_list":[{}]}}"#,
            Is::Unavailable,
        ),
        (408, "", Is::Unavailable),
        (429, "slow", Is::Throttled(None)),
        (401, "", Is::Auth("http-401")),
        (403, "<html>denied", Is::Auth("http-403")),
        (404, "<html>", Is::Refused("http-404")),
        (
            400,
            r#"{"error_response":{"code":25,"msg":"Invalid signature"}}"#,
            Is::Auth("25"),
        ),
    ] {
        assert_eq!(is(status, body), wanted, "{status} {body}");
    }
}

#[test]
fn headers_and_bytes_that_are_no_text_are_told() {
    let wait = Some(Duration::from_secs(9));
    for (status, body) in [(503, &b"<html>"[..]), (429, b"")] {
        let failure = read(status, wait, body).unwrap_err();
        assert!(
            matches!(failure, ReadFailure::Throttled { retry_after, .. } if retry_after == wait),
            "{status}"
        );
    }
    let failure = read(200, None, b"\xff\xfe{\"a\":1}").unwrap_err();
    let ReadFailure::Unavailable { reason } = failure else {
        panic!("{failure}")
    };
    assert!(reason.contains(r#"\xff\xfe{\"a\":1}"#), "{reason}");
}
/// JSON texts with odd spacing, escapes and number forms.
fn row() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,18})",
        "-?[1-9][0-9]{0,5}\\.[0-9]{1,8}",
        "[1-9]E[+-]?[0-9]{1,2}"
    ];
    let text = "([a-z旺店通 ]|\\\\n|\\\\u65d7|\\\\\"){0,8}".prop_map(|text| format!("\"{text}\""));
    let scalar = prop_oneof![number, text, Just("null".to_owned()), Just("true".to_owned())];
    let value = scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[ {}]", items.join(" ,\n"))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let fields: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| format!("\"k{at}\" :\t{item}"))
                    .collect();
                format!("{{{} }}", fields.join(" , "))
            }),
        ]
    });
    prop::collection::vec(value, 1..5).prop_map(|values| {
        let fields: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(at, value)| format!("\"f{at}\":{value}"))
            .collect();
        format!("{{ {}}}", fields.join(", "))
    })
}

proptest! {
    #[test]
    fn rows_survive_byte_for_byte(rows in prop::collection::vec(row(), 0..6)) {
        let body = format!("{{\"response\":{{\"errorcode\":0,\"stockout_list\":[{}]}}}}", rows.join(" ,\n "));
        prop_assert_eq!(read(200, None, body.as_bytes()).unwrap().rows, rows);
    }

    #[test]
    fn reading_never_panics(status in 100u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(status, None, &body);
    }

    #[test]
    fn reading_cut_replies_never_panics_and_never_gives_rows(cut in 0usize..96) {
        let body = r#"{"response":{"errorcode":0,"total_count":1,"stockout_list":[{"order_no":"旺1","n":1.0000}]}}"#;
        let cut = cut.min(body.len() - 1);
        prop_assert!(read(200, None, &body.as_bytes()[..cut]).is_err());
    }
}
