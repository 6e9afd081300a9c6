//! Every operation of both documents, asked about the things of company A by those who must not see them:
//! nobody, a disabled user, a disabled company, a neighbour, a child. Refused calls change nothing, no
//! answer shows an id or a name of A, and A's parent sees all.
//!
//! The world is made through the API itself. An operation that cannot be filled with A's things, or that
//! nobody is allowed in the end, fails by its name: `world::body` and the tables beside it say how to ask.

pub mod filling;
mod leaks;
pub mod world;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::documents::{Operation, Takes, operations};
use filling::Filled;
use world::{Asked, World, by_key};

/// What its owner alone may read, not even the company above, and why.
const PRIVATE: &[(&str, &str)] = &[
    ("GET /v1/messages", "texts and their prices are their sender's; companies above have their EDRs"),
    ("GET /v1/messages/{id}", "the same"),
    ("GET /api/v1/2fa/requests/{id}", "a code is of the integration that sent it"),
];

/// What a child may read although its parent made it, and why.
const SHARED_WITH_CHILDREN: &[(&str, &str)] = &[];

#[tokio::test]
async fn tenancy_walk_of_every_operation_as_everybody() {
    // Each is larger than a thread's stack likes.
    let mut world = Box::pin(World::build()).await;
    Box::pin(world.let_in()).await;
    Box::pin(world.make_possible()).await;
    let mut walk = Walk { world, failures: Vec::new(), calls: 0 };
    let operations = operations();
    let filled: Vec<_> = operations.iter().filter_map(|operation| walk.fill(operation)).collect();
    let covered = filled.len();
    let requests: Vec<Filled> = filled.into_iter().flatten().collect();

    let before = Box::pin(walk.snapshot(&requests)).await;
    Box::pin(walk.nobody(&requests)).await;
    Box::pin(walk.page_of_another_site(&requests)).await;
    Box::pin(walk.disabled_user(&requests)).await;
    Box::pin(walk.stranger("a neighbour", &requests)).await;
    Box::pin(walk.stranger("a child", &requests)).await;
    Box::pin(walk.stranger("its parent", &requests)).await;
    let after = Box::pin(walk.snapshot(&requests)).await;
    walk.compare(&before, &after);
    Box::pin(walk.disabled_company(&requests)).await;
    Box::pin(walk.parent(&requests)).await;
    Box::pin(walk.allowed(&requests)).await;

    println!("{covered}/{} operations covered, {} calls", operations.len(), walk.calls);
    let failures = walk.failures.join("\n");
    assert!(failures.is_empty(), "{} findings:\n{failures}", walk.failures.len());
    assert_eq!(covered, operations.len(), "100 % of the operations are walked");
}

struct Walk {
    world: World,
    failures: Vec<String>,
    calls: usize,
}

impl Walk {
    fn fill(&mut self, operation: &Operation) -> Option<Vec<Filled>> {
        let filled = filling::fill(operation, &self.world.things);
        filled.map_err(|why| self.failures.push(format!("{}: {why}", operation.name()))).ok()
    }

    fn fails(&mut self, caller: &str, request: &Filled, asked: &Asked) {
        let body: String = asked.text.chars().take(300).collect();
        self.failures.push(format!("{} as {caller}: {} {body}", request.told(), asked.status));
    }

    async fn ask(&mut self, key: &str, request: &Filled) -> Asked {
        self.calls += 1;
        let asked = self.world.ask(Some(key), request).await;
        if asked.status.is_server_error() {
            self.fails("somebody", request, &asked);
        }
        asked
    }

    /// What A reads of its own, and what its parent reads of it.
    async fn snapshot(&mut self, requests: &[Filled]) -> Vec<(String, String)> {
        let mut seen = Vec::new();
        // Each is asked in a session of its own, which is all that those differ in.
        let steady = |request: &&Filled| request.operation.takes != Takes::Session;
        for request in requests.iter().filter(|request| request.operation.reads()).filter(steady) {
            for (who, key) in [("A", self.world.a.clone()), ("its parent", self.world.parent.clone())] {
                if who == "its parent" && !request.names_a() {
                    continue;
                }
                let asked = self.ask(&key, request).await;
                let text = format!("{} {}", asked.status, leaks::steady(asked.json()));
                seen.push((format!("{} as {who}", request.told()), text));
            }
        }
        seen
    }

