//! Lists of what people edit: filters, order and pages for reading on a screen, the whole as a file for a
//! spreadsheet.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use domain::catalog::{self, Thing};
use domain::permission::Area;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::cursor::{cursor_of, place_of};
use runtime::http::{Problem, unavailable};
use serde::Serialize;
use serde_json::Value;
use store::{Ask, Page, Store};

use crate::error::ApiError;
use crate::fields::{self, Amounts, List};
use crate::files::{self, FileName};
use crate::names::{NAMED, Names};
use crate::{App, rights};

/// A file holds no more: the table is asked some thousand times for so many rows, which the function's twenty
/// seconds have to do for.
pub const FILE_ROWS_MAX: usize = 50_000;
/// No more are read for a page in an order that no index has.
pub const ORDER_ROWS_MAX: usize = 10_000;
/// Read at once where all is read.
pub const FILE_PAGE: u16 = 500;
/// So many pages are read for a file, however few of their rows are for it: nobody waits for more.
const FILE_PAGES_MAX: u32 = 400;
/// A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];
/// Ids sort by the time of making.
const CREATED_AT: &str = "created_at";

/// Sorts before every day and amount, and behind an empty text.
const FIRST: &str = "0";
/// Sorts behind a value and all places of a column that begin with it.
const END: char = '\u{2}';

/// How a list is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    /// For `Accept: text/csv`, from who may export.
    Csv,
}

/// Who asks for a file may export. For that the caller is read once more, which is little beside a file.
impl<S> FromRequestParts<S> for Format
where
    Store: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let format = Self::of(&parts.headers);
        if format == Self::Csv {
            rights::export(&Principal::from_request_parts(parts, state).await?)?;
        }
        Ok(format)
    }
}

impl Format {
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_csv = |range: &str| range.split(';').next().is_some_and(|name| name.trim() == "text/csv");
        if accepted.split(',').any(is_csv) { Self::Csv } else { Self::Json }
    }
}

