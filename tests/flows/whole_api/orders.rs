//! Every list holds the same in each order that its document names: none of them is by a column that is not
//! stored.

use serde_json::Value;

use crate::documents::{Operation, documents, operations};
use crate::tenancy_walk::filling::{self, Filled};
use crate::tenancy_walk::world::World;

/// The company that pays does not learn which user asked for a fee, and so cannot sort by it.
const NOT_FOR_WHO_PAYS: (&str, &str) = ("/v1/fees", "by_user");
/// Of those in which something surely stands.
const FILLED: [&str; 9] = [
    "/v1/agreements",
    "/v1/companies",
    "/v1/connections",
    "/v1/enabled_services",
    "/v1/fees",
    "/v1/invoices",
    "/v1/payments",
    "/v1/services",
    "/v1/users",
];

#[tokio::test]
async fn every_list_holds_the_same_in_each_order_that_it_names() {
    // Larger than a thread's stack likes.
    let world = Box::pin(World::build()).await;
    let documents = documents().map(|(_, document)| document);
    let mut failures = Vec::new();
    let mut lists = 0;
    for operation in operations().into_iter().filter(Operation::reads) {
        let Some(description) = sort_of(&documents, &operation) else { continue };
        lists += 1;
        let list = filling::fill(&operation, &world.things).unwrap().remove(0);
        let all = rows(&world, &list, None).await;
        if all.is_empty() && FILLED.contains(&operation.template.as_str()) {
            failures.push(format!("{} holds nothing", operation.template));
        }
        for column in columns(&description) {
            if NOT_FOR_WHO_PAYS == (operation.template.as_str(), column.as_str()) {
                continue;
            }
            for sort in [column.clone(), format!("-{column}")] {
                let found = rows(&world, &list, Some(&sort)).await;
                if found != all {
                    failures.push(format!("{} by {sort}: {found:?} instead of {all:?}", operation.template));
                }
            }
        }
    }
    assert!(FILLED.len() < lists && failures.is_empty(), "of {lists} lists\n{}", failures.join("\n"));
}

/// What a document says of the orders of a list, if it has some.
fn sort_of(documents: &[Value], operation: &Operation) -> Option<String> {
    let said = documents.iter().map(|document| &document["paths"][&operation.template]["get"]["parameters"]);
    let sort = said.filter_map(Value::as_array).flatten().find(|parameter| parameter["name"] == "sort")?;
    Some(sort["description"].as_str()?.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The names before it says how to turn them round.
fn columns(description: &str) -> Vec<String> {
    let (names, _) = description.split_once("ith a `-`").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The ids in a list that A asks for, sorted; the refusal if it is one.
async fn rows(world: &World, list: &Filled, sort: Option<&str>) -> Vec<String> {
    let mut query = Vec::new();
    if list.operation.placed("query").any(|parameter| parameter.name == "limit") {
        query.push("limit=500".to_owned());
    }
    query.extend(sort.map(|sort| format!("sort={sort}")));
    let mut list = list.clone();
    let join = if list.path.contains('?') { "&" } else { "?" };
    list.path = format!("{}{join}{}", list.path, query.join("&"));
    let asked = world.ask(Some(&world.a), &list).await;
    if !asked.status.is_success() {
        return vec![format!("{} {}", asked.status, asked.text)];
    }
    let row = |row: &Value| row["id"].as_str().map_or_else(|| row.to_string(), str::to_owned);
    let mut rows: Vec<_> = asked.json()["items"].as_array().unwrap().iter().map(row).collect();
    rows.sort_unstable();
    rows
}
