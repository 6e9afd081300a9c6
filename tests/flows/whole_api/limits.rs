//! Too many requests with one key, on both APIs, or in one session.

use axum::body::Body;
use http::{HeaderMap, Request};
use runtime::limits::{Limit, limited};
use serde_json::json;
use tower::ServiceExt;

use crate::people::{Browser, PASSWORD, sign_up};
use crate::platform::Platform;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_key_is_told_what_is_left_and_one_request_too_many_is_refused_on_both_apis() {
    let platform = Platform::new().await;
    for path in ["/v1/me", "/v1/messages"] {
        let router = limited(super::router(&platform), Limit { requests: 2, seconds: 60 });
        let ask = |key: &str| {
            let request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
            router.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let mut left = Vec::new();
        for _ in 0..3 {
            let response = ask(&platform.owner.key).await.unwrap();
            assert_eq!(header(response.headers(), "ratelimit-policy"), "\"key\";q=2;w=60");
            left.push((response.status() == 429, header(response.headers(), "ratelimit").to_owned()));
        }
        let told = |text: &str| text.to_owned();
        let expected = [
            (false, told("\"key\";r=1;t=0")),
            (false, told("\"key\";r=0;t=30")),
            (true, told("\"key\";r=0;t=30")),
        ];
        assert_eq!(left, expected, "{path}");
        let refused = ask(&platform.owner.key).await.unwrap();
        assert_eq!(header(refused.headers(), "retry-after"), "30");
        assert_eq!(header(refused.headers(), "content-type"), "application/problem+json");
        assert_eq!(ask("another").await.unwrap().status(), 401, "counted for itself");
    }
}

#[tokio::test]
async fn a_session_has_a_limit_of_its_own_whatever_key_is_sent_with_it() {
    let platform = Platform::new().await;
    for login in ["ada", "bob"] {
        sign_up(&platform, &platform.owner, login, json!([])).await;
    }
    let ada = Browser::open(&platform, "ada", PASSWORD).await;
    let bob = Browser::open(&platform, "bob", PASSWORD).await;
    let router = limited(super::router(&platform), Limit { requests: 2, seconds: 60 });
    let ask = async |browser: &Browser<'_>, key: Option<&str>| {
        let mut request = Request::builder().uri("/v1/me").header("cookie", &browser.cookie);
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let first = ask(&ada, None).await;
    assert_eq!((first.status().as_u16(), header(first.headers(), "ratelimit")), (200, "\"session\";r=1;t=0"));
    assert_eq!(header(first.headers(), "ratelimit-policy"), "\"session\";q=2;w=60");
    // This is no API key, so the session is what counts.
    assert_eq!(ask(&ada, Some("Basic one")).await.status(), 200);
    for key in [None, Some("Basic two")] {
        let refused = ask(&ada, key).await;
        assert_eq!(refused.status(), 429, "{key:?}");
        // A second may have passed.
        let seconds = header(refused.headers(), "retry-after");
        assert!(["29", "30"].contains(&seconds), "{seconds}");
    }
    assert_eq!(ask(&bob, None).await.status(), 200, "counted for itself");
}

#[tokio::test]
async fn without_a_key_or_a_session_there_is_nothing_to_count() {
    let platform = Platform::new().await;
    let router = limited(super::router(&platform), Limit { requests: 1, seconds: 60 });
    for _ in 0..3 {
        let request = Request::builder().uri("/v1/openapi.json").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!((response.status().as_u16(), header(response.headers(), "ratelimit")), (200, ""));
    }
}
