//! People as they use a browser: a login, a session's cookie, links from mails.

use axum::body::{Body, to_bytes};
use domain::notification::NotificationEvent;
use http::{Method, Request};
use queue::Mail;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::platform::{Answer, Member, Platform, text};

pub const PASSWORD: &str = "Secret-Word-1";

/// A request that shows no API key.
pub async fn without_key(
    platform: &Platform,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = platform.router().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer { status, headers, body }
}

pub async fn post(platform: &Platform, path: &str, body: Value) -> Answer {
    without_key(platform, Method::POST, path, &[], Some(body)).await
}

pub async fn log_in(platform: &Platform, login: &str, password: &str) -> Answer {
    post(platform, "/v1/sessions", json!({"login": login, "password": password})).await
}

/// Somebody's session.
pub struct Browser<'a> {
    pub platform: &'a Platform,
    pub cookie: String,
    pub csrf: String,
    pub started: Value,
}

impl<'a> Browser<'a> {
    pub async fn open(platform: &'a Platform, login: &str, password: &str) -> Self {
        Self::of(platform, log_in(platform, login, password).await)
    }

    /// With the cookie of an answer to a login.
    pub fn of(platform: &'a Platform, answer: Answer) -> Self {
        let header = answer.headers.get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let started = answer.good();
        let header = header.unwrap();
        for part in ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(header.contains(part), "{header}");
        }
        let cookie = header.split(';').next().unwrap().to_owned();
        Self { platform, cookie, csrf: text(&started, "csrf_token"), started }
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("x-csrf-token", self.csrf.as_str())];
        without_key(self.platform, method, path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }
}

/// Invites somebody to a member and signs them up; the id of the user, whose password is [`PASSWORD`].
pub async fn sign_up(platform: &Platform, member: &Member, login: &str, roles: Value) -> String {
    let email = format!("{login}@example.com");
    let ask = json!({"email": email, "roles": roles});
    let user = platform.post(&member.key, "/v1/invitations", ask).await.good();
    let token = link_token(platform, &email, NotificationEvent::UserInvitation);
    let body = json!({"token": token, "first_name": login, "last_name": "", "login": login,
        "password": PASSWORD, "phone": "+4915112345678"});
    post(platform, "/v1/sign_ups", body).await.good();
    text(&user, "id")
}

/// The last link that was mailed to an address about something.
pub fn link(platform: &Platform, email: &str, about: NotificationEvent) -> String {
    let mails = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail"));
    let values = mails.into_iter().rev().find_map(|mail| match mail {
        Mail::EventV1 { event, to, values, .. } if event == about && to == email => Some(values),
        _ => None,
    });
    values.unwrap().into_values().find(|value| value.contains("token=")).unwrap()
}

/// The token in it.
pub fn link_token(platform: &Platform, email: &str, about: NotificationEvent) -> String {
    link(platform, email, about).split_once("token=").unwrap().1.to_owned()
}
