//! An HTTP service over a store: `annals-service STORE [ADDRESS]`.
//!
//! ```text
//! curl -d '{"trackingId":"t","sessionId":"s","userId":"ann","eventList":[
//!           {"eventType":"view","itemId":"tea","sentAt":1700000000}]}' localhost:3000/events
//! curl 'localhost:3000/history?user=ann&limit=100'
//! ```

use std::path::Path;

use annals_service::routes;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give the folder of a store")?;
    let address = arguments.next();
    let address = address.as_deref().unwrap_or("127.0.0.1:3000");
    let store = annals::Store::open(Path::new(&path))?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    // The store is closed when the last handle goes, after the requests that are under way.
    axum::serve(listener, routes(store))
        .with_graceful_shutdown(stopped)
        .await?;
    Ok(())
}