/// What one request asks of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    list: String,
    sort: Option<(Option<&'static str>, bool)>,
    tests: Vec<(&'static str, Test)>,
    limit: u16,
    cursor: Option<String>,
    file_rows_max: usize,
}

#[derive(Debug, Clone)]
enum Test {
    Begins(String),
    Is(String),
    /// From the first one on, before the second.
    Within(Option<String>, Option<String>),
}

impl Test {
    fn passes(&self, value: &str) -> bool {
        match self {
            Self::Begins(begin) => value.starts_with(begin),
            Self::Is(wanted) => value == wanted,
            Self::Within(from, till) => {
                from.as_deref().is_none_or(|from| from <= value)
                    && till.as_deref().is_none_or(|till| value < till)
            }
        }
    }
}

impl Listing {
    /// `sort` is one of the columns or `created_at`, with a `-` before it for the other way round.
    pub fn new(
        list: impl Into<String>,
        columns: &[&'static str],
        sort: Option<&str>,
        limit: Option<u16>,
        cursor: Option<&str>,
    ) -> Result<Self, ApiError> {
        let sort = sort.map(|sort| sort_of(sort, columns)).transpose()?;
        let cursor = cursor.map(place_of).transpose()?;
        let (tests, limit) = (Vec::new(), fields::limit(limit)?);
        Ok(Self { list: list.into(), sort, tests, limit, cursor, file_rows_max: FILE_ROWS_MAX })
    }

    /// Only where the column begins with this text, whatever the case.
    pub fn begins(mut self, column: &'static str, text: Option<&str>) -> Self {
        self.tests.extend(text.map(|text| (column, Test::Begins(catalog::words(text)))));
        self
    }

    /// Only where the column has this value, given as its sort text.
    pub fn is(mut self, column: &'static str, value: Option<String>) -> Self {
        self.tests.extend(value.map(|value| (column, Test::Is(value))));
        self
    }

    /// Only where the column's time is in this span.
    pub fn within(mut self, column: &'static str, from: Option<Timestamp>, till: Option<Timestamp>) -> Self {
        if from.is_some() || till.is_some() {
            let span = Test::Within(from.map(catalog::time), till.map(catalog::time));
            self.tests.push((column, span));
        }
        self
    }

    /// Only days from this one on, before that one. What has no day is in no span.
    pub fn within_days(mut self, column: &'static str, from: Option<Date>, till: Option<Date>) -> Self {
        if from.is_some() || till.is_some() {
            let from = from.map_or_else(|| FIRST.to_owned(), catalog::day);
            let span = Test::Within(Some(from), till.map(catalog::day));
            self.tests.push((column, span));
        }
        self
    }

    /// Only amounts in this span. What has none is in no span.
    pub fn within_amounts(mut self, column: &'static str, span: Amounts) -> Self {
        if span.min.is_some() || span.max.is_some() {
            let from = span.min.map_or_else(|| FIRST.to_owned(), catalog::amount);
            // What has exactly the last amount is still in it.
            let after = |max| format!("{}{END}", catalog::amount(max));
            self.tests.push((column, Test::Within(Some(from), span.max.map(after))));
        }
        self
    }

    /// By this column from the end on, unless the request sorts or filters.
    pub fn newest_first(self, column: &'static str) -> Self {
        self.unless_told(column, true)
    }

    /// By this column, unless the request sorts or filters.
    pub fn first_by(self, column: &'static str) -> Self {
        self.unless_told(column, false)
    }

    fn unless_told(mut self, column: &'static str, descending: bool) -> Self {
        if self.sort.is_none() && self.tests.iter().all(|(tested, _)| *tested == column) {
            self.sort = Some((Some(column), descending));
        }
        self
    }

    /// The order asked for, if it is one of the rows that the list's things have. The things are to be read
    /// as for a file then.
    pub fn take_row_order<R>(&mut self, columns: &[Column<R>]) -> Option<RowOrder<R>> {
        let (name, descending) = self.sort?;
        let order = RowOrder::of(columns, name?, descending, self.limit, self.cursor.clone())?;
        (self.sort, self.cursor, self.file_rows_max) = (None, None, ORDER_ROWS_MAX);
        Some(order)
    }

    /// What the request asks for, of what `shows` lets pass: a page, or for a file all.
    pub async fn read<T: Thing>(
        self,
        store: &Store,
        format: Format,
        shows: impl Fn(&T) -> bool,
    ) -> Result<Found<T>, ApiError> {
        let mut ask = self.ask();
        let keep = |thing: &T| shows(thing) && self.passes(thing);
        if format == Format::Json {
            return Ok(Found::of(store.things(&ask, keep).await?, format));
        }
        (ask.limit, ask.cursor) = (FILE_PAGE, None);
        let mut rows = FileRows::up_to(self.file_rows_max);
        loop {
            ask.cursor = rows.add(store.things(&ask, keep).await?)?;
            if ask.cursor.is_none() {
                return Ok(Found::all(rows.items, format));
            }
        }
    }

    /// The same, also in the order of one of `columns`. No index has those, because every write would pay for
    /// it: all that passes is read for each page then.
    pub async fn read_in_order<T: Thing>(
        self,
        columns: &[Column<T>],
        store: &Store,
        format: Format,
        shows: impl Fn(&T) -> bool,
    ) -> Result<Found<T>, ApiError> {
        self.read_rows(columns, T::id, store, format, shows, |thing| thing).await
    }

    /// The same of rows that are made of the things, and that have an id and `columns` of their own.
    pub async fn read_rows<T: Thing, R>(
        mut self,
        columns: &[Column<R>],
        id: fn(&R) -> &str,
        store: &Store,
        format: Format,
        shows: impl Fn(&T) -> bool,
        row: impl FnMut(T) -> R,
    ) -> Result<Found<R>, ApiError> {
        let order = self.take_row_order(columns);
        let reads = if order.is_some() { Format::Csv } else { format };
        let Page { items, next } = self.read(store, reads, shows).await?.page;
        let items = items.into_iter().map(row).collect();
        match order {
            Some(order) => order.page(store, items, id, format).await,
            None => Ok(Found::of(Page { items, next }, format)),
        }
    }

    /// What `read_in_order` finds, of several lists together.
    pub async fn read_all_in_order<T: Thing>(
        mut self,
        columns: &[Column<T>],
        lists: &[String],
        store: &Store,
        format: Format,
        shows: impl Fn(&T) -> bool,
    ) -> Result<Found<T>, ApiError> {
        let Some(order) = self.take_row_order(columns) else {
            return self.read_all(lists, store, format, shows).await;
        };
        let things = self.read_all(lists, store, Format::Csv, shows).await?.page.items;
        order.page(store, things, T::id, format).await
    }

    /// What `read` finds, of several lists together. What stands in two of them is found twice.
    pub async fn read_all<T: Thing>(
        self,
        lists: &[String],
        store: &Store,
        format: Format,
        shows: impl Fn(&T) -> bool,
    ) -> Result<Found<T>, ApiError> {
        let mut ask = self.ask();
        let keep = |thing: &T| shows(thing) && self.passes(thing);
        if format == Format::Json {
            return Ok(Found::of(merged(lists, store, &ask, &keep).await?, format));
        }
        (ask.limit, ask.cursor) = (FILE_PAGE, None);
        let mut rows = FileRows::up_to(self.file_rows_max);
        loop {
            ask.cursor = rows.add(merged(lists, store, &ask, &keep).await?)?;
            if ask.cursor.is_none() {
                return Ok(Found::all(rows.items, format));
            }
        }
    }

    /// The list in the order asked for, else in that of the first filter, so that this reads only what
    /// passes it.
    fn ask(&self) -> Ask {
        let first = self.tests.first().map(|(column, _)| *column);
        let (column, descending) = self.sort.unwrap_or((first, false));
        let mut ask = Ask {
            list: self.list.clone(),
            column,
            descending,
            limit: self.limit,
            cursor: self.cursor.clone(),
            ..Ask::default()
        };
        let test = self.tests.iter().find(|(tested, _)| Some(*tested) == column);
        match test.map(|(_, test)| test) {
            Some(Test::Begins(begin)) => ask.begins = Some(begin.clone()),
            Some(Test::Is(value)) => ask.begins = Some(store::whole_value(value)),
            Some(Test::Within(from, till)) => (ask.from, ask.till) = (from.clone(), till.clone()),
            None => {}
        }
        ask
    }

    fn passes<T: Thing>(&self, thing: &T) -> bool {
        let columns = thing.columns();
        let value = |name| columns.iter().find(|(column, _)| *column == name).map(|(_, value)| value);
        self.tests.iter().all(|(column, test)| value(*column).is_some_and(|value| test.passes(value)))
    }
}

/// The lists of what companies see of themselves in the client portal, and those above them in the back
/// office: of one company; or of the caller's and, for who sees it in the back office, all directly below it.
pub async fn lists_seen(
    app: &App,
    who: &Principal,
    company: Option<&str>,
    office: Area,
    portal: Area,
) -> Result<Vec<String>, ApiError> {
    let of = app.seen_by(who).company_or_own(company).await?.id;
    rights::view_own(who, &of, office, portal)?;
    let below = company.is_none() && rights::view(who, office).is_ok();
    let below = below.then(|| catalog::list_with(of.as_str()));
    Ok([of.to_string()].into_iter().chain(below).collect())
}

/// One page of several lists in one order. Each is read from the cursor on; what lies behind the end of
/// one's page is left for the next, because that list may have something before it.
async fn merged<T: Thing>(
    lists: &[String],
    store: &Store,
    ask: &Ask,
    keep: &impl Fn(&T) -> bool,
) -> Result<Page<T>, ApiError> {
    let comes_before = |one: &String, other: &String| if ask.descending { other < one } else { one < other };
    let (mut rows, mut end) = (Vec::new(), None::<String>);
    for list in lists {
        let page = store.things(&Ask { list: list.clone(), ..ask.clone() }, keep).await?;
        rows.extend(page.items.into_iter().map(|thing| (place_in(&thing, ask.column), thing)));
        if let Some(next) = page.next {
            end = Some(end.filter(|end| comes_before(end, &next)).unwrap_or(next));
        }
    }
    rows.sort_by(|(one, _), (other, _)| if ask.descending { other.cmp(one) } else { one.cmp(other) });
    rows.retain(|(place, _)| end.as_ref().is_none_or(|end| !comes_before(end, place)));
    let limit = usize::from(ask.limit);
    if limit < rows.len() {
        rows.truncate(limit);
        end = rows.last().map(|(place, _)| place.clone());
    }
    Ok(Page { items: rows.into_iter().map(|(_, thing)| thing).collect(), next: end })
}

/// Where a thing stands in a list by this column.
fn place_in<T: Thing>(thing: &T, column: Option<&'static str>) -> String {
    let Some(column) = column.or(T::ORDER) else { return thing.id().to_owned() };
    let columns = thing.columns();
    let value = columns.iter().find(|(name, _)| *name == column).map(|(_, value)| value.as_str());
    format!("{}{}", store::whole_value(value.unwrap_or_default()), thing.id())
}

fn sort_of(sort: &str, columns: &[&'static str]) -> Result<(Option<&'static str>, bool), ApiError> {
    let (name, descending) = direction(sort);
    if let Some(column) = columns.iter().find(|column| **column == name) {
        return Ok((Some(column), descending));
    }
    if name == CREATED_AT {
        return Ok((None, descending));
    }
    let allowed = columns.iter().copied().chain([CREATED_AT]).collect::<Vec<_>>().join(", ");
    let detail = format!("one of {allowed} is allowed, with a `-` before it for the other way round");
    Err(Problem::invalid("sort", detail).into())
}

/// What is sorted by, and whether the other way round.
fn direction(sort: &str) -> (&str, bool) {
    match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort, false),
    }
}

/// A column of a list that is answered whole, and the text that it sorts by, as `catalog` makes one.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// Such a list in the order asked for; as it is unless told. `created_at` is that order where it is no column.
pub fn in_order<T>(mut items: Vec<T>, sort: Option<&str>, columns: &[Column<T>]) -> Result<Vec<T>, ApiError> {
    let Some(sort) = sort else { return Ok(items) };
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let (name, descending) = sort_of(sort, &names)?;
    if let Some((_, text)) = columns.iter().find(|(column, _)| Some(*column) == name) {
        items.sort_by_cached_key(text);
    }
    if descending {
        items.reverse();
    }
    Ok(items)
}

/// An order of rows that only they have, and not the things that they are parts of: no index has it, so all
/// of them are read for each page.
#[derive(Debug)]
pub struct RowOrder<R> {
    text: fn(&R) -> String,
    /// The texts are ids, and the order is that of what people call those.
    is_by_name: bool,
    descending: bool,
    limit: u16,
    cursor: Option<String>,
}

impl<R> RowOrder<R> {
    /// The order that `sort` names, if it is by one of these columns.
    pub fn by(columns: &[Column<R>], sort: &str, limit: u16, cursor: Option<String>) -> Option<Self> {
        let (name, descending) = direction(sort);
        Self::of(columns, name, descending, limit, cursor)
    }

    fn of(
        columns: &[Column<R>],
        name: &str,
        descending: bool,
        limit: u16,
        cursor: Option<String>,
    ) -> Option<Self> {
        let (_, text) = columns.iter().find(|(column, _)| *column == name)?;
        let is_by_name = NAMED.contains(&name);
        Some(Self { text: *text, is_by_name, descending, limit, cursor })
    }

    /// The page behind the cursor, or for a file all; of what is the same otherwise the ids decide.
    pub async fn page(
        &self,
        store: &Store,
        rows: Vec<R>,
        id: fn(&R) -> &str,
        format: Format,
    ) -> Result<Found<R>, ApiError> {
        check_count(&rows)?;
        let named = if self.is_by_name { rows.iter().map(self.text).collect() } else { BTreeSet::new() };
        let names = Names::of(store, named).await?;
        let page = self.sorted(rows, &names, id, (|_| 0, usize::MAX), format);
        Ok(Found { page, format, names })
    }

    /// The same of rows that may be long, by what is no id: the page ends with the one that brings it to so many
    /// octets.
    pub fn page_of_long(
        &self,
        rows: Vec<R>,
        id: fn(&R) -> &str,
        long: (fn(&R) -> usize, usize),
        format: Format,
    ) -> Result<Page<R>, ApiError> {
        check_count(&rows)?;
        Ok(self.sorted(rows, &Names::default(), id, long, format))
    }

    fn sorted(
        &self,
        rows: Vec<R>,
        names: &Names,
        id: fn(&R) -> &str,
        (bytes_of, bytes_max): (fn(&R) -> usize, usize),
        format: Format,
    ) -> Page<R> {
        let place = |row: R| {
            let text = names.sort_text((self.text)(&row));
            (format!("{}{}", store::whole_value(&text), id(&row)), row)
        };
        let mut rows: Vec<_> = rows.into_iter().map(place).collect();
        rows.sort_by(|(one, _), (other, _)| if self.descending { other.cmp(one) } else { one.cmp(other) });
        if format == Format::Json {
            if let Some(cursor) = &self.cursor {
                rows.retain(|(place, _)| if self.descending { place < cursor } else { cursor < place });
            }
            let mut bytes = 0;
            let is_open = |(_, row): &&(String, R)| {
                let is_open = bytes < bytes_max;
                bytes += bytes_of(row);
                is_open
            };
            let fitting = rows.iter().take(usize::from(self.limit)).take_while(is_open).count();
            if fitting < rows.len() {
                rows.truncate(fitting);
                let next = rows.last().map(|(place, _)| place.clone());
                return Page { items: rows.into_iter().map(|(_, row)| row).collect(), next };
            }
        }
        Page { items: rows.into_iter().map(|(_, row)| row).collect(), next: None }
    }
}

/// Refuses more rows than are put in an order.
pub fn check_count<R>(rows: &[R]) -> Result<(), ApiError> {
    if ORDER_ROWS_MAX < rows.len() { Err(too_many_rows(ORDER_ROWS_MAX)) } else { Ok(()) }
}

/// The rows of a file, which are read page by page.
#[derive(Debug)]
pub struct FileRows<T> {
    pub items: Vec<T>,
    rows_max: usize,
    pages: u32,
}

impl<T> FileRows<T> {
    pub fn up_to(rows_max: usize) -> Self {
        Self { items: Vec::new(), rows_max, pages: 0 }
    }

    /// Takes the next page, and tells behind which place the one after it begins, if there is one.
    pub fn add(&mut self, page: Page<T>) -> Result<Option<String>, ApiError> {
        self.items.extend(page.items);
        self.pages += 1;
        if self.rows_max < self.items.len() {
            return Err(too_many_rows(self.rows_max));
        }
        if page.next.is_some() && self.pages == FILE_PAGES_MAX {
            let detail = "few of the rows that are read are for this file: ask for a shorter time or list";
            return Err(Problem::new(422, "too_many", detail).into());
        }
        Ok(page.next)
    }
}

/// What was found, and how it is to be answered.
#[derive(Debug)]
pub struct Found<T> {
    pub page: Page<T>,
    pub format: Format,
    /// Those that the order was made of.
    names: Names,
}

impl<T> Found<T> {
    /// A page, or for a file all, in the order of the store.
    pub fn of(page: Page<T>, format: Format) -> Self {
        Self { page, format, names: Names::default() }
    }

    /// A list that is answered whole.
    pub fn all(items: Vec<T>, format: Format) -> Self {
        Self::of(Page { items, next: None }, format)
    }

    pub fn items(&self) -> &[T] {
        &self.page.items
    }

    /// What people call those that these rows are of, told by their ids.
    pub async fn names<const N: usize>(
        &self,
        store: &Store,
        ids: impl Fn(&T) -> [&str; N],
    ) -> Result<Names, ApiError> {
        let ids = self.items().iter().flat_map(ids).map(str::to_owned).collect();
        Ok(self.names.and(store, ids).await?)
    }

    /// The page as JSON, or the file: of each row the fields at these paths, as `billing.period`.
    pub fn answer<V: Serialize>(
        self,
        view: impl FnMut(T) -> V,
        file: &str,
        columns: &[&str],
    ) -> Result<Response, ApiError> {
        let rows: Vec<V> = self.page.items.into_iter().map(view).collect();
        let mut response = match self.format {
            Format::Json => {
                let next = self.page.next.as_deref().map(cursor_of);
                Json(List { items: rows, next }).into_response()
            }
            Format::Csv => csv_file(file, &rows, columns)?,
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        Ok(response)
    }
}

pub fn too_many_rows(most: usize) -> ApiError {
    let detail = format!("more than {most} rows are not put in one file or order: filter the list");
    Problem::new(422, "too_many", detail).into()
}

/// A CSV file (RFC 4180).
pub fn csv_file<V: Serialize>(name: &str, rows: &[V], columns: &[&str]) -> Result<Response, ApiError> {
    let mut response = csv_text(rows, columns).map_err(unavailable)?.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(files::CSV));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""));
    headers.insert(CONTENT_DISPOSITION, disposition.map_err(unavailable)?);
    response.extensions_mut().insert(FileName(format!("{name}.csv")));
    Ok(response)
}