    fn compare(&mut self, before: &[(String, String)], after: &[(String, String)]) {
        for ((name, before), (_, after)) in before.iter().zip(after) {
            if before != after {
                self.failures.push(format!("{name}: refused calls changed it\n  {before}\n  {after}"));
            }
        }
    }

    async fn nobody(&mut self, requests: &[Filled]) {
        for request in requests.iter().filter(|request| !request.operation.public) {
            for shown in self.world.shown_by_nobody(request.operation.takes) {
                self.calls += 1;
                let asked = self.world.ask_with(&shown, request).await;
                if asked.status != StatusCode::UNAUTHORIZED {
                    self.fails("nobody", request, &asked);
                }
            }
        }
    }

    /// The browser sends A's cookie along, but no other site's page knows the token.
    async fn page_of_another_site(&mut self, requests: &[Filled]) {
        let in_session = |request: &&Filled| request.operation.takes == Takes::Session;
        for request in requests.iter().filter(in_session).filter(|request| !request.operation.reads()) {
            self.calls += 1;
            let mut shown = self.world.shown(&self.world.a, Takes::Session).await;
            shown.truncate(1);
            let asked = self.world.ask_with(&shown, request).await;
            if asked.status != StatusCode::FORBIDDEN {
                self.fails("another site's page", request, &asked);
            }
        }
    }

    async fn disabled_user(&mut self, requests: &[Filled]) {
        let key = self.world.disabled_user.clone();
        self.disabled("a disabled user", &key, requests).await;
    }

    async fn disabled_company(&mut self, requests: &[Filled]) {
        self.world.enable_a(false).await;
        let key = self.world.a.clone();
        let before = self.snapshot(requests).await;
        self.disabled("a disabled company", &key, requests).await;
        let after = self.snapshot(requests).await;
        self.compare(&before, &after);
        self.world.enable_a(true).await;
    }

