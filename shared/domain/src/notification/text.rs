//! A text with variables: `{{name}}`. Nothing but a variable's name can stand in the braces; a point
//! before it, as some templates have it, is passed over.

use super::{Values, Variable};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("a `{{{{` has no `}}}}`")]
    NotClosed,
    #[error("there is no variable {0:?} of this event")]
    Unknown(String),
    #[error("`{{{{{0}}}}}` must stand in it")]
    Missing(&'static str),
}

enum Piece<'a> {
    Words(&'a str),
    Variable(&'a str),
}

/// How values are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Plain,
    /// The same in one line.
    Line,
    Html,
}

/// Whether the text says only what can be said.
pub(super) fn check(text: &str, variables: &[Variable]) -> Result<(), TextError> {
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece?
            && !variables.iter().any(|variable| variable.name == name)
        {
            return Err(TextError::Unknown(name.to_owned()));
        }
    }
    Ok(())
}

/// Whether the text says all that must be said.
pub(super) fn check_complete(text: &str, variables: &[Variable]) -> Result<(), TextError> {
    let said: Vec<_> = pieces(text).filter_map(|piece| piece.ok()?.variable()).collect();
    let mut required = variables.iter().filter(|variable| variable.required);
    match required.find(|variable| !said.contains(&variable.name)) {
        Some(variable) => Err(TextError::Missing(variable.name)),
        None => Ok(()),
    }
}

/// The text with the values; without a value there is nothing in its place.
pub(super) fn fill(text: &str, values: &Values, form: Form) -> Result<String, TextError> {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece? {
            Piece::Words(words) => filled.push_str(words),
            Piece::Variable(name) => put(&mut filled, values.get(name).map_or("", String::as_str), form),
        }
    }
    Ok(filled)
}

/// The text as HTML shows it.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    put(&mut escaped, text, Form::Html);
    escaped
}

fn put(filled: &mut String, value: &str, form: Form) {
    for c in value.chars() {
        match (form, c) {
            (Form::Html, '&') => filled.push_str("&amp;"),
            (Form::Html, '<') => filled.push_str("&lt;"),
            (Form::Html, '>') => filled.push_str("&gt;"),
            (Form::Html, '"') => filled.push_str("&quot;"),
            (Form::Html, '\'') => filled.push_str("&#39;"),
            (Form::Line, c) if c.is_control() => filled.push(' '),
            (_, c) => filled.push(c),
        }
    }
}

impl<'a> Piece<'a> {
    fn variable(self) -> Option<&'a str> {
        match self {
            Self::Variable(name) => Some(name),
            Self::Words(_) => None,
        }
    }
}

fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>, TextError>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(inside) = rest.strip_prefix("{{") else {
            let (words, later) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
            rest = later;
            return Some(Ok(Piece::Words(words)));
        };
        let Some((name, later)) = inside.split_once("}}") else {
            rest = "";
            return Some(Err(TextError::NotClosed));
        };
        rest = later;
        let name = name.trim();
        Some(Ok(Piece::Variable(name.strip_prefix('.').unwrap_or(name))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Variable = Variable { name: "name", required: false, sample: "Anna" };
    const LINK: Variable = Variable { name: "link", required: true, sample: "https://x.example/?a=1&b=2" };

    fn values() -> Values {
        [NAME, LINK].iter().map(|variable| (variable.name.to_owned(), variable.sample.to_owned())).collect()
    }

    #[track_caller]
    fn check_fill(text: &str, form: Form, expected: &str) {
        assert_eq!(fill(text, &values(), form).as_deref(), Ok(expected));
    }

    #[test]
    fn a_variable_gives_way_to_its_value_and_all_else_stays() {
        check_fill("Hello {{name}}!", Form::Plain, "Hello Anna!");
        check_fill("{{ name }}{{.name}}", Form::Plain, "AnnaAnna");
        check_fill("{name} {% if %} }} {", Form::Plain, "{name} {% if %} }} {");
        check_fill("", Form::Plain, "");
    }

    #[test]
    fn a_value_brings_no_markup_into_html_and_no_line_into_a_subject() {
        check_fill("<a href=\"{{link}}\">", Form::Html, "<a href=\"https://x.example/?a=1&amp;b=2\">");
        let values = Values::from([("name".to_owned(), "<b>'\"\r\nBcc: x".to_owned())]);
        assert_eq!(fill("{{name}}", &values, Form::Html).unwrap(), "&lt;b&gt;&#39;&quot;\r\nBcc: x");
        assert_eq!(fill("{{name}}", &values, Form::Line).unwrap(), "<b>'\"  Bcc: x");
    }

    #[test]
    fn a_value_that_looks_like_a_variable_is_not_one() {
        let values = Values::from([("name".to_owned(), "{{link}}".to_owned())]);
        assert_eq!(fill("{{name}} {{link}}", &values, Form::Plain).unwrap(), "{{link}} ");
    }

    #[test]
    fn what_cannot_be_said_is_found_when_it_is_saved() {
        let variables = [NAME, LINK];
        assert_eq!(check("{{name}} {{ .link }}", &variables), Ok(()));
        assert_eq!(check("{{nmae}}", &variables), Err(TextError::Unknown("nmae".to_owned())));
        assert_eq!(check("{{}}", &variables), Err(TextError::Unknown(String::new())));
        assert_eq!(check("Hello {{name", &variables), Err(TextError::NotClosed));
        assert_eq!(check_complete("{{link}}", &variables), Ok(()));
        assert_eq!(check_complete("{{name}}", &variables), Err(TextError::Missing("link")));
    }
}
