//! How an async host calls annals. A handle is `Clone`, `Send` and `Sync`, and no call is async:
//!
//! - **Reads of one user** (`history`, `newest`, `unseen`) take microseconds where the data is warm: they are called in
//!   place. Where it may be cold, they wait for the disk: then they go to the threads that may block, too.
//! - **Writes** wait for a lock, for a seal where too many generations wait, and with `Durability::Synced` for
//!   the disk: they go to the threads that may block. Synced writes that come together share one sync.
//! - **Scans, exports, imports and maintenance** take seconds and more: threads that may block.

use annals::{Durability, ErrorKind, Store};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

/// The routes of the service.
pub fn routes(store: Store) -> axum::Router {
    axum::Router::new()
        .route("/events", post(events))
        .route("/history", get(history))
        .route("/health", get(health))
        .with_state(store)
}

/// A refusal, with the words of the library.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<annals::Error> for Refused {
    fn from(error: annals::Error) -> Self {
        let status = match error.kind() {
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::Poisoned => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.full_message())
    }
}

/// A task that was ended with the runtime, or panicked.
impl From<tokio::task::JoinError> for Refused {
    fn from(error: tokio::task::JoinError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// Takes a PutEvents request, as the service's clients send it. What is answered is on disk.
async fn events(State(store): State<Store>, body: String) -> Result<Json<Value>, Refused> {
    let written = tokio::task::spawn_blocking(move || {
        let request = annals::import::put_events_of_json(&body, store.validator())?;
        store.put_events(&request, Durability::Synced)
    });
    let commit = written.await??;
    Ok(Json(json!({ "commit": commit.commit.sequence })))
}

#[derive(Deserialize)]
struct Asked {
    user: String,
    #[serde(default = "hundred")]
    limit: usize,
}

fn hundred() -> usize {
    100
}

/// The newest interactions of a user.
async fn history(
    State(store): State<Store>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    let newest = store.newest(&asked.user, asked.limit.min(1000))?;
    let mut rows = Vec::with_capacity(newest.len());
    for event in newest.iter() {
        rows.push(json!({ "item": event.item()?, "timestamp": event.timestamp() }));
    }
    Ok(Json(Value::Array(rows)))
}

/// Whether the store does all that it should.
async fn health(State(store): State<Store>) -> Json<Value> {
    Json(json!(store.health()))
}