    async fn disabled(&mut self, caller: &str, key: &str, requests: &[Filled]) {
        for request in requests.iter().filter(|request| !request.operation.public) {
            let asked = self.ask(key, request).await;
            if ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&asked.status) {
                self.fails(caller, request, &asked);
            }
        }
    }

    /// Somebody with a valid key who has nothing to do with A, or stands below it. What ends something of
    /// the caller's own comes last. A's parent is a stranger to what A's people and integrations alone may do.
    async fn stranger(&mut self, caller: &'static str, requests: &[Filled]) {
        let key = match caller {
            "a child" => self.world.child.clone(),
            "its parent" => self.world.parent.clone(),
            _ => self.world.neighbour.clone(),
        };
        let mut requests: Vec<&Filled> = requests.iter().collect();
        requests.sort_by_key(|request| {
            let ends_the_caller = request.operation.template == "/v1/my_account/deletion";
            (ends_the_caller, request.operation.method == Method::DELETE, !request.names_a())
        });
        for request in requests {
            // What a child does for itself shows in what A reads of its subtree.
            if caller == "a child" && !request.names_a() && !request.operation.reads() {
                continue;
            }
            if caller == "its parent" && request.operation.takes == Takes::ApiKey {
                continue;
            }
            let asked = self.ask(&key, &request.by_a_stranger()).await;
            let shared = caller == "a child" && listed(SHARED_WITH_CHILDREN, request);
            let refused = request.public() || shared || is_refused(request, &asked);
            if !refused {
                self.fails(caller, request, &asked);
            }
            let beside_a = shared || caller != "a neighbour";
            for leak in leaks::of(&asked, request, &self.world, beside_a) {
                self.failures.push(format!("{} as {caller}: shows {leak}", request.told()));
            }
        }
    }

    /// A's parent reads all that A reads.
    async fn parent(&mut self, requests: &[Filled]) {
        let reads = requests.iter().filter(|request| request.operation.reads());
        for request in reads.filter(|request| request.names_a() && !listed(PRIVATE, request)) {
            let (a, parent) = (self.world.a.clone(), self.world.parent.clone());
            let (own, above) = (self.ask(&a, request).await, self.ask(&parent, request).await);
            if own.status.is_success() && !above.status.is_success() {
                self.fails("its parent", request, &above);
            }
        }
    }

    /// Asked by those who may, each operation is done, or at least refused for a reason that lies in A's
    /// things: so the requests above were good ones, and what refused them was who asked.
    async fn allowed(&mut self, requests: &[Filled]) {
        let mut requests: Vec<&Filled> = requests.iter().filter(|request| request.is_base()).collect();
        // Another key of the integration ends the one that it is asked with.
        requests.sort_by_key(|request| {
            (request.operation.takes != Takes::IntegrationKey, order(&request.operation))
        });
        for request in requests {
            if request.public() {
                continue;
            }
            let request = &self.world.with_code(request).await;
            let mut answers = Vec::new();
            let World { a, person, parent, owner, .. } = &self.world;
            if request.operation.takes != Takes::ApiKey {
                let asked = self.world.ask_with(&by_key(person), request).await;
                self.calls += 1;
                if !matches!(asked.status.as_u16(), 401 | 403 | 404) {
                    self.failures.push(format!("{} takes a person's key: {}", request.told(), asked.text));
                }
            }
            let mut keys = vec![a.clone(), person.clone(), parent.clone(), owner.clone()];
            if request.operation.takes != Takes::ApiKey {
                keys.truncate(1);
            }
            for key in keys {
                let asked = self.ask(&key, request).await;
                let done = matches!(asked.status.as_u16(), 200..300 | 402 | 409 | 412);
                answers.push(asked);
                if done {
                    break;
                }
            }
            let last = answers.last().unwrap();
            if !matches!(last.status.as_u16(), 200..300 | 402 | 409 | 412) {
                let told: Vec<_> = answers.iter().map(|asked| asked.text.as_str()).collect();
                self.failures.push(format!("{} is allowed to nobody: {}", request.told(), told.join(" ")));
            }
        }
    }
}

/// Reads first, then what makes and changes, then what acts, what ends things last, parts before wholes.
fn order(operation: &Operation) -> (usize, usize) {
    let depth = operation.template.matches('/').count();
    let ends_in_item = operation.template.ends_with('}');
    match operation.method.as_str() {
        // Before what ends other sessions.
        "DELETE" if operation.template == "/v1/my_account/sessions/{id}" => (0, 0),
        // While A still sends as it did.
        _ if operation.template == "/v1/my_account/phone/proof" => (0, 1),
        // These end other sessions, and each is proven with the password that the one before left.
        _ if operation.template == "/v1/my_account/totp/removal" => (4, usize::MAX),
        _ if operation.template == "/v1/my_account/password" => (5, 0),
        _ if operation.template == "/v1/my_account/deletion" => (6, 0),
        "GET" => (0, 0),
        "POST" if depth == 2 => (1, 0),
        "PUT" | "PATCH" => (2, 0),
        "POST" if !ends_in_item => (3, 0),
        _ => (4, usize::MAX - depth),
    }
}

/// Refused as if A's things did not exist, or for a right that the caller lacks. What only a filter or a
/// body names may also find nothing, or be called wrong.
fn is_refused(request: &Filled, asked: &Asked) -> bool {
    match asked.status.as_u16() {
        404 | 403 => true,
        422 => !request.path_names_a() && request.names_a() || !request.names_a(),
        _ if !request.names_a() => true,
        200 => request.operation.reads() && !request.path_names_a() && has_no_items(&asked.json()),
        _ => false,
    }
}

fn has_no_items(body: &Value) -> bool {
    body["items"].as_array().is_some_and(Vec::is_empty)
}

fn listed(table: &[(&str, &str)], request: &Filled) -> bool {
    table.iter().any(|(name, _)| *name == request.operation.name())
}
