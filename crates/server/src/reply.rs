//! Answers: a refusal becomes a status and its three parts, a failure becomes a sentence without its causes.

use crate::wire::Refused;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use weir_engine::Error;
use weir_model::Refusal;

/// What a route answers.
pub(crate) type Reply<T> = Result<Json<T>, Problem>;

/// Why there is no such answer.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) refused: Box<Refused>,
}

impl Problem {
    /// Nobody we know: whoever asks must show a token first.
    pub(crate) fn nobody(refusal: Refusal) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, refused: Box::new(refusal.into()) }
    }

    /// No token was shown.
    pub(crate) fn no_token() -> Self {
        let refusal = Refusal::new("token.missing", "this needs a token, and none was shown")
            .hint("send `Authorization: Bearer weir_…`; `weir up` prints how to get one");
        Self::nobody(refusal)
    }

    /// Something failed that is no business of the caller. The log knows more.
    pub(crate) fn failed(sentence: String) -> Self {
        let hint = Some("try again; if it stays, the server's log says why".to_owned());
        let refused = Refused { code: "weir.failed".to_owned(), sentence, hint };
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, refused: Box::new(refused) }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { status: status_of(&refusal.code), refused: Box::new(refusal.into()) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Failed(failure) => {
                tracing::error!(error = %causes(&failure), "a request failed");
                let refusal = failure.told();
                Self { status: status_of_failure(&refusal.code), refused: Box::new(refusal.into()) }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let challenge = self.status == StatusCode::UNAUTHORIZED;
        let mut response = (self.status, Json(*self.refused)).into_response();
        if challenge {
            let bearer = HeaderValue::from_static("Bearer realm=\"weir\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// The status that belongs to a code. Programs match on the code; the status is for what stands between.
fn status_of(code: &str) -> StatusCode {
    let (subject, reason) = code.split_once('.').unwrap_or((code, ""));
    match (subject, reason) {
        (_, "unknown") => StatusCode::NOT_FOUND,
        (_, "too_large") => StatusCode::PAYLOAD_TOO_LARGE,
        ("right" | "approval" | "mandate" | "push", _) | (_, "not_yours" | "foreign") => {
            StatusCode::FORBIDDEN
        }
        (_, reason) if is_malformed(reason) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, _) => StatusCode::CONFLICT,
    }
}

/// The status of what is nobody's fault but the world's.
fn status_of_failure(code: &str) -> StatusCode {
    match code {
        "disk.full" => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn is_malformed(reason: &str) -> bool {
    let starts = ["malformed", "bad_", "no_", "too_many", "too_long", "out_of_range"];
    starts.iter().any(|start| reason.starts_with(start))
}

/// An error and its causes, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status() {
        let rows = [
            ("task.unknown", 404),
            ("id.malformed", 422),
            ("task.bad_title", 422),
            ("review.no_comment", 422),
            ("right.not_in_role", 403),
            ("approval.own_work", 403),
            ("session.not_yours", 403),
            ("claim.held", 409),
            ("request.too_large", 413),
            ("odd", 409),
        ];
        for (code, status) in rows {
            assert_eq!(status_of(code).as_u16(), status, "{code}");
        }
    }

    #[test]
    fn a_failure_tells_no_causes() {
        let failure = weir_engine::Failure::Io {
            doing: "write the thing".to_owned(),
            source: std::sync::Arc::new(std::io::Error::other("/secret/place")),
        };
        let problem = Problem::from(Error::Failed(failure));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.refused.sentence.contains("/secret/place"));
    }

    #[test]
    fn a_full_disk_is_told_with_what_to_do() {
        let source = std::sync::Arc::new(std::io::ErrorKind::StorageFull.into());
        let failure = weir_engine::Failure::Io { doing: "write the thing".to_owned(), source };
        let Problem { status, refused } = Error::Failed(failure).into();
        assert_eq!(status, StatusCode::INSUFFICIENT_STORAGE);
        assert_eq!(refused.code, "disk.full");
        assert_eq!(refused.sentence, "the disk is full: could not write the thing");
        assert!(refused.hint.expect("what to do").starts_with("free some space"));
    }
}
