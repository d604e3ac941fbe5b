//! Requests to the service, without a socket.

use annals::{Limits, Schema, Store};
use annals_service::routes;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

async fn ask(store: &Store, request: Request<Body>) -> (StatusCode, Value) {
    let response = routes(store.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let schema = r#"{"type": "record", "name": "Interactions", "fields": [
        {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"}]}"#;
    let schema = Schema::parse(schema, &Limits::personalize()).unwrap();
    let store = Store::create(folder.path().join("store"), &schema).unwrap();
    let events = |events: Value| {
        let body =
            json!({"trackingId": "t", "sessionId": "s", "userId": "ann", "eventList": events});
        Request::post("/events")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let view = json!([{"eventType": "view", "itemId": "tea", "sentAt": 1_700_000_000}]);
    let (status, answer) = ask(&store, events(view)).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({"commit": 1})));

    let (status, answer) = ask(&store, events(json!([{"eventType": "view"}]))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");

    let history = Request::get("/history?user=ann")
        .body(Body::empty())
        .unwrap();
    let (_, answer) = ask(&store, history).await;
    assert_eq!(answer, json!([{"item": "tea", "timestamp": 1_700_000_000}]));

    let health = Request::get("/health").body(Body::empty()).unwrap();
    let (_, answer) = ask(&store, health).await;
    assert_eq!(answer, json!({"state": "healthy"}));
}
