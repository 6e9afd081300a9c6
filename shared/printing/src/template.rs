//! Templates: from a document's data to the XML of its pages.
//!
//! A template only sees the data it is given. It reads no files, includes no others, and stops after a
//! bounded amount of work. A name that the data does not have is an error, with the line it is on.

use domain::upload::FileKind;
use jiff::civil::Date;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, OutputSpan, OutputSpanKind, UndefinedBehavior,
    escape_formatter,
};
use serde::Serialize;

use crate::number;
use crate::page::Page;
use crate::picture::Pictures;
use crate::read;
use crate::xml::Lines;

/// Several times what an invoice of 2,000 lines takes; it bounds the memory to some 64 MB as well.
const FUEL: u64 = 1_000_000;
/// What is read after the template has run.
const RENDERED_LENGTH_MAX: usize = 8_000_000;
const PLACES_MAX: usize = 10;
/// Characters of a value in what is said to be wrong with it.
const SHOWN_LENGTH_MAX: usize = 60;

/// What is wrong with a template, and on which of its lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TemplateError {
    pub line: usize,
    pub reason: String,
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        let reason = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        Self { line: error.line().unwrap_or(1), reason }
    }
}

/// The page that a template makes of this data, with these pictures.
pub(crate) fn page(
    template: &str,
    pictures: &Pictures,
    data: &impl Serialize,
) -> Result<Page, TemplateError> {
    check_length(template)?;
    let environment = environment();
    let compiled = environment.template_from_str(template)?;
    let (xml, spans) = compiled.render_with_spans(Serde(data))?;
    if RENDERED_LENGTH_MAX < xml.len() {
        let reason = format!("it makes more than {RENDERED_LENGTH_MAX} bytes of a document");
        return Err(TemplateError { line: 1, reason });
    }
    read::page(&xml, &Spans { xml: &xml, spans: &spans }, pictures)
}

/// One that was uploaded is not longer.
pub(crate) fn check_length(form: &str) -> Result<(), TemplateError> {
    let length_max = FileKind::Xml.bytes_max();
    match form.len() <= length_max {
        true => Ok(()),
        false => Err(TemplateError { line: 1, reason: format!("a form has at most {length_max} bytes") }),
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    // What a document may have and has not is shown as nothing.
    environment.set_formatter(|out, state, value| match value.is_none() {
        true => Ok(()),
        false => escape_formatter(out, state, value),
    });
    environment.add_filter("number", number);
    environment.add_filter("date", date);
    environment.add_filter("lines", lines);
    environment
}

/// `{{ net | number(2) }}`: with at least so many decimal places; `group` and `point` separate.
fn number(value: &Value, places: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let group = options.get::<Option<&str>>("group")?.unwrap_or(number::GROUP_SEPARATOR);
    let point = options.get::<Option<&str>>("point")?.unwrap_or(".");
    options.assert_all_used()?;
    for separator in [group, point] {
        if !number::is_separator(separator) {
            return Err(wrong(&Value::from(separator), "what separates figures: at most 4 characters"));
        }
    }
    if value.is_none() {
        return Ok(String::new());
    }
    let places = places.unwrap_or_default().min(PLACES_MAX);
    number::shown(&value.to_string(), places, group, point)
        .ok_or_else(|| wrong(value, "a number of at most 60 characters"))
}

/// `{{ issue_date | date }}`: `31 Oct 2026`, so that no reader takes the day for the month; another way by
/// a format, `{{ issue_date | date("%d.%m.%Y") }}`.
fn date(value: &Value, format: Option<&str>) -> Result<String, Error> {
    if value.is_none() {
        return Ok(String::new());
    }
    let text = value.to_string();
    // Of a moment its day in UTC.
    let day: Date = text.get(..10).unwrap_or(&text).parse().map_err(|_| wrong(value, "a date"))?;
    let format = format.unwrap_or("%-d %b %Y");
    jiff::fmt::strtime::format(format, day)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// `{{ issuer.legal_address | lines }}`: breaks the text where it has line breaks.
fn lines(value: &Value) -> Value {
    if value.is_none() {
        return Value::from("");
    }
    let text = value.to_string();
    let escaped: Vec<_> = text.lines().map(|line| quick_xml::escape::escape(line).into_owned()).collect();
    Value::from_safe_string(escaped.join("<br/>"))
}

fn wrong(value: &Value, expected: &str) -> Error {
    let shown: String = format!("{value:?}").chars().take(SHOWN_LENGTH_MAX).collect();
    Error::new(ErrorKind::InvalidOperation, format!("{shown} is not {expected}"))
}

/// Which line of the template made a place of the XML.
struct Spans<'a> {
    xml: &'a str,
    spans: &'a [OutputSpan],
}

impl Lines for Spans<'_> {
    fn line_at(&self, offset: usize) -> usize {
        let behind = self.spans.partition_point(|span| span.output_range().start <= offset);
        let Some(span) = self.spans.get(behind.saturating_sub(1)) else { return 1 };
        let breaks = match span.kind() {
            OutputSpanKind::Raw => {
                let end = offset.min(span.output_range().end);
                let before = self.xml.get(span.output_range().start..end).unwrap_or_default();
                before.matches('\n').count()
            }
            _ => 0,
        };
        span.line() + breaks
    }
}
