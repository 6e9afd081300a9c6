//! Bodies as the guide's examples send them, as a form, or as JSON.

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use runtime::http::{Body, Problem};
use serde::de::DeserializeOwned;

/// A body in either form, or one clear problem.
pub struct FormOrJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormOrJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return match axum::Form::<T>::from_request(request, state).await {
                Ok(axum::Form(value)) => Ok(Self(value)),
                Err(error) if error.status().as_u16() == 422 => {
                    Err(Problem::new(422, "invalid", error.body_text()))
                }
                Err(error) => {
                    Err(Problem::new(error.status().as_u16(), "unreadable_body", error.body_text()))
                }
            };
        }
        let Body(value) = <Body<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(value))
    }
}
