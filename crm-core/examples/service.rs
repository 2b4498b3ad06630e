//! A service over one shop on PostgreSQL; any number of its processes may share the database.
//!
//! ```text
//! cargo run -p crm-core --features postgres --example service -- postgres://crm:secret@localhost/shop docs/programs/cafe.json 127.0.0.1:8080
//! curl localhost:8080/execute -H content-type:application/json -d '{ "request_id": "r1", "at": "2026-03-01T10:00:00Z",
//!     "do": { "type": "register_customer", "customer_id": "ann" } }'
//! curl localhost:8080/ask -H content-type:application/json -d '{ "type": "customer", "customer_id": "ann" }'
//! ```

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use crm_core::command::Request;
use crm_core::query::Query;
use crm_core::store::{PostgresOptions, PostgresStore};
use crm_core::value::{Timestamp, read};
use crm_core::{AsyncEngine, Error, ErrorCode, Retry};
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, program, listen] = arguments.as_slice() else {
        return Err("usage: service POSTGRES PROGRAM LISTEN".into());
    };
    let listener = TcpListener::bind(listen).await?;
    serve(address, &PostgresOptions::default(), &std::fs::read_to_string(program)?, listener).await
}

/// Opens the shop and answers until the process is asked to stop.
pub async fn serve(
    address: &str,
    options: &PostgresOptions,
    program: &str,
    listener: TcpListener,
) -> Result<(), Box<dyn std::error::Error>> {
    let engine = AsyncEngine::open(PostgresStore::open_async(address, options).await?).await?;
    publish(&engine, program).await?;
    tokio::spawn(keep_time(engine.clone()));
    let service = Router::new()
        .route("/execute", post(execute))
        .route("/ask", post(ask))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(1 << 20))
        .with_state(engine.clone());
    println!("listening on {}", listener.local_addr()?);
    let asked_to_stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, service).with_graceful_shutdown(asked_to_stop).await?;
    Ok(engine.close().await?)
}

/// Several processes start at once: whoever comes second finds the very same program published, which is fine.
async fn publish(engine: &AsyncEngine, program: &str) -> crm_core::Result<()> {
    match engine.publish_json(program, clock()).await {
        Err(error) if error.code() == ErrorCode::ProgramRevision => {
            engine.publish_json(program, clock()).await.map(drop)
        }
        published => published.map(drop),
    }
}

/// Carries a request out. Whoever does not know what became of it sends it again, to any process.
async fn execute(State(engine): State<AsyncEngine>, body: Bytes) -> Result<Response, Refused> {
    let request = Request::from_value(&json(&body)?)?;
    Ok(Json(engine.execute(request).await?).into_response())
}

async fn ask(State(engine): State<AsyncEngine>, body: Bytes) -> Result<Response, Refused> {
    let query: Query = read(&json(&body)?)?;
    Ok(Json(engine.ask(&query).await?).into_response())
}

/// Whether the database answers.
async fn health(State(engine): State<AsyncEngine>) -> Result<&'static str, Refused> {
    engine.refresh().await?;
    Ok("ok")
}

/// Writes down what time has done, and follows the program when another process publishes the next revision. Every process may do so at
/// the same time; nothing happens twice. No answer depends on it.
async fn keep_time(engine: AsyncEngine) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = engine.refresh().await {
            eprintln!("refresh: {error}");
        }
        if let Err(error) = engine.sweep(clock(), &mut |_| {}).await {
            eprintln!("sweep: {error}");
        }
    }
}

/// The engine knows no clock: the host does.
fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
}

fn json(body: &[u8]) -> Result<serde_json::Value, Refused> {
    let unreadable = |error: serde_json::Error| Error::new(ErrorCode::ValueJson, error.to_string());
    Ok(serde_json::from_slice(body).map_err(unreadable)?)
}

/// What the library refused, for HTTP: code, message, details and help in the body; in the status, what a client has to do.
struct Refused(Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let code = error.code().as_str();
        let kind = code.rsplit_once('.').map_or(code, |(_, kind)| kind);
        let of_store = code == "internal" || code.starts_with("store.");
        let status = match error.retry() {
            // The same request again, a little later.
            Retry::Later if of_store => StatusCode::SERVICE_UNAVAILABLE,
            Retry::Later => StatusCode::TOO_MANY_REQUESTS,
            Retry::No if of_store => StatusCode::INTERNAL_SERVER_ERROR,
            Retry::No if kind == "unknown" || kind == "not_found" => StatusCode::NOT_FOUND,
            Retry::No if code == "request.reused" => StatusCode::CONFLICT,
            Retry::No if code.starts_with("value.") => StatusCode::BAD_REQUEST,
            Retry::No => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let body = Json(error.to_json());
        match error.retry() {
            Retry::Later => (status, [(header::RETRY_AFTER, "1")], body).into_response(),
            Retry::No => (status, body).into_response(),
        }
    }
}
