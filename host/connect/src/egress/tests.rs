//! The real client against real sockets on loopback, and the address rules.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A server that answers one connection by `answer` after reading the request's head.
async fn serve<F, Fut>(answer: F) -> String
where
    F: FnOnce(TcpStream, String) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        let mut buffer = [0; 1024];
        while !String::from_utf8_lossy(&read).contains("END") {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the client hung up");
            read.extend_from_slice(&buffer[..count]);
        }
        answer(stream, String::from_utf8(read).unwrap()).await;
    });
    format!("http://{address}")
}

fn request(url: impl Into<String>) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: url.into(),
        headers: vec![
            ("Content-Type", HeaderValue::Plain("application/json".to_owned())),
            ("openToken", HeaderValue::Secret("token-in-a-test".into())),
        ],
        body: "{\"旺\":1} END".as_bytes().to_vec(),
        deadline: Duration::from_secs(20),
        max_reply_bytes: 64,
    }
}

fn egress() -> ReqwestEgress {
    ReqwestEgress::new(AddressPolicy::default()).unwrap()
}

async fn reason_of(request: HttpRequest, not_sent: bool) -> String {
    match (egress().send(request).await.unwrap_err(), not_sent) {
        (EgressError::NotSent { reason }, true) | (EgressError::NoReply { reason }, false) => {
            assert!(
                !reason.contains("token-in-a-test") && !reason.contains("hush"),
                "{reason}"
            );
            reason
        }
        (error, _) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_request_arrives_whole_and_its_reply_comes_back_whole() {
    let url = serve(|mut stream, head| async move {
        assert!(head.starts_with("POST /a?x=1 HTTP/1.1\r\n"), "{head}");
        assert!(head.to_lowercase().contains("opentoken: token-in-a-test\r\n"), "{head}");
        assert!(head.ends_with("\r\n\r\n{\"旺\":1} END"), "{head}");
        let reply = "HTTP/1.1 429 Slow\r\nContent-Type: text/plain\r\nRetry-After: 7\r\n\
                     Date: Wed, 15 Nov 2023 00:00:07 GMT\r\nContent-Length: 4\r\n\r\nbusy";
        stream.write_all(reply.as_bytes()).await.unwrap();
    })
    .await;
    let reply = egress().send(request(format!("{url}/a?x=1"))).await.unwrap();
    let now: DateTime<Utc> = "2023-11-15T00:00:00Z".parse().unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (429, &b"busy"[..]));
    assert_eq!(reply.content_type.as_deref(), Some("text/plain"));
    assert_eq!(reply.wait(now), Some(Duration::from_secs(7)));
    assert_eq!(reply.clock_skew_seconds(now), Some(7));
}

#[tokio::test]
async fn redirects_are_replies() {
    let url = serve(|mut stream, _| async move {
        stream
            .write_all(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
    })
    .await;
    assert_eq!(egress().send(request(url)).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let reason = reason_of(request(format!("http://{free}/path?secret=hush")), true).await;
    assert!(reason.starts_with(&format!("POST http://{free}/path: ")), "{reason}");
}

#[tokio::test]
async fn bad_addresses_and_headers_were_not_sent() {
    for url in [
        "nonsense",
        "ftp://127.0.0.1/",
        "http://user:hush@127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "http://name.invalid/",
    ] {
        reason_of(request(url), true).await;
    }
    let mut smuggling = request("http://127.0.0.1:1/");
    smuggling
        .headers
        .push(("appKey", HeaderValue::Plain("a\r\nX: y".to_owned())));
    assert!(reason_of(smuggling, true).await.contains("appKey"));
}

#[tokio::test]
async fn a_name_is_checked_by_what_it_resolves_to() {
    let closed = ReqwestEgress::new(AddressPolicy {
        loopback: false,
        private: false,
    })
    .unwrap();
    let error = closed.send(request("http://localhost:1/")).await.unwrap_err();
    assert!(
        matches!(&error, EgressError::NotSent { reason } if reason.contains("this machine")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_was_not_sent_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 no\r\n\r\n").await.unwrap();
    });
    reason_of(request(format!("https://{address}/")), true).await;
}

#[tokio::test]
async fn a_connection_closed_after_the_request_is_no_reply() {
    let url = serve(|stream, _| async move { drop(stream) }).await;
    reason_of(request(url), false).await;
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_no_reply() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnull",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n",
    ] {
        let url = serve(move |mut stream, _| async move { stream.write_all(head.as_bytes()).await.unwrap() }).await;
        assert!(reason_of(request(url), false).await.contains("HTTP 200"));
    }
}

#[tokio::test]
async fn silence_past_the_deadline_is_no_reply() {
    let (_keep, gone) = tokio::sync::oneshot::channel::<()>();
    let url = serve(|stream, _| async move {
        let _ = gone.await;
        drop(stream);
    })
    .await;
    let mut short = request(url);
    // Long enough for a busy machine to have sent it: what is not sent is another error.
    short.deadline = Duration::from_secs(2);
    assert!(reason_of(short, false).await.contains("timed out"));
}

#[tokio::test]
async fn a_reply_over_the_bound_is_no_reply() {
    let url = serve(|mut stream, _| async move {
        let body = "x".repeat(65);
        // The client may hang up in the middle.
        let _ = stream
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n{body}").as_bytes())
            .await;
    })
    .await;
    assert!(reason_of(request(url), false).await.contains("bound of 64 bytes"));
}

#[test]
fn addresses_have_the_class_of_what_they_reach() {
    use AddressClass::{Loopback, Never, Private, Public};
    for (text, class) in [
        ("127.0.0.1", Loopback),
        ("127.9.9.9", Loopback),
        ("::1", Loopback),
        ("::ffff:127.0.0.1", Loopback),
        ("10.1.2.3", Private),
        ("172.16.0.1", Private),
        ("172.32.0.1", Public),
        ("192.168.1.1", Private),
        ("100.64.0.1", Private),
        ("fd12::1", Private),
        ("::ffff:10.0.0.1", Private),
        ("64:ff9b::10.0.0.1", Private),
        ("2002:a00:1::", Private),
        ("169.254.169.254", Never),
        ("::ffff:169.254.169.254", Never),
        ("100.100.100.200", Never),
        ("192.0.0.192", Never),
        ("fd00:ec2::254", Never),
        ("fe80::1", Never),
        ("0.0.0.0", Never),
        ("::", Never),
        ("255.255.255.255", Never),
        ("224.0.0.1", Never),
        ("ff02::1", Never),
        ("8.8.8.8", Public),
        ("2400:3200::1", Public),
    ] {
        assert_eq!(AddressClass::of(text.parse().unwrap()), class, "{text}");
    }
    let default = AddressPolicy::default();
    assert!(default.permit("127.0.0.1".parse().unwrap()).is_ok());
    assert!(default.permit("192.168.1.1".parse().unwrap()).is_err());
    let open = AddressPolicy {
        loopback: true,
        private: true,
    };
    assert!(open.permit("192.168.1.1".parse().unwrap()).is_ok());
    assert!(open.permit("169.254.169.254".parse().unwrap()).is_err());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now: DateTime<Utc> = "2023-11-15T00:00:00Z".parse().unwrap();
    let wait = |text: &str| {
        let reply = HttpReply {
            status: 429,
            content_type: None,
            retry_after: Some(text.to_owned()),
            date: None,
            body: Vec::new(),
        };
        reply.wait(now).map(|wait| wait.as_secs())
    };
    assert_eq!(wait(" 30 "), Some(30));
    assert_eq!(wait("Wed, 15 Nov 2023 00:01:00 GMT"), Some(60));
    assert_eq!(wait("Tue, 14 Nov 2023 00:01:00 GMT"), Some(0));
    assert_eq!(wait("soon"), None);
    assert_eq!(wait("-1"), None);
}

#[test]
fn debugging_a_request_shows_neither_query_nor_body() {
    let shown = format!("{:?}", request("http://u:hush@h.test/p?sign=hush"));
    assert!(
        !shown.contains("hush") && !shown.contains("token-in-a-test") && !shown.contains('旺'),
        "{shown}"
    );
    assert!(shown.contains("http://h.test/p"), "{shown}");
}
