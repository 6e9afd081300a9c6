//! The trees of scopes: whole, and node by node for those that are too big to look at.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::Thing;
use domain::permission::Area;
use domain::rating::{
    Attribute, BillingRule, Node, OTHERS, Price, QuantityRule, RateTree, Service, TreeError, step,
};
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::IfMatch;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::saving::{fits, save_tree, tagged, tree_of};
use super::view::{ScopeDetail, ServiceView};
use crate::App;
use crate::error::ApiError;
use crate::{fields, rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeRequest {
    /// The new prices. In a draft something may be missing; what is in force has to be complete.
    #[schema(value_type = schema::RateTree)]
    tree: RateTree,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TreeView {
    /// The version of the tree, which prices are traced back to; null before the scope has a tree.
    version: Option<u32>,
    /// The tree.
    #[schema(value_type = schema::RateTree)]
    tree: RateTree,
}

/// Put new prices in force.
///
/// Of the scope that is in force now. They hold for messages accepted from now on; what was priced keeps its
/// price. With `If-Match` only if the version is still the named one.
#[utoipa::path(put, path = "/v1/services/{id}/tree", tag = "services", request_body = TreeRequest,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("If-Match" = Option<String>, Header, description = "The version that the new tree was made from")
    ),
    responses(
        (status = 200, description = "The service with its new version", body = ServiceView,
            headers(("ETag" = String, description = "The version of the service"))),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn replace_current(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<TreeRequest>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    let current = before.scope_at(runtime::now()).map(|scope| scope.number);
    let none = || Problem::new(409, "no_scope_in_force", "No scope is in force: name the one that you mean.");
    let after = save_tree(&app, &who, &before, current.ok_or_else(none)?, &body.tree).await?;
    Ok(tagged(&after, ServiceView::from(after.clone())))
}

/// A scope's tree.
///
/// The `ETag` is the service's version, for `If-Match`.
#[utoipa::path(get, path = "/v1/services/{id}/scopes/{number}/tree", tag = "services",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number")
    ),
    responses((status = 200, description = "The tree", body = TreeView,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, ApiError> {
    let service = app.seen_by(&who).service(&id).await?;
    rights::view(&who, Area::Services)?;
    let scope = service.scope(number)?;
    let tree = tree_of(&app, &service, scope).await?;
    if !fits(&tree) {
        let detail = "The tree is longer as JSON than an answer may be: read it by its nodes.";
        return Err(Problem::new(422, "tree_too_big", detail).into());
    }
    Ok(tagged(&service, TreeView { version: scope.tree, tree }))
}

/// Replace a scope's tree.
///
/// If the scope is in force, for messages accepted from now on; what was priced keeps its price.
#[utoipa::path(put, path = "/v1/services/{id}/scopes/{number}/tree", tag = "services",
    request_body = TreeRequest,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ("If-Match" = Option<String>, Header, description = "The version that the new tree was made from")
    ),
    responses(
        (status = 200, description = "The scope as it is now", body = ScopeDetail,
            headers(("ETag" = String, description = "The version of the service"))),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn replace(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    if_match: IfMatch,
    Body(body): Body<TreeRequest>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    saved(&app, &who, &before, number, &body.tree).await
}

async fn saved(
    app: &App,
    who: &Principal,
    before: &Service,
    number: u32,
    tree: &RateTree,
) -> Result<Response, ApiError> {
    let after = save_tree(app, who, before, number, tree).await?;
    let detail = ScopeDetail::new(&after, after.scope(number)?, Some(tree));
    Ok(tagged(&after, detail))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NodeFilter {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde. The top unless told.
    #[serde(default)]
    path: String,
    /// 0: the node alone; 1, unless told: with its children.
    depth: Option<u8>,
    /// How many children, 1 to 500; 50 unless told.
    limit: Option<u16>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// Where it is.
    path: String,
    /// Whether it leads to prices everywhere.
    complete: bool,
    /// When a charge becomes final, if it is set here and not above.
    #[schema(value_type = Option<schema::BillingRule>)]
    billing_rule: Option<BillingRule>,
    /// What the price is multiplied by, if it is set here and not above.
    #[schema(value_type = Option<schema::QuantityRule>)]
    quantity_rule: Option<QuantityRule>,
    /// The price, if this is a leaf.
    #[schema(value_type = Option<schema::RatePrice>)]
    price: Option<Price>,
    /// What its children are told apart by, if this is a branch.
    #[schema(value_type = Option<schema::RateAttribute>)]
    depends_on: Option<Attribute>,
    /// How many children it has.
    children_total: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NodeWithChildren {
    #[serde(flatten)]
    node: NodeView,
    /// Those of this page, by their values; the one for all others comes last.
    children: Vec<NodeView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    next: Option<String>,
}

/// A node of a scope's tree, with its children.
#[utoipa::path(get, path = "/v1/services/{id}/scopes/{number}/nodes", tag = "services",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        NodeFilter
    ),
    responses((status = 200, description = "The node", body = NodeWithChildren,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn node(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    Query(filter): Query<NodeFilter>,
) -> Result<Response, ApiError> {
    let service = app.seen_by(&who).service(&id).await?;
    rights::view(&who, Area::Services)?;
    let scope = service.scope(number)?;
    let tree = tree_of(&app, &service, scope).await?;
    let problems = if scope.complete { Vec::new() } else { tree.problems() };
    let shown = Shown { problems: problems.into_iter().map(|error| error.path).collect() };
    let page = shown.page(&tree, &filter)?;
    Ok(tagged(&service, page))
}

/// A node of any tree, with its children.
pub fn page_of(tree: &RateTree, filter: &NodeFilter) -> Result<NodeWithChildren, ApiError> {
    let shown = Shown { problems: tree.problems().into_iter().map(|error| error.path).collect() };
    shown.page(tree, filter)
}

/// Shows nodes of a tree that lacks something at these paths.
struct Shown {
    problems: BTreeSet<String>,
}

impl Shown {
    fn page(&self, tree: &RateTree, filter: &NodeFilter) -> Result<NodeWithChildren, ApiError> {
        let limit = usize::from(fields::limit(filter.limit)?);
        let limit = match filter.depth {
            Some(0) => 0,
            None | Some(1) => limit,
            Some(_) => return Err(Problem::invalid("depth", "0 and 1 are allowed").into()),
        };
        let from = filter.cursor.as_deref().map_or(Ok(0), str::parse::<usize>);
        let from = from.map_err(|_| Problem::invalid("cursor", "take `next` of the page before"))?;
        let path = filter.path.as_str();
        let (node, children) = match path {
            "" => (&Node::default(), top(tree)),
            path => {
                let node = tree.node(path).ok_or_else(|| Problem::not_found("node").field("path"))?;
                (node, below(path, node))
            }
        };
        let total = children.len();
        let page = children.into_iter().skip(from).take(limit);
        let next = from + limit;
        Ok(NodeWithChildren {
            node: self.view(path.to_owned(), node, total),
            children: page.map(|(path, node)| self.view(path, node, below_count(node))).collect(),
            next: (limit > 0 && next < total).then(|| next.to_string()),
        })
    }

    fn view(&self, path: String, node: &Node, children_total: usize) -> NodeView {
        NodeView {
            complete: !self.has_problem(&path),
            path,
            billing_rule: node.billing_rule,
            quantity_rule: node.quantity_rule,
            price: node.price.clone(),
            depends_on: node.depends_on,
            children_total,
        }
    }

    fn has_problem(&self, path: &str) -> bool {
        if path.is_empty() {
            return !self.problems.is_empty();
        }
        let below = format!("{path}/");
        let first = self.problems.range(below.clone()..).next();
        self.problems.contains(path) || first.is_some_and(|problem| problem.starts_with(&below))
    }
}

type Placed<'a> = Vec<(String, &'a Node)>;

fn top(tree: &RateTree) -> Placed<'_> {
    tree.resources.iter().map(|(resource, node)| (resource.name().to_owned(), node)).collect()
}

fn below<'a>(path: &str, node: &'a Node) -> Placed<'a> {
    let listed = node.values.iter().map(|(value, child)| (step(value), child));
    let others = node.others.as_deref().map(|child| (OTHERS.to_owned(), child));
    listed.chain(others).map(|(value, child)| (format!("{path}/{value}"), child)).collect()
}

fn below_count(node: &Node) -> usize {
    node.values.len() + usize::from(node.others.is_some())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NodePath {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde.
    path: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeRequest {
    /// The node with all below it.
    #[schema(value_type = schema::RateNode)]
    node: Node,
}

/// Put a node into a scope's tree.
///
/// In the place of the one that is there, with all below it.
#[utoipa::path(put, path = "/v1/services/{id}/scopes/{number}/nodes", tag = "services",
    request_body = NodeRequest,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ("If-Match" = Option<String>, Header, description = "The version of the service that you have seen"),
        NodePath
    ),
    responses((status = 200, description = "The scope as it is now", body = ScopeDetail,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn put_node(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    Query(at): Query<NodePath>,
    if_match: IfMatch,
    Body(body): Body<NodeRequest>,
) -> Result<Response, ApiError> {
    edit(&app, &who, (&id, number), if_match, |tree| tree.replace(&at.path, Some(body.node))).await
}

/// Delete a node of a scope's tree.
///
/// With all below it.
#[utoipa::path(delete, path = "/v1/services/{id}/scopes/{number}/nodes", tag = "services",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ("If-Match" = Option<String>, Header, description = "The version of the service that you have seen"),
        NodePath
    ),
    responses((status = 200, description = "The scope as it is now", body = ScopeDetail,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn delete_node(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    Query(at): Query<NodePath>,
    if_match: IfMatch,
) -> Result<Response, ApiError> {
    edit(&app, &who, (&id, number), if_match, |tree| tree.replace(&at.path, None)).await
}

async fn edit(
    app: &App,
    who: &Principal,
    (id, number): (&str, u32),
    if_match: IfMatch,
    change: impl FnOnce(&mut RateTree) -> Result<(), TreeError>,
) -> Result<Response, ApiError> {
    rights::manage(who, Area::Services)?;
    let before = app.seen_by(who).service(id).await?;
    if_match.check(before.revision())?;
    let mut tree = tree_of(app, &before, before.scope(number)?).await?;
    change(&mut tree)?;
    saved(app, who, &before, number, &tree).await
}
