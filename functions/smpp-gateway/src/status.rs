//! `GET /status` (how each connection stands, as JSON) and `GET /health` (whether this process goes round,
//! for the container's health check). For operators: no message, no number and no password is in it.
//!
//! Health says nothing about the store or the vendors: to start the process anew would mend neither.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use domain::id::ConnectionId;
use serde::Serialize;
use store::GatewayId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::client::figures::{ClientBoard, ClientsStatus};
use crate::vendor::figures::{Answers, Snapshot, View};

/// The supervisor goes round every second, and waits for the store for some seconds at most.
const ROUND_MAX: Duration = Duration::from_secs(60);
const CHECK_MAX: Duration = Duration::from_secs(3);

/// A connection that should be served, as it was last seen.
#[derive(Clone)]
pub(crate) struct Shown {
    pub id: ConnectionId,
    pub name: String,
    pub owner: Option<GatewayId>,
    /// If it is served here.
    pub view: Option<View>,
}

/// Where the gateway shows how it stands. Clones are the same board.
#[derive(Clone, Default)]
pub struct Board {
    face: Arc<Mutex<Face>>,
    clients: ClientBoard,
}

#[derive(Default)]
struct Face {
    looked_at: Option<Instant>,
    gateway: Option<GatewayId>,
    living: BTreeSet<GatewayId>,
    connections: Vec<Shown>,
}

/// What `/status` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// This process; none before the store knows of it.
    pub gateway: Option<String>,
    /// All that live, this one among them.
    pub gateways: Vec<String>,
    pub connections: Vec<ConnectionStatus>,
    /// Those that bind to us, at this process.
    pub clients: ClientsStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionStatus {
    pub id: String,
    pub name: String,
    /// Which gateway serves it; none while nobody does.
    pub owner: Option<String>,
    /// How it stands, if it is served here.
    pub here: Option<Snapshot>,
}

/// What a connection that is served here is told by, once a minute.
pub(crate) struct Minute {
    pub connection: ConnectionId,
    pub fence: u64,
    pub snapshot: Snapshot,
    pub answers: Answers,
}

impl Board {
    pub(crate) fn looked(&self) {
        self.face().looked_at = Some(Instant::now());
    }

    pub(crate) fn show(&self, gateway: GatewayId, living: BTreeSet<GatewayId>, connections: Vec<Shown>) {
        let mut face = self.face();
        (face.gateway, face.living, face.connections) = (Some(gateway), living, connections);
    }

    /// Under which id this process lives; none before the store knows of it.
    pub(crate) fn gateway(&self) -> Option<GatewayId> {
        self.face().gateway.clone()
    }

    /// Where the clients' binds are shown.
    pub(crate) fn clients(&self) -> ClientBoard {
        self.clients.clone()
    }

    pub fn is_healthy(&self) -> bool {
        self.face().looked_at.is_some_and(|looked_at| looked_at.elapsed() < ROUND_MAX)
    }

    pub fn status(&self) -> Status {
        let face = self.face();
        let connection = |shown: &Shown| ConnectionStatus {
            id: shown.id.to_string(),
            name: shown.name.clone(),
            owner: shown.owner.as_ref().map(GatewayId::to_string),
            here: shown.view.as_ref().map(View::snapshot),
        };
        Status {
            gateway: face.gateway.as_ref().map(GatewayId::to_string),
            gateways: face.living.iter().map(GatewayId::to_string).collect(),
            connections: face.connections.iter().map(connection).collect(),
            clients: self.clients.status(),
        }
    }

    /// Ends a minute: what was counted in it begins anew.
    pub(crate) fn minutes(&self) -> Vec<Minute> {
        let views: Vec<_> = self.face().connections.iter().filter_map(|shown| shown.view.clone()).collect();
        let minute = |view: View| {
            let (snapshot, answers) = (view.snapshot(), view.lane.figures.answers());
            view.lane.figures.minute_over();
            Minute { connection: view.lane.connection.clone(), fence: view.lane.fence, snapshot, answers }
        };
        views.into_iter().map(minute).collect()
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers until the listener breaks.
pub async fn serve(listener: TcpListener, board: Board) -> io::Result<()> {
    let routes = Router::new().route("/status", get(status)).route("/health", get(health)).with_state(board);
    axum::serve(listener, routes).await
}

async fn status(State(board): State<Board>) -> Json<Status> {
    Json(board.status())
}

async fn health(State(board): State<Board>) -> (StatusCode, &'static str) {
    match board.is_healthy() {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "does not go round\n"),
    }
}

/// Asks the process that listens here whether it is healthy: the image has no other program that could.
pub async fn check(address: &str) -> io::Result<()> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.take(1_024).read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = timeout(CHECK_MAX, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    match answer.split(|byte| *byte == b' ').nth(1) {
        Some(b"200") => Ok(()),
        _ => Err(io::Error::other("not healthy")),
    }
}