fn csv_text<V: Serialize>(rows: &[V], columns: &[&str]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        let row = serde_json::to_value(row)?;
        writer.write_record(columns.iter().map(|path| cell(&row, path)))?;
    }
    writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}

fn cell(row: &Value, path: &str) -> String {
    match path.split('.').try_fold(row, |value, name| value.get(name)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Array(items)) => harmless(&items.iter().map(plain).collect::<Vec<_>>().join("; ")),
        Some(other) => other.to_string(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text that no spreadsheet calculates, without control characters but tabs and the ends of lines. A plain
/// negative number stays one.
pub fn harmless(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n'), "");
    let is_number = text.strip_prefix('-').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    if text.starts_with(FORMULA_STARTS) && !is_number { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_sorted_by_its_columns_only() {
        let sort = |text| sort_of(text, &["name"]).ok();
        assert_eq!(sort("name"), Some((Some("name"), false)));
        assert_eq!(sort("-created_at"), Some((None, true)));
        assert_eq!(sort("password"), None);
    }

    #[test]
    fn rows_in_an_order_of_their_own_are_read_in_pages_either_way() {
        const COLUMNS: [Column<(&str, &str)>; 1] = [("size", |(_, size)| (*size).to_owned())];
        let rows = [("a", "2"), ("b", "1"), ("c", "2"), ("d", "3")];
        let walk = |sort: &str| {
            let (mut ids, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let cursor_now = cursor.as_deref().map(cursor_of);
                let listing = Listing::new("", &["name", "size"], Some(sort), Some(3), cursor_now.as_deref());
                let order = listing.unwrap().take_row_order(&COLUMNS).unwrap();
                let (rows, any) = (rows.to_vec(), usize::MAX);
                let page = order.page_of_long(rows, |(id, _)| *id, (|_| 0, any), Format::Json).unwrap();
                ids.extend(page.items.iter().map(|(id, _)| *id));
                cursor = page.next;
                if cursor.is_none() {
                    return ids.concat();
                }
            }
        };
        assert_eq!((walk("size"), walk("-size")), ("bacd".to_owned(), "dcab".to_owned()));
        let mut by_name = Listing::new("", &["name", "size"], Some("name"), None, None).unwrap();
        assert!(by_name.take_row_order(&COLUMNS).is_none() && by_name.sort == Some((Some("name"), false)));
    }

    #[test]
    fn a_page_of_long_rows_ends_where_it_is_long_enough_and_the_next_one_goes_on() {
        const COLUMNS: [Column<&str>; 1] = [("name", |name| (*name).to_owned())];
        let page = |cursor, format| {
            let order = RowOrder::by(&COLUMNS, "name", 3, cursor).unwrap();
            order.page_of_long(vec!["d", "ccccc", "bb", "aa"], |name| name, (|name| name.len(), 4), format)
        };
        let first = page(None, Format::Json).unwrap();
        assert_eq!(first.items, ["aa", "bb"]);
        let second = page(first.next, Format::Json).unwrap();
        assert_eq!(second.items, ["ccccc"]);
        let last = page(second.next, Format::Json).unwrap();
        assert_eq!((last.items, last.next), (vec!["d"], None));
        assert_eq!(page(None, Format::Csv).unwrap().items.len(), 4);
    }

    #[test]
    fn a_file_holds_the_rows_that_are_found_for_it_in_however_many_pages() {
        let page = |rows: usize| Page { items: vec!["row"; rows], next: Some("place".to_owned()) };
        let mut file = FileRows::up_to(3);
        for rows in [1, 0, 2] {
            assert_eq!(file.add(page(rows)).unwrap().as_deref(), Some("place"));
        }
        assert!(file.add(page(1)).is_err());
        let mut file = FileRows::up_to(FILE_ROWS_MAX);
        for _ in 1..FILE_PAGES_MAX {
            file.add(page(1)).unwrap();
        }
        assert_eq!(file.add(Page { next: None, ..page(1) }).unwrap(), None);
        assert_eq!(file.items.len(), 400);
        file.pages = FILE_PAGES_MAX - 1;
        assert!(file.add(page(1)).is_err());
    }

    #[test]
    fn a_file_holds_what_its_columns_name_and_no_formula() {
        let rows =
            [json!({"id": "a", "terms": {"days": 30}, "mails": ["x", "y"], "name": "=1+1", "due": "-5.2"})];
        let text = csv_text(&rows, &["id", "terms.days", "mails", "name", "due", "gone"]).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text, "id,terms.days,mails,name,due,gone\r\na,30,x; y,'=1+1,-5.2,\r\n");
        for formula in ["=1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        assert_eq!([harmless("\0=1"), harmless("5\u{1} =\n\u{7f}5")], ["'=1", "5 =\n5"]);
    }
}
