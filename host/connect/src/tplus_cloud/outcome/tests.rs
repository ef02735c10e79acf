//! Every row of `docs/reference/systems/tplus.md` §3.2 and §3.3.

use proptest::prelude::*;

use super::*;

const KEY: &str = "CK202311140007";

/// The outcome in a few words.
fn brief(status: u16, body: &str) -> String {
    match classify(status, None, body.as_bytes(), &Patterns::default(), KEY) {
        WriteOutcome::Accepted { reference } => format!("accepted {}", reference.unwrap_or_default()).trim().to_owned(),
        WriteOutcome::Auth { code, permanent, .. } => {
            format!("auth {code}{}", if permanent { " permanent" } else { "" })
        }
        WriteOutcome::Transient { code, .. } => format!("transient {code}"),
        WriteOutcome::Rejected { code, class, .. } => format!("rejected {code} {class}"),
        other => other.word().to_owned(),
    }
}

#[test]
fn every_reply_has_its_outcome() {
    for (status, body, wanted) in [
        // §3.2 success
        (200, "null", "accepted"),
        (200, "", "accepted"),
        (200, " \r\n", "accepted"),
        (204, "", "accepted"),
        (200, "\u{feff}null", "accepted"),
        (200, "{}", "accepted"),
        (200, "true", "accepted"),
        (200, "\"\"", "accepted"),
        (200, "\"SO-0001\"", "accepted SO-0001"),
        (200, "812", "accepted 812"),
        (200, r#"{"code":0}"#, "accepted"),
        (200, r#"{"code":"0","message":"","data":null}"#, "accepted"),
        (200, r#"{"code":"200","message":"成功"}"#, "accepted"),
        (200, r#"{"code":200}"#, "accepted"),
        (201, r#"{"code":"0","data":{"Code":"SO-9","ID":7}}"#, "accepted SO-9"),
        (200, r#"{"code":"0","data":{"ID":7}}"#, "accepted 7"),
        (200, r#"{"code":"0","data":"SO-9"}"#, "accepted SO-9"),
        (200, r#"{"result":true}"#, "accepted"),
        (200, r#"{"message":"操作成功"}"#, "accepted"),
        // §3.3 refusals, with and without data, on 200, 400 and 500
        (
            200,
            r#"{"code":"EXBIZ","message":"库存不足","data":{"Code":"EXBIZ","StatusCode":400,"islogerror":"1"}}"#,
            "rejected EXBIZ business",
        ),
        (
            400,
            r#"{"code":"EXBIZ","message":"库存不足"}"#,
            "rejected EXBIZ business",
        ),
        (
            500,
            r#"{"code":"EXBIZ","message":"库存不足"}"#,
            "rejected EXBIZ business",
        ),
        (
            400,
            r#"{"code":"EXERROR0001","message":"在位置 0 处没有任何行。"}"#,
            "rejected EXERROR0001 reference",
        ),
        (
            200,
            r#"{"code":"EXERROR0001","message":"NoAuthOrData"}"#,
            "rejected EXERROR0001 reference",
        ),
        (
            200,
            r#"{"code":"EXERROR0001","message":"客户不存在"}"#,
            "rejected EXERROR0001 reference",
        ),
        (
            200,
            r#"{"code":"EXERROR0001","message":"单据 CK202311140007 的客户不存在"}"#,
            "rejected EXERROR0001 reference",
        ),
        (
            400,
            r#"{"code":"EXERROR0001","message":"索引超出范围。必须为非负值并小于集合大小。"}"#,
            "rejected EXERROR0001 configuration",
        ),
        (
            500,
            r#"{"code":"EXERROR0001","message":"未将对象引用设置到对象的实例。"}"#,
            "rejected EXERROR0001 configuration",
        ),
        (
            200,
            r#"{"code":"EX9","message":"单据 CK202311140007 库存不足"}"#,
            "rejected EX9 business",
        ),
        (
            200,
            r#"{"code":"EX9","message":"单据 CK2023111400071 处理失败"}"#,
            "rejected EX9 business",
        ),
        (
            200,
            r#"{"result":false,"error":{"code":"E7","msg":"参数错误","hint":""},"traceId":"1"}"#,
            "rejected E7 business",
        ),
        (200, r#"{"result":false}"#, "rejected result-false business"),
        (
            200,
            r#"{"data":{"StatusCode":"400"}}"#,
            "rejected result-false business",
        ),
        (400, "", "rejected http-400 business"),
        (400, r#"{"message":"bad"}"#, "rejected http-400 business"),
        (404, "<html>", "rejected http-404 configuration"),
        (405, "", "rejected http-405 configuration"),
        (413, "<html>", "rejected http-413 business"),
        // duplicates
        (
            200,
            r#"{"code":"EXDUP","message":"单据编码 CK202311140007 已存在"}"#,
            "duplicate",
        ),
        (400, r#"{"code":"EXDUP","message":"外部单据号重复"}"#, "duplicate"),
        (500, r#"{"code":"EXDUP","message":"违反唯一约束"}"#, "duplicate"),
        (409, r#"{"code":"EXDUP","message":"外部单据号重复"}"#, "duplicate"),
        (
            400,
            r#"{"code":"EXDUP","message":"ExternalCode [CK202311140007]"}"#,
            "duplicate",
        ),
        (
            400,
            r#"{"code":"EXDUP","message":"单据编码[CK202311140007]不能重复"}"#,
            "duplicate",
        ),
        // patience
        (429, "", "throttled"),
        (429, "<html>", "throttled"),
        (429, r#"{"code":"EXLIMIT","message":"slow down"}"#, "throttled"),
        (200, r#"{"code":429,"message":"slow down"}"#, "throttled"),
        (409, "", "throttled"),
        (409, r#"{"code":"409","message":"asked too often"}"#, "throttled"),
        (200, r#"{"code":"EXLIMIT","message":"请求过于频繁"}"#, "throttled"),
        // credentials
        (401, "", "auth http-401 permanent"),
        (403, "<html>", "auth http-403"),
        (403, r#"{"code":"50107","message":"openToken已失效"}"#, "auth 50107"),
        (200, r#"{"code":50107,"message":"openToken已失效"}"#, "auth 50107"),
        (401, r#"{"code":"50003","message":"appSecret"}"#, "auth 50003 permanent"),
        (200, r#"{"code":"50003","message":"appSecret"}"#, "auth 50003 permanent"),
        (200, r#"{"code":"EXSM0003","message":"token信息错误"}"#, "auth EXSM0003"),
        (
            200,
            r#"{"code":"EXSM0004","message":"已登录","data":"t"}"#,
            "auth EXSM0004",
        ),
        (200, r#"{"code":"EX1","message":"无效的token"}"#, "auth EX1"),
        (
            403,
            r#"{"code":"EXERROR0001","message":"NoAuthOrData"}"#,
            "rejected EXERROR0001 reference",
        ),
        // may pass
        (
            200,
            r#"{"code":"EXSV0011","message":"服务名不正确"}"#,
            "transient EXSV0011",
        ),
        (
            500,
            r#"{"code":"EXSV0011","message":"服务名不正确"}"#,
            "transient EXSV0011",
        ),
        // unknown
        (200, r#"{"code":"999","message":"失败"}"#, "unknown"),
        (500, r#"{"code":999,"message":"失败"}"#, "unknown"),
        (400, r#"{"code":"EXERROR0001","message":"网络异常"}"#, "unknown"),
        (200, r#"{"message":"网络异常，请稍后重试"}"#, "unknown"),
        (200, r#"{"code":"0","message":"网络异常"}"#, "unknown"),
        (
            200,
            r#"{"code":"EXERROR0001","message":"x","data":{"StatusCode":999}}"#,
            "unknown",
        ),
        (200, r#"{"message":"客户端错误"}"#, "unknown"),
        (200, "\"服务器忙\"", "unknown"),
        (200, "false", "unknown"),
        (200, "[]", "unknown"),
        (200, "<html>维护中</html>", "unknown"),
        (200, r#"{"code":"0""#, "unknown"),
        (200, "nul", "unknown"),
        (302, "", "unknown"),
        (408, "", "unknown"),
        (500, "", "unknown"),
        (500, "null", "unknown"),
        (500, r#"{"Message":"在位置 0 处没有任何行。"}"#, "unknown"),
        (500, r#"{"code":"0"}"#, "unknown"),
        (500, r#"{"code":500,"message":"Internal Server Error"}"#, "unknown"),
        (200, r#"{"code":500,"message":"单据重复"}"#, "unknown"),
        (502, "<html>bad gateway", "unknown"),
        (503, r#"{"status":503,"error":"Service Unavailable"}"#, "unknown"),
        (504, "", "unknown"),
    ] {
        assert_eq!(brief(status, body), wanted, "{status} {body}");
    }
}

#[test]
fn bytes_that_are_no_text_are_unknown_with_a_reason() {
    let outcome = classify(200, None, b"\xb5\xa5", &Patterns::default(), KEY);
    assert!(
        matches!(&outcome, WriteOutcome::Unknown { reason } if reason.contains(r"\xb5\xa5")),
        "{outcome:?}"
    );
}

#[test]
fn patterns_are_settings() {
    let patterns = Patterns {
        duplicate: vec!["doppelt".to_owned()],
        key_means_duplicate: false,
        ..Patterns::default()
    };
    let is = |message: &str| {
        let body = format!("{{\"code\":\"E\",\"message\":\"{message}\"}}");
        classify(200, None, body.as_bytes(), &patterns, KEY).word()
    };
    assert_eq!(is("Beleg doppelt"), "duplicate");
    assert_eq!(is("单据重复"), "rejected");
    assert_eq!(is(&format!("see {KEY}")), "rejected");
}

proptest! {
    #[test]
    fn classifying_never_panics(status in 100u16..600, body in prop::collection::vec(any::<u8>(), 0..200), key in "\\PC{0,12}") {
        let _ = classify(status, None, &body, &Patterns::default(), &key);
    }

    #[test]
    fn nothing_but_a_2xx_is_accepted(status in prop_oneof![100u16..200, 300u16..600], code in "(0|200|EX1)?", message in "\\PC{0,12}") {
        let body = serde_json::json!({ "code": code, "message": message }).to_string();
        for body in [body.as_bytes(), b"null", b"", b"{}"] {
            let outcome = classify(status, None, body, &Patterns::default(), KEY);
            prop_assert!(!matches!(outcome, WriteOutcome::Accepted { .. }), "{:?}", outcome);
        }
    }

    #[test]
    fn messages_of_any_kind_are_survived(message in "\\PC{0,40}", key in "\\PC{1,8}") {
        let body = serde_json::json!({ "code": "EX1", "message": format!("{message}{key}{message}") }).to_string();
        let _ = classify(200, None, body.as_bytes(), &Patterns::default(), &key);
    }
}
